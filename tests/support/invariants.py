"""What must hold after every fault, as functions that any test may call on the database that is open.

Each raises AssertionError with a sentence that names what is wrong. `check_everything` asks them all. They
speak of entries made through `actions.assessments`; files and made-up rows have other audit events.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from actions.versions import CONTENT
from commands.verify import run_checks
from db.models import (
    Alert,
    AlertAssessment,
    Assessment,
    AuditEvent,
    Delivery,
    DeliveryAttempt,
    Grade,
    Notice,
    Record,
)
from db.session import reading
from settings import Settings
from tests.support.smtp import ReceivedMail
from trial.protocol import Protocol

ALERT_GRADE: Final = 3
_ENTRIES: Final = ("record_assessment", "correct_assessment", "move_assessment", "void_assessment")


def check_stored(
    settings: Settings, protocol: Protocol, now: datetime, *, saved: Collection[str] = ()
) -> None:
    """What holds at every moment, also just after a crash and before anybody has repaired anything."""
    with reading() as session:
        saves_are_present(session, saved)
        entries_are_whole(session)
        notices_are_whole(session)
        stored_state_is_what_the_audit_trail_says(session)
    nothing_to_find_for_verify(settings, protocol, now)


def check_everything(
    settings: Settings,
    protocol: Protocol,
    now: datetime,
    *,
    told: Collection[str],
    received: Sequence[ReceivedMail],
    saved: Collection[str] = (),
    doubled: int = 0,
    identifiers: Iterable[str] = (),
) -> None:
    """What holds once the worker has had its time.

    told         addresses that must have been told of every grade 3 and above
    saved        stable ids of assessments that a person was told are saved
    doubled      how many deliveries may have arrived twice: one for each fault after a dot
    identifiers  words that no mail may hold
    """
    check_stored(settings, protocol, now, saved=saved)
    with reading() as session:
        everyone_was_told(session, told)
        what_arrived_is_what_was_stored(session, received, settings)
    nothing_arrived_twice(received, but=doubled)
    no_mail_names_anybody(received, identifiers)


def counted() -> dict[str, int]:
    """How many rows each table holds, to see that a transaction that broke off left none."""
    counts = [
        select(func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in Record.metadata.sorted_tables
    ]
    with reading() as session:
        return dict(session.execute(select(*counts)).mappings().one())


def saves_are_present(session: Session, saved: Collection[str]) -> None:
    """Every save that was acknowledged to a person is stored."""
    stored = set(session.scalars(select(col(Assessment.stable_id))))
    _none(sorted(set(saved) - stored), "acknowledged and not stored")


def entries_are_whole(session: Session) -> None:
    """An assessment, its grades on both scales, its day and its audit event are all there, or none is."""
    told_of = set(
        session.scalars(select(col(AuditEvent.subject_id)).where(col(AuditEvent.action).in_(_ENTRIES)))
    )
    rows = session.execute(select(col(Assessment.id), col(Assessment.stable_id))).all()
    grades = Counter(session.scalars(select(col(Grade.assessment_id))))
    _none([row.stable_id for row in rows if row.stable_id not in told_of], "stored without an audit event")
    _none(sorted(map(str, told_of - {row.stable_id for row in rows})), "in the audit trail and not stored")
    recorded = set(
        session.scalars(select(col(Assessment.id)).where(col(Assessment.status) == "recorded")).all()
    )
    _none([row.id for row in rows if row.id in recorded and grades[row.id] < 2], "stored without two grades")


def notices_are_whole(session: Session) -> None:
    """Alerts, notices and deliveries name each other, and each alert its audit event."""
    alerts = set(session.scalars(select(col(Alert.id))))
    raised = {int(subject) for subject in _subjects(session, "alert")}
    _none([*alerts ^ raised], "alerts without an audit event, or the reverse")
    mailed = set(session.scalars(select(col(Delivery.notice_id))))
    about: defaultdict[int, list[Notice]] = defaultdict(list)
    for notice in session.scalars(select(Notice).order_by(col(Notice.id))):
        if notice.alert_id is not None:
            about[notice.alert_id].append(notice)
    silent = [
        alert_id for alert_id, notices in about.items() if not any(notice.id in mailed for notice in notices)
    ]
    _none(silent, "alerts with notices and no delivery")
    unbuilt = session.scalars(select(col(Delivery.id)).where(col(Delivery.message).is_(None))).all()
    _none(unbuilt, "deliveries without a mail")
    tried = set(session.scalars(select(col(DeliveryAttempt.delivery_id))))
    sent = session.scalars(select(col(Delivery.id)).where(col(Delivery.state) == "sent")).all()
    _none([one for one in sent if one not in tried], "sent without an attempt")


def everyone_was_told(session: Session, addresses: Collection[str]) -> None:
    """Every grade 3 and above that was ever stored was told to each address, or visibly could not be."""
    by_alert: defaultdict[int, dict[str, list[Delivery]]] = defaultdict(dict)
    for delivery, alert_id in session.execute(
        select(Delivery, col(Notice.alert_id)).join(Notice, col(Notice.id) == col(Delivery.notice_id))
    ):
        if alert_id is not None:
            by_alert[alert_id].setdefault(delivery.address, []).append(delivery)
    alerts = _alerts_ever_of(session)
    untold = []
    for stable_id, scale in _high_grades(session):
        of_it = alerts.get((stable_id, scale), set())
        for address in addresses:
            mails = [one for alert_id in of_it for one in by_alert[alert_id].get(address, [])]
            if not any(_left_or_says_why(one) for one in mails):
                untold.append(f"{address} of {scale} of {stable_id}")
    _none(untold, "not told")


def stored_state_is_what_the_audit_trail_says(session: Session) -> None:
    """Assessments and alerts, put together again from the audit trail alone, equal what is stored."""
    entries, alerts = _rebuilt(session)
    stored_entries = {
        row["stable_id"]: _plain({"infusion_id": row["infusion_id"], **_given(dict(row))})
        for row in session.execute(
            select(Record.metadata.tables["assessment"]).where(
                col(Assessment.superseded_at).is_(None), col(Assessment.status) == "recorded"
            )
        ).mappings()
    }
    _same(entries, stored_entries, "assessments")
    members: defaultdict[int, list[str]] = defaultdict(list)
    for alert_id, stable_id in session.execute(
        select(col(AlertAssessment.alert_id), col(AlertAssessment.assessment_stable_id))
    ):
        members[alert_id].append(stable_id)
    stored_alerts = {
        str(alert.id): {
            "state": alert.state,
            "level": alert.level,
            "ended_reason": alert.ended_reason,
            "assessments": sorted(members[alert.id or 0]),
        }
        for alert in session.scalars(select(Alert))
    }
    _same(alerts, stored_alerts, "alerts")


def nothing_to_find_for_verify(settings: Settings, protocol: Protocol, now: datetime) -> None:
    """`manage.py verify` finds nothing: chain, integrity_check, triggers, versions, grades, days, alerts."""
    found = [
        f"{check.words}: {finding}"
        for check in run_checks(settings.zone, protocol, now)
        for finding in check.findings
    ]
    _none(found, "found by verify")


def what_arrived_is_what_was_stored(
    session: Session, received: Sequence[ReceivedMail], settings: Settings
) -> None:
    """Each mail that arrived is a delivery's stored bytes, under its one Message-ID, to its one address."""
    domain = settings.smtp_from.rpartition("@")[2]
    deliveries = {f"<{one.uid}@{domain}>": one for one in session.scalars(select(Delivery))}
    wrong = []
    for mail in received:
        name = _message_id(mail)
        delivery = deliveries.get(name)
        if delivery is None or (mail.content, mail.recipients) != (delivery.message, [delivery.address]):
            wrong.append(name)
    _none(wrong, "arrived otherwise than stored")
    arrived = {_message_id(mail) for mail in received}
    lost = [name for name, one in deliveries.items() if one.state == "sent" and name not in arrived]
    _none(lost, "recorded as sent and never arrived")


