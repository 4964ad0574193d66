"""A stopping rule worked out from nothing: its boundary and its operating characteristics at five rates."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from bench.figure import Figure, fastest
from trial.stopping import bayesian_boundary, operating_characteristics, pocock_boundary

_TRUE_RATES: Final = (0.1, 0.2, 0.3, 0.4, 0.5)


def measure_stopping(quick: bool, folder: Path) -> Iterator[Figure]:
    """15 patients, the trial's size, and 200; the slower of the two kinds of rule."""
    for patients, goal_ms in ((15, 50), (200, 2000)):
        took = max(fastest(partial(rule, patients), 5) for rule in (_pocock, _bayesian))
        name = f"stopping rule for {patients} patients"
        detail = f"boundary and operating characteristics at {len(_TRUE_RATES)} rates"
        yield Figure(name, took * 1000, goal_ms, "ms", detail)


def _pocock(patients: int) -> None:
    _characterise(pocock_boundary(patients, 0.2, 0.1))


def _bayesian(patients: int) -> None:
    _characterise(bayesian_boundary(patients, 0.2, 0.9, prior=(0.4, 1.6)))


def _characterise(boundary: list[tuple[int, int | None]]) -> None:
    for rate in _TRUE_RATES:
        operating_characteristics(boundary, rate)
