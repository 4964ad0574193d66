"""What the patient page reads of a patient's whole course: both infusions and every record of the trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, select
from sqlmodel import Session

from db.models import Record
from db.queries.records import load_standing
from db.queries.treatments import load_treatments
from grading.scale import Toxicity
from grading.units import Analyte
from trial.laboratory import LabRow
from trial.treatments import Treatment

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_GRADES: Final = Record.metadata.tables["grade"]
_INFUSIONS: Final = Record.metadata.tables["infusion"]


@dataclass(frozen=True, slots=True)
class CourseGrade:
    """One current grade of one assessment."""

    infusion_number: int
    assessed_at: datetime
    stable_id: str
    scale: Toxicity
    grade: int | None
    at_least: int
    reasons: str


@dataclass(frozen=True, slots=True)
class CourseRecords:
    """Everything that stands of one patient, as stored; dates are the hospital's."""

    infusions: tuple[tuple[int, datetime], ...]
    grades: tuple[CourseGrade, ...]
    treatments: tuple[Treatment, ...]
    labs: tuple[LabRow, ...]
    scans: Sequence[RowMapping]
    samples: Sequence[RowMapping]
    events: Sequence[RowMapping]
    follow_up: Sequence[RowMapping]


def load_course_records(session: Session, patient_id: int) -> CourseRecords:
    """Read them; a record that was withdrawn is left out."""
    return CourseRecords(
        infusions=_infusions(session, patient_id),
        grades=_grades(session, patient_id),
        treatments=tuple(load_treatments(session, patient_id)),
        labs=tuple(_lab(row) for row in load_standing(session, "lab_result", patient_id)),
        scans=load_standing(session, "response_assessment", patient_id),
        samples=load_standing(session, "ctdna_result", patient_id),
        events=load_standing(session, "adverse_event", patient_id),
        follow_up=load_standing(session, "follow_up_event", patient_id),
    )


def _infusions(session: Session, patient_id: int) -> tuple[tuple[int, datetime], ...]:
    query = (
        select(_INFUSIONS.c.number, _INFUSIONS.c.infused_at)
        .where(_INFUSIONS.c.patient_id == patient_id)
        .order_by(_INFUSIONS.c.number)
    )
    return tuple((number, infused_at) for number, infused_at in session.connection().execute(query))


def _grades(session: Session, patient_id: int) -> tuple[CourseGrade, ...]:
    query = (
        select(
            _INFUSIONS.c.number,
            _ASSESSMENTS.c.assessed_at,
            _ASSESSMENTS.c.stable_id,
            _GRADES.c.scale,
            _GRADES.c.grade,
            _GRADES.c.at_least,
            _GRADES.c.reasons,
        )
        .join(_ASSESSMENTS, _ASSESSMENTS.c.id == _GRADES.c.assessment_id)
        .join(_INFUSIONS, _INFUSIONS.c.id == _ASSESSMENTS.c.infusion_id)
        .where(
            _ASSESSMENTS.c.patient_id == patient_id,
            _ASSESSMENTS.c.superseded_at.is_(None),
            _ASSESSMENTS.c.status == "recorded",
            _GRADES.c.superseded_at.is_(None),
        )
        .order_by(_ASSESSMENTS.c.assessed_at)
    )
    return tuple(
        CourseGrade(number, at, stable_id, Toxicity(scale), grade, at_least, reasons)
        for number, at, stable_id, scale, grade, at_least, reasons in session.connection().execute(query)
    )


def _lab(row: RowMapping) -> LabRow:
    return LabRow(
        Analyte(row["analyte"]),
        row["taken_at"],
        row["value"],
        row["unit"],
        row["lln"],
        row["uln"],
        row["stable_id"],
    )
