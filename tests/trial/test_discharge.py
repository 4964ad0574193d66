"""What speaks against going home, and the worst grade with the days that are not settled."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.scale import Toxicity
from tests.trial.screened import PROTOCOL
from trial.calendar import GradePoint, Slot, SlotKind, monitoring_window
from trial.discharge import check_discharge
from trial.screening_facts import WorstGrade
from trial.worst_grade import worst_grade

ZONE = ZoneInfo("Asia/Shanghai")
INFUSED_AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 09:30 at the hospital


def at(hours: float) -> datetime:
    return INFUSED_AT + timedelta(hours=hours)


def point(hours: float, crs: int | None = 0, icans: int | None = 0, proved: int = 0) -> GradePoint:
    return GradePoint(at(hours), crs, crs or proved, icans, icans or proved)


def well_until(hours: int) -> list[GradePoint]:
    return [point(hour) for hour in range(1, hours + 1, 8)]


@pytest.mark.parametrize(("day", "deviation"), [(1, True), (13, True), (14, False), (15, False)])
def test_going_home_before_day_14_is_a_deviation(day: int, deviation: bool) -> None:
    found = check_discharge(INFUSED_AT, well_until(24 * day + 9), at(24 * day + 10), PROTOCOL, zone=ZONE)
    assert found.deviation is deviation
    sentence = f"Today is day {day}; going home before day 14 needs a reason and is a deviation."
    assert found.against == ((sentence,) if deviation else ())


def test_each_toxicity_is_settled_at_0_for_24_hours() -> None:
    def against(*points: GradePoint) -> tuple[str, ...]:
        return check_discharge(INFUSED_AT, points, at(15 * 24), PROTOCOL, zone=ZONE).against

    needed = "it must be settled at 0 for 24 h."
    assert against(point(300), point(324)) == ()
    assert against(point(0), point(24)) == ()
    assert against(point(336), point(360)) == ()
    assert against(point(336), point(361))[0].startswith("CRS has been settled at 0 for 0 h")
    assert against(point(300), point(323)) == (
        f"CRS has been settled at 0 for 23 h; {needed}",
        f"ICANS has been settled at 0 for 23 h; {needed}",
    )
    assert against(point(300), point(324, crs=2)) == (
        f"CRS was at least grade 2 at 2026-03-15 21:30 and has not been settled at 0 since; {needed}",
    )
    assert against(point(300), point(324, icans=None, proved=1))[1].startswith("ICANS was at least grade 1")
    assert against(point(300, icans=None), point(324, icans=None)) == (
        f"ICANS has never been settled at 0 since the infusion; {needed}",
    )
    assert against() == (
        f"CRS has never been settled at 0 since the infusion; {needed}",
        f"ICANS has never been settled at 0 since the infusion; {needed}",
    )


def test_what_is_overdue_and_open_alerts_speak_against_it() -> None:
    slots = (Slot(at(350), SlotKind.ICE), Slot(at(351), SlotKind.VITAL_SIGNS))
    found = check_discharge(
        INFUSED_AT,
        well_until(355),
        at(356),
        PROTOCOL,
        zone=ZONE,
        overdue=slots,
        open_alerts=("ICANS grade 3",),
    )
    assert found.against == (
        "ICE has been due since 2026-03-16 23:30.",
        "Vital signs have been due since 2026-03-17 00:30.",
        "An alert is open: ICANS grade 3.",
    )


def test_home_before_the_infusion_is_refused() -> None:
    with pytest.raises(ValueError, match="The infusion is after the time of going home"):
        check_discharge(INFUSED_AT, (), at(-1), PROTOCOL, zone=ZONE)


POINTS = st.lists(
    st.builds(
        point,
        st.integers(0, 480),
        st.sampled_from([0, 0, 0, 1, None]),
        st.sampled_from([0, 0, 0, 2, None]),
    ),
    max_size=40,
    unique_by=lambda one: one.at,
)


@given(POINTS)
def test_it_agrees_with_the_end_of_the_monitoring_window(points: list[GradePoint]) -> None:
    """Once the planned days are over, toxicity speaks against it until the window first closes."""
    now = at(481)
    window = monitoring_window(INFUSED_AT, (), points, PROTOCOL, zone=ZONE)
    against = check_discharge(INFUSED_AT, points, now, PROTOCOL, zone=ZONE).against
    if window.to_at is None:
        assert against
    after_the_end = window.to_at is not None and any(
        one.at >= window.to_at and max(astuple(one)[2], astuple(one)[4]) > 0 for one in points
    )
    if window.to_at is not None and not after_the_end:
        assert against == ()


def worst(
    points: list[GradePoint], until_h: float = 24 * 20, toxicity: Toxicity = Toxicity.CRS
) -> WorstGrade | None:
    return worst_grade(toxicity, INFUSED_AT, points, at(until_h), PROTOCOL, zone=ZONE)


def test_the_worst_grade_names_the_days_that_are_not_settled() -> None:
    daily = [point(24 * day + 1, crs=day % 3, icans=None) for day in range(1, 15)]
    assert worst(daily) == WorstGrade(2)
    assert worst(daily, toxicity=Toxicity.ICANS) == WorstGrade(0, tuple(range(1, 15)))
    assert worst([one for one in daily if one.at not in (at(49), at(73))]) == WorstGrade(2, (2, 3))
    assert worst(daily, 24 * 3 + 2) == WorstGrade(2)  # days to come are not asked for
    assert worst(daily[:-1]) == WorstGrade(2, (14,))  # the last monitored day is asked for, day 15 is not
    assert worst(daily[:3], 24 * 5 + 2) == WorstGrade(2, (4,))


def test_every_assessment_counts_and_none_is_not_a_grade() -> None:
    assert worst([]) is None
    assert worst([point(-5, crs=4)]) is None
    daily = [point(24 * day + 1) for day in range(15)]
    late = [*daily, point(24 * 18, crs=None, proved=3)]
    assert worst(late) == WorstGrade(3, (18,))
    assert worst([*late, point(24 * 18 + 1, crs=1)]) == WorstGrade(3)
    assert worst([*late, point(24 * 19, icans=4)], toxicity=Toxicity.ICANS) == WorstGrade(4)
