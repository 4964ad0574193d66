"""Planned visits as they went: done with what was done, or missed with the reason."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session

from actions import context
from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.follow_up_checks import after_the_end, future_problem, infused_on, today
from actions.known import known_patient
from actions.permissions import Action, require
from actions.records import correct_record, plain, standing_version, store_record, void_record
from actions.versions import read_reason
from actions.words import date_words
from db.inputs_follow_up import VisitIn
from db.queries.follow_up import VISITS, load_visits
from db.queries.office import PatientRecord
from db.roles import Actor
from db.session import writing
from trial.follow_up_facts import VisitStatus
from trial.visits import PlannedVisit, plan_visits, visit_label

_COLUMNS: Final = (
    "infusion_number",
    "name",
    "status",
    "visited_on",
    "blood_tests",
    "ctdna",
    "pet_ct",
    "note",
)
_WHY_CORRECTED: Final = "Say why the visit is corrected, such as: wrong date."
_WHY_VOIDED: Final = "Say why the visit is withdrawn, such as: wrong patient chosen."


def record_visit(entry: VisitIn, *, by: Actor, now: datetime) -> str:
    """Record that a planned visit took place or was missed; returns its stable id.

    Raises:
        AlreadyRecorded: this visit is recorded; it is corrected instead.
        Refused: the visit is not planned for the patient, or its date cannot be.
    """
    require(by, Action.RECORD_VISIT)
    with writing() as session:
        patient = known_patient(session, entry.patient_id)
        _refuse_recorded(session, patient, entry)
        _refuse_impossible(session, patient, entry, now)
        return store_record(
            session, VISITS, patient.id, _values(entry), by=by, now=now, action="record_visit"
        )


def correct_visit(
    stable_id: str, version: int, entry: VisitIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct version `version` of a visit, for a reason; returns the new version.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        AlreadyRecorded: nothing would change.
        Refused: no reason, another patient or visit, or its date cannot be.
    """
    require(by, Action.RECORD_VISIT)
    why = read_reason(reason, _WHY_CORRECTED)
    values = _values(entry)
    with writing() as session:
        stored = standing_version(session, VISITS, stable_id, version, values, now)
        patient = known_patient(session, entry.patient_id)
        place = (stored["patient_id"], stored["infusion_number"], stored["name"])
        if place != (patient.id, entry.infusion_number, entry.name):
            raise Refused("The patient and the name of a visit cannot be changed. Withdraw it instead.")
        _refuse_impossible(session, patient, entry, now)
        return correct_record(session, VISITS, stored, values, why, by=by, now=now, action="correct_visit")


def void_visit(stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime) -> int:
    """Withdraw a visit for a reason; returns the new version. Raises as `correct_visit`."""
    require(by, Action.RECORD_VISIT)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        stored = standing_version(session, VISITS, stable_id, version, {}, now)
        return void_record(session, VISITS, stored, why, by=by, now=now, action="void_visit")


def _values(entry: VisitIn) -> dict[str, Any]:
    return plain({name: getattr(entry, name) for name in _COLUMNS})


def _refuse_recorded(session: Session, patient: PatientRecord, entry: VisitIn) -> None:
    if _is_recorded(session, patient, entry):
        sentence = (
            f"{visit_label(entry.name)} of {patient.study_code} is already recorded. Correct it instead."
        )
        raise AlreadyRecorded([RefusedField("name", entry.name, sentence)])


def _is_recorded(session: Session, patient: PatientRecord, entry: VisitIn) -> bool:
    place = (entry.infusion_number, entry.name)
    standing = (visit for visit in load_visits(session, patient.id) if visit.stands)
    return any((visit.infusion_number, visit.name) == place for visit in standing)


def _refuse_impossible(session: Session, patient: PatientRecord, entry: VisitIn, now: datetime) -> None:
    planned = _planned(session, patient, entry)
    if entry.status is VisitStatus.MISSED and planned is not None and today(now) < planned.from_on:
        opens = date_words(planned.from_on)
        sentence = f"{visit_label(entry.name)} can take place from {opens} on; say then that it was missed."
        raise Refused([RefusedField("status", entry.status, sentence)])
    if entry.visited_on is None:
        return
    problems = [*_day_problems(session, patient, entry.infusion_number, entry.visited_on, now)]
    if problems:
        raise Refused(problems)


def _planned(session: Session, patient: PatientRecord, entry: VisitIn) -> PlannedVisit | None:
    """The visit of the plan; None for one that stands from an earlier plan. Else Refused."""
    place = (entry.infusion_number, entry.name)
    for visit in plan_visits(infused_on(patient), context.protocol().follow_up):
        if (visit.infusion_number, visit.name) == place:
            return visit
    if _is_recorded(session, patient, entry):
        return None
    words = f"No visit {visit_label(entry.name)} is planned for {patient.study_code}."
    raise Refused([RefusedField("name", entry.name, f"{words} Choose one of the list.")])


def _day_problems(
    session: Session, patient: PatientRecord, infusion_number: int, on: date, now: datetime
) -> Iterator[RefusedField]:
    field = "visited_on"
    yield from future_problem(field, on, now)
    since = infused_on(patient)[infusion_number - 1 : infusion_number]
    if since and on <= since[0]:
        sentence = f"The visit must be after the infusion of {date_words(since[0])}."
        yield RefusedField(field, on, sentence)
    yield from after_the_end(session, patient, field, on, "the visit")
