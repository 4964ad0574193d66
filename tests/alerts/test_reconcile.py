"""Alerts, notices and deliveries in the entry's transaction, on both engines."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from actions import context
from actions.course import regrade_course, retire_grades
from alerts import jobs, swept
from alerts.facts import load_course_facts
from alerts.jobs import sweep
from alerts.pending import Pending
from alerts.reconcile import pending_changes, reconcile_course, tell_historical
from alerts.stored import load_alerts, version_to_acknowledge
from db.audit import verify_chain
from db.models import Alert, AlertAssessment, Assessment, AuditEvent, Delivery, Notice, Recipient
from db.roles import SYSTEM
from db.session import reading, writing
from tests.alerts.conftest import PEOPLE, Ward, at
from tests.support import made_up

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
GRADE_4: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine;epinephrine"}


def mail_of(message: bytes | None) -> EmailMessage:
    assert message is not None
    return message_from_bytes(message, _class=EmailMessage, policy=policy.default)


def text_of(message: bytes | None) -> str:
    body = mail_of(message).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def mail_about(ward: Ward, notice: Notice) -> bytes | None:
    """The first recipient's mail of a notice."""
    return next(one.message for one in ward.deliveries() if one.notice_id == notice.id)


def test_a_well_patient_raises_nothing(ward: Ward) -> None:
    ward.assess(4)
    assert ward.alerts() == []
    assert ward.deliveries() == []


