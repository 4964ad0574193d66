"""What is recorded of the follow-up: visits, events, and what they are judged against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Date, RowMapping, Table, and_, func, select
from sqlmodel import Session

from db.models import Record
from db.queries.deaths import Death
from trial.follow_up_facts import (
    DeathCause,
    DoneOrNot,
    FollowUpFact,
    FollowUpKind,
    VisitStatus,
    VisitTest,
)
from trial.visits import RecordedVisit

VISITS: Final = "visit"
EVENTS: Final = "follow_up_event"
_USERS: Final = Record.metadata.tables["user"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What every version says of itself; `entered_by` is a display name, None for the program."""

    stable_id: str
    patient_id: int
    version: int
    superseded_at: datetime | None
    voided: bool
    reason: str | None
    entered_by: str | None
    entered_at: datetime

    @property
    def stands(self) -> bool:
        """Whether this is what is now known."""
        return self.superseded_at is None and not self.voided


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitVersion(Version):
    """One version of a visit; an absent test is not recorded."""

    infusion_number: int
    name: str
    status: VisitStatus
    visited_on: date | None
    tests: Mapping[VisitTest, DoneOrNot]
    note: str | None

    def fact(self) -> RecordedVisit:
        """The visit, as the plan takes it."""
        tests = {test: said is DoneOrNot.DONE for test, said in self.tests.items()}
        return RecordedVisit(self.infusion_number, self.name, self.status, self.visited_on, tests, self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVersion(Version):
    """One version of what happened to a patient."""

    kind: FollowUpKind
    occurred_on: date
    ended_at: datetime | None
    cause: DeathCause | None
    note: str | None

    def fact(self) -> FollowUpFact:
        """The event, as the rules take it."""
        return FollowUpFact(self.kind, self.occurred_on, self.cause)


@dataclass(frozen=True, slots=True)
class Dated:
    """A record in words, and the day it belongs to."""

    words: str
    on: date


def load_visits(session: Session, patient_id: int | None = None) -> list[VisitVersion]:
    """Every version of every visit, of one patient or of all, in the order in which they were entered."""
    return [_visit(row) for row in _rows(session, VISITS, patient_id)]


def load_events(session: Session, patient_id: int | None = None) -> list[EventVersion]:
    """Every version of every event, by the day it happened."""
    rows = _rows(session, EVENTS, patient_id)
    return sorted(
        (_event(row) for row in rows), key=lambda one: (one.occurred_on, one.stable_id, one.version)
    )


def facts_of(events: Iterable[EventVersion], death: Death | None, zone: ZoneInfo) -> tuple[FollowUpFact, ...]:
    """What happened to a patient, with the death from whichever record holds it."""
    found = [event.fact() for event in events if event.stands]
    if death is not None and death.followed is None:
        found.append(FollowUpFact(FollowUpKind.DEATH, death.on(zone), death.cause))
    return tuple(found)


def day_ends_at(on: date, zone: ZoneInfo) -> datetime:
    """The last instant of a day of the hospital."""
    midnight = datetime.combine(on + timedelta(days=1), time(), zone).astimezone(UTC)
    return midnight - timedelta(microseconds=1)


def latest_after(
    session: Session, patient_id: int, on: date, zone: ZoneInfo, *, at: datetime | None = None
) -> Dated | None:
    """The latest record that belongs to a time after this day: a death may not come before it; or None.

    at  the instant of the day, for a bedside entry, which is held against the other assessments by itself
    """
    after_at, kinds = (day_ends_at(on, zone), (_ASSESSED, *_DATED)) if at is None else (at, _DATED)
    found = [
        Dated(kind.words, _day(last, zone))
        for kind in kinds
        if (last := _last(session, kind, patient_id, on, after_at)) is not None
    ]
    return max(found, key=lambda one: one.on, default=None)


def load_last_seen(session: Session, zone: ZoneInfo) -> dict[int, date]:
    """Patient -> the last day on which something was recorded that only the living have."""
    seen: dict[int, date] = {}
    for kind in (_ASSESSED, *_DATED):
        patient_id = kind.column.table.c.patient_id
        query = select(patient_id, func.max(kind.column)).group_by(patient_id)
        if kind.stands is not None:
            query = query.where(kind.stands)
        for of_patient, last in session.connection().execute(query):
            if last is not None:
                on = _day(last, zone)
                seen[of_patient] = max(seen.get(of_patient, on), on)
    return seen


def _day(moment: date | datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of record with a time or a day of its own."""

    words: str
    column: Column[Any]
    stands: ColumnElement[bool] | None


def _standing(table: Table) -> ColumnElement[bool]:
    return and_(table.c.superseded_at.is_(None), ~table.c.voided)


def _of(words: str, name: str, column: str, *more: ColumnElement[bool]) -> _Kind:
    table = Record.metadata.tables[name]
    return _Kind(words, table.c[column], and_(_standing(table), *more))


_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_INFUSIONS: Final = Record.metadata.tables["infusion"]
_ASSESSED: Final = _Kind(
    "an assessment",
    _ASSESSMENTS.c.assessed_at,
    and_(_ASSESSMENTS.c.superseded_at.is_(None), _ASSESSMENTS.c.status == "recorded"),
)
_DATED: Final = (
    _Kind("an infusion", _INFUSIONS.c.infused_at, None),
    _of("a stay", "stay", "from_at"),
    _of("a visit", VISITS, "visited_on"),
    _of(
        "an event of the follow-up",
        EVENTS,
        "occurred_on",
        Record.metadata.tables[EVENTS].c.kind != FollowUpKind.DEATH.value,
    ),
    _of("a PET/CT", "response_assessment", "scanned_on"),
    _of("a ctDNA sample", "ctdna_result", "sampled_on"),
    _of("a laboratory result", "lab_result", "taken_at"),
    _of("a treatment", "treatment", "started_at"),
    _of("an adverse event", "adverse_event", "onset_on"),
)


def _last(
    session: Session, kind: _Kind, patient_id: int, on: date, after_at: datetime
) -> date | datetime | None:
    limit = on if isinstance(kind.column.type, Date) else after_at
    query = select(func.max(kind.column)).where(
        kind.column.table.c.patient_id == patient_id, kind.column > limit
    )
    if kind.stands is not None:
        query = query.where(kind.stands)
    last: date | datetime | None = session.connection().execute(query).scalar_one()
    return last


def _rows(session: Session, name: str, patient_id: int | None) -> list[RowMapping]:
    table = Record.metadata.tables[name]
    query = (
        select(table, _USERS.c.display_name)
        .outerjoin(_USERS, _USERS.c.id == table.c.entered_by)
        .order_by(table.c.id)
    )
    if patient_id is not None:
        query = query.where(table.c.patient_id == patient_id)
    return list(session.connection().execute(query).mappings())


def _about(row: RowMapping) -> dict[str, Any]:
    names = ("stable_id", "patient_id", "version", "superseded_at", "voided", "reason", "entered_at")
    return {name: row[name] for name in names} | {"entered_by": row["display_name"]}


def _visit(row: RowMapping) -> VisitVersion:
    said = {test: row[test.value] for test in VisitTest}
    return VisitVersion(
        **_about(row),
        infusion_number=row["infusion_number"],
        name=row["name"],
        status=VisitStatus(row["status"]),
        visited_on=row["visited_on"],
        tests={test: DoneOrNot(word) for test, word in said.items() if word is not None},
        note=row["note"],
    )


def _event(row: RowMapping) -> EventVersion:
    return EventVersion(
        **_about(row),
        kind=FollowUpKind(row["kind"]),
        occurred_on=row["occurred_on"],
        ended_at=row["ended_at"],
        cause=None if row["cause"] is None else DeathCause(row["cause"]),
        note=row["note"],
    )
