"""The rows behind a committee report, frozen: what had happened by the cut-off, as it is known now.

They are plain values that JSON keeps and gives back unchanged. Every table and picture of the report is made
from them and from nothing else, so that the same rows always give the same numbers.
"""

from collections.abc import Iterable, Iterator
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
from db.queries.committee_people import Person, load_people
from db.queries.committee_slots import load_completeness
from db.queries.records import load_standing
from db.queries.stopping import load_under_rule
from grading.scale import Toxicity
from reports.events import STATE_WORDS, Event, load_events
from trial.completeness import CourseCount
from trial.endpoints import FollowedPatient
from trial.follow_up_facts import DeathCause, FollowUpFact, FollowUpKind
from trial.protocol import Protocol
from trial.safety_rows import Spells
from trial.second_infusion_facts import Response, Scan
from trial.stopping_reading import PatientUnderRule

_T: Final = Record.metadata.tables


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRow:
    """One patient enrolled."""

    code: str
    sex: str | None
    age_years: int | None
    histology: str | None
    infused_at: tuple[datetime, ...]
    died_on: date | None
    death_cause: str | None
    withdrawn: bool


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
class TreatmentRow:
    """One treatment with its moments."""

    code: str
    drug: str
    dose: float | None
    dose_unit: str | None
    started_at: datetime
    ended_at: datetime | None
    is_ongoing: bool


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
class ReportRows:
    """Everything a report is made from. `followed` belongs to the closed part alone."""

    cutoff_at: datetime
    patients: tuple[PatientRow, ...]
    spells: tuple[Spells, ...]
    heat: tuple[HeatGrid, ...]
    completeness: tuple[CourseCount, ...]
    events: tuple[EventRow, ...]
    adverse: tuple[AdverseRow, ...]
    treatments: tuple[TreatmentRow, ...]
    corrections: tuple[CorrectionRow, ...]
    alerts: tuple[AlertRow, ...]
    rules: tuple[RuleRow, ...]
    followed: tuple[FollowedPatient, ...]


_ADAPTER: Final = TypeAdapter(ReportRows)


def to_json(rows: ReportRows) -> Any:  # noqa: ANN401 -- JSON
    """The rows as JSON values."""
    return _ADAPTER.dump_python(rows, mode="json")


def from_json(stored: Any) -> ReportRows:  # noqa: ANN401 -- JSON
    """The rows again, equal to what was frozen."""
    return _ADAPTER.validate_python(stored)


def load_rows(session: Session, cutoff_at: datetime, protocol: Protocol, zone: ZoneInfo) -> ReportRows:
    """Read every row up to a cut-off; what came later is left out."""
    on = cutoff_at.astimezone(zone).date()
    people = load_people(session, zone)
    by_then = tuple(as_of(patient, cutoff_at, zone) for patient in load_committee(session, zone))
    courses = load_courses(session, people, cutoff_at, zone)
    codes = {person.id: person.study_code for person in people}
    return ReportRows(
        cutoff_at=cutoff_at,
        patients=tuple(_patient(person, cutoff_at, on) for person in people),
        spells=with_episodes(courses, by_then),
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
        treatments=tuple(_treatments(session, codes, cutoff_at)),
        corrections=tuple(_corrections(session, codes, cutoff_at)),
        alerts=tuple(_alerts(session, codes, cutoff_at)),
        rules=tuple(
            RuleRow(
                key=rule.key,
                patients=tuple(one.patient for one in load_under_rule(session, rule, cutoff_at, zone)),
            )
            for rule in protocol.stopping
        ),
        followed=tuple(_followed(session, people, zone)),
    )


def _patient(person: Person, cutoff_at: datetime, on: date) -> PatientRow:
    death = person.death if person.death is not None and person.death.on <= on else None
    return PatientRow(
        code=person.study_code,
        sex=person.sex,
        age_years=person.age_years,
        histology=person.histology,
        infused_at=tuple(one.infused_at for one in person.infusions if one.infused_at <= cutoff_at),
        died_on=death.on if death else None,
        death_cause=death.cause if death else None,
        withdrawn=person.withdrawn_at is not None and person.withdrawn_at <= cutoff_at,
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


def _treatments(session: Session, codes: dict[int, str], cutoff_at: datetime) -> Iterator[TreatmentRow]:
    for row in load_standing(session, "treatment"):
        if row["started_at"] <= cutoff_at and row["patient_id"] in codes:
            ended = row["ended_at"]
            later = ended is not None and ended > cutoff_at
            yield TreatmentRow(
                code=codes[row["patient_id"]],
                drug=row["drug_name"] or row["drug"],
                dose=row["dose"],
                dose_unit=row["dose_unit"],
                started_at=row["started_at"],
                ended_at=None if later else ended,
                is_ongoing=row["is_ongoing"] or later,
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
    query = select(alerts).where(alerts.c.opened_at <= cutoff_at).order_by(alerts.c.id)
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


def _followed(session: Session, people: Iterable[Person], zone: ZoneInfo) -> Iterator[FollowedPatient]:
    scans = load_standing(session, "response_assessment")
    events = load_standing(session, "follow_up_event")
    seen = _last_seen(session, zone)
    for person in people:
        if not person.infusions:
            continue
        facts = [
            FollowUpFact(FollowUpKind(row["kind"]), row["occurred_on"])
            for row in events
            if row["patient_id"] == person.id and row["kind"] != FollowUpKind.DEATH.value
        ]
        if person.death is not None:
            facts.append(FollowUpFact(FollowUpKind.DEATH, person.death.on, _cause(person.death.cause)))
        yield FollowedPatient(
            study_code=person.study_code,
            infused_on=tuple(one.infused_at.astimezone(zone).date() for one in person.infusions),
            scans=tuple(
                Scan(
                    row["scanned_on"],
                    Response(row["response"]) if row["response"] else None,
                    row["deauville"],
                )
                for row in scans
                if row["patient_id"] == person.id
            ),
            events=tuple(facts),
            seen_on=seen.get(person.id),
        )


def _cause(word: str) -> DeathCause:
    return DeathCause(word) if word in set(DeathCause) else DeathCause.UNKNOWN


def _last_seen(session: Session, zone: ZoneInfo) -> dict[int, date]:
    """The last day of each patient on which something was recorded that only the living have."""
    found: dict[int, date] = {}
    assessments = _T["assessment"]
    query = select(assessments.c.patient_id, assessments.c.assessed_at).where(
        assessments.c.superseded_at.is_(None), assessments.c.status == "recorded"
    )
    dated = [(one, at.astimezone(zone).date()) for one, at in session.connection().execute(query)]
    for name, column in (
        ("visit", "visited_on"),
        ("response_assessment", "scanned_on"),
        ("ctdna_result", "sampled_on"),
    ):
        dated += [(row["patient_id"], row[column]) for row in load_standing(session, name) if row[column]]
    for patient_id, on in dated:
        found[patient_id] = max(on, found.get(patient_id, on))
    return found
