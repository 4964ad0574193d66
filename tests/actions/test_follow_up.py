"""Progression, death, withdrawal and loss: what they end, what they refuse, and how the deaths agree."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions import context
from actions.corrections import correct_assessment, void_assessment
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.follow_up import correct_follow_up, record_follow_up, void_follow_up
from actions.patients import enrol_patient, record_stay
from actions.records import store_record
from actions.visits import record_visit
from alerts.jobs import sweep
from commands.verify_latched import check_latched
from db.inputs import PatientIn, StayIn
from db.inputs_follow_up import FollowUpIn, VisitIn
from db.queries import board, committee, office, patient
from db.queries.assess import load_assess
from db.queries.deaths import load_death, load_deaths
from db.queries.follow_up import EventVersion, Version, day_ends_at, facts_of, load_events
from db.roles import SYSTEM
from db.session import reading, writing
from tests.actions.conftest import CODE, INFUSED_AT, OTHER_CODE, SHOCK, Site, at, entry
from tests.support import made_up
from trial.calendar import StayKind
from trial.follow_up_facts import DeathCause, FollowUpKind
from trial.protocol import load_protocol

INFUSED_ON = date(2026, 3, 2)
NOW = INFUSED_AT + timedelta(days=40)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def day(number: int) -> date:
    return INFUSED_ON + timedelta(days=number)


def event(kind: str, on: int, **values: Any) -> FollowUpIn:
    typed: dict[str, Any] = {"patient_id": CODE, "kind": kind, "occurred_on": day(on)} | values
    return FollowUpIn(**typed)


def death(on: int, cause: str = "lymphoma", **values: Any) -> FollowUpIn:
    return event("death", on, cause=cause, **values)


def record(site: Site, one: FollowUpIn, now: datetime = NOW) -> str:
    return record_follow_up(one, by=site.coordinator, now=now)


def standing(site: Site) -> list[EventVersion]:
    with reading() as session:
        return [one for one in load_events(session, site.patients[CODE]) if one.stands]


def withdrawn_at(site: Site) -> datetime | None:
    (row,) = site.rows("patient", study_code=CODE)
    found: datetime | None = row["withdrawn_at"]
    return found


def test_each_kind_is_recorded_with_its_day_and_words(site: Site) -> None:
    record(site, event("progression", 20, note="new lesion"))
    record(site, event("relapse", 25))
    record(site, event("new_therapy", 30, note="glofitamab"))
    record(site, death(35, "infection"))
    found = standing(site)
    assert [(one.kind.value, one.occurred_on, one.cause) for one in found] == [
        ("progression", day(20), None),
        ("relapse", day(25), None),
        ("new_therapy", day(30), None),
        ("death", day(35), DeathCause.INFECTION),
    ]
    assert found[0].note == "new lesion"
    assert site.events("record_follow_up")[-1]["detail"]["after"]["cause"] == "infection"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Choose what happened."),
        ({"kind": "progression"}, "Enter the date"),
        ({"kind": "death", "occurred_on": "2026-03-30"}, "Choose why the patient died"),
        ({"kind": "relapse", "occurred_on": "2026-03-30", "cause": "crs"}, "A cause belongs to a death only"),
        ({"kind": "relapse", "occurred_on": "30 March"}, "Date must be a date, such as 2026-03-08"),
    ],
)
def test_half_an_event_is_answered_in_the_words_of_the_question(typed: dict[str, Any], sentence: str) -> None:
    found, problems = FollowUpIn.check({"patient_id": CODE} | typed)
    assert found is None
    assert any(sentence in problem.sentence for problem in problems)


def test_a_new_therapy_without_a_name_is_asked_about() -> None:
    assert [one.field for one in event("new_therapy", 20).to_confirm()] == ["note"]
    assert event("new_therapy", 20, note="glofitamab").to_confirm() == []


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (event("progression", 41), "must not be in the future; today is 11 Apr 2026"),
        (death(41), "must not be in the future"),
        (event("progression", -1), "must not be before the first infusion, of 2 Mar 2026"),
        (event("progression", 1, patient_id="CART-099"), "No patient CART-099 is known"),
    ],
)
def test_a_day_that_cannot_be_is_refused(sqlite_site: Site, one: FollowUpIn, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        record(sqlite_site, one)
    assert standing(sqlite_site) == []


def test_a_patient_who_is_not_infused_can_leave_but_not_progress(sqlite_site: Site) -> None:
    enrol_patient(PatientIn(study_code="CART-009"), by=SYSTEM, now=at(-48))
    with pytest.raises(Refused, match="CART-009 has no infusion yet"):
        record(sqlite_site, event("progression", 1, patient_id="CART-009"))
    record(sqlite_site, event("withdrawal", 1, patient_id="CART-009"))


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (event("progression", 20), event("progression", 20), "progression recorded on 22 Mar 2026 already"),
        (death(20), death(25), "death recorded on 22 Mar 2026 already"),
        (event("withdrawal", 20), event("withdrawal", 10), "withdrawal recorded on 22 Mar 2026 already"),
        (event("lost_to_follow_up", 20), event("lost_to_follow_up", 25), "lost to follow-up recorded on"),
    ],
)
def test_what_stands_once_is_corrected_and_not_recorded_again(
    sqlite_site: Site, first: FollowUpIn, second: FollowUpIn, sentence: str
) -> None:
    record(sqlite_site, first)
    with pytest.raises(AlreadyRecorded, match=sentence):
        record(sqlite_site, second)


def test_a_second_progression_on_another_day_is_another_event(sqlite_site: Site) -> None:
    record(sqlite_site, event("progression", 20))
    record(sqlite_site, event("progression", 30))
    assert len(standing(sqlite_site)) == 2


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (death(20), event("progression", 21), "The death of CART-007 is recorded at 22 Mar 2026"),
        (
            event("progression", 21),
            death(20),
            "has an event of the follow-up of 23 Mar 2026, after this death",
        ),
        (event("withdrawal", 20), event("progression", 21), "before this progression. Correct one of them"),
        (event("withdrawal", 20), event("lost_to_follow_up", 21), "before this loss"),
        (
            event("progression", 21),
            event("withdrawal", 20),
            "an event of the follow-up of 23 Mar 2026, after",
        ),
        (event("progression", 21), event("lost_to_follow_up", 20), "after this loss"),
        (
            event("progression", 0),
            event("withdrawal", -1),
            "an infusion of 2 Mar 2026, after this withdrawal",
        ),
    ],
)
def test_nothing_but_a_death_comes_after_the_end(
    sqlite_site: Site, first: FollowUpIn, second: FollowUpIn, sentence: str
) -> None:
    record(sqlite_site, first)
    with pytest.raises(Refused, match=sentence):
        record(sqlite_site, second)


def test_a_death_may_become_known_after_a_withdrawal(sqlite_site: Site) -> None:
    record(sqlite_site, event("withdrawal", 20))
    record(sqlite_site, death(30))
    assert {one.kind for one in standing(sqlite_site)} == {FollowUpKind.WITHDRAWAL, FollowUpKind.DEATH}


def test_on_the_day_of_the_end_things_can_still_be_recorded(sqlite_site: Site) -> None:
    record(sqlite_site, death(20))
    record(sqlite_site, event("progression", 20))
    record(sqlite_site, event("withdrawal", 20))


NOT_SERIOUS: dict[str, Any] = {"is_serious": False, "is_infection": False}
DONE: dict[str, Any] = {"status": "done", "visited_on": day(28)}
AFTER: dict[str, Callable[[Site], object]] = {
    "an assessment of 23 Mar 2026": lambda site: site.record(24 * 21),
    "an infusion of 23 Mar 2026": lambda site: made_up.infuse(site.patients[CODE], 2, at(24 * 21)),
    "a stay of 23 Mar 2026": lambda site: record_stay(
        StayIn(patient_id=CODE, kind=StayKind.WARD, from_at=at(24 * 21)), by=site.coordinator, now=NOW
    ),
    "a visit of 30 Mar 2026": lambda site: record_visit(
        VisitIn(patient_id=CODE, infusion_number=1, name="day_28", **DONE), by=site.coordinator, now=NOW
    ),
    "a PET/CT of 23 Mar 2026": lambda site: put(site, "response_assessment", scanned_on=day(21)),
    "a ctDNA sample of 23 Mar 2026": lambda site: put(site, "ctdna_result", sampled_on=day(21)),
    "a laboratory result of 23 Mar 2026": lambda site: put(
        site, "lab_result", analyte="crp", taken_at=at(24 * 21), value=5.0, unit="mg/L"
    ),
    "a treatment of 23 Mar 2026": lambda site: put(
        site, "treatment", drug="tocilizumab", started_at=at(24 * 21)
    ),
    "an adverse event of 23 Mar 2026": lambda site: put(
        site, "adverse_event", term="Tremor", ctcae_version="5.0", grade=1, onset_on=day(21), **NOT_SERIOUS
    ),
}


def put(site: Site, table: str, **values: Any) -> None:
    defaults = {"treatment": {"is_ongoing": False, "confirmed": False, "source": "form"}}
    defaults["lab_result"] = {"confirmed": False, "source": "form"}
    with writing() as session:
        store_record(
            session,
            table,
            site.patients[CODE],
            defaults.get(table, {}) | values,
            by=site.coordinator,
            now=NOW,
            action="put",
        )


@pytest.mark.parametrize("words", list(AFTER))
def test_a_death_before_something_recorded_is_refused(sqlite_site: Site, words: str) -> None:
    AFTER[words](sqlite_site)
    with pytest.raises(Refused, match=f"CART-007 has {words}, after this death"):
        record(sqlite_site, death(20))
    with pytest.raises(Refused, match="after this death"):
        sqlite_site.record(24 * 20, death_due_to="other", now=NOW)
    record(sqlite_site, death(30))


def everywhere(site: Site) -> list[datetime | None]:
    """The instant of the death, as each reader of it says."""
    protocol = load_protocol()
    with reading() as session:
        known = office.load_patient(session, CODE)
        facts = load_assess(session, CODE, NOW)
        shown = patient.load_patient(session, CODE)
        (member,) = [one for one in committee.load_committee(session, SHANGHAI) if one.study_code == CODE]
        died = load_death(session, site.patients[CODE])
        on_board = board.load_board(session, at(48), protocol, zone=SHANGHAI)
    assert known is not None
    assert facts is not None
    assert shown is not None
    listed = CODE in {one.code for one in on_board}
    assert listed is (known.died_at is None) is (member.died_at is None)
    if died is not None and member.died_at is not None:
        assert member.died_at.astimezone(SHANGHAI).date() == died.on(SHANGHAI)
    return [known.died_at, facts.died_at, shown.died_at, died.at if died else None]


def test_every_reader_sees_a_death_of_the_follow_up_and_one_of_the_bedside(site: Site) -> None:
    assert set(everywhere(site)) == {None}
    stable_id = record(site, death(1))
    end_of_day = datetime(2026, 3, 3, 23, 59, 59, 999_999, tzinfo=SHANGHAI)
    assert set(everywhere(site)) == {end_of_day}
    # The bedside entry, with its time, is then the one that is shown.
    bedside = site.record(30, death_due_to="other", now=NOW)
    assert set(everywhere(site)) == {at(30)}
    void_follow_up(stable_id, 1, "recorded twice", by=site.coordinator, now=NOW)
    assert set(everywhere(site)) == {at(30)}
    void_assessment(bedside.stable_id, 1, "wrong patient", by=site.investigator, now=NOW)
    assert set(everywhere(site)) == {None}


def test_a_death_entered_on_its_day_ends_what_is_due_at_once(sqlite_site: Site) -> None:
    record(sqlite_site, death(5), now=at(24 * 5 + 3))
    assert set(everywhere(sqlite_site)) == {at(24 * 5 + 3)}
    (one,) = standing(sqlite_site)
    correct_follow_up(one.stable_id, 1, death(5, "infection"), "autopsy", by=sqlite_site.coordinator, now=NOW)
    assert set(everywhere(sqlite_site)) == {at(24 * 5 + 3)}, "the cause moves no time"
    correct_follow_up(one.stable_id, 2, death(4, "infection"), "misread", by=sqlite_site.coordinator, now=NOW)
    assert set(everywhere(sqlite_site)) == {day_ends_at(day(4), SHANGHAI)}


def test_nothing_is_recorded_after_a_death_of_the_follow_up(sqlite_site: Site) -> None:
    record(sqlite_site, death(3))
    with pytest.raises(
        Refused, match="The death of CART-007 is recorded at 5 Mar 2026, 23:59; nothing comes"
    ):
        sqlite_site.record(24 * 4)
    with pytest.raises(Refused, match="nothing comes after it"):
        sqlite_site.infuse(CODE, 2, at(24 * 4), NOW)
    sqlite_site.record(24 * 3 + 2)
    sqlite_site.record(24 * 4, code=OTHER_CODE)


@pytest.mark.parametrize(
    ("due_to", "one", "sentence"),
    [
        ("crs", death(1, "lymphoma"), "records the death of CART-007 due to CRS, not lymphoma"),
        ("icans", death(1, "crs"), "due to ICANS, not CRS"),
        ("other", death(1, "icans"), "due to another cause, not ICANS"),
        ("other", death(2, "lymphoma"), "Enter 3 Mar 2026, or correct the assessment first"),
    ],
)
def test_a_death_of_the_follow_up_that_contradicts_the_bedside_is_refused(
    sqlite_site: Site, due_to: str, one: FollowUpIn, sentence: str
) -> None:
    sqlite_site.record(30, death_due_to=due_to)
    with pytest.raises(Refused, match=sentence):
        record(sqlite_site, one)
    assert standing(sqlite_site) == []


@pytest.mark.parametrize(
    ("due_to", "hours", "sentence"),
    [
        ("crs", 30, "records the death of CART-007 of lymphoma, not of CRS. Correct one of the two"),
        ("other", 8, "records the death of CART-007 on 3 Mar 2026. Correct one of the two"),
    ],
)
def test_a_death_of_the_bedside_that_contradicts_the_follow_up_is_refused(
    sqlite_site: Site, due_to: str, hours: int, sentence: str
) -> None:
    record(sqlite_site, death(1))
    with pytest.raises(Refused, match=sentence):
        sqlite_site.record(hours, death_due_to=due_to, now=NOW)
    assert sqlite_site.rows("assessment") == []


def test_both_records_of_one_death_agree_and_the_follow_up_names_the_cause(sqlite_site: Site) -> None:
    saved = sqlite_site.record(30, death_due_to="other")
    with reading() as session:
        died = load_deaths(session)[sqlite_site.patients[CODE]]
        assert (died.cause, died.on(SHANGHAI), died.followed) == (None, day(1), None)
        facts = facts_of([], died, SHANGHAI)
    assert [(one.kind, one.on, one.cause) for one in facts] == [(FollowUpKind.DEATH, day(1), None)]
    record(sqlite_site, death(1, "infection"))
    with reading() as session:
        died = load_deaths(session)[sqlite_site.patients[CODE]]
        facts = facts_of(load_events(session, sqlite_site.patients[CODE]), died, SHANGHAI)
    assert (died.cause, died.at) == (DeathCause.INFECTION, at(30))
    assert [(one.kind, one.cause) for one in facts] == [(FollowUpKind.DEATH, DeathCause.INFECTION)]
    changed = entry(30, death_due_to="crs")
    with pytest.raises(Refused, match="records the death of CART-007 of infection, not of CRS"):
        correct_assessment(
            saved.stable_id, 1, changed, "misread", "t-1", by=sqlite_site.investigator, now=NOW
        )


def test_a_bedside_death_of_crs_has_its_cause_without_the_follow_up(sqlite_site: Site) -> None:
    sqlite_site.record(30, death_due_to="crs")
    with reading() as session:
        died = load_death(session, sqlite_site.patients[CODE])
    assert died is not None
    assert died.cause is DeathCause.CRS


@pytest.mark.postgresql_in_soak
def test_a_withdrawal_is_written_to_the_patient_and_taken_back(site: Site) -> None:
    stable_id = record(site, event("withdrawal", 20))
    assert withdrawn_at(site) == day_ends_at(day(20), SHANGHAI)
    correct_follow_up(stable_id, 1, event("withdrawal", 19), "misread", by=site.coordinator, now=NOW)
    assert withdrawn_at(site) == day_ends_at(day(19), SHANGHAI)
    void_follow_up(stable_id, 2, "came back", by=site.coordinator, now=NOW)
    assert withdrawn_at(site) is None
    assert standing(site) == []


def test_a_withdrawal_of_today_holds_from_now_on(sqlite_site: Site) -> None:
    record(sqlite_site, event("withdrawal", 5), now=at(24 * 5 + 3))
    assert withdrawn_at(sqlite_site) == at(24 * 5 + 3)


def alerts_of(site: Site, number: int) -> list[tuple[str, str, str | None]]:
    (infusion,) = site.rows("infusion", patient_id=site.patients[CODE], number=number)
    rows = site.rows("alert", infusion_id=infusion["id"])
    found = [(row["signal"], row["state"], row["ended_reason"]) for row in rows]
    return [one for one in found if one[0] != "barred"]  # only a person ends that one


def test_a_death_ends_the_alerts_of_every_infusion_in_its_own_transaction(site: Site) -> None:
    made_up.infuse(site.patients[CODE], 2, at(48))
    site.record(30, **SHOCK)
    site.record(52, number=2, **SHOCK)
    assert alerts_of(site, 1) == alerts_of(site, 2) == [("grade3", "open", None)]
    stable_id = record(site, death(4), now=at(100))
    ended = [("grade3", "closed", "death")]
    assert (alerts_of(site, 1), alerts_of(site, 2)) == (ended, ended)
    void_follow_up(stable_id, 1, "wrong patient", by=site.coordinator, now=at(101))
    assert alerts_of(site, 2) == [("grade3", "open", None)]


@pytest.mark.parametrize("one", [death(2), event("withdrawal", 2)])
def test_a_death_or_a_withdrawal_closes_a_missed_assessment(sqlite_site: Site, one: FollowUpIn) -> None:
    sqlite_site.record(2)
    sweep(context.settings(), load_protocol(), lambda: at(60))
    live = [row for row in alerts_of(sqlite_site, 1) if row[0] == "missed"]
    assert {state for _, state, _ in live} == {"open"}
    record(sqlite_site, one, now=at(61))
    assert {row[1:] for row in alerts_of(sqlite_site, 1) if row[0] == "missed"} == {("closed", "left")}


def rule_alerts(site: Site, now: datetime) -> list[tuple[str, str]]:
    """Rule and state of each alert of a stopping rule; `verify` finds nothing that is still to be told."""
    with reading() as session:
        _, findings = check_latched(session, context.protocol(), now, SHANGHAI)
    assert findings == []
    return [(row["slot"], row["state"]) for row in site.rows("alert", signal="boundary")]


@pytest.mark.parametrize("last_at_the_bedside", [False, True])
def test_a_death_that_reaches_a_stopping_rule_is_told_with_it(
    sqlite_site: Site, last_at_the_bedside: bool
) -> None:
    site = sqlite_site
    for code in (CODE, OTHER_CODE):
        made_up.infuse(site.patients[code], 2, at(48))
    record(site, death(3, "infection"), now=at(80))
    assert rule_alerts(site, at(80)) == []
    take_back: Callable[[], object]
    if last_at_the_bedside:
        saved = site.record(73, code=OTHER_CODE, number=2, death_due_to="other", now=at(81))
        take_back = partial(
            void_assessment, saved.stable_id, 1, "wrong patient", by=site.investigator, now=at(82)
        )
    else:
        stable_id = record(site, death(3, "unknown", patient_id=OTHER_CODE), now=at(81))
        take_back = partial(void_follow_up, stable_id, 1, "wrong patient", by=site.coordinator, now=at(82))
    assert rule_alerts(site, at(81)) == [("death_second", "open")]
    take_back()
    # Only a decision of the committee ends it.
    assert rule_alerts(site, at(82)) == [("death_second", "open")]


def test_a_correction_is_a_new_version_with_a_reason(site: Site) -> None:
    stable_id = record(site, event("progression", 20))
    with pytest.raises(Refused, match="Say why it is corrected"):
        correct_follow_up(stable_id, 1, event("progression", 21), "", by=site.coordinator, now=NOW)
    with pytest.raises(AlreadyRecorded, match="already recorded"):
        correct_follow_up(stable_id, 1, event("progression", 20), "typo", by=site.coordinator, now=NOW)
    assert (
        correct_follow_up(stable_id, 1, event("progression", 21), "typo", by=site.investigator, now=NOW) == 2
    )
    with pytest.raises(ChangedMeanwhile) as refusal:
        correct_follow_up(stable_id, 1, event("progression", 22), "typo", by=site.coordinator, now=NOW)
    assert refusal.value.theirs == {"occurred_on": day(21)}
    with reading() as session:
        versions: list[Version] = [*load_events(session, site.patients[CODE])]
    assert [
        (one.version, one.stands, one.reason) for one in sorted(versions, key=lambda one: one.version)
    ] == [
        (1, False, None),
        (2, True, "typo"),
    ]


@pytest.mark.parametrize("changed", [event("relapse", 20), event("progression", 20, patient_id=OTHER_CODE)])
def test_a_correction_keeps_the_patient_and_what_happened(sqlite_site: Site, changed: FollowUpIn) -> None:
    stable_id = record(sqlite_site, event("progression", 20))
    with pytest.raises(Refused, match=r"cannot be changed\. Withdraw it and record it again"):
        correct_follow_up(stable_id, 1, changed, "typo", by=sqlite_site.coordinator, now=NOW)


def test_only_investigator_and_coordinator_record_the_follow_up(sqlite_site: Site) -> None:
    for role, actor in sqlite_site.people.items():
        if role.value in ("investigator", "coordinator"):
            continue
        with pytest.raises(NotPermitted, match="may not record progression"):
            record_follow_up(event("progression", 20), by=actor, now=NOW)