def test_grade_3_tells_every_recipient_once(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    alert = ward.alert()
    assert (alert.signal, alert.slot, alert.state, alert.level, alert.urgency) == (
        "grade3",
        "crs",
        "open",
        3,
        2,
    )
    (notice,) = ward.notices()
    assert (notice.kind, notice.urgency, notice.level, notice.alert_id) == ("opening", 2, 3, alert.id)
    deliveries = ward.deliveries()
    assert [(one.name, one.address) for one in deliveries] == [(one.name, one.address) for one in PEOPLE]
    assert {(one.state, one.attempts, one.notice_id) for one in deliveries} == {("pending", 0, notice.id)}
    mail = mail_of(deliveries[1].message)
    assert mail["Subject"] == "P2 grade 3 CRS (A-0001)"
    assert mail["Message-ID"] == f"<{deliveries[1].uid}@hospital.org>"
    assert "norepinephrine" in text_of(deliveries[1].message)


def test_repeating_it_changes_nothing(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    with reading() as session:
        assert not pending_changes(session, ward.infusion_id, at(5), context.protocol(), ward.settings.zone)
        events = len(session.exec(select(AuditEvent.id)).all())
    with writing() as session:
        told = reconcile_course(
            session,
            infusion_id=ward.infusion_id,
            now=at(5),
            protocol=context.protocol(),
            by=SYSTEM,
            settings=ward.settings,
        )
    assert (told.notices, told.recipients) == ((), 0)
    assert len(ward.deliveries()) == len(PEOPLE)
    with reading() as session:
        assert len(session.exec(select(AuditEvent.id)).all()) == events
        assert verify_chain(session).whole
    assert sweep(ward.settings, context.protocol()) == 0


def test_only_who_is_on_the_list_now_is_told(ward: Ward) -> None:
    with writing() as session:
        left, coming, _ = session.exec(select(Recipient).order_by(col(Recipient.id))).all()
        left.valid_to, coming.valid_from = at(4.1), at(5)
        session.add_all([left, coming])
    ward.assess(4, **GRADE_3)
    assert [one.name for one in ward.deliveries()] == ["Dr Wu"]


def test_an_alert_without_recipients_is_still_stored(ward: Ward) -> None:
    with writing() as session:
        for person in session.exec(select(Recipient)).all():
            person.valid_to = at(1)
            session.add(person)
    ward.assess(4, **GRADE_3)
    assert ward.kinds() == ["opening"]
    assert ward.deliveries() == []


def test_worse_recovering_and_recovered_are_told_in_one_thread(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    ward.assess(8, **GRADE_3)
    ward.assess(12, **GRADE_4)
    assert (ward.alert().level, ward.alert().urgency) == (4, 1)
    ward.assess(20)
    assert ward.alert().state == "open"
    ward.assess(24)
    alert = ward.alert()
    assert (alert.state, alert.ended_reason, alert.level) == ("closed", "recovered", 4)
    assert alert.closed_at == at(24.1)
    assert ward.kinds() == ["opening", "worsened", "recovery"]
    first, worse, recovered = (mail_of(one.message) for one in ward.deliveries()[:: len(PEOPLE)])
    assert worse["Subject"] == "P1 grade 4 CRS (A-0001)"
    assert recovered["Subject"] == "P3 recovered: grade 4 CRS (A-0001)"
    assert worse["In-Reply-To"] == recovered["In-Reply-To"] == first["Message-ID"]
    assert first["In-Reply-To"] is None


def test_a_correction_after_the_mail_takes_it_back_from_everyone_who_was_told(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    ward.mark_sent()
    with writing() as session:
        left = session.exec(select(Recipient).order_by(col(Recipient.id))).first()
        assert left is not None
        left.valid_to = at(5)
        session.add(left)
        session.add(
            Recipient(name="New", address="new@x.org", group="pi", valid_from=at(5), created_at=at(5))
        )
    made_up.correct(entry, at(6), "wrong line", vasopressors="none")
    alert = ward.alert()
    assert (alert.state, alert.ended_reason) == ("retracted", "corrected")
    assert ward.kinds() == ["opening", "retraction"]
    taken_back = ward.deliveries()[3:]
    assert [one.name for one in taken_back] == [one.name for one in PEOPLE]
    assert {one.urgency for one in taken_back} == {2}
    text = text_of(taken_back[0].message)
    assert "Withdrawn: CART-007 did not have grade 3 CRS," in text
    assert "Was: grade 3." in text
    assert "Is: grade 1." in text
    assert "wrong line" not in text
    assert mail_of(taken_back[0].message)["In-Reply-To"] == f"<{ward.deliveries()[0].uid}@hospital.org>"


def test_an_alert_that_was_closed_and_then_taken_back_says_when_it_was_taken_back(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    for hours in (8, 16):
        ward.assess(hours)
    assert ward.alert().closed_at == at(16.1)
    made_up.correct(entry, at(20), "wrong line", vasopressors="none")
    assert (ward.alert().state, ward.alert().closed_at) == ("retracted", at(20))


def test_a_correction_before_the_mail_left_makes_one_mail_of_both(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    made_up.correct(entry, at(4.2), "wrong line", vasopressors="none")
    assert ward.kinds() == ["opening", "retraction"]
    deliveries = ward.deliveries()
    assert len(deliveries) == len(PEOPLE)
    assert {one.notice_id for one in deliveries} == {ward.notices()[1].id}
    text = text_of(deliveries[0].message)
    assert "Withdrawn: CART-007 did not have grade 3 CRS," in text
    assert "Corrected: entered 14:06, corrected 14:12 by Vigil." in text


def test_a_correction_while_one_mail_is_out_takes_back_that_one_and_replaces_the_others(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    with writing() as session:
        first = session.get_one(Delivery, ward.deliveries()[0].id)
        first.state, first.sent_at, first.attempts = "sent", at(4.15), 1
        session.add(first)
    made_up.correct(entry, at(4.2), "wrong line", vasopressors="none")
    by_person = [one.recipient_id for one in ward.deliveries()]
    assert sorted(by_person) == [1, 1, 2, 3]


def test_a_withdrawn_entry_is_taken_back_like_a_correction(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    ward.mark_sent()
    made_up.correct(entry, at(6), "other patient's chart", status="voided")
    assert ward.alert().state == "retracted"
    assert "Is: withdrawn; the entry does not count." in text_of(ward.deliveries()[-1].message)


def test_an_entry_of_another_patient_is_taken_back_here_and_told_there(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    ward.mark_sent()
    other_id = made_up.infuse(made_up.enrol("CART-008", at(0)), 1, at(0))
    with writing() as session:
        old = session.exec(select(Assessment).where(Assessment.stable_id == entry)).one()
        kept = old.model_dump(exclude={"id", "superseded_at", "form_token"})
        old.superseded_at = at(6)
        session.add(old)
        session.flush()
        moved = {"version": 2, "supersedes_id": old.id, "reason": "other patient", "entered_at": at(6)}
        patient_id = 2
        session.add(Assessment(**{**kept, **moved, "infusion_id": other_id, "patient_id": patient_id}))
        session.flush()
        retire_grades(session, int(old.id or 0), at(6))
        for infusion_id in (ward.infusion_id, other_id):
            regrade_course(
                session, infusion_id, from_at=None, now=at(6), protocol=context.protocol(), by=SYSTEM
            )
    here, there = ward.alerts()
    assert (here.state, there.state, there.infusion_id) == ("retracted", "open", other_id)
    assert ward.kinds() == ["opening", "retraction", "opening"]
    texts = [text_of(one.message) for one in ward.deliveries()]
    assert "Is: moved; the entry belonged to another patient or infusion." in texts[3]
    assert "CART-008" not in texts[3]
    assert "Patient CART-008 has grade 3 CRS" in texts[6]


def test_when_another_entry_keeps_it_at_3_the_correction_is_told_as_such(ward: Ward) -> None:
    worst = ward.assess(4, **GRADE_4)
    ward.assess(8, **GRADE_3)
    ward.mark_sent()
    made_up.correct(worst, at(9), "one agent only", vasopressors="norepinephrine")
    assert (ward.alert().state, ward.alert().level) == ("open", 3)
    assert ward.kinds() == ["opening", "amendment"]
    text = text_of(ward.deliveries()[-1].message)
    assert "Corrected: CART-007 still has grade 3 CRS," in text
    assert "Was: grade 4." in text


def test_late_entries_between_a_4_and_a_3_are_saved_and_correct_nothing(ward: Ward) -> None:
    ward.assess(4, **GRADE_4)
    ward.assess(40, **GRADE_3)
    ward.assess(10, entered_after=31)
    ward.assess(18, entered_after=23)
    assert [(alert.state, alert.level) for alert in ward.alerts()] == [("open", 3), ("closed", 4)]
    assert ward.kinds() == ["opening"]


def test_an_earlier_correction_that_ends_the_course_takes_back_the_later_alert(ward: Ward) -> None:
    fever = ward.assess(4, temperature_c=38.6)
    ward.assess(8, vasopressors="norepinephrine")
    assert ward.alert().level == 3
    ward.mark_sent()
    made_up.correct(fever, at(9), "other patient's temperature", temperature_c=36.9)
    grave, ungraded = ward.alerts()
    assert (grave.signal, grave.state) == ("grade3", "retracted")
    taken_back, opening = ward.notices()[1:]
    assert (taken_back.kind, opening.kind) == ("retraction", "opening")
    text = text_of(mail_about(ward, taken_back))
    assert "Was: grade 3." in text
    assert "Is: grade 0." in text
    # The vasopressor still runs: without a grade it is a signal of its own.
    assert (ungraded.signal, ungraded.state, ungraded.urgency) == ("support_ungraded", "open", 2)
    assert "norepinephrine, and no CRS grade," in " ".join(text_of(mail_about(ward, opening)).split())


def test_a_late_entry_says_so_and_one_already_over_gets_one_notice(ward: Ward) -> None:
    ward.assess(20)
    ward.assess(24)
    ward.assess(4, entered_after=21, **GRADE_3)
    assert ward.kinds() == ["late"]
    assert ward.alert().state == "closed"
    text = text_of(ward.deliveries()[0].message)
    assert "had grade 3 CRS, on the day of the first infusion. It is over." in " ".join(text.split())
    assert "Late entry: observed 2 March 2024, 14:00 (UTC+08:00)," in text


def test_a_late_fever_that_makes_a_later_row_grade_3_says_why_the_mail_comes_now(ward: Ward) -> None:
    ward.assess(8, temperature_c=None, vasopressors="norepinephrine")
    assert ward.alert().signal == "support_ungraded"
    ward.assess(4, entered_after=21, temperature_c=38.6)
    (grave,) = [notice for notice in ward.notices() if notice.level]
    text = " ".join(text_of(mail_about(ward, grave)).split())
    assert "Patient CART-007 has grade 3 CRS" in text
    assert "Observed: 2 March 2024, 18:00 (UTC+08:00). Entered 18:06." in text
    late = "Late entry: observed 2 March 2024, 14:00 (UTC+08:00), entered 3 March 2024, 11:00."
    assert f"{late} It changed this grade." in text


def test_a_corrected_fever_that_makes_a_later_row_grade_3_says_so_too(ward: Ward) -> None:
    fever = ward.assess(4, temperature_c=36.8)
    ward.assess(8, vasopressors="norepinephrine")
    made_up.correct(fever, at(9), "typing error", temperature_c=38.6)
    assert [(one.signal, one.state) for one in ward.alerts()] == [
        ("support_ungraded", "retracted"),
        ("grade3", "open"),
    ]
    (grave,) = [notice for notice in ward.notices() if notice.level]
    text = " ".join(text_of(mail_about(ward, grave)).split())
    assert "Corrected entry: observed 2 March 2024, 14:00 (UTC+08:00), corrected 19:00." in text


def test_an_entry_told_in_its_turn_names_no_other(ward: Ward) -> None:
    ward.assess(4, temperature_c=38.6)
    ward.assess(8, vasopressors="norepinephrine")
    ward.assess(2, entered_after=7, **GRADE_4)
    assert ward.kinds() == ["opening", "worsened"]
    for one in ward.deliveries():
        assert "It changed this grade" not in text_of(one.message)


def test_death_is_told_once_and_ends_the_alert(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    ward.assess(8, death_due_to="other", **GRADE_3)
    assert ward.kinds() == ["opening", "death"]
    assert (ward.alert().state, ward.alert().ended_reason) == ("closed", "death")
    assert "Patient CART-007 died, on the day of the first infusion." in " ".join(
        text_of(ward.deliveries()[-1].message).split()
    )


def test_a_death_after_the_second_infusion_ends_the_alert_of_the_first(ward: Ward) -> None:
    ward.assess(30, **GRADE_3)
    second = made_up.infuse(ward.patient_id, 2, at(50))
    made_up.assess(ward.patient_id, second, [(at(24 * 3 + 1), {**made_up.WELL, "death_due_to": "other"})])
    sweep(context.settings(), context.protocol(), lambda: at(24 * 3 + 2))
    assert (ward.alert().state, ward.alert().ended_reason) == ("closed", "death")
    assert ward.kinds() == ["opening", "death"]
    mail = " ".join(text_of(ward.deliveries()[-1].message).split())
    assert "Patient CART-007 died, 3 days after the first infusion." in mail
    assert "Alert: closed at grade 3 CRS." in mail


def test_death_of_crs_is_urgent(ward: Ward) -> None:
    ward.assess(8, death_due_to="crs", **GRADE_3)
    (notice,) = ward.notices()
    assert (notice.kind, notice.urgency, notice.level) == ("opening", 1, 5)
    assert "died of CRS (grade 5)" in " ".join(text_of(ward.deliveries()[0].message).split())


def test_both_toxicities_have_an_alert_each(ward: Ward) -> None:
    ward.assess(4, ice_score=2, **GRADE_3)
    assert [(alert.slot, alert.level) for alert in ward.alerts()] == [("crs", 3), ("icans", 3)]
    assert len(ward.deliveries()) == 2 * len(PEOPLE)
    assert "Also now: ICANS grade 3." in text_of(ward.deliveries()[0].message)


def test_an_unsettled_grade_3_says_what_would_settle_it(ward: Ward) -> None:
    ward.assess(4, oxygen_device=None, spo2_percent=None, **GRADE_3)
    text = " ".join(text_of(ward.deliveries()[0].message).split())
    assert "has at least grade 3 CRS" in text
    assert "To settle it: record oxygen device" in text


def test_history_is_stored_with_one_digest(ward: Ward) -> None:
    ward.assess(4, historical=True, **GRADE_3)
    ward.assess(8, historical=True, ice_score=2)
    assert ward.deliveries() == []
    alerts = ward.alerts()
    assert {(one.state, one.historical) for one in alerts} == {("closed", True)}
    with writing() as session:
        ids = [int(one.id or 0) for one in alerts]
        told = tell_historical(
            session, ids, now=at(30), by=SYSTEM, settings=ward.settings, protocol=context.protocol()
        )
        assert (
            tell_historical(
                session, [], now=at(30), by=SYSTEM, settings=ward.settings, protocol=context.protocol()
            ).recipients
            == 0
        )
    assert told.recipients == len(PEOPLE)
    assert ward.kinds() == ["historical_digest"]
    mail = mail_of(ward.deliveries()[0].message)
    assert mail["Subject"] == "P4 imported history: 2 episodes of grade 3 or more"
    ward.assess(12, **GRADE_3)
    assert ward.kinds() == ["historical_digest", "opening"]
    assert ward.alerts()[0].historical is False


def test_an_unconfirmed_judgement_from_a_file_closes_nothing(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    for hours in (16, 20):
        ward.assess(hours, crs_judgement="not_crs", confirmed_by_investigator=False, **GRADE_3)
    # The grade stays open, and the vasopressor that a file explains away is told of too.
    assert [(one.signal, one.state) for one in ward.alerts()] == [
        ("grade3", "open"),
        ("support_ungraded", "open"),
    ]
    for hours in (24, 28):
        ward.assess(hours, crs_judgement="not_crs", **GRADE_3)
    assert [(one.state, one.ended_reason) for one in ward.alerts()] == [
        ("closed", "recovered"),
        ("closed", "judged"),
    ]


def enter_and_lose_power(ward: Ward) -> None:
    values: dict[str, Any] = {**made_up.WELL, **GRADE_3, "assessed_at": at(4), "entered_at": at(4)}
    with writing() as session:
        session.add(
            Assessment(
                stable_id="f" * 32,
                patient_id=ward.patient_id,
                infusion_id=ward.infusion_id,
                source="form",
                **values,
            )
        )
        session.flush()
        regrade_course(
            session, ward.infusion_id, from_at=None, now=at(4), protocol=context.protocol(), by=SYSTEM
        )
        assert session.exec(select(Delivery.id)).all()
        raise RuntimeError("power cut")


def test_a_failed_transaction_leaves_no_trace(ward: Ward) -> None:
    with pytest.raises(RuntimeError, match="power cut"):
        enter_and_lose_power(ward)
    assert (ward.alerts(), ward.notices(), ward.deliveries()) == ([], [], [])


def add_copy(alert: Alert) -> None:
    with writing() as session:
        session.add(Alert(**alert.model_dump(exclude={"id"})))


def test_the_database_refuses_a_second_live_alert(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    with pytest.raises(IntegrityError):
        add_copy(ward.alert())


def test_every_change_of_an_alert_is_in_the_audit_trail(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    made_up.correct(entry, at(6), "wrong line", vasopressors="none")
    with reading() as session:
        events = session.exec(
            select(AuditEvent).where(AuditEvent.subject == "alert").order_by(col(AuditEvent.id))
        ).all()
        assert [(one.action, one.detail["state"], one.detail["notice"]) for one in events] == [
            ("raise_alert", "open", "opening"),
            ("change_alert", "retracted", "retraction"),
        ]
        assert {one.patient_id for one in events} == {ward.patient_id}


def test_the_facts_are_what_is_stored(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    with reading() as session:
        (fact,) = load_course_facts(
            session, ward.infusion_id, at(5), context.protocol(), ward.settings.zone
        ).assessments
        assert (fact.stable_id, fact.crs.grade, fact.icans.grade) == (entry, 3, 0)
        assert fact.entered_at - fact.assessed_at == timedelta(hours=0.1)
        (alert,) = load_alerts(session, ward.infusion_id)
        assert alert.members == frozenset({entry})
        assert version_to_acknowledge(session, alert.id) == fact.assessment_id
        assert session.exec(select(AlertAssessment.assessment_stable_id)).all() == [entry]


def test_the_sweep_finds_what_time_has_brought(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    with writing() as session:
        alert = session.get_one(Alert, 1)
        alert.state = "acknowledged"
        session.add(alert)
    assert entry
    assert sweep(ward.settings, context.protocol()) == 1
    assert ward.kinds() == ["opening", "lapsed"]
    assert sweep(ward.settings, context.protocol()) == 0


def test_a_course_that_cannot_be_swept_does_not_silence_the_others(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.assess(4, **GRADE_3)
    with writing() as session:
        session.get_one(Alert, 1).state = "acknowledged"
    broken = 0

    def pending(session: Session, infusion_id: int, *more: Any) -> Pending:
        if infusion_id == broken:
            raise ValueError("a fault of its own")
        return pending_changes(session, infusion_id, *more)

    monkeypatch.setattr(jobs, "_courses", lambda *_: [broken, ward.infusion_id])
    monkeypatch.setattr(swept, "pending_changes", pending)
    assert sweep(ward.settings, context.protocol()) == 1
    assert ward.kinds() == ["opening", "lapsed"]
