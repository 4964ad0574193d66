"""Below, on and above each limit, and limits that a site has moved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grading.charted import Charted, FeverMaskingDrug, OxygenDevice, Vasopressor
from grading.crs_course import GradedAssessment, grade_course
from grading.settings import GradingSettings

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
WELL = Charted(
    assessed_at=START,
    temperature_c=38.6,
    systolic_mmhg=120,
    spo2_percent=97,
    oxygen_device=OxygenDevice.ROOM_AIR,
    vasopressors=frozenset(),
)


def charted(hours: float = 0, **values: object) -> Charted:
    """The febrile and otherwise well row, with other values, so many hours later."""
    return replace(WELL, **({"assessed_at": START + timedelta(hours=hours)} | values))  # type: ignore[arg-type]


def crs_of(**values: object) -> int | None:
    return grade_course([charted(0, **values)])[0].crs.grade


@pytest.mark.parametrize(("value", "grade"), [(37.9, 0), (37.96, 0), (37.999999, 0), (38.0, 1), (38.1, 1)])
def test_fever_starts_at_38_and_is_never_rounded_up(value: float, grade: int) -> None:
    assert crs_of(temperature_c=value) == grade


@pytest.mark.parametrize(("value", "grade"), [(89, 2), (89.9, 2), (90, 1), (91, 1)])
def test_a_systolic_pressure_is_low_below_90(value: float, grade: int) -> None:
    assert crs_of(systolic_mmhg=value) == grade


@pytest.mark.parametrize(("value", "grade"), [(89, 2), (89.9, 2), (90, 1), (91, 1)])
def test_an_spo2_on_room_air_is_low_below_90(value: float, grade: int) -> None:
    assert crs_of(spo2_percent=value) == grade


@pytest.mark.parametrize(
    ("flow", "grade"), [(0, 1), (0.1, 2), (5.9, 2), (6, 2), (6.000001, 3), (6.1, 3), (15, 3)]
)
def test_a_cannula_is_high_flow_above_6(flow: float, grade: int) -> None:
    assert crs_of(oxygen_device=OxygenDevice.NASAL_CANNULA, oxygen_l_per_min=flow) == grade


@pytest.mark.parametrize(
    ("score", "grade"), [(10, 0), (9, 1), (8, 1), (7, 1), (6, 2), (4, 2), (3, 2), (2, 3), (1, 3), (0, 3)]
)
def test_the_ice_score_falls_into_its_bands(score: int, grade: int) -> None:
    assert grade_course([charted(ice_score=score)])[0].icans.at_least == grade


def test_limits_that_a_site_has_moved_are_used() -> None:
    moved = GradingSettings(low_systolic_mmhg=100, low_spo2_percent=92, fever_c=38.5)
    assert grade_course([charted(systolic_mmhg=95)], settings=moved)[0].crs.grade == 2
    assert grade_course([charted(spo2_percent=91)], settings=moved)[0].crs.grade == 2
    assert grade_course([charted(temperature_c=38.4)], settings=moved)[0].crs.grade == 0


# ---- The course ----


def course(*rows: Charted, settings: GradingSettings | None = None) -> list[GradedAssessment]:
    return grade_course(rows, settings=settings or GradingSettings())


def cool(hours: float, **values: object) -> Charted:
    return charted(hours, temperature_c=36.8, **values)


@pytest.mark.parametrize(("hours", "is_open"), [(23.99, True), (24, False), (24.01, False)])
def test_a_course_closes_24_hours_after_its_last_sign(hours: float, is_open: bool) -> None:
    graded = course(charted(), cool(hours))
    assert graded[-1].crs_state.course_open is is_open


@pytest.mark.parametrize(("hours", "is_open"), [(33.99, True), (34, False), (34.01, False)])
def test_a_course_closes_24_hours_after_its_last_steroid(hours: float, is_open: bool) -> None:
    steroid = frozenset({FeverMaskingDrug.DEXAMETHASONE})
    graded = course(charted(), cool(10, fever_masking_drugs=steroid), cool(hours))
    assert graded[-1].crs_state.course_open is is_open


@pytest.mark.parametrize("drug", FeverMaskingDrug)
def test_only_antipyretics_let_a_course_close_while_they_are_given(drug: FeverMaskingDrug) -> None:
    antipyretics = {FeverMaskingDrug.ACETAMINOPHEN, FeverMaskingDrug.IBUPROFEN, FeverMaskingDrug.METAMIZOLE}
    graded = course(charted(), cool(30, fever_masking_drugs=frozenset({drug})))
    assert graded[-1].crs_state.course_open is (drug not in antipyretics)


def test_an_unsettled_row_does_not_close_a_course() -> None:
    graded = course(charted(), cool(30, spo2_percent=None), charted(31, temperature_c=None), cool(32))
    assert [each.crs_state.course_open for each in graded] == [True, True, True, False]


def test_a_new_fever_is_needed_after_a_course_has_closed_and_opens_another() -> None:
    pressor = frozenset({Vasopressor.DOPAMINE})
    graded = course(
        charted(), cool(24), cool(30, vasopressors=pressor), charted(36), cool(40, vasopressors=pressor)
    )
    assert [each.crs.grade for each in graded] == [1, 0, 0, 1, 3]


def test_a_clear_stretch_of_an_earlier_course_is_not_carried_into_the_next() -> None:
    steroid = frozenset({FeverMaskingDrug.DEXAMETHASONE})
    graded = course(charted(), cool(25, fever_masking_drugs=steroid), cool(50), charted(60))
    assert [each.crs_state.course_open for each in graded] == [True, True, False, True]
    assert not graded[-1].crs_state.recurrence


def test_waiting_times_that_a_site_has_moved_are_used() -> None:
    longer = GradingSettings(clear_hours=48)
    assert course(charted(), cool(47.9), settings=longer)[-1].crs_state.course_open
    assert not course(charted(), cool(48), settings=longer)[-1].crs_state.course_open


def test_rows_are_put_into_time_order() -> None:
    graded = course(cool(4, systolic_mmhg=80), charted())
    assert [each.charted.assessed_at for each in graded] == [START, START + timedelta(hours=4)]
    assert [each.crs.grade for each in graded] == [1, 2]


def test_no_rows_give_no_grades() -> None:
    assert course() == []


# ---- Late CRS ----


@pytest.mark.parametrize(("days", "late"), [(14, False), (15, True)])
def test_crs_that_begins_after_day_14_is_flagged(days: int, late: bool) -> None:
    graded = grade_course([charted(24 * days), cool(24 * days + 1)], infused_at=START)
    note = "CRS that began after day 14: look for infection."
    assert [each.crs_state.late for each in graded] == [late, late]
    assert (note in graded[0].crs.notes) is late
    assert note not in graded[1].crs.notes


def test_a_course_that_began_early_is_not_late_on_day_20() -> None:
    days = [charted(24 * 10), *(charted(24 * 10 + 12 * step) for step in range(1, 20))]
    assert not any(each.crs_state.late for each in grade_course(days, infused_at=START))


def test_days_are_counted_by_the_calendar_of_the_hospital() -> None:
    just_before_midnight = datetime.fromisoformat("2026-03-01T23:50+08:00")
    row = charted(assessed_at=datetime.fromisoformat("2026-03-16T00:10+08:00").astimezone(UTC))
    assert grade_course([row], infused_at=just_before_midnight)[0].crs_state.late
    assert not grade_course([row], infused_at=just_before_midnight.astimezone(UTC))[0].crs_state.late
