"""Who is under a stopping rule, and which stored record is the event."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from db.queries.stopping import EventFound, RuleState, load_rules, load_under_rule
from db.session import reading, writing
from grading.scale import Toxicity
from tests.db import rows
from trial.follow_up_facts import DeathCause
from trial.protocol import load_protocol
from trial.stopping_rules import ReadBy, stored_reading
from trial.stopping_settings import StoppingRule

ZONE = ZoneInfo("Asia/Shanghai")
TOXICITY, DEATH = load_protocol().stopping
FIRST_ON = date(2026, 3, 2)
CUTOFF_AT = datetime(2026, 5, 1, tzinfo=UTC)
NAMES = ("CART-001", "CART-002", "CART-003")


def add(table: str, **values: Any) -> int:
    with writing() as session:
        return rows.add(session.connection(), table, **values)


def on_day(day: int) -> date:
    return FIRST_ON + timedelta(days=day)


def noon(day: int) -> datetime:
    return datetime.combine(on_day(day), datetime.min.time(), ZONE) + timedelta(hours=12)


def infuse(code: str, day: int, *, number: int = 2) -> tuple[int, int]:
    """A patient infused so many days after the first of March's second; the ids of both."""
    patient_id = add("patient", study_code=code)
    return patient_id, add("infusion", patient_id=patient_id, number=number, infused_at=noon(day))


def graded(infusion_id: int, day: int, worst: int, scale: str = "crs", *, since: int = 0) -> None:
    add(
        "patient_day",
        infusion_id=infusion_id,
        scale=scale,
        on_date=on_day(since + day),
        days_since_infusion=day,
        worst_at_least=worst,
        settled=worst == 0,
    )


def died_at_the_bedside(patient_id: int, infusion_id: int, day: int, due_to: str, **values: Any) -> None:
    place = {"patient_id": patient_id, "infusion_id": infusion_id, "assessed_at": noon(day)}
    add("assessment", **place, death_due_to=due_to, **values)


def died(patient_id: int, day: int, cause: str, **values: Any) -> None:
    death = {"kind": "death", "occurred_on": on_day(day), "cause": cause}
    add("follow_up_event", patient_id=patient_id, **death, **values)


def event_of_one(rule: StoppingRule, at: datetime = CUTOFF_AT) -> EventFound | None:
    with reading() as session:
        (one,) = load_under_rule(session, rule, at, ZONE)
    assert one.patient.event_day == (one.event.day if one.event else None)
    return one.event


def state_of(rule: StoppingRule, at: datetime = CUTOFF_AT) -> RuleState:
    with reading() as session:
        (state,) = load_rules(session, (rule,), at, ZONE)
    return state


def test_nobody_is_under_a_rule_of_an_infusion_that_nobody_had(sqlite_database: str) -> None:
    infuse("CART-001", 0, number=1)
    state = state_of(TOXICITY)
    assert (state.patients, state.crossing, state.reading.infused) == ((), None, ())


def test_patients_stand_in_the_order_of_infusion_with_their_days_to_the_cut_off(
    sqlite_database: str,
) -> None:
    for code, day in zip(NAMES, (9, 0, 4), strict=True):
        infuse(code, day)
    with reading() as session:
        found = load_under_rule(session, TOXICITY, noon(8), ZONE)
    assert [(one.patient.code, one.patient.days) for one in found] == [("CART-002", 8), ("CART-003", 4)]


def test_the_first_day_of_grade_3_or_more_is_the_event_with_every_toxicity_of_that_day(
    sqlite_database: str,
) -> None:
    _, infusion_id = infuse("CART-001", 0)
    graded(infusion_id, 2, 2)
    graded(infusion_id, 5, 3)
    graded(infusion_id, 5, 4, "icans")
    graded(infusion_id, 6, 5)
    assert event_of_one(TOXICITY) == EventFound(
        5, on_day(5), ((Toxicity.CRS, 3), (Toxicity.ICANS, 4)), cause=None
    )


@pytest.mark.parametrize(("day", "counts"), [(0, True), (30, True), (31, False)])
def test_an_event_counts_from_day_0_to_the_last_day_of_the_window(
    sqlite_database: str, day: int, counts: bool
) -> None:
    _, infusion_id = infuse("CART-001", 0)
    graded(infusion_id, day, 3)
    assert (event_of_one(TOXICITY) is not None) is counts


def test_what_was_observed_after_the_cut_off_is_no_event_yet(sqlite_database: str) -> None:
    _, infusion_id = infuse("CART-001", 0)
    graded(infusion_id, 5, 3)
    assert event_of_one(TOXICITY, noon(4)) is None
    assert event_of_one(TOXICITY, noon(5)) is not None


