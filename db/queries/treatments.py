"""The treatments of a patient as they stand: for the end of a CRS course, and as records for people."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, and_, bindparam, select
from sqlmodel import Session

from db.models import Record
from db.queries.records import load_standing, load_versions
from grading.given_drugs import DrugGiven
from trial.drugs import DRUGS, KEEPS_COURSE_OPEN
from trial.treatment_facts import DoseUnit, Drug
from trial.treatments import Treatment, drugs_given

TABLE: Final = "treatment"
_TREATMENTS: Final = Record.metadata.tables[TABLE]
_INFUSIONS: Final = Record.metadata.tables["infusion"]
_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_FACTS: Final = (
    "stable_id",
    "drug",
    "drug_name",
    "dose",
    "dose_unit",
    "every_hours",
    "weight_kg",
    "started_at",
    "ended_at",
    "is_ongoing",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentRecord:
    """A treatment as it stands, with who entered this version of it; `entered_by` None for the program."""

    fact: Treatment
    version: int
    confirmed: bool
    note: str | None
    reason: str | None
    voided: bool
    source: str
    entered_by: str | None
    entered_at: datetime


def load_treatments(session: Session, patient_id: int) -> list[Treatment]:
    """What stands, earliest first."""
    rows = session.connection().execute(_OF_PATIENT, {"of_patient": patient_id})
    return [fact_of(row) for row in rows.mappings()]


def load_treatments_of_all(session: Session) -> dict[int, list[Treatment]]:
    """The same of every patient, by patient id."""
    found: defaultdict[int, list[Treatment]] = defaultdict(list)
    for row in session.connection().execute(_STANDING.add_columns(_TREATMENTS.c.patient_id)).mappings():
        found[row["patient_id"]].append(fact_of(row))
    return dict(found)


def load_infused_and_given(session: Session, infusion_id: int) -> tuple[datetime, list[DrugGiven]]:
    """When an infusion was given, and the steroids and anticytokine drugs that its CRS course waits for."""
    rows = session.connection().execute(_INFUSED_AND_GIVEN, {"of_infusion": infusion_id}).mappings().all()
    return rows[0]["infused_at"], drugs_given(fact_of(row) for row in rows if row["drug"] is not None)


def load_treatment_records(session: Session, patient_id: int) -> list[TreatmentRecord]:
    """What stands, newest start first, with who entered it."""
    records = [_record(row) for row in load_standing(session, TABLE, patient_id)]
    return sorted(records, key=lambda one: one.fact.started_at, reverse=True)


def load_treatment_versions(session: Session, stable_id: str, patient_id: int) -> list[TreatmentRecord]:
    """Every version of one treatment of a patient, the first one first; nothing for another patient's."""
    rows = load_versions(session, TABLE, stable_id)
    return [_record(row) for row in rows if row["patient_id"] == patient_id]


def infusions_assessed_from(session: Session, patient_id: int, from_at: datetime) -> list[int]:
    """The infusions of a patient after which an assessment of this moment or later stands."""
    query = (
        select(_ASSESSMENTS.c.infusion_id)
        .where(
            _ASSESSMENTS.c.patient_id == patient_id,
            _ASSESSMENTS.c.superseded_at.is_(None),
            _ASSESSMENTS.c.status == "recorded",
            _ASSESSMENTS.c.assessed_at >= from_at,
        )
        .distinct()
        .order_by(_ASSESSMENTS.c.infusion_id)
    )
    return list(session.connection().execute(query).scalars())


def fact_of(row: RowMapping) -> Treatment:
    """A stored row as the rules take it."""
    values: dict[str, Any] = {name: row[name] for name in _FACTS}
    unit = values["dose_unit"]
    return Treatment(
        **values | {"drug": Drug(values["drug"]), "dose_unit": None if unit is None else DoseUnit(unit)}
    )


def _record(row: RowMapping) -> TreatmentRecord:
    return TreatmentRecord(
        fact=fact_of(row),
        entered_by=row["display_name"],
        **{
            name: row[name]
            for name in ("version", "confirmed", "note", "reason", "voided", "source", "entered_at")
        },
    )


_STANDING: Final = (
    select(*(_TREATMENTS.c[name] for name in _FACTS))
    .where(_TREATMENTS.c.superseded_at.is_(None), ~_TREATMENTS.c.voided)
    .order_by(_TREATMENTS.c.started_at, _TREATMENTS.c.id)
)
_OF_PATIENT: Final = _STANDING.where(_TREATMENTS.c.patient_id == bindparam("of_patient"))
_INFUSED_AND_GIVEN: Final = (
    select(_INFUSIONS.c.infused_at, *(_TREATMENTS.c[name] for name in _FACTS))
    .outerjoin(
        _TREATMENTS,
        and_(
            _TREATMENTS.c.patient_id == _INFUSIONS.c.patient_id,
            _TREATMENTS.c.superseded_at.is_(None),
            ~_TREATMENTS.c.voided,
            _TREATMENTS.c.drug.in_([drug.value for of in sorted(KEEPS_COURSE_OPEN) for drug in DRUGS[of]]),
        ),
    )
    .where(_INFUSIONS.c.id == bindparam("of_infusion"))
)
