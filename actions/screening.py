"""Screening: who is asked for, the facts behind the criteria, and what an investigator judges of them.

The facts are one versioned record for each purpose. Every version is judged by the rules on the day it is
written and keeps the verdict with the protocol it was judged under. The first version of a patient needs no
reason; every later one does. Age and sex are facts like the others: the patient's row follows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping, update
from sqlmodel import Session

from actions import context
from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused, RefusedField
from actions.patients import new_patient_values
from actions.permissions import Action, require
from actions.records import correct_record, store_record
from actions.rows import insert_row
from actions.versions import read_reason
from actions.words import author, when
from db.audit import append_event
from db.inputs import PatientIn
from db.inputs_screening import FactsIn
from db.models import Record
from db.queries import office
from db.queries.office import PatientRecord
from db.queries.screening import screening_of, standing_row
from db.roles import Actor
from db.screening_json import facts_to_json
from db.session import writing
from trial.eligibility import Eligibility, judge_for
from trial.screening_checks import FactsError
from trial.screening_facts import Judgement, Purpose, ScreeningFacts, Sex
from trial.screening_judgements import carry_judgements, with_judgements

_PATIENTS: Final = Record.metadata.tables["patient"]
_WHY: Final = "Say why the facts are changed, such as: laboratory of 3 March arrived."


def start_screening(entry: PatientIn, *, by: Actor, now: datetime) -> int:
    """Take a patient into screening under a study code; returns the row id.

    Raises:
        AlreadyRecorded: the study code is taken, whatever its capitals.
        Refused: the treating investigator is not an active investigator.
    """
    require(by, Action.RECORD_SCREENING)
    with writing() as session:
        values = new_patient_values(session, entry)
        patient_id = insert_row(session, _PATIENTS, values | {"screened_at": now})
        append_event(
            session,
            at=now,
            by=by,
            action="start_screening",
            subject="patient",
            subject_id=patient_id,
            patient_id=patient_id,
            detail={"before": None, "after": values},
        )
        return patient_id


def record_screening(
    patient_id: int,
    entry: FactsIn,
    *,
    version: int | None,
    reason: str | None = None,
    purpose: Purpose = Purpose.ENROLMENT,
    by: Actor,
    now: datetime,
) -> int:
    """Record the facts, or their next version; returns its number.

    version  the version the person saw; None where nothing was recorded yet
    reason   why the facts are changed; asked for from the second version on

    Judgements given before stay, but for those whose ground has changed.

    Raises:
        ChangedMeanwhile: somebody recorded a version that the person has not seen.
        AlreadyRecorded: nothing would change.
        Refused: no reason, a fact that cannot be, an unknown patient, or one not yet enrolled (second
            infusion).
    """
    require(by, Action.RECORD_SCREENING)
    why = None if version is None else read_reason(reason, _WHY)
    with writing() as session:
        stand = open_screening(session, patient_id, purpose)
        typed = entry.facts()
        if purpose is not Purpose.ENROLMENT:
            typed = replace(typed, age_years=stand.facts.age_years, sex=stand.facts.sex)
        after = carry_judgements(stand.facts, typed)
        refuse_stale(stand, version, after, now)
        _refuse_unchanged(stand, after)
        action = "record_screening" if version is None else "correct_screening"
        return write_facts(session, stand, after, why, action, by, now)


def judge_criteria(
    patient_id: int,
    judgements: Mapping[str, Judgement],
    *,
    version: int | None,
    purpose: Purpose = Purpose.ENROLMENT,
    by: Actor,
    now: datetime,
) -> int:
    """Record what an investigator judged (names of `screening_judgements.JUDGEABLE`); returns the version.

    The reasons of the judgements are the reason of the version. Raises as `record_screening`.
    """
    require(by, Action.JUDGE_CRITERION)
    with writing() as session:
        stand = open_screening(session, patient_id, purpose)
        try:
            after = with_judgements(stand.facts, judgements)
        except ValueError as error:
            raise Refused(str(error)) from error
        refuse_stale(stand, version, after, now)
        _refuse_unchanged(stand, after)
        why = f"Judged: {', '.join(name.replace('_', ' ') for name in judgements)}."
        return write_facts(session, stand, after, None if version is None else why, "judge_criteria", by, now)


def judge_facts(facts: ScreeningFacts, purpose: Purpose, on: date) -> Eligibility:
    """What the rules say of the facts on a day: every criterion, or the exclusion criteria asked again.

    Raises FactsError where something recorded cannot be.
    """
    return judge_for(purpose, facts, context.protocol().eligibility, on)


def judged_on(patient: PatientRecord, purpose: Purpose, now: datetime) -> date:
    """The day the facts are judged for: today, or the day of the enrolment once that has happened."""
    enrolled_at = patient.enrolled_at if purpose is Purpose.ENROLMENT else None
    return (enrolled_at or now).astimezone(context.settings().zone).date()


@dataclass(frozen=True, slots=True)
class Stand:
    """A patient and the facts that stand, inside a transaction; `stored` None before the first version."""

    patient: PatientRecord
    purpose: Purpose
    stored: RowMapping | None
    facts: ScreeningFacts


def open_screening(session: Session, patient_id: int, purpose: Purpose) -> Stand:
    """What stands of a patient, to be changed in this transaction.

    Raises Refused for an unknown patient, or one not enrolled where it is about the second infusion.
    """
    patient = office.load_patient_by_id(session, patient_id)
    if patient is None:
        raise Refused("This patient is not known. Reload the page and choose again.")
    if purpose is Purpose.SECOND_INFUSION and patient.enrolled_at is None:
        raise Refused(f"{patient.study_code} is not enrolled; there is no second infusion to ask about.")
    stored = standing_row(session, patient_id, purpose)
    facts = facts_at_start(patient) if stored is None else screening_of(stored).facts
    return Stand(patient, purpose, stored, facts)


def facts_at_start(patient: PatientRecord) -> ScreeningFacts:
    """What is known before the first version: age and sex."""
    return ScreeningFacts(age_years=patient.age_years, sex=Sex(patient.sex) if patient.sex else None)


def refuse_stale(stand: Stand, version: int | None, after: ScreeningFacts, now: datetime) -> None:
    """Raise ChangedMeanwhile where the person has not seen the version that stands."""
    stored = stand.stored
    if (stored["version"] if stored else None) == version:
        return
    if stored is None:
        raise Refused("These facts are not recorded any more. Reload the page.")
    mine, theirs = _words_of(after), _words_of(stand.facts)
    differing = [name for name in mine if mine[name] != theirs[name]]
    raise ChangedMeanwhile(
        f"Changed by {author(stored)} at {when(stored['entered_at'], now)}. Nothing of yours was saved.",
        theirs={name: theirs[name] for name in differing},
        yours={name: mine[name] for name in differing},
    )


def write_facts(
    session: Session,
    stand: Stand,
    facts: ScreeningFacts,
    why: str | None,
    action: str,
    by: Actor,
    now: datetime,
) -> int:
    """Judge the facts and write them as the next version; returns its number. `why` None for the first."""
    values = _judged_values(stand, facts, now)
    if stand.stored is None:
        store_record(session, "screening", stand.patient.id, values, by=by, now=now, action=action)
        version = 1
    else:
        version = correct_record(
            session, "screening", stand.stored, values, why or "", by=by, now=now, action=action
        )
    if stand.purpose is Purpose.ENROLMENT:
        _follow_the_facts(session, stand.patient, facts)
    return version


def _judged_values(stand: Stand, facts: ScreeningFacts, now: datetime) -> dict[str, Any]:
    on = judged_on(stand.patient, stand.purpose, now)
    try:
        verdict = judge_facts(facts, stand.purpose, on).verdict
    except FactsError as error:
        raise Refused(
            [RefusedField(one.field, getattr(facts, one.field), one.sentence) for one in error.problems]
        ) from error
    return {
        "purpose": stand.purpose,
        "facts": facts_to_json(facts),
        "histology": facts.histology,
        "judged_on": on,
        "verdict": verdict,
        "protocol_hash": context.protocol().hash,
    }


def _refuse_unchanged(stand: Stand, after: ScreeningFacts) -> None:
    if stand.stored is not None and after == stand.facts:
        raise AlreadyRecorded("These facts are already recorded; nothing was changed.")


def _follow_the_facts(session: Session, patient: PatientRecord, facts: ScreeningFacts) -> None:
    """Age and sex are entered once, among the facts; the patient's row shows them everywhere else."""
    values = {"sex": facts.sex.value if facts.sex else None, "age_years": facts.age_years}
    if values != {"sex": patient.sex, "age_years": patient.age_years}:
        session.connection().execute(update(_PATIENTS).where(_PATIENTS.c.id == patient.id).values(values))


def _words_of(facts: ScreeningFacts) -> dict[str, str]:
    """Each fact in a few words, by its name in words."""
    plain = facts_to_json(facts)
    return {one.name.replace("_", " "): _word(plain.get(one.name)) for one in fields(facts)}


def _word(value: object) -> str:
    if value is None:
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_word(one) for one in value) or "none"
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_word(one)}" for name, one in value.items())
    return str(value)
