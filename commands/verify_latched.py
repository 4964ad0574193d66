"""Alerts that only a person ends, for `manage.py verify`: stopping rules and serious events, as recorded."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from alerts.latched import patients_to_sweep, pending_of_rules, pending_of_serious_events
from alerts.model import SignalKind
from alerts.states import Change, NoticeKind
from alerts.wording import reference
from db.models import Patient
from trial.protocol import Protocol


def check_latched(
    session: Session, protocol: Protocol, now: datetime, zone: ZoneInfo
) -> tuple[str, Sequence[str]]:
    """What was looked at, in words, and what is wrong."""
    patients = patients_to_sweep(session)
    findings = [*_rules(session, protocol, now, zone), *_events(session, patients, protocol, now)]
    counted = f"{len(protocol.stopping)} stopping rules and the waiting serious events of {len(patients)}"
    return f"alerts: {counted} patients compared with what is recorded", findings


def _rules(session: Session, protocol: Protocol, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    for change in pending_of_rules(session, now, protocol, zone).changes:
        if not _is_due_to_time(change):
            yield f"stopping rule {change.slot}: {_about(change, 'it is reached')}"


def _events(session: Session, patients: Sequence[int], protocol: Protocol, now: datetime) -> Iterator[str]:
    for patient_id in patients:
        code = session.get_one(Patient, patient_id).study_code
        for change in pending_of_serious_events(session, patient_id, now, protocol).changes:
            if not _is_due_to_time(change):
                yield f"{code}, serious event {change.slot[:8]}: {_about(change, 'its report waits')}"


def _is_due_to_time(change: Change) -> bool:
    """Whether only time has passed: an acknowledgement lapsed, or the hours to report are over."""
    overdue = change.kind is SignalKind.SAE_CLOCK and change.notice is NoticeKind.WORSENED
    return overdue or change.notice is NoticeKind.LAPSED


def _about(change: Change, stands: str) -> str:
    if change.alert_id is None:
        return f"{stands} and has no alert"
    found = f"alert {reference(change.alert_id)} is not what is recorded"
    return f"{found}, it ought to be {change.state.value}"
