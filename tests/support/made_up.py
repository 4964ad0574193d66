"""Made-up patients put straight into a database, graded and reconciled as an entry would be.

For tests of what people read; tests of how it gets there go through the actions.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, Final

from sqlmodel import Session, col, select

from actions import context
from actions.course import regrade_course, retire_grades
from db.audit import append_event
from db.models import (
    Assessment,
    CtdnaResult,
    GateJudgement,
    Infusion,
    InfusionVersion,
    Patient,
    ResponseAssessment,
    Screening,
    Stay,
)
from db.roles import SYSTEM
from db.screening_json import facts_to_json
from db.session import reading, writing
from trial.eligibility import Verdict
from trial.screening_facts import Judgement, PastEvent, ScreeningFacts
from trial.second_infusion_facts import CtDnaResult, GateQuestion, Response

_numbers = count(1)

WELL: Mapping[str, Any] = {
    "temperature_c": 36.8,
    "systolic_mmhg": 118.0,
    "diastolic_mmhg": 74.0,
    "spo2_percent": 97.0,
    "oxygen_device": "room_air",
    "vasopressors": "none",
    "iv_fluid_bolus": "no",
    "fever_masking_drugs": "none",
    "ice_score": 10,
    "consciousness": "alert",
    "seizure": "none",
    "motor_weakness": "none",
    "edema_or_raised_icp": "none",
}
"""A patient in whom everything was looked at and is well."""

VITAL_SIGNS_ONLY: Mapping[str, Any] = {
    name: value
    for name, value in WELL.items()
    if name not in ("ice_score", "consciousness", "seizure", "motor_weakness", "edema_or_raised_icp")
}
"""The same at a time when only vital signs are due."""


def enrol(study_code: str, now: datetime, **more: Any) -> int:
    """A patient; returns the id."""
    with writing() as session:
        return _add(session, Patient(study_code=study_code, enrolled_at=now, **more))


def infuse(patient_id: int, number: int, infused_at: datetime) -> int:
    """An infusion, with the patient on the ward from then on; returns its id."""
    with writing() as session:
        infusion = Infusion(
            patient_id=patient_id, number=number, infused_at=infused_at, entered_at=infused_at
        )
        infusion_id = _add(session, infusion)
        _add(
            session,
            InfusionVersion(infusion_id=infusion_id, version=1, infused_at=infused_at, entered_at=infused_at),
        )
        if number == 1:
            _add(session, _stay(patient_id, "ward", infused_at, None))
    return infusion_id


def move_to(patient_id: int, kind: str, at: datetime) -> None:
    """The stay that is open ends, and one of this kind begins."""
    with writing() as session:
        current = session.exec(
            select(Stay).where(
                Stay.patient_id == patient_id, col(Stay.to_at).is_(None), col(Stay.superseded_at).is_(None)
            )
        ).one()
        before, from_at, stable_id = current.kind, current.from_at, current.stable_id
        current.superseded_at = at
        session.add(current)
        session.flush()
        _add(session, _stay(patient_id, before, from_at, at, stable_id=stable_id, version=2, reason="gone"))
        _add(session, _stay(patient_id, kind, at, None))


CLEAR_OF_EXCLUSIONS: Final = ScreeningFacts(
    other_malignancies=(),
    infections=(),
    stroke_or_tia=PastEvent(False),
    infarction=PastEvent(False),
    nyha_class=0,
    answers={"unstable_angina": False, "arrhythmia": False, "organ_disorder": False},
    judgements={name: Judgement(False, "none") for name in ("consent", "comorbidity", "other_risk")},
)
"""The exclusion criteria asked again, and nothing found."""


def open_gate(patient_id: int, at: datetime, *, response: Response = Response.PR) -> None:
    """What lets a second infusion through from this instant on, for a patient who is not barred.

    A PET/CT on the day after the first infusion, the exclusion criteria asked again, and an investigator's
    judgement of the days on which a grade is not settled; one well assessment where there is none at all.
    """
    with reading() as session:
        first = session.exec(
            select(Infusion).where(Infusion.patient_id == patient_id, Infusion.number == 1)
        ).one()
        assessed = session.exec(select(Assessment.id).where(Assessment.infusion_id == first.id)).first()
    if assessed is None:
        assess(patient_id, int(first.id or 0), [(first.infused_at + timedelta(hours=1), WELL)])
    scan(
        patient_id, first.infused_at.astimezone(context.settings().zone).date() + timedelta(days=1), response
    )
    ask_again(patient_id, at)
    for question in (GateQuestion.CRS_GAPS, GateQuestion.ICANS_GAPS):
        judge_gate(patient_id, question, True, at)


def scan(patient_id: int, on: date, response: Response | None, deauville: int | None = None) -> None:
    """A PET/CT that stands."""
    entered_at = datetime.combine(on, time(), UTC)
    values = {"scanned_on": on, "response": response and response.value, "deauville": deauville}
    _record(ResponseAssessment, patient_id, entered_at, values)


def sample(patient_id: int, on: date, result: CtDnaResult | None, resulted_on: date | None = None) -> None:
    """A ctDNA sample that stands."""
    entered_at = datetime.combine(resulted_on or on, time(), UTC)
    values = {"sampled_on": on, "result": result and result.value, "resulted_on": resulted_on}
    _record(CtdnaResult, patient_id, entered_at, values)


def ask_again(patient_id: int, at: datetime, facts: ScreeningFacts = CLEAR_OF_EXCLUSIONS) -> None:
    """The exclusion criteria asked again before the second infusion."""
    values = {
        "purpose": "second_infusion",
        "facts": facts_to_json(facts),
        "judged_on": at.astimezone(context.settings().zone).date(),
        "verdict": Verdict.ELIGIBLE.value,
        "protocol_hash": context.protocol().hash,
    }
    _record(Screening, patient_id, at, values)


def judge_gate(patient_id: int, question: GateQuestion, holds: bool, at: datetime) -> None:
    """What an investigator judged at the gate."""
    with writing() as session:
        _add(
            session,
            GateJudgement(
                patient_id=patient_id, question=question.value, holds=holds, reason="seen daily", at=at
            ),
        )


def _record(kind: type[Any], patient_id: int, at: datetime, values: Mapping[str, Any]) -> None:
    about = {"stable_id": f"{next(_numbers):032x}", "patient_id": patient_id, "entered_at": at}
    with writing() as session:
        _add(session, kind(**about, **values))


def assess(
    patient_id: int,
    infusion_id: int,
    entries: Iterable[tuple[datetime, Mapping[str, Any]]],
    *,
    entered_after: timedelta = timedelta(minutes=4),
    by: int | None = None,
    historical: bool = False,
) -> list[str]:
    """Several assessments of one course, graded together; returns their stable ids in the order given."""
    made = [
        Assessment(
            stable_id=f"{next(_numbers):032x}",
            patient_id=patient_id,
            infusion_id=infusion_id,
            source="demo",
            assessed_at=at,
            entered_at=at + entered_after,
            entered_by=by,
            **values,
        )
        for at, values in entries
    ]
    ids = [one.stable_id for one in made]
    with writing() as session:
        latest = max(one.entered_at for one in made)
        session.add_all(made)
        session.flush()
        _settle(session, patient_id, infusion_id, latest, historical)
    return ids


def correct(
    stable_id: str,
    at: datetime,
    reason: str,
    *,
    by: int | None = None,
    status: str = "recorded",
    **values: Any,
) -> None:
    """A new version of an entry with some other values; `status="voided"` withdraws it."""
    with writing() as session:
        old = session.exec(
            select(Assessment).where(
                Assessment.stable_id == stable_id, col(Assessment.superseded_at).is_(None)
            )
        ).one()
        kept = old.model_dump(exclude={"id", "superseded_at", "form_token"})
        old.superseded_at = at
        session.add(old)
        session.flush()
        fresh = {"version": old.version + 1, "supersedes_id": old.id, "reason": reason, "entered_at": at}
        session.add(Assessment(**{**kept, **fresh, "entered_by": by, "status": status, **values}))
        session.flush()
        retire_grades(session, int(old.id or 0), at)
        _settle(session, old.patient_id, old.infusion_id, at, historical=False)


def _settle(session: Session, patient_id: int, infusion_id: int, now: datetime, historical: bool) -> None:
    regrade_course(
        session,
        infusion_id,
        from_at=None,
        now=now,
        protocol=context.protocol(),
        by=SYSTEM,
        historical=historical,
    )
    append_event(
        session,
        at=now,
        by=SYSTEM,
        action="made up",
        subject="infusion",
        subject_id=str(infusion_id),
        patient_id=patient_id,
        detail={},
    )


def _stay(patient_id: int, kind: str, from_at: datetime, to_at: datetime | None, **more: Any) -> Stay:
    own: dict[str, Any] = {"stable_id": f"{next(_numbers):032x}", "entered_at": from_at} | more
    return Stay(patient_id=patient_id, kind=kind, from_at=from_at, to_at=to_at, **own)


def _add(session: Session, row: Any) -> int:
    session.add(row)
    session.flush()
    return int(row.id)