def test_a_rule_counts_at_its_own_infusion(sqlite_database: str) -> None:
    patient_id, first_id = infuse("CART-001", 0, number=1)
    second_id = add("infusion", patient_id=patient_id, number=2, infused_at=noon(20))
    graded(first_id, 3, 3)
    assert event_of_one(TOXICITY) is None
    graded(second_id, 1, 3, since=20)
    assert event_of_one(TOXICITY) == EventFound(1, on_day(21), ((Toxicity.CRS, 3),))


@pytest.mark.parametrize(
    ("due_to", "cause"),
    [("crs", DeathCause.CRS), ("icans", DeathCause.ICANS), ("other", DeathCause.UNKNOWN)],
)
def test_a_death_entered_at_the_bedside_counts_also_of_another_cause(
    sqlite_database: str, due_to: str, cause: DeathCause
) -> None:
    died_at_the_bedside(*infuse("CART-001", 0), 3, due_to)
    assert event_of_one(DEATH) == EventFound(3, on_day(3), cause=cause)


@pytest.mark.parametrize("cause", DeathCause)
def test_a_death_of_the_follow_up_counts_unless_it_is_of_lymphoma(
    sqlite_database: str, cause: DeathCause
) -> None:
    patient_id, _ = infuse("CART-001", 0)
    died(patient_id, 12, cause.value)
    expected = None if cause is DeathCause.LYMPHOMA else EventFound(12, on_day(12), cause=cause)
    assert event_of_one(DEATH) == expected


def test_the_follow_up_says_the_cause_and_the_earlier_date_counts(sqlite_database: str) -> None:
    patient_id, infusion_id = infuse("CART-001", 0)
    died_at_the_bedside(patient_id, infusion_id, 30, "other")
    died(patient_id, 31, "infection")
    assert event_of_one(DEATH) == EventFound(30, on_day(30), cause=DeathCause.INFECTION)


def test_a_lymphoma_found_later_takes_a_bedside_death_out_of_the_count(sqlite_database: str) -> None:
    patient_id, infusion_id = infuse("CART-001", 0)
    died_at_the_bedside(patient_id, infusion_id, 9, "other")
    died(patient_id, 9, "lymphoma")
    assert event_of_one(DEATH) is None


def test_what_was_withdrawn_or_superseded_is_no_death(sqlite_database: str) -> None:
    patient_id, infusion_id = infuse("CART-001", 0)
    died_at_the_bedside(patient_id, infusion_id, 3, "crs", superseded_at=noon(4))
    died_at_the_bedside(patient_id, infusion_id, 3, "crs", status="voided", reason="wrong patient")
    died(patient_id, 3, "crs", superseded_at=noon(4))
    died(patient_id, 3, "crs", voided=True, reason="wrong patient")
    assert event_of_one(DEATH) is None


def test_a_crossing_stands_until_a_decision_taken_on_its_events(sqlite_database: str) -> None:
    for number, code in enumerate(NAMES[:2]):
        _, infusion_id = infuse(code, number)
        graded(infusion_id, 2, 3, since=number)
    before = state_of(TOXICITY, noon(8))
    assert before.crossing is not None
    assert (before.crossing.read_by, before.crossing.codes) == (ReadBy.IMMEDIATE, NAMES[:2])
    user_id = add("user", display_name="Prof Sun")
    decision = {"by": user_id, "decision": "continue", "reason": "expected", "protocol_hash": "a" * 64}
    stored = stored_reading(TOXICITY, before.reading)
    add("committee_decision", rule=TOXICITY.key, at=noon(9), reading=stored, **decision)
    add("committee_decision", rule=DEATH.key, at=noon(9), reading={}, **decision)
    assert state_of(TOXICITY, noon(8)).crossing is not None  # not yet taken at that cut-off
    after = state_of(TOXICITY, noon(9))
    assert after.crossing is None
    (taken,) = after.decisions
    assert (taken.by, taken.decision, taken.decided_on) == ("Prof Sun", "continue", NAMES[:2])
    _, infusion_id = infuse(NAMES[2], 10)
    graded(infusion_id, 1, 4, since=10)
    anew = state_of(TOXICITY, noon(11))
    assert anew.crossing is not None
    assert anew.crossing.codes == NAMES


def test_every_rule_of_the_protocol_is_read(sqlite_database: str) -> None:
    with reading() as session:
        states = load_rules(session, (TOXICITY, DEATH), CUTOFF_AT, ZONE)
    assert [state.rule.key for state in states] == ["grade3_second", "death_second"]
