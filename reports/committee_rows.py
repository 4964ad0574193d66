"""The rows behind a committee report, frozen: what had happened by the cut-off, as it is known now.

They are plain values that JSON keeps and gives back unchanged. Every table and picture of the report is made
from them and from nothing else, so that the same rows always give the same numbers.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, select
from sqlmodel import Session

from charts.heat_rows import HeatRow, heat_rows
from db.models import Record
from db.queries.committee import as_of, load_committee
from db.queries.committee_courses import load_courses, with_episodes
from db.queries.committee_later import infection_courses, load_counts, load_infections, load_treated
from db.queries.committee_people import Person, load_people
from db.queries.committee_slots import load_completeness
from db.queries.endpoints import load_followed
from db.queries.oversight import load_late_entries, load_overrides
from db.queries.records import load_standing
from db.queries.stopping import load_decisions, load_under_rule
from grading.scale import Toxicity
from reports.events import STATE_WORDS, Event, load_events
from trial.completeness import LATE_AFTER, CourseCount
from trial.endpoints import FollowedPatient
from trial.later_toxicity import CountsCourse, InfectionCourse, TreatedCourse
from trial.protocol import Protocol
from trial.safety_rows import Spells
from trial.stopping_reading import PatientUnderRule

_T: Final = Record.metadata.tables


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRow:
    """One patient enrolled; `left_on` is the withdrawal or the loss to follow-up, whichever was first."""

    code: str
    sex: str | None
    age_years: int | None
    histology: str | None
    infused_at: tuple[datetime, ...]
    died_on: date | None
    death_cause: str | None
    left_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatGrid:
    """The grid patient x day of one toxicity, as the safety page shows it."""

    toxicity: Toxicity
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One episode of grade 3 or more."""

    code: str
    number: int
    toxicity: Toxicity
    grade: int
    first_at: datetime
    ended_at: datetime | None
    state: str
    reasons: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseRow:
    """One adverse event or infection."""

    code: str
    term: str
    grade: int
    onset_on: date
    ended_on: date | None
    car_t: str | None
    outcome: str | None
    serious: bool
    infection: bool
    site: str | None
    organism: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRow:
    """A later version of an entry at the bedside."""

    code: str
    observed_at: datetime
    entered_at: datetime
    version: int
    withdrawn: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRow:
    """A judgement that stands above what signs or rules suggest."""

    code: str
    at: datetime
    what: str
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRow:
    """An entry made long after it was observed."""

    code: str
    observed_at: datetime
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert and when it was first acknowledged."""

    number: int
    code: str | None
    signal: str
    level: int
    opened_at: datetime
    acknowledged_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """The patients under one stopping rule of the protocol."""

    key: str
    patients: tuple[PatientUnderRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """What the committee decided on a stopping rule, and on whose events."""

    rule: str
    at: datetime
    by: str
    decision: str
    reason: str
    decided_on: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRows:
    """Everything a report is made from. `followed` belongs to the closed part alone."""

    cutoff_at: datetime
    patients: tuple[PatientRow, ...]
    spells: tuple[Spells, ...]
    heat: tuple[HeatGrid, ...]
    completeness: tuple[CourseCount, ...]
    events: tuple[EventRow, ...]
    adverse: tuple[AdverseRow, ...]
    infections: tuple[InfectionCourse, ...]
    counts: tuple[CountsCourse, ...]
    treated: tuple[TreatedCourse, ...]
    overrides: tuple[OverrideRow, ...]
    corrections: tuple[CorrectionRow, ...]
    late: tuple[LateRow, ...]
    alerts: tuple[AlertRow, ...]
    rules: tuple[RuleRow, ...]
    decisions: tuple[DecisionRow, ...]
    followed: tuple[FollowedPatient, ...]


_ADAPTER: Final = TypeAdapter(ReportRows)


def to_json(rows: ReportRows) -> Any:  # noqa: ANN401 -- JSON
    """The rows as JSON values."""
    return _ADAPTER.dump_python(rows, mode="json")


def from_json(stored: Any) -> ReportRows:  # noqa: ANN401 -- JSON
    """The rows again, equal to what was frozen."""
    return _ADAPTER.validate_python(stored)


def load_rows(session: Session, cutoff_at: datetime, protocol: Protocol, zone: ZoneInfo) -> ReportRows:
    """Read every row up to a cut-off; what came later is left out, and who was enrolled later."""
    on = cutoff_at.astimezone(zone).date()
    people = tuple(one for one in load_people(session, zone) if one.enrolled_at <= cutoff_at)
    codes = {person.id: person.study_code for person in people}
    shown = frozenset(codes.values())
    by_then = tuple(
        as_of(patient, cutoff_at, zone)
        for patient in load_committee(session, zone)
        if patient.study_code in shown
    )
    infections = load_infections(session, people, cutoff_at, zone)
    return ReportRows(
        cutoff_at=cutoff_at,
        patients=tuple(_patient(person, cutoff_at, zone) for person in people),
        spells=with_episodes(load_courses(session, people, cutoff_at, zone), by_then),
        heat=tuple(
            HeatGrid(
                toxicity=toxicity,
                rows=heat_rows(by_then, toxicity, protocol, zone=zone, cut_off=cutoff_at),
            )
            for toxicity in Toxicity
        ),
        completeness=load_completeness(session, by_then, cutoff_at, protocol, zone),
        events=tuple(_event(one) for one in load_events(session, by_then, cutoff_at, protocol, zone)),
        adverse=tuple(_adverse(session, codes, on)),
        infections=infection_courses(people, infections, cutoff_at, zone),
        counts=load_counts(session, people, cutoff_at, protocol, zone),
        treated=load_treated(session, people, cutoff_at, zone),
        overrides=tuple(_overrides(session, shown, cutoff_at)),
        corrections=tuple(_corrections(session, codes, cutoff_at)),
        late=tuple(_late(session, shown, cutoff_at)),
        alerts=tuple(_alerts(session, codes, cutoff_at)),
        rules=tuple(
            RuleRow(
                key=rule.key,
                patients=tuple(one.patient for one in load_under_rule(session, rule, cutoff_at, zone)),
            )
            for rule in protocol.stopping
        ),
        decisions=tuple(_decisions(session, cutoff_at)),
        followed=tuple(one for one in load_followed(session, zone) if one.study_code in shown),
    )


def _patient(person: Person, cutoff_at: datetime, zone: ZoneInfo) -> PatientRow:
    died_on = person.died_on(cutoff_at, zone)
    return PatientRow(
        code=person.study_code,
        sex=person.sex,
        age_years=person.age_years,
        histology=person.histology,
        infused_at=tuple(one.infused_at for one in person.infusions if one.infused_at <= cutoff_at),
        died_on=died_on,
        death_cause=person.death.cause if died_on and person.death else None,
        left_on=person.left_on(cutoff_at, zone),
    )


def _event(event: Event) -> EventRow:
    grade = event.worst.grades[event.scale]
    return EventRow(
        code=event.study_code,
        number=event.number,
        toxicity=event.scale,
        grade=event.grade,
        first_at=event.first_at,
        ended_at=event.ended_at,
        state=STATE_WORDS[event.state],
        reasons=grade.sentence(),
    )


def _adverse(session: Session, codes: dict[int, str], on: date) -> Iterator[AdverseRow]:
    for row in load_standing(session, "adverse_event"):
        if row["onset_on"] <= on and row["patient_id"] in codes:
            ended = row["ended_on"]
            yield AdverseRow(
                code=codes[row["patient_id"]],
                term=row["term"],
                grade=row["grade"],
                onset_on=row["onset_on"],
                ended_on=ended if ended is not None and ended <= on else None,
                car_t=row["causality_car_t"],
                outcome=row["outcome"],
                serious=row["is_serious"],
                infection=row["is_infection"],
                site=row["site"],
                organism=row["organism"],
            )


def _overrides(session: Session, shown: Collection[str], cutoff_at: datetime) -> Iterator[OverrideRow]:
    for one in load_overrides(session):
        if one.study_code in shown and one.at <= cutoff_at:
            yield OverrideRow(code=one.study_code, at=one.at, what=one.what, by=one.by)


def _late(session: Session, shown: Collection[str], cutoff_at: datetime) -> Iterator[LateRow]:
    for one in load_late_entries(session, LATE_AFTER):
        if one.study_code in shown and one.entered_at <= cutoff_at:
            yield LateRow(code=one.study_code, observed_at=one.observed_at, entered_at=one.entered_at)


def _decisions(session: Session, cutoff_at: datetime) -> Iterator[DecisionRow]:
    for rule, decisions in load_decisions(session, until=cutoff_at).items():
        for one in decisions:
            yield DecisionRow(
                rule=rule,
                at=one.at,
                by=one.by,
                decision=one.decision,
                reason=one.reason,
                decided_on=one.decided_on,
            )


def _corrections(session: Session, codes: dict[int, str], cutoff_at: datetime) -> Iterator[CorrectionRow]:
    table = _T["assessment"]
    query = select(table).where(table.c.version > 1, table.c.entered_at <= cutoff_at).order_by(table.c.id)
    for row in session.connection().execute(query).mappings():
        if row["patient_id"] in codes:
            yield CorrectionRow(
                code=codes[row["patient_id"]],
                observed_at=row["assessed_at"],
                entered_at=row["entered_at"],
                version=row["version"],
                withdrawn=row["status"] == "voided",
                reason=row["reason"] or "",
            )


def _alerts(session: Session, codes: dict[int, str], cutoff_at: datetime) -> Iterator[AlertRow]:
    alerts, answers = _T["alert"], _T["acknowledgement"]
    first: dict[int, datetime] = {}
    for alert_id, at in session.connection().execute(
        select(answers.c.alert_id, answers.c.at).where(answers.c.at <= cutoff_at).order_by(answers.c.at)
    ):
        first.setdefault(alert_id, at)
    told = ~alerts.c.historical
    query = select(alerts).where(told, alerts.c.opened_at <= cutoff_at).order_by(alerts.c.id)
    for row in session.connection().execute(query).mappings():
        if row["patient_id"] is None or row["patient_id"] in codes:
            yield AlertRow(
                number=row["id"],
                code=codes.get(row["patient_id"]),
                signal=f"{row['signal']} {row['slot']}".strip(),
                level=row["level"],
                opened_at=row["opened_at"],
                acknowledged_at=first.get(row["id"]),
                state=_state_by(row, cutoff_at),
            )


def _state_by(row: RowMapping, cutoff_at: datetime) -> str:
    if row["closed_at"] is not None and row["closed_at"] <= cutoff_at:
        return str(row["state"])
    return "not over"
