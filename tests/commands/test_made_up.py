"""The plan of the demonstration holds its stories at whatever hour it is started."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commands.made_up.cast import CAST, IN_SCREENING
from commands.made_up.plan import Event, make_plan
from commands.made_up.screening import find_facts, find_judgements
from db.inputs import AssessmentIn
from db.inputs_screening import FactsIn
from db.inputs_treatment import TreatmentIn
from grading.crs_course import GradedAssessment, grade_course
from tests.support.soak import few
from trial.calendar import day_of
from trial.charted_and_treated import Disagreement, disagreements
from trial.eligibility import Verdict, judge_eligibility
from trial.protocol import load_protocol
from trial.screening_judgements import with_judgements

ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 6, 14, 16, 0, tzinfo=UTC)  # in Shanghai
STARTS = [MIDNIGHT + timedelta(minutes=minutes) for minutes in (1, 400, 840, 1439)]


@cache
def plan(now: datetime, seed: int = 1) -> tuple[Event, ...]:
    return tuple(make_plan(now, load_protocol(), ZONE, seed))


@cache
def course(now: datetime, code: str, number: int = 1) -> list[GradedAssessment]:
    """The course as it stands after corrections."""
    last: dict[datetime, AssessmentIn] = {}
    for event in plan(now):
        if event.kind in ("chart", "correct") and (event.patient.code, event.number) == (code, number):
            assert event.observed is not None
            assert event.values is not None
            place = {"patient_id": code, "infusion_number": number, "assessed_at": event.observed}
            last[event.observed] = AssessmentIn.model_validate(place | dict(event.values))
    return grade_course([entry.charted() for entry in last.values()])


def test_there_are_fifteen_patients_and_each_is_enrolled() -> None:
    assert len({patient.code for patient in CAST}) == 15
    assert sum(event.kind == "enrol" for event in plan(STARTS[0])) == 15


@pytest.mark.parametrize("seed", few(range(60), 10))
def test_each_of_them_is_eligible_and_of_two_more_one_is_open_and_one_is_not(seed: int) -> None:
    on = MIDNIGHT.date()
    verdicts = {
        patient.code: judge_eligibility(
            with_judgements(
                FactsIn.model_validate(find_facts(patient, on, seed)).facts(), find_judgements(patient)
            ),
            load_protocol().eligibility,
            on,
        ).verdict
        for patient in (*CAST, *IN_SCREENING)
    }
    assert {verdicts.pop(patient.code) for patient in CAST} == {Verdict.ELIGIBLE}
    assert verdicts == {"CART-016": Verdict.UNDECIDED, "CART-017": Verdict.NOT_ELIGIBLE}


@pytest.mark.parametrize("now", STARTS)
def test_the_same_moment_and_seed_give_the_same_plan_and_another_seed_another(now: datetime) -> None:
    again = make_plan(now, load_protocol(), ZONE, 1)
    assert list(plan(now)) == again
    assert list(plan(now, 2)) != again


@pytest.mark.parametrize("every_min", few([103, 7]))
def test_no_patient_has_two_entries_of_one_minute_at_whatever_time_of_day_it_is_started(
    every_min: int,
) -> None:
    for minutes in range(0, 1440, every_min):
        entries = [event for event in plan(MIDNIGHT + timedelta(minutes=minutes)) if event.kind == "chart"]
        for moments in (
            [(event.patient.code, event.number, event.observed) for event in entries],
            [(event.patient.code, event.number, event.at) for event in entries],
        ):
            assert len(set(moments)) == len(moments), f"{minutes} min after midnight"


@pytest.mark.parametrize("now", STARTS)
def test_everything_is_entered_in_order_and_never_in_the_future(now: datetime) -> None:
    moments = [event.at for event in plan(now)]
    assert moments == sorted(moments)
    assert moments[-1] <= now
    assert all(event.observed is None or event.observed <= event.at for event in plan(now))
    assert now - moments[-1] < timedelta(hours=1)


@pytest.mark.parametrize("now", STARTS)
def test_what_is_charted_as_given_is_recorded_as_a_treatment(now: datetime) -> None:
    asked = {patient.code for patient in CAST for _ in disagreeing(now, patient.code)}
    assert asked <= {"CART-005"}, "the norepinephrine of the patient in the next bed, which was corrected"


def disagreeing(now: datetime, code: str) -> list[Disagreement]:
    """What the patient's page would ask about boxes and treatments, of the entries as first made."""
    mine = [event for event in plan(now) if event.patient.code == code]
    given = [
        TreatmentIn.model_validate({"patient_id": code} | dict(event.values or {})).fact
        for event in mine
        if event.kind == "treat"
    ]
    hours, found, before = load_protocol().grading.drug_hours, list[Disagreement](), dict[int, datetime]()
    for event in mine:
        if event.kind == "chart" and event.observed is not None:
            place = {"patient_id": code, "infusion_number": event.number, "assessed_at": event.observed}
            charted = AssessmentIn.model_validate(place | dict(event.values or {})).charted()
            since = before.get(event.number)
            found += disagreements(charted, given, since=since, acting_hours=hours)
            before[event.number] = event.observed
    return found


