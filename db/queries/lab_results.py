"""Laboratory results as they stand, and what their grading needs to know of a patient."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, bindparam, select
from sqlmodel import Session

from db.models import Record
from db.queries.deaths import load_death, load_deaths
from db.queries.ends import Ends, load_ends
from db.queries.records import load_standing, load_versions
from db.queries.treatments import load_treatments, load_treatments_of_all
from grading.units import Analyte
from trial.blood_counts import TrialCourse
from trial.laboratory import LabRow
from trial.treatments import Treatment

TABLE: Final = "lab_result"
_RESULTS: Final = Record.metadata.tables[TABLE]
_INFUSIONS: Final = Record.metadata.tables["infusion"]
_ANALYTES: Final = {analyte.value: analyte for analyte in Analyte}
_STANDING: Final = (
    select(
        _RESULTS.c.analyte,
        _RESULTS.c.taken_at,
        _RESULTS.c.value,
        _RESULTS.c.unit,
        _RESULTS.c.lln,
        _RESULTS.c.uln,
        _RESULTS.c.stable_id,
    )
    .where(_RESULTS.c.superseded_at.is_(None), ~_RESULTS.c.voided)
    .order_by(_RESULTS.c.taken_at, _RESULTS.c.id)
)
_OF_PATIENT: Final = _STANDING.where(_RESULTS.c.patient_id == bindparam("of_patient"))
_OF_ALL: Final = _STANDING.add_columns(_RESULTS.c.patient_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRecord:
    """A result, with who entered this version of it; `entered_by` None for the program."""

    row: LabRow
    version: int
    confirmed: bool
    reason: str | None
    voided: bool
    source: str
    entered_by: str | None
    entered_at: datetime


def load_lab_rows(session: Session, patient_id: int) -> list[LabRow]:
    """The results of a patient that stand, earliest first."""
    rows = session.connection().execute(_OF_PATIENT, {"of_patient": patient_id})
    return [LabRow(_ANALYTES[row[0]], *row[1:]) for row in rows]


def load_lab_rows_of_all(session: Session) -> dict[int, list[LabRow]]:
    """The same of every patient, by patient id."""
    found: defaultdict[int, list[LabRow]] = defaultdict(list)
    for analyte, *values, patient_id in session.connection().execute(_OF_ALL):
        found[patient_id].append(LabRow(_ANALYTES[analyte], *values))
    return dict(found)


def load_lab_records(session: Session, patient_id: int) -> list[LabRecord]:
    """What stands with who entered it, newest sample first, each sample in the order of the analytes."""
    records = [_record(row) for row in load_standing(session, TABLE, patient_id)]
    order = list(Analyte)
    in_order = sorted(records, key=lambda one: order.index(one.row.analyte))
    return sorted(in_order, key=lambda one: one.row.taken_at, reverse=True)


def load_lab_versions(session: Session, stable_id: str, patient_id: int) -> list[LabRecord]:
    """Every version of one result of a patient, the first one first; nothing for another patient's."""
    rows = load_versions(session, TABLE, stable_id)
    return [_record(row) for row in rows if row["patient_id"] == patient_id]


def load_all_versions_at(
    session: Session, patient_id: int, moments: Iterable[datetime]
) -> dict[tuple[str, datetime], list[RowMapping]]:
    """Analyte and time of the sample -> every version ever stored there, withdrawn ones too."""
    wanted = set(moments)
    found: defaultdict[tuple[str, datetime], list[RowMapping]] = defaultdict(list)
    query = select(_RESULTS).where(
        _RESULTS.c.patient_id == patient_id,
        _RESULTS.c.taken_at >= min(wanted),
        _RESULTS.c.taken_at <= max(wanted),
    )
    for row in session.connection().execute(query).mappings():
        found[row["analyte"], row["taken_at"]].append(row)
    return found


def load_trial_course(session: Session, patient_id: int, zone: ZoneInfo) -> TrialCourse:
    """The infusions, treatments and ends of one patient, for the grading of blood counts."""
    infusions = _load_infusions(session, patient_id).get(patient_id, {})
    death = load_death(session, patient_id)
    ends = load_ends(session, [patient_id]).get(patient_id, Ends())
    died_on = None if death is None else death.on(zone)
    return _course(infusions, load_treatments(session, patient_id), died_on, ends)


def load_trial_courses(session: Session, zone: ZoneInfo) -> dict[int, TrialCourse]:
    """The same of every patient who was infused, by patient id."""
    infusions = _load_infusions(session)
    treatments = load_treatments_of_all(session)
    died_on = {patient_id: death.on(zone) for patient_id, death in load_deaths(session).items()}
    ends = load_ends(session)
    return {
        patient_id: _course(
            infused, treatments.get(patient_id, []), died_on.get(patient_id), ends.get(patient_id, Ends())
        )
        for patient_id, infused in infusions.items()
    }


def _course(
    infused_at: Mapping[int, datetime], treatments: list[Treatment], died_on: date | None, ends: Ends
) -> TrialCourse:
    return TrialCourse(
        infused_at=infused_at,
        treatments=treatments,
        died_on=died_on,
        progressed_on=ends.progressed_on,
        left_on=ends.left_on,
        new_therapy_on=ends.new_therapy_on,
    )


def _load_infusions(session: Session, patient_id: int | None = None) -> dict[int, dict[int, datetime]]:
    query = select(_INFUSIONS.c.patient_id, _INFUSIONS.c.number, _INFUSIONS.c.infused_at)
    if patient_id is not None:
        query = query.where(_INFUSIONS.c.patient_id == patient_id)
    found: defaultdict[int, dict[int, datetime]] = defaultdict(dict)
    for of_patient, number, infused_at in session.connection().execute(query):
        found[of_patient][number] = infused_at
    return dict(found)


def _record(row: RowMapping) -> LabRecord:
    values: dict[str, Any] = {
        name: row[name] for name in ("version", "confirmed", "reason", "voided", "source", "entered_at")
    }
    names = ("taken_at", "value", "unit", "lln", "uln", "stable_id")
    result = LabRow(_ANALYTES[row["analyte"]], *(row[name] for name in names))
    return LabRecord(row=result, entered_by=row["display_name"], **values)
