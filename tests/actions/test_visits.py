"""Visits: done or missed, each as a version, on days that can be."""

from datetime import date, timedelta
from typing import Any

import pytest

from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.follow_up import record_follow_up
from actions.visits import correct_visit, record_visit, void_visit
from db.inputs import problems as problems_of
from db.inputs_follow_up import FollowUpIn, VisitIn
from db.queries.follow_up import VisitVersion, load_visits
from db.session import reading
from tests.actions.conftest import CODE, INFUSED_AT, Site
from trial.follow_up_facts import DoneOrNot, VisitStatus, VisitTest

INFUSED_ON = date(2026, 3, 2)
NOW = INFUSED_AT + timedelta(days=32)


def day(number: int) -> date:
    return INFUSED_ON + timedelta(days=number)


def visit(**values: Any) -> VisitIn:
    """The visit of day 28, done with its blood tests, but for what is given."""
    typed: dict[str, Any] = {
        "patient_id": CODE,
        "infusion_number": 1,
        "name": "day_28",
        "status": "done",
        "visited_on": day(28),
        "blood_tests": "done",
    }
    return VisitIn(**typed | values)


def missed(**values: Any) -> VisitIn:
    plain = {"status": "missed", "visited_on": None, "blood_tests": None, "note": "in another hospital"}
    return visit(**plain | values)


def stored(site: Site) -> list[VisitVersion]:
    with reading() as session:
        return load_visits(session, site.patients[CODE])


def sentence_of(typed: dict[str, Any]) -> str:
    entry, found = VisitIn.check({"patient_id": CODE, "infusion_number": 1, "name": "day_28"} | typed)
    assert entry is None
    return " ".join(problem.sentence for problem in found)


def test_a_visit_is_recorded_with_what_was_done_and_what_was_not(site: Site) -> None:
    stable_id = record_visit(visit(pet_ct="not_done"), by=site.coordinator, now=NOW)
    (one,) = stored(site)
    assert (one.stable_id, one.status, one.visited_on) == (stable_id, VisitStatus.DONE, day(28))
    assert one.tests == {VisitTest.BLOOD_TESTS: DoneOrNot.DONE, VisitTest.PET_CT: DoneOrNot.NOT_DONE}
    assert one.entered_by == site.coordinator.display_name
    assert site.events("record_visit")[-1]["detail"]["after"]["visited_on"] == "2026-03-30"


