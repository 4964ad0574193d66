"""What the report of one serious event is made of: the event, the patient, and what stands around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping
from sqlmodel import Session

from db.queries.charted_entries import Entry, load_entries
from db.queries.derived_episodes import DerivedEpisode, load_derived
from db.queries.events import EventRecord, load_event_versions, load_events
from db.queries.office import InfusionRecord, PatientRecord, load_patient_by_id
from db.queries.records import load_standing
from db.queries.sae import ReportRecord, load_reports
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class SaeFacts:
    """Everything that stands about one event, as now known.

    versions     of the event, the first one first; the last is the one that stands
    derived      the episode that the event was added to, None for an event by CTCAE
    from_on, to_on  the days around the onset that the report shows
    reports      earlier versions of the report
    """

    event: EventRecord
    versions: Sequence[EventRecord]
    derived: DerivedEpisode | None
    patient: PatientRecord
    from_on: date
    to_on: date
    assessments: Sequence[tuple[InfusionRecord, Entry]]
    treatments: Sequence[RowMapping]
    lab_results: Sequence[RowMapping]
    reports: Sequence[ReportRecord]


def load_sae_facts(session: Session, stable_id: str, protocol: Protocol, zone: ZoneInfo) -> SaeFacts | None:
    """The facts of a serious event that stands; None where it does not, or is not serious."""
    versions = load_event_versions(session, stable_id)
    if not versions or versions[-1].voided or not versions[-1].is_serious:
        return None
    event = versions[-1]
    patient = load_patient_by_id(session, event.patient_id)
    if patient is None:
        return None
    events = load_events(session, patient.id)
    derived = load_derived(session, events, protocol.grading.clear_hours, zone, patient.id).of_record(
        stable_id
    )
    from_on, to_on = _days(event, derived, protocol, zone)
    from_at, to_at = _midnight(from_on, zone), _midnight(to_on + timedelta(days=1), zone)
    return SaeFacts(
        event=event,
        versions=versions,
        derived=derived,
        patient=patient,
        from_on=from_on,
        to_on=to_on,
        assessments=_assessments(session, patient, from_at, to_at),
        treatments=_treatments(session, patient.id, from_at, to_at),
        lab_results=_lab_results(session, patient.id, from_at, to_at),
        reports=load_reports(session, patient.id).get(stable_id, []),
    )


def _days(
    event: EventRecord, derived: DerivedEpisode | None, protocol: Protocol, zone: ZoneInfo
) -> tuple[date, date]:
    """The protocol's days around the onset; of an episode, all its days."""
    first, last = event.onset_on, event.onset_on + timedelta(days=protocol.sae_report_days_after)
    if derived is not None:
        first = derived.episode.first_at.astimezone(zone).date()
        last = max(
            first + timedelta(days=protocol.sae_report_days_after),
            derived.episode.last_sign_at.astimezone(zone).date(),
        )
    return first - timedelta(days=protocol.sae_report_days_before), last


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(), zone)


def _assessments(
    session: Session, patient: PatientRecord, from_at: datetime, to_at: datetime
) -> list[tuple[InfusionRecord, Entry]]:
    found = [
        (infusion, entry) for infusion in patient.infusions for entry in load_entries(session, infusion.id)
    ]
    inside = [one for one in found if from_at <= one[1].assessed_at < to_at]
    return sorted(inside, key=lambda one: one[1].assessed_at)


def _treatments(session: Session, patient_id: int, from_at: datetime, to_at: datetime) -> list[RowMapping]:
    """Those given in these days, or running into them."""
    found = [
        row
        for row in load_standing(session, "treatment", patient_id)
        if row["started_at"] < to_at and _last_known(row, to_at) >= from_at
    ]
    return sorted(found, key=lambda row: (row["started_at"], row["id"]))


def _last_known(row: RowMapping, to_at: datetime) -> datetime:
    if row["is_ongoing"]:
        return to_at
    ended: datetime = row["ended_at"] or row["started_at"]
    return ended


def _lab_results(session: Session, patient_id: int, from_at: datetime, to_at: datetime) -> list[RowMapping]:
    found = [
        row for row in load_standing(session, "lab_result", patient_id) if from_at <= row["taken_at"] < to_at
    ]
    return sorted(found, key=lambda row: (row["analyte"], row["taken_at"]))