@pytest.mark.parametrize("now", STARTS)
def test_a_neutropenic_infection_lies_in_a_week_of_low_counts(now: datetime) -> None:
    found = 0
    for patient in CAST:
        mine = [event for event in plan(now) if event.patient.code == patient.code]
        counts = {event.at: anc_of(event) for event in mine if event.kind == "lab"}
        for event in mine:
            if event.kind == "event" and event.values and event.values.get("neutropenic"):
                nearest = min(counts, key=lambda at: abs(at - event.at))
                assert counts[nearest] < 1.0, (patient.code, event.values["term"])
                found += 1
    assert found == 4


def anc_of(event: Event) -> float:
    values: Any = event.values
    return next(float(one["value"]) for one in values["values"] if one["analyte"] == "anc")


@pytest.mark.parametrize("now", STARTS)
def test_one_is_in_grade_3_now_and_nobody_has_acknowledged_it(now: datetime) -> None:
    newest = course(now, "CART-003")[-1]
    assert newest.crs.grade == 3
    assert now - newest.charted.assessed_at < timedelta(hours=1)
    assert not next(patient for patient in CAST if patient.code == "CART-003").acknowledged


@pytest.mark.parametrize("now", STARTS)
def test_one_is_overdue(now: datetime) -> None:
    assert now - course(now, "CART-004")[-1].charted.assessed_at > timedelta(hours=8)


@pytest.mark.parametrize("now", STARTS)
def test_one_entry_was_corrected_from_grade_3_to_less(now: datetime) -> None:
    (correction,) = [event for event in plan(now) if event.kind == "correct"]
    (wrong,) = [
        event
        for event in plan(now)
        if event.kind == "chart"
        and event.observed == correction.observed
        and event.patient.code == correction.patient.code
    ]
    assert wrong.values is not None
    assert "norepinephrine" in str(wrong.values["vasopressors"])
    assert max(one.crs.at_least for one in course(now, "CART-005")) == 2


@pytest.mark.parametrize("now", STARTS)
def test_one_recovered_from_grade_4_and_one_is_barred_by_icans(now: datetime) -> None:
    grades = [one.crs.at_least for one in course(now, "CART-002")]
    assert max(grades) == 4
    assert grades[-1] == 0
    assert max(one.icans.at_least for one in course(now, "CART-006")) == 3
    barred = {"CART-002", "CART-006"}
    assert all(len(patient.infusions) == 1 for patient in CAST if patient.code in barred)


@pytest.mark.parametrize("now", STARTS)
def test_one_comes_back_under_steroids_without_fever(now: datetime) -> None:
    newest = course(now, "CART-008")[-1]
    assert any(one.crs_state.recurrence for one in course(now, "CART-008"))
    assert newest.crs.grade == 2
    assert newest.charted.temperature_c is not None
    assert newest.charted.temperature_c < 38


@pytest.mark.parametrize("now", STARTS)
def test_one_is_not_settled_because_the_flow_is_not_recorded(now: datetime) -> None:
    newest = course(now, "CART-014")[-1].crs
    assert (newest.grade, newest.at_least, newest.missing) == (None, 2, ("oxygen_l_per_min",))


@pytest.mark.parametrize("now", STARTS)
def test_one_day_has_no_entry_and_one_is_called_off(now: datetime) -> None:
    def kinds(code: str, number: int, day: int) -> set[str]:
        infused_at = next(
            event.observed
            for event in plan(now)
            if (event.kind, event.patient.code, event.number) == ("infuse", code, number)
        )
        return {
            event.kind
            for event in plan(now)
            if (event.patient.code, event.number) == (code, number)
            and event.kind in ("chart", "skip")
            and event.observed is not None
            and infused_at is not None
            and day_of(event.observed, infused_at, ZONE) == day
        }

    assert kinds("CART-013", 1, 9) == set()
    assert kinds("CART-001", 2, 11) == {"skip"}
    assert kinds("CART-013", 1, 8) == kinds("CART-013", 1, 10) == {"chart"}
    assert kinds("CART-001", 2, 10) == kinds("CART-001", 2, 12) == {"chart"}


@pytest.mark.parametrize("now", STARTS)
def test_several_have_both_infusions_and_one_is_on_day_6_of_the_second(now: datetime) -> None:
    twice = [patient for patient in CAST if len(patient.infusions) == 2]
    assert len(twice) == 4
    for patient in twice:
        first = course(now, patient.code, 1)
        assert max(one.crs.at_least for one in first) < 3
        assert max(one.icans.at_least for one in first) < 3
    assert course(now, "CART-007", 2)[-1].icans.at_least == 2