def nothing_arrived_twice(received: Sequence[ReceivedMail], *, but: int = 0) -> None:
    """No delivery arrived more than once, but for as many as there were faults after the dot."""
    copies = Counter(_message_id(mail) for mail in received)
    more = {name: count for name, count in copies.items() if count > 1}
    if sum(count - 1 for count in more.values()) > but:
        raise AssertionError(f"arrived more often than {but} faults after the dot explain: {more}")


def no_mail_names_anybody(received: Sequence[ReceivedMail], identifiers: Iterable[str]) -> None:
    """No mail holds a word by which a patient could be known."""
    words = list(identifiers)
    found = []
    for mail in received if words else ():
        message = mail.message
        parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
        text = "\n".join([str(message["Subject"]), *parts])
        found += [word for word in words if word.lower() in text.lower()]
    _none(found, "named in a mail")


def _message_id(mail: ReceivedMail) -> str:
    return str(BytesHeaderParser().parsebytes(mail.content)["Message-ID"])


def _left_or_says_why(delivery: Delivery) -> bool:
    if delivery.state == "sent":
        return True
    return delivery.last_error is not None and delivery.attempts > 0


def _subjects(session: Session, subject: str) -> set[str]:
    rows = session.scalars(select(col(AuditEvent.subject_id)).where(col(AuditEvent.subject) == subject))
    return {str(row) for row in rows}


