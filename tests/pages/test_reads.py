"""What the patient, alerts and safety pages read, on both engines."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actions import context
from actions.alerts import acknowledge_alert, silence_alert
from alerts.facts import load_course_facts
from alerts.model import SignalState
from alerts.reconcile import reconcile_course
from charts.heat_rows import heat_rows
from db.models import SkippedAssessment, User
from db.queries.alert_thread import load_answers_of_the_over
from db.queries.alerts import AlertStory, list_alerts, load_stories
from db.queries.charted_entries import load_entries, load_versions, load_voided
from db.queries.committee import infusions_with_events, load_committee
from db.queries.patient import data_version, has_live_alert, list_patients, load_patient, load_skipped
from db.roles import SYSTEM, Actor, Role
from db.session import reading, writing
from grading.scale import Toxicity
from pages.ward.alerts_parts.coming import load_coming
from pages.ward.patient_parts.due import due_grid, is_overdue
from pages.ward.patient_parts.loaded import load
from reports.events import EventCourse, list_events
from settings import Settings
from tests.support import made_up
from tests.support.protocols import of_a_course_alone
from trial.calendar import SlotKind, SlotStatus

NOW = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)  # 09:00 at the hospital
INFUSED_AT = NOW - timedelta(days=3)
GRADE_3 = {**made_up.WELL, "temperature_c": 39.1, "vasopressors": "norepinephrine"}


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    context.configure(Settings(), of_a_course_alone())


def a_patient(code: str = "CART-001") -> tuple[int, int]:
    patient_id = made_up.enrol(
        code, INFUSED_AT, sex="F", age_years=61, lasting_findings="hypotension;hypoxia"
    )
    return patient_id, made_up.infuse(patient_id, 1, INFUSED_AT)


def back(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def test_an_entry_is_read_with_its_grades_and_recorded_values_only(database: str) -> None:
    patient_id, infusion_id = a_patient()
    made_up.assess(
        patient_id, infusion_id, [(back(5), {"temperature_c": 38.6, "vasopressors": "norepinephrine"})]
    )
    with reading() as session:
        (entry,) = load_entries(session, infusion_id)
        patient = load_patient(session, "CART-001")
    assert dict(entry.values) == {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
    crs = entry.grades[Toxicity.CRS]
    assert (crs.grade, crs.at_least) == (None, 3)
    assert "oxygen_device" in crs.missing
    assert crs.sentence().startswith("CRS at least grade 3: temperature 38.6 °C")
    assert entry.ice_total is None
    assert not entry.recorded.vital_signs
    assert patient is not None
    assert [sign.value for sign in patient.lasting_findings] == ["hypotension", "hypoxia"]
    assert [stay.kind.value for stay in patient.stays] == ["ward"]


def test_a_corrected_entry_keeps_every_version_with_the_grade_it_had(database: str) -> None:
    patient_id, infusion_id = a_patient()
    (stable_id,) = made_up.assess(patient_id, infusion_id, [(back(5), GRADE_3)])
    made_up.correct(stable_id, back(4), "Read from another line", vasopressors="none")
    with reading() as session:
        first, second = load_versions(session, stable_id)
        (standing,) = load_entries(session, infusion_id)
    assert (first.version, first.grades[Toxicity.CRS].grade) == (1, 3)
    assert (second.version, second.grades[Toxicity.CRS].grade) == (2, 1)
    assert second.reason == "Read from another line"
    assert first.superseded_at == back(4)
    assert standing == second
    assert standing.corrected


def test_a_withdrawn_entry_is_listed_apart(database: str) -> None:
    patient_id, infusion_id = a_patient()
    (stable_id,) = made_up.assess(patient_id, infusion_id, [(back(5), GRADE_3)])
    made_up.correct(stable_id, back(4), "Wrong patient", status="voided")
    with reading() as session:
        assert load_entries(session, infusion_id) == ()
        (voided,) = load_voided(session, infusion_id)
        assert voided.stable_id == stable_id
        assert infusions_with_events(session) == []


def test_the_data_version_changes_with_every_write(database: str) -> None:
    with reading() as session:
        empty = data_version(session)
    patient_id, infusion_id = a_patient()
    made_up.assess(patient_id, infusion_id, [(back(5), made_up.WELL)])
    with reading() as session:
        once = data_version(session)
        assert data_version(session) == once
        assert [one.study_code for one in list_patients(session)] == ["CART-001"]
    assert once != empty


def test_the_grid_knows_done_skipped_missing_due_and_to_come(database: str) -> None:
    patient_id, infusion_id = a_patient()
    # At the hospital: 06:10 today meets 06:00; 10:00 is due now; yesterday 22:00 was skipped.
    made_up.assess(patient_id, infusion_id, [(back(2.9), made_up.WELL)])
    with writing() as session:
        session.add(
            SkippedAssessment(
                patient_id=patient_id,
                infusion_id=infusion_id,
                kind="vital_signs",
                due_at=back(11),
                reason="asleep",
                entered_at=NOW,
            )
        )
    with reading() as session:
        assert [skip.reason for skip in load_skipped(session, infusion_id)] == ["asleep"]
        _, loaded = load(
            session,
            "CART-001",
            None,
            None,
            now=NOW,
            protocol=context.protocol(),
            zone=context.settings().zone,
        )
    assert loaded is not None
    grid = {(one.slot.kind, (one.slot.due_at - NOW) / timedelta(hours=1)): one for one in due_grid(loaded)}
    assert grid[SlotKind.VITAL_SIGNS, -3].status is SlotStatus.MET
    assert grid[SlotKind.ICE, -3].entry is loaded.entries[0]
    assert grid[SlotKind.VITAL_SIGNS, -11].skipped_because == "asleep"
    assert grid[SlotKind.ICE, -11].status is SlotStatus.MISSED
    assert grid[SlotKind.VITAL_SIGNS, 1].status is SlotStatus.DUE
    assert grid[SlotKind.ICE, 5].status is SlotStatus.NOT_YET
    assert not is_overdue(loaded, SlotKind.VITAL_SIGNS)


def test_what_is_kept_follows_the_data_and_the_clock(database: str) -> None:
    patient_id, infusion_id = a_patient()
    made_up.assess(patient_id, infusion_id, [(back(7), made_up.WELL)])

    def overdue(now: datetime) -> bool:
        with reading() as session:
            _, loaded = load(
                session,
                "CART-001",
                1,
                None,
                now=now,
                protocol=context.protocol(),
                zone=context.settings().zone,
            )
        assert loaded is not None
        return is_overdue(loaded, SlotKind.VITAL_SIGNS)

    # 06:00 can be met until 08:00.
    assert not overdue(back(1))
    assert overdue(back(1) + timedelta(seconds=1))
    made_up.assess(patient_id, infusion_id, [(back(0.5), made_up.WELL)])
    assert not overdue(NOW)


def test_an_alert_is_read_with_its_reason_and_who_was_told(database: str) -> None:
    patient_id, infusion_id = a_patient()
    made_up.assess(patient_id, infusion_id, [(back(9), made_up.WELL), (back(5), GRADE_3)])
    with reading() as session:
        (alert,) = list_alerts(session)
        story = load_stories(session, [alert])[alert.id]
        assert has_live_alert(session, infusion_id)
    assert (alert.study_code, alert.number, alert.level, alert.live) == ("CART-001", 1, 3, True)
    assert alert.scale is Toxicity.CRS
    assert story.shown is not None
    assert story.shown.assessed_at == back(5)
    assert story.shown.grade.sentence().startswith("CRS grade 3: temperature 39.1 °C, norepinephrine")
    assert story.told == ()
    assert story.answer_that_holds(NOW) is None


def test_an_alert_is_shown_by_its_latest_worst_entry(database: str) -> None:
    patient_id, infusion_id = a_patient()
    worse = {**GRADE_3, "vasopressors": "norepinephrine;epinephrine"}
    ids = made_up.assess(patient_id, infusion_id, [(back(9), worse), (back(7), worse), (back(5), GRADE_3)])
    with reading() as session:
        alerts = list_alerts(session)
        story = load_stories(session, alerts)[alerts[0].id]
    assert story.shown is not None
    assert story.shown.stable_id == ids[1]
    assert story.latest is not None
    assert story.latest.stable_id == ids[2]


def test_the_committee_sees_everyone_and_each_event_once(database: str) -> None:
    patient_id, infusion_id = a_patient()
    made_up.assess(
        patient_id, infusion_id, [(back(40), GRADE_3), (back(36), GRADE_3), (back(30), made_up.WELL)]
    )
    made_up.enrol("CART-002", NOW)
    protocol, zone = context.protocol(), context.settings().zone
    with reading() as session:
        patients = load_committee(session, zone)
        courses = {
            one: EventCourse(load_course_facts(session, one, NOW, protocol, zone), load_entries(session, one))
            for one in infusions_with_events(session)
        }
    assert [patient.study_code for patient in patients] == ["CART-001", "CART-002"]
    (event,) = list_events(patients, courses, NOW, protocol)
    assert (event.study_code, event.scale, event.grade) == ("CART-001", Toxicity.CRS, 3)
    assert (event.first_at, event.last_at) == (back(40), back(36))
    assert event.state is SignalState.RECOVERING
    assert event.worst.assessed_at == back(36)
    (first, second) = heat_rows(patients, Toxicity.CRS, protocol, zone=zone, cut_off=NOW)
    assert [cell.text for cell in first.panels[0].cells[:3]] == ["", "3", "0"]
    assert second.panels[0].note == "not infused yet"
    assert patients[0].infusions[0].highest == 3


def test_an_event_ends_with_the_entry_that_ended_it(database: str) -> None:
    patient_id, infusion_id = a_patient()
    made_up.assess(
        patient_id, infusion_id, [(back(40), GRADE_3), (back(30), made_up.WELL), (back(20), made_up.WELL)]
    )
    protocol, zone = context.protocol(), context.settings().zone
    with reading() as session:
        patients = load_committee(session, zone)
        courses = {
            infusion_id: EventCourse(
                load_course_facts(session, infusion_id, NOW, protocol, zone),
                load_entries(session, infusion_id),
            )
        }
    (event,) = list_events(patients, courses, NOW, context.protocol())
    assert event.state is SignalState.RECOVERED
    assert event.ended_at == back(20)


def _swept(infusion_id: int) -> None:
    with writing() as session:
        reconcile_course(
            session,
            infusion_id=infusion_id,
            now=NOW,
            protocol=context.protocol(),
            by=SYSTEM,
            settings=context.settings(),
            by_the_clock=True,
        )


def _stories(infusion_id: int) -> dict[tuple[str, str], AlertStory]:
    with reading() as session:
        rows = [row for row in list_alerts(session) if row.infusion_id == infusion_id]
        stories = load_stories(session, rows)
        comings = load_coming(session, rows, NOW, context.protocol(), context.settings().zone)
    assert set(comings) == {row.id for row in rows if row.state == "open"}
    return {(one.alert.signal, one.alert.slot): one for one in stories.values()}


def test_alerts_of_every_signal_are_read_with_what_they_stand_on(database: str) -> None:
    patient_id, infusion_id = a_patient()
    low = {**made_up.WELL, "temperature_c": 38.6, "systolic_mmhg": 84.0, "iv_fluid_bolus": "yes"}
    made_up.assess(patient_id, infusion_id, [(back(20), made_up.WELL), (back(10), low)])
    made_up.assess(
        patient_id, infusion_id, [(back(9.5), {"ice_score": 3}), (back(9), {"temperature_c": 38.4})]
    )
    _swept(infusion_id)
    found = _stories(infusion_id)
    assert {("rise2", "crs"), ("unsettled", "crs"), ("missed", "vital_signs")} <= set(found)
    before = found["rise2", "crs"].before
    assert before is not None
    assert (before.grade, before.at) == (0, back(20))
    last = found["unsettled", "crs"].unsettled
    assert last is not None
    assert (last.assessed_at, last.grade.scale) == (back(9), Toxicity.CRS)
    assert found["missed", "vital_signs"].members == ()
    assert [one.kind for one in found["missed", "vital_signs"].notices] == ["opening"]


def test_support_is_read_with_what_was_charted_and_its_silence(database: str) -> None:
    patient_id, infusion_id = a_patient("CART-002")
    held_up = {**made_up.WELL, "vasopressors": "norepinephrine"}
    made_up.assess(patient_id, infusion_id, [(back(1), held_up)])
    story = _stories(infusion_id)["support_ungraded", ""]
    assert story.shown is not None
    assert story.shown.grade.scale is Toxicity.CRS
    assert story.shown.charted["vasopressors"] == "norepinephrine"
    with writing() as session:
        user = User(username="dr.li", display_name="Dr Li", role="investigator", created_at=back(99))
        session.add(user)
        session.flush()
        person = Actor(user.id, "dr.li", "Dr Li", Role.INVESTIGATOR)
    silence_alert(story.alert.id, "Known and treated", NOW + timedelta(hours=2), by=person, now=NOW)
    acknowledge_alert(
        story.alert.id, 0, story.shown.assessment_id, "drug_given", by=person, now=NOW, seen_urgency=2
    )
    story = _stories(infusion_id)["support_ungraded", ""]
    silence = story.silence_that_holds(NOW)
    assert silence is not None
    assert (silence.by, silence.reason) == ("Dr Li", "Known and treated")
    with reading() as session:
        assert load_answers_of_the_over(session) == {}
    made_up.correct(story.members[0].stable_id, NOW, "wrong line", status="voided")
    with reading() as session:
        over = load_answers_of_the_over(session)
    assert [(alert_id, answer.by) for alert_id, answer in over.items()] == [(story.alert.id, "Dr Li")]
