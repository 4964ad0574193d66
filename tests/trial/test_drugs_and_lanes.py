"""On which days drugs were given, and the stretches of a lane."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grading.charted import FeverMaskingDrug
from grading.scale import Toxicity
from trial.drug_days import DrugDays, DrugGroup, drug_days
from trial.swimmer import Lane, Stretch, stretches
from trial.treatment_facts import Drug
from trial.treatments import Treatment

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # 3 March, 04:00 at the hospital
UNTIL = AT + timedelta(days=10)


def on(day: int) -> date:
    return date(2026, 3, day)


def test_each_dose_counts_on_its_day_of_the_hospital() -> None:
    repeated = Treatment(
        drug=Drug.DEXAMETHASONE, started_at=AT, every_hours=12, ended_at=AT + timedelta(days=1)
    )
    once = Treatment(drug=Drug.TOCILIZUMAB, started_at=AT)
    again = Treatment(drug=Drug.TOCILIZUMAB, started_at=AT + timedelta(hours=8))
    tocilizumab, steroid = drug_days([repeated, once, again], [], UNTIL, ZONE)
    assert tocilizumab == DrugDays(DrugGroup.TOCILIZUMAB, (on(3),), {on(3): 2})
    assert steroid == DrugDays(DrugGroup.STEROID, (on(3), on(4)), {on(3): 2, on(4): 1})
    assert (tocilizumab.number_of_doses, steroid.number_of_doses) == (2, 3)


def test_what_was_charted_counts_only_where_no_treatment_of_the_group_is_recorded() -> None:
    charted = [
        (on(4), FeverMaskingDrug.TOCILIZUMAB),
        (on(3), FeverMaskingDrug.TOCILIZUMAB),
        (on(3), FeverMaskingDrug.DEXAMETHASONE),
        (on(3), FeverMaskingDrug.ACETAMINOPHEN),
        (on(3), FeverMaskingDrug.OTHER),
        (on(30), FeverMaskingDrug.ANAKINRA),
    ]
    steroid = Treatment(drug=Drug.PREDNISONE, started_at=AT + timedelta(days=2))
    found = drug_days([steroid], charted, UNTIL, ZONE)
    assert found == (
        DrugDays(DrugGroup.TOCILIZUMAB, (on(3), on(4)), None),
        DrugDays(DrugGroup.STEROID, (on(5),), {on(5): 1}),
    )
    assert found[0].number_of_doses is None


def test_nothing_after_the_cut_off_and_no_other_drug_counts() -> None:
    later = Treatment(drug=Drug.TOCILIZUMAB, started_at=UNTIL + timedelta(hours=1))
    pressor = Treatment(drug=Drug.NOREPINEPHRINE, started_at=AT, is_ongoing=True)
    assert drug_days([later, pressor], [], UNTIL, ZONE) == ()


def test_days_between_two_dates_include_both() -> None:
    both = DrugDays(DrugGroup.STEROID, (on(3), on(5), on(9)), {on(3): 1, on(5): 2, on(9): 1})
    assert both.between(on(5), on(9)) == DrugDays(DrugGroup.STEROID, (on(5), on(9)), {on(5): 2, on(9): 1})
    charted = DrugDays(DrugGroup.STEROID, (on(3), on(5)), None)
    assert charted.between(on(4), on(4)) == DrugDays(DrugGroup.STEROID, (), None)


def test_every_group_has_its_words() -> None:
    assert [group.label for group in DrugGroup] == ["Tocilizumab", "Steroids", "Siltuximab or anakinra"]


@pytest.mark.parametrize(
    ("grades", "found"),
    [
        ({}, []),
        ({0: 0, 1: None}, []),
        ({0: 1, 1: 1, 2: 2, 3: 1}, [(30, 31, 1), (32, 32, 2), (33, 33, 1)]),
        ({0: 1, 2: 1}, [(30, 30, 1), (32, 32, 1)]),
        ({0: 1, 1: None, 2: 1}, [(30, 30, 1), (32, 32, 1)]),
    ],
)
def test_a_day_without_a_grade_parts_two_stretches(
    grades: dict[int, int | None], found: list[tuple[int, int, int]]
) -> None:
    made = stretches(Toxicity.CRS, 2, grades, 30)
    assert [(one.first_day, one.last_day, one.grade) for one in made] == found
    assert {one.number for one in made} <= {2}


def test_a_lane_gives_the_stretches_that_are_asked_for() -> None:
    crs, icans = Stretch(Toxicity.CRS, 1, 2, 3, 2), Stretch(Toxicity.ICANS, 2, 33, 34, 1)
    lane = Lane(code="CART-001", last_day=40, goes_on=True, stretches=(crs, icans))
    assert lane.of(tuple(Toxicity), (1, 2)) == (crs, icans)
    assert lane.of([Toxicity.CRS], (1, 2)) == (crs,)
    assert lane.of(tuple(Toxicity), (2,)) == (icans,)
