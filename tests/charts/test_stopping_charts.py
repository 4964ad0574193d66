"""The two pictures of a stopping rule, by their data."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charts.characteristics import draw_characteristics
from charts.staircase import draw_staircase
from charts.stopping_rows import characteristic_rows, false_stop, staircase_rows
from trial.protocol import load_protocol
from trial.stopping_reading import PatientUnderRule
from trial.stopping_rules import read

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
RULE, DEATHS = load_protocol().stopping


def under_rule(*patients: tuple[int, int | None]) -> list[PatientUnderRule]:
    """(days since the infusion, day of the event) of each patient, the first infused first."""
    return [
        PatientUnderRule(
            code=f"CART-{place:03}",
            infused_at=FIRST + timedelta(days=place),
            days=days,
            event_day=event_day,
        )
        for place, (days, event_day) in enumerate(patients, start=1)
    ]


def staircase(*patients: tuple[int, int | None], what_if: bool = False) -> dict[str, Any]:
    rows = staircase_rows(RULE, read(RULE, under_rule(*patients)), what_if=what_if)
    return draw_staircase(rows, "light").to_dict()


def test_the_limits_stand_as_numerals_at_each_look() -> None:
    limits = staircase()["data"][0]
    assert list(zip(limits["x"], limits["y"], strict=True)) == [
        (2, 2),
        (3, 3),
        (4, 3),
        *[(n, 4) for n in (5, 6, 7)],
        *[(n, 5) for n in (8, 9, 10)],
        *[(n, 6) for n in (11, 12, 13, 14)],
        (15, 7),
    ]
    assert limits["text"][-1] == "7"


def test_the_path_counts_closed_windows_and_the_fan_what_the_others_can_add() -> None:
    limits, fan, path = staircase((60, 3), (50, None), (10, 2), (5, None))["data"]
    assert path["x"] == [0, 1, 2]
    assert path["y"] == [0, 1, 1]
    assert path["customdata"][1] == ["1: CART-001, 1 with an event"]
    assert fan["line"]["dash"] == "dash"
    assert fan["x"] == [2, 3, 4, None, 2, 3, 4]
    assert fan["y"] == [1, 2, 3, None, 1, 2, 2]
    assert limits["mode"] == "lines+markers+text"


def test_nobody_infused_is_a_picture_of_the_limits_alone() -> None:
    limits, path = staircase()["data"]
    assert (path["x"], path["y"]) == ([0], [0])
    assert limits["line"]["shape"] == "hvh"


def test_what_if_adds_one_sign_and_changes_nothing_else() -> None:
    plain = staircase((60, 3), (50, None))
    asked = staircase((60, 3), (50, None), what_if=True)
    assert asked["data"][:-1] == plain["data"]
    assert (asked["data"][-1]["x"], asked["data"][-1]["y"]) == ([3], [2])


def test_the_curve_passes_the_known_answers() -> None:
    rows = {row.true_rate: row.stop_probability for row in characteristic_rows(RULE)}
    assert round(rows[0.20], 4) == 0.0980
    assert min(rows, key=lambda rate: abs(rate - 0.39)) in rows
    assert sorted(rows.values()) == list(rows.values())  # the more often it happens, the oftener it stops


@pytest.mark.parametrize(("rule", "expected"), [(RULE, 0.0980), (DEATHS, 0.0436)])
def test_the_false_stop_rate_is_exact(rule: Any, expected: float) -> None:
    assert round(false_stop(rule), 4) == expected


def test_the_tolerated_rate_is_a_point_with_its_words() -> None:
    drawn = draw_characteristics(characteristic_rows(RULE), RULE.tolerated_rate, "dark").to_dict()
    curve, point = drawn["data"]
    assert point["x"] == [20]
    assert point["text"] == ["false stop 9.8 %"]
    assert len(curve["x"]) == len(curve["customdata"])
