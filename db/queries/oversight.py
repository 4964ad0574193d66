"""What the committee oversees: judgements that override signs, corrections, late entries, alerts answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, RowMapping, and_, or_, select
from sqlmodel import Session

from db.models import Record
from db.queries.charted_entries import VALUE_COLUMNS
from db.queries.records import load_standing

_T: Final = Record.metadata.tables
_ASSESSMENTS, _PATIENTS, _USERS = _T["assessment"], _T["patient"], _T["user"]
_ALERTS, _ANSWERS, _JUDGEMENTS, _RELEASES = (
    _T["alert"],
    _T["acknowledgement"],
    _T["gate_judgement"],
    _T["bar_release"],
)
_STANDS: Final = and_(_ASSESSMENTS.c.superseded_at.is_(None), _ASSESSMENTS.c.status == "recorded")


@dataclass(frozen=True, slots=True)
class Override:
    """A judgement that stands above what signs or rules suggest; `stable_id` of its entry, if it has one."""

    study_code: str
    at: datetime
    what: str
    by: str | None
    stable_id: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A later version of an entry: column -> (before, after), nothing where it was withdrawn."""

    study_code: str
    stable_id: str
    observed_at: datetime
    entered_at: datetime
    by: str | None
    withdrawn: bool
    reason: str
    changes: tuple[tuple[str, object, object], ...]


@dataclass(frozen=True, slots=True)
class LateEntry:
    """An entry of the form made long after it was observed."""

    study_code: str
    stable_id: str
    observed_at: datetime
    entered_at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class AnsweredAlert:
    """An alert, and when it was first acknowledged; `study_code` None for the program itself."""

    id: int
    study_code: str | None
    signal: str
    slot: str
    level: int
    urgency: int
    opened_at: datetime
    acknowledged_at: datetime | None
    state: str


