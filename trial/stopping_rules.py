"""What a rule of the protocol stops at, and whether that is reached and not yet decided on. All of it exact.

A rule is reached as soon as it is certain that its formal reading stops by one of its looks, whatever the
windows still open will bring. That is never more often than the formal reading alone: the immediate reading
only says so earlier (`trial.stopping_reading`). A decision of the committee covers the events it was taken
on; a look that an event since then takes to its limit is a crossing anew.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any

from trial.stopping import bayesian_boundary, pocock_boundary
from trial.stopping_reading import Count, PatientUnderRule, RuleReading, read_rule
from trial.stopping_settings import RuleKind, StoppingRule

Looks = tuple[tuple[int, int | None], ...]
"""(n, stop_at) of each look, by rising n; stop_at is None where even n events do not stop."""


class ReadBy(StrEnum):
    """Which reading says that a rule is reached."""

    FORMAL = "formal"
    """Every window up to the look has closed."""
    IMMEDIATE = "immediate"
    """All events so far, against the limit at the number infused."""
    CERTAIN = "certain"
    """Windows are open, but the formal reading stops at an earlier look whatever they bring."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A look at which a rule stops. `codes` are the patients with an event, in the order of infusion."""

    count: Count
    read_by: ReadBy
    codes: tuple[str, ...]


@lru_cache(maxsize=64)
def boundary_of(rule: StoppingRule) -> Looks:
    """The rule's boundary, computed once for each rule.

    Raises:
        ValueError: a parameter is out of range, missing for its kind, or the looks are out of order.
    """
    if rule.kind is RuleKind.POCOCK:
        if rule.alpha is None:
            raise ValueError(f"The rule {rule.key} needs alpha.")
        return tuple(pocock_boundary(rule.n_max, rule.tolerated_rate, rule.alpha, rule.looks))
    if rule.certainty is None or rule.prior is None:
        raise ValueError(f"The rule {rule.key} needs certainty and prior.")
    return tuple(bayesian_boundary(rule.n_max, rule.tolerated_rate, rule.certainty, rule.prior, rule.looks))


def read(rule: StoppingRule, patients: Iterable[PatientUnderRule]) -> RuleReading:
    """Hold the patients against the rule; see `trial.stopping_reading.read_rule`."""
    return read_rule(boundary_of(rule), patients, rule.window_days)


def codes_with_event(reading: RuleReading) -> tuple[str, ...]:
    """The patients with an event, in the order of infusion."""
    steps = pairwise((0, *reading.path))
    closed = (code for code, (before, now) in zip(reading.complete, steps, strict=True) if now > before)
    return (*closed, *reading.early)


def crossing(rule: StoppingRule, reading: RuleReading, decided_on: Collection[str] = ()) -> Crossing | None:
    """The look that is certain to stop, with an event that nobody has decided on; else None.

    Where several do, the first of those with the most events. `decided_on` are the patients whose events the
    committee has decided on.
    """
    had_event, decided = set(codes_with_event(reading)), set(decided_on)
    found = []
    for look, stop_at in boundary_of(rule):
        n = min(look, len(reading.infused))
        codes = tuple(code for code in reading.infused[:n] if code in had_event)
        count = Count(n, len(codes), look, stop_at)
        if count.stops and not decided.issuperset(codes):
            found.append(Crossing(count, _read_by(reading, look), codes))
    return max(found, key=lambda one: one.count.events, default=None)


def _read_by(reading: RuleReading, look: int) -> ReadBy:
    if look <= len(reading.complete):
        return ReadBy.FORMAL
    return ReadBy.IMMEDIATE if look == reading.immediate.look else ReadBy.CERTAIN


def stored_reading(rule: StoppingRule, reading: RuleReading) -> dict[str, Any]:
    """The reading as JSON values, to be stored with a decision on it; `decided_on` reads it back."""
    return {
        "rule": rule.key,
        "version": rule.version,
        "boundary": [list(look) for look in boundary_of(rule)],
        "infused": list(reading.infused),
        "complete": len(reading.complete),
        "pending": len(reading.pending),
        "with_event": list(codes_with_event(reading)),
        "formal_stopped_at": reading.stopped.n if reading.stopped else None,
        "immediate": {
            "n": reading.immediate.n,
            "events": reading.immediate.events,
            "stop_at": reading.immediate.stop_at,
            "stops": reading.immediate.stops,
        },
    }


def decided_on(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """The patients whose events a decision was taken on, from the reading stored with it."""
    return tuple(stored.get("with_event", ()))
