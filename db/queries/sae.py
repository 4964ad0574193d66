"""The reports of serious events: their frozen versions, and to whom and when the events were reported."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from db.models import Record

_NOTIFICATIONS: Final = Record.metadata.tables["sae_notification"]
_WITHDRAWALS: Final = Record.metadata.tables["sae_notification_withdrawal"]
_REPORTS: Final = Record.metadata.tables["sae_report"]
_USERS: Final = Record.metadata.tables["user"]
_PATIENTS: Final = Record.metadata.tables["patient"]


NOTIFICATION_STANDS: Final[ColumnElement[bool]] = _NOTIFICATIONS.c.id.not_in(
    select(_WITHDRAWALS.c.notification_id)
)
"""A report to somebody that was not withdrawn: only these stop a clock."""


@dataclass(frozen=True, slots=True)
class NotificationWithdrawal:
    """Why a report to somebody was withdrawn; `by` is a display name, None for the program."""

    reason: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRecord:
    """One report of a serious event to somebody; `by` is a display name, None for the program.

    withdrawal  set where it was entered by mistake: the event was not reported by it
    """

    id: int
    event_stable_id: str
    reported_at: datetime
    reported_to: str
    report_version: int | None
    by: str | None
    at: datetime
    withdrawal: NotificationWithdrawal | None

    @property
    def stands(self) -> bool:
        """Whether the event was reported by it."""
        return self.withdrawal is None


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """One version of the report of a serious event, without its PDF."""

    id: int
    event_stable_id: str
    version: int
    content: Mapping[str, Any]
    content_hash: str
    pdf_sha256: str
    made_by: str | None
    made_at: datetime


def load_notifications(
    session: Session, patient_id: int | None = None
) -> dict[str, list[NotificationRecord]]:
    """Event -> its reports to somebody, withdrawn ones too, the earliest first."""
    query = (
        select(_NOTIFICATIONS, _REPORTS.c.version.label("report_version"), _USERS.c.display_name)
        .outerjoin(_REPORTS, _REPORTS.c.id == _NOTIFICATIONS.c.sae_report_id)
        .outerjoin(_USERS, _USERS.c.id == _NOTIFICATIONS.c.by)
        .order_by(_NOTIFICATIONS.c.reported_at, _NOTIFICATIONS.c.id)
    )
    if patient_id is not None:
        query = query.where(_NOTIFICATIONS.c.patient_id == patient_id)
    withdrawals = _load_withdrawals(session)
    found: defaultdict[str, list[NotificationRecord]] = defaultdict(list)
    for row in session.connection().execute(query).mappings():
        found[row["event_stable_id"]].append(
            NotificationRecord(
                id=row["id"],
                event_stable_id=row["event_stable_id"],
                reported_at=row["reported_at"],
                reported_to=row["reported_to"],
                report_version=row["report_version"],
                by=row["display_name"],
                at=row["at"],
                withdrawal=withdrawals.get(row["id"]),
            )
        )
    return dict(found)


def _load_withdrawals(session: Session) -> dict[int, NotificationWithdrawal]:
    """Report to somebody -> its withdrawal; there are few, so all of them."""
    query = select(
        _WITHDRAWALS.c.notification_id, _WITHDRAWALS.c.reason, _USERS.c.display_name, _WITHDRAWALS.c.at
    ).outerjoin(_USERS, _USERS.c.id == _WITHDRAWALS.c.by)
    return {
        notification_id: NotificationWithdrawal(*told)
        for notification_id, *told in session.connection().execute(query)
    }


def load_reports(session: Session, patient_id: int | None = None) -> dict[str, list[ReportRecord]]:
    """Event -> the versions of its report, the first one first."""
    names = ("id", "event_stable_id", "version", "content", "content_hash", "pdf_sha256", "made_at")
    query = (
        select(*(_REPORTS.c[name] for name in names), _USERS.c.display_name)
        .outerjoin(_USERS, _USERS.c.id == _REPORTS.c.made_by)
        .order_by(_REPORTS.c.event_stable_id, _REPORTS.c.version)
    )
    if patient_id is not None:
        query = query.where(_REPORTS.c.patient_id == patient_id)
    found: defaultdict[str, list[ReportRecord]] = defaultdict(list)
    for row in session.connection().execute(query).mappings():
        record = ReportRecord(**{name: row[name] for name in names}, made_by=row["display_name"])
        found[record.event_stable_id].append(record)
    return dict(found)


def load_report_pdf(session: Session, report_id: int) -> bytes:
    """The stored file of one version of a report."""
    return bytes(
        session.connection().execute(select(_REPORTS.c.pdf).where(_REPORTS.c.id == report_id)).scalar_one()
    )


def load_report_name(session: Session, report_id: int) -> str | None:
    """The name of the file of one version of a report; None where there is no such version."""
    query = (
        select(_PATIENTS.c.study_code, _REPORTS.c.event_stable_id, _REPORTS.c.version)
        .join(_PATIENTS, _PATIENTS.c.id == _REPORTS.c.patient_id)
        .where(_REPORTS.c.id == report_id)
    )
    row = session.connection().execute(query).first()
    if row is None:
        return None
    return f"sae-{row.study_code}-{row.event_stable_id[:8]}-v{row.version}.pdf"
