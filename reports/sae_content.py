"""What a report of a serious event holds, as plain values: JSON that is stored, hashed and drawn."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from db.queries.charted_entries import Entry, StoredGrade
from db.queries.events import EventRecord
from db.queries.office import InfusionRecord
from db.queries.sae_facts import SaeFacts
from grading.scale import Toxicity
from trial.adverse_events import DERIVED_VERSION
from trial.calendar import day_of
from trial.ctcae_terms import VERSION, find_term
from trial.drugs import drug_words
from trial.event_facts import SeriousCriterion
from trial.protocol import Protocol
from trial.treatment_facts import Drug

FORMAT: Final = 1
"""The shape of the content; a later one is drawn by its own rules."""

CAUSES: Final = {
    "causality_car_t": "CAR-T cells",
    "causality_lymphodepletion": "Lymphodepletion",
    "causality_disease": "Lymphoma",
    "causality_other": "Other cause",
}
"""What an event may have been caused by, as named on forms and in reports."""


def content_of(facts: SaeFacts, narrative: str | None, protocol: Protocol, zone: ZoneInfo) -> dict[str, Any]:
    """The whole content. Times are ISO 8601 in the hospital's zone."""
    return {
        "format": FORMAT,
        "registration": protocol.registration,
        "zone": zone.key,
        "protocol_hash": protocol.hash,
        "event": _event(facts, protocol, zone),
        "patient": {
            "study_code": facts.patient.study_code,
            "sex": facts.patient.sex,
            "age_years": facts.patient.age_years,
        },
        "infusions": [_infusion(one, facts.event.onset_on, zone) for one in facts.patient.infusions],
        "narrative": narrative,
        "days": {"from_on": facts.from_on.isoformat(), "to_on": facts.to_on.isoformat()},
        "assessments": [_assessment(infusion, entry, zone) for infusion, entry in facts.assessments],
        "treatments": [_treatment(row, zone) for row in facts.treatments],
        "lab_results": [_lab_result(row, zone) for row in facts.lab_results],
        "versions": [_version(one, zone) for one in facts.versions],
    }


def _event(facts: SaeFacts, protocol: Protocol, zone: ZoneInfo) -> dict[str, Any]:
    event = facts.event
    aware_at = event.aware_at
    due_at = None if aware_at is None else aware_at + timedelta(hours=protocol.sae.clock_hours)
    return {
        "stable_id": event.stable_id,
        "version": event.version,
        "term": event.term,
        "scale": f"CTCAE v{VERSION}" if event.toxicity is None else DERIVED_VERSION,
        **_graded(facts, zone),
        "infusion_number": event.infusion_number,
        "criteria": [one.phrase for one in SeriousCriterion if one in (event.serious_criteria or ())],
        "aware_at": _at(aware_at, zone),
        "due_at": _at(due_at, zone),
        "action_taken": None if event.action_taken is None else event.action_taken.phrase,
        "outcome": None if event.outcome is None else event.outcome.phrase,
        "causality": {name: _phrase(event, name) for name in CAUSES},
        "infection": _infection(event) if event.is_infection else None,
        "note": event.note,
    }


def _graded(facts: SaeFacts, zone: ZoneInfo) -> dict[str, Any]:
    """Grade, words and days: of the event, or of the episode as the assessments show it now."""
    event, derived = facts.event, facts.derived
    if derived is None:
        term = None if event.toxicity else find_term(event.term)
        return {
            "grade": event.grade,
            "at_least": event.grade,
            "words": None if term is None else term.words.get(event.grade),
            "onset": event.onset_on.isoformat(),
            "end": None if event.ended_on is None else event.ended_on.isoformat(),
            "judged_grade": event.grade,
        }
    episode = derived.episode
    return {
        "grade": episode.worst if episode.worst_settled else None,
        "at_least": episode.worst,
        "words": None,
        "onset": _at(episode.first_at, zone),
        "end": _at(episode.ended_at, zone),
        "judged_grade": event.grade,
    }


def _infection(event: EventRecord) -> dict[str, Any]:
    return {
        "site": event.site,
        "organism": event.organism,
        "proof": None if event.proof is None else event.proof.phrase,
        "neutropenic": event.neutropenic,
        "treatment": None if event.infection_treatment is None else event.infection_treatment.phrase,
    }


def _infusion(infusion: InfusionRecord, onset_on: date, zone: ZoneInfo) -> dict[str, Any]:
    infused_on = infusion.infused_at.astimezone(zone).date()
    return {
        "number": infusion.number,
        "infused_at": _at(infusion.infused_at, zone),
        "dose_cells_per_kg": infusion.dose_cells_per_kg,
        "weight_kg": infusion.weight_kg,
        "lot": infusion.lot,
        "onset_on_day": (onset_on - infused_on).days,
    }


def _assessment(infusion: InfusionRecord, entry: Entry, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": _at(entry.assessed_at, zone),
        "infusion_number": infusion.number,
        "day": day_of(entry.assessed_at, infusion.infused_at, zone),
        "version": entry.version,
        **{scale.value: _grade(entry.grades.get(scale)) for scale in Toxicity},
    }


def _grade(grade: StoredGrade | None) -> dict[str, Any] | None:
    if grade is None:
        return None
    return {
        "grade": grade.grade,
        "at_least": grade.at_least,
        "reasons": list(grade.reasons),
        "missing": list(grade.missing),
        "ruleset": grade.ruleset,
    }


def _treatment(row: RowMapping, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "drug": row["drug_name"] or drug_words(Drug(row["drug"])),
        "dose": row["dose"],
        "dose_unit": row["dose_unit"],
        "every_hours": row["every_hours"],
        "started_at": _at(row["started_at"], zone),
        "ended_at": _at(row["ended_at"], zone),
        "is_ongoing": row["is_ongoing"],
    }


def _lab_result(row: RowMapping, zone: ZoneInfo) -> dict[str, Any]:
    names = ("analyte", "value", "unit", "lln", "uln")
    return {name: row[name] for name in names} | {"taken_at": _at(row["taken_at"], zone)}


def _version(event: EventRecord, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "version": event.version,
        "entered_at": _at(event.entered_at, zone),
        "entered_by": event.entered_by,
        "reason": event.reason,
        "grade": event.grade,
    }


def _phrase(event: EventRecord, name: str) -> str | None:
    judged = getattr(event, name)
    return None if judged is None else str(judged.phrase)


def _at(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat()