def load_overrides(session: Session) -> list[Override]:
    """Every override that stands, the newest first."""
    codes = {row.id: row.study_code for row in session.connection().execute(select(_PATIENTS))}
    found = [
        *_bedside(session),
        *_decided(session, codes),
        *_confirmed(session, codes),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def load_corrections(session: Session) -> list[Correction]:
    """Every correction and withdrawal of an entry, the newest first."""
    older = _ASSESSMENTS.alias("older")
    query = (
        select(_ASSESSMENTS, _PATIENTS.c.study_code, _USERS.c.display_name, *_before(older))
        .join(older, older.c.id == _ASSESSMENTS.c.supersedes_id)
        .join(_PATIENTS, _PATIENTS.c.id == _ASSESSMENTS.c.patient_id)
        .outerjoin(_USERS, _USERS.c.id == _ASSESSMENTS.c.entered_by)
        .order_by(_ASSESSMENTS.c.entered_at.desc(), _ASSESSMENTS.c.id.desc())
    )
    return [_correction(row) for row in session.connection().execute(query).mappings()]


def load_late_entries(session: Session, after: timedelta) -> list[LateEntry]:
    """First versions made more than `after` from when they were observed, the newest first; not of files."""
    query = (
        select(_ASSESSMENTS, _PATIENTS.c.study_code, _USERS.c.display_name)
        .join(_PATIENTS, _PATIENTS.c.id == _ASSESSMENTS.c.patient_id)
        .outerjoin(_USERS, _USERS.c.id == _ASSESSMENTS.c.entered_by)
        .where(_ASSESSMENTS.c.version == 1, _ASSESSMENTS.c.source != "file")
        .order_by(_ASSESSMENTS.c.entered_at.desc())
    )
    return [
        LateEntry(
            row["study_code"], row["stable_id"], row["assessed_at"], row["entered_at"], row["display_name"]
        )
        for row in session.connection().execute(query).mappings()
        if row["entered_at"] - row["assessed_at"] > after
    ]


def load_answered_alerts(session: Session) -> list[AnsweredAlert]:
    """Every alert with its first answer, the newest first."""
    first: dict[int, datetime] = {}
    for alert_id, at in session.connection().execute(
        select(_ANSWERS.c.alert_id, _ANSWERS.c.at).order_by(_ANSWERS.c.at)
    ):
        first.setdefault(alert_id, at)
    query = (
        select(_ALERTS, _PATIENTS.c.study_code)
        .outerjoin(_PATIENTS, _PATIENTS.c.id == _ALERTS.c.patient_id)
        .where(~_ALERTS.c.historical)
        .order_by(_ALERTS.c.opened_at.desc(), _ALERTS.c.id.desc())
    )
    return [
        AnsweredAlert(
            row["id"],
            row["study_code"],
            row["signal"],
            row["slot"],
            row["level"],
            row["urgency"],
            row["opened_at"],
            first.get(row["id"]),
            row["state"],
        )
        for row in session.connection().execute(query).mappings()
    ]


def _bedside(session: Session) -> Iterator[Override]:
    columns = _ASSESSMENTS.c
    query = (
        select(_ASSESSMENTS, _PATIENTS.c.study_code, _USERS.c.display_name)
        .join(_PATIENTS, _PATIENTS.c.id == columns.patient_id)
        .outerjoin(_USERS, _USERS.c.id == columns.entered_by)
        .where(
            _STANDS,
            or_(
                columns.hypotension == "no",
                columns.hypoxia == "no",
                columns.crs_judgement.is_not(None),
                columns.attributed_elsewhere.is_not(None) & (columns.attributed_elsewhere != "none"),
            ),
        )
    )
    for row in session.connection().execute(query).mappings():
        yield Override(
            row["study_code"], row["assessed_at"], _judged(row), row["display_name"], row["stable_id"]
        )


def _judged(row: RowMapping) -> str:
    said = [f"{sign} judged not to be present" for sign in ("hypotension", "hypoxia") if row[sign] == "no"]
    if row["crs_judgement"] is not None:
        said.append("judged to be CRS" if row["crs_judgement"] == "crs" else "judged not to be CRS")
    attributed = row["attributed_elsewhere"]
    if attributed not in (None, "none"):
        said.append(f"another cause of {attributed.replace('_', ' ').replace(';', ', ')}")
    return "; ".join(said)


def _decided(session: Session, codes: dict[int, str]) -> Iterator[Override]:
    """Judgements at the gate, and releases of a bar."""
    for table, words in ((_JUDGEMENTS, _gate_words), (_RELEASES, _release_words)):
        query = select(table, _USERS.c.display_name).outerjoin(_USERS, _USERS.c.id == table.c.by)
        for row in session.connection().execute(query).mappings():
            yield Override(codes[row["patient_id"]], row["at"], words(row), row["display_name"])


def _gate_words(row: RowMapping) -> str:
    about = {
        "response": "the response",
        "crs_gaps": "days without a CRS grade",
        "icans_gaps": "days without an ICANS grade",
    }
    way = "opened" if row["holds"] else "closed"
    return f"Gate for the second infusion {way} on {about[row['question']]}: {row['reason']}"


def _release_words(row: RowMapping) -> str:
    return f"Bar released for CRS {row['worst_crs']}, ICANS {row['worst_icans']}: {row['reason']}"


def _confirmed(session: Session, codes: dict[int, str]) -> Iterator[Override]:
    """Doses and results that were asked about and confirmed."""
    for row in load_standing(session, "treatment"):
        if row["confirmed"]:
            words = f"{row['drug_name'] or row['drug']} {row['dose']:g} {row['dose_unit']} confirmed"
            yield Override(codes[row["patient_id"]], row["started_at"], words, row["display_name"])
    for row in load_standing(session, "lab_result"):
        if row["confirmed"]:
            words = f"{row['analyte']} {row['value']:g} {row['unit']} confirmed"
            yield Override(codes[row["patient_id"]], row["taken_at"], words, row["display_name"])


def _before(older: FromClause) -> list[ColumnElement[Any]]:
    return [older.c[name].label(f"before_{name}") for name in VALUE_COLUMNS]


def _correction(row: RowMapping) -> Correction:
    withdrawn = row["status"] == "voided"
    changed = (
        ()
        if withdrawn
        else tuple(
            (name, row[f"before_{name}"], row[name])
            for name in VALUE_COLUMNS
            if row[f"before_{name}"] != row[name]
        )
    )
    return Correction(
        study_code=row["study_code"],
        stable_id=row["stable_id"],
        observed_at=row["assessed_at"],
        entered_at=row["entered_at"],
        by=row["display_name"],
        withdrawn=withdrawn,
        reason=row["reason"] or "",
        changes=changed,
    )