def test_a_missed_visit_keeps_its_reason(sqlite_site: Site) -> None:
    record_visit(missed(), by=sqlite_site.investigator, now=NOW)
    (one,) = stored(sqlite_site)
    assert (one.status, one.visited_on, one.note) == (VisitStatus.MISSED, None, "in another hospital")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Choose whether the visit took place."),
        ({"status": "done"}, "Enter the date of the visit."),
        ({"status": "missed"}, "Say why the visit was missed"),
        ({"status": "missed", "note": "x", "visited_on": "2026-03-30"}, "A missed visit has no date."),
        ({"status": "missed", "note": "x", "ctdna": "done"}, "ctDNA cannot be done at a missed visit."),
        ({"status": "done", "visited_on": "30.3.2026"}, "Date of the visit must be a date"),
        ({"status": "done", "visited_on": "2026-03-30", "pet_ct": "maybe"}, "PET/CT must be one of"),
    ],
)
def test_half_a_visit_is_answered_in_the_words_of_the_question(typed: dict[str, Any], sentence: str) -> None:
    assert sentence in sentence_of(typed)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (visit(visited_on=day(33)), "must not be in the future; today is 3 Apr 2026"),
        (visit(visited_on=day(0)), "The visit must be after the infusion of 2 Mar 2026"),
        (visit(name="day_29"), "No visit Day 29 is planned for CART-007"),
        (visit(infusion_number=2), "No visit Day 28 is planned"),
        (visit(patient_id="CART-099"), "No patient CART-099 is known"),
        (missed(name="day_60"), "Day 60 can take place from 24 Apr 2026 on; say then that it was missed"),
    ],
)
def test_a_visit_that_cannot_be_is_refused_and_nothing_is_saved(
    sqlite_site: Site, entry: VisitIn, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        record_visit(entry, by=sqlite_site.coordinator, now=NOW)
    assert stored(sqlite_site) == []


def test_a_visit_stands_once(sqlite_site: Site) -> None:
    record_visit(visit(), by=sqlite_site.coordinator, now=NOW)
    with pytest.raises(AlreadyRecorded, match="Day 28 of CART-007 is already recorded"):
        record_visit(missed(), by=sqlite_site.coordinator, now=NOW)


def test_nothing_is_visited_after_a_death_a_withdrawal_or_a_loss(sqlite_site: Site) -> None:
    for kind, sentence in (
        ("lost_to_follow_up", "has lost to follow-up recorded on 22 Mar 2026, before the visit"),
        ("withdrawal", "has withdrawal recorded on 22 Mar 2026, before the visit"),
        ("death", "The death of CART-007 is recorded at 22 Mar 2026"),
    ):
        cause = "lymphoma" if kind == "death" else None
        event = FollowUpIn(patient_id=CODE, kind=kind, occurred_on=day(20), cause=cause)  # type: ignore[arg-type]
        record_follow_up(event, by=sqlite_site.coordinator, now=NOW)
        with pytest.raises(Refused, match=sentence):
            record_visit(visit(), by=sqlite_site.coordinator, now=NOW)
    record_visit(visit(visited_on=day(20)), by=sqlite_site.coordinator, now=NOW)


def test_a_correction_is_a_new_version_with_a_reason(site: Site) -> None:
    stable_id = record_visit(visit(), by=site.coordinator, now=NOW)
    with pytest.raises(Refused, match="Say why the visit is corrected"):
        correct_visit(stable_id, 1, visit(visited_on=day(29)), " ", by=site.coordinator, now=NOW)
    with pytest.raises(AlreadyRecorded, match="already recorded"):
        correct_visit(stable_id, 1, visit(), "typo", by=site.coordinator, now=NOW)
    assert correct_visit(stable_id, 1, visit(visited_on=day(29)), "typo", by=site.investigator, now=NOW) == 2
    with pytest.raises(ChangedMeanwhile) as refusal:
        correct_visit(stable_id, 1, visit(visited_on=day(30)), "typo", by=site.coordinator, now=NOW)
    assert refusal.value.theirs == {"visited_on": day(29)}
    assert [(one.version, one.stands, one.visited_on) for one in stored(site)] == [
        (1, False, day(28)),
        (2, True, day(29)),
    ]


def test_a_correction_keeps_patient_and_visit(sqlite_site: Site) -> None:
    stable_id = record_visit(visit(), by=sqlite_site.coordinator, now=NOW)
    for entry in (visit(name="day_60"), visit(patient_id="CART-008")):
        with pytest.raises(Refused, match="cannot be changed"):
            correct_visit(stable_id, 1, entry, "typo", by=sqlite_site.coordinator, now=NOW)


def test_a_withdrawn_visit_may_be_recorded_anew(sqlite_site: Site) -> None:
    stable_id = record_visit(visit(), by=sqlite_site.coordinator, now=NOW)
    with pytest.raises(Refused, match="Say why the visit is withdrawn"):
        void_visit(stable_id, 1, None, by=sqlite_site.coordinator, now=NOW)
    assert void_visit(stable_id, 1, "other patient", by=sqlite_site.coordinator, now=NOW) == 2
    record_visit(missed(), by=sqlite_site.coordinator, now=NOW)
    assert [one.status for one in stored(sqlite_site) if one.stands] == [VisitStatus.MISSED]


def test_a_visit_of_an_earlier_plan_can_still_be_corrected(
    sqlite_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stable_id = record_visit(visit(), by=sqlite_site.coordinator, now=NOW)
    monkeypatch.setattr("actions.visits.plan_visits", lambda *_: ())
    correct_visit(stable_id, 1, visit(visited_on=day(29)), "typo", by=sqlite_site.coordinator, now=NOW)
    assert stored(sqlite_site)[-1].visited_on == day(29)


def test_only_investigator_and_coordinator_record_visits(sqlite_site: Site) -> None:
    for role, actor in sqlite_site.people.items():
        if role.value in ("investigator", "coordinator"):
            continue
        with pytest.raises(NotPermitted, match="may not record a visit"):
            record_visit(visit(), by=actor, now=NOW)


def test_a_gate_error_carries_its_sentences() -> None:
    with pytest.raises(ValueError, match="Enter the date of the visit") as error:
        visit(visited_on=None)
    assert [one.field for one in problems_of(error.value)] == ["visited_on"]  # type: ignore[arg-type]