def _high_grades(session: Session) -> set[tuple[str, str]]:
    """Every assessment and scale that ever stood at grade 3 or above, corrected since or not."""
    rows = session.execute(
        select(col(Assessment.stable_id), col(Grade.scale))
        .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
        .where(col(Grade.at_least) >= ALERT_GRADE)
    )
    return {(row.stable_id, row.scale) for row in rows}


def _alerts_ever_of(session: Session) -> dict[tuple[str, str], set[int]]:
    """Assessment and slot -> the alerts that it ever belonged to, by the audit trail."""
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for event in session.scalars(select(AuditEvent).where(col(AuditEvent.subject) == "alert")):
        for stable_id in event.detail.get("assessments") or ():
            found[stable_id, event.detail.get("slot", "")].add(int(event.subject_id or 0))
    return found


def _rebuilt(session: Session) -> tuple[dict[str, Any], dict[str, Any]]:
    """Assessments and alerts as the audit trail tells them, event by event."""
    entries: dict[str, Any] = {}
    alerts: dict[str, Any] = {}
    for event in session.scalars(select(AuditEvent).order_by(col(AuditEvent.id))):
        subject, detail = str(event.subject_id), event.detail
        if event.action in _ENTRIES:
            after = detail.get("after")
            if after is None:
                entries.pop(subject, None)
            else:
                place = after.get("infusion_id", detail.get("infusion_id"))
                entries[subject] = {"infusion_id": place} | {
                    name: value for name, value in after.items() if name in CONTENT
                }
        elif event.subject == "alert" and "state" in detail:
            alerts[subject] = {
                name: detail.get(name) for name in ("state", "level", "ended_reason", "assessments")
            }
        elif event.action == "acknowledge_alert":
            alerts[subject]["state"] = "acknowledged"
    return entries, alerts


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in CONTENT if row[name] is not None}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    def text_of(value: object) -> str:
        return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)

    plain: dict[str, Any] = json.loads(json.dumps(values, default=text_of))
    return plain


def _same(rebuilt: Mapping[str, Any], stored: Mapping[str, Any], what: str) -> None:
    differing = [
        f"{key}: rebuilt {rebuilt.get(key)}, stored {stored.get(key)}"
        for key in sorted(rebuilt.keys() | stored.keys())
        if rebuilt.get(key) != stored.get(key)
    ]
    _none(differing, f"{what} otherwise than the audit trail says")


def _none(found: Sequence[object], what: str) -> None:
    if found:
        raise AssertionError(f"{what}: {found}")
