"""What the office reads: patients with infusions and stays, investigators, recipients of alerts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, and_, func, select
from sqlmodel import Session

from db.charted_columns import list_words
from db.models import Record
from db.queries.deaths import died_at
from db.roles import Group, Role
from grading.charted import Sign
from grading.scale import Toxicity
from trial.calendar import StayKind

INFUSION_VALUES: Final = (
    "infused_at",
    "ended_at",
    "weight_kg",
    "total_cells",
    "dose_cells_per_kg",
    "lot",
    "baseline_ice",
)
"""The columns of an infusion that a person fills."""

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_GRADES: Final = Record.metadata.tables["grade"]
_INFUSIONS: Final = Record.metadata.tables["infusion"]
_INFUSION_VERSIONS: Final = Record.metadata.tables["infusion_version"]
_PATIENTS: Final = Record.metadata.tables["patient"]
_RECIPIENTS: Final = Record.metadata.tables["recipient"]
_STAYS: Final = Record.metadata.tables["stay"]
_USERS: Final = Record.metadata.tables["user"]
_STANDS: Final = and_(_ASSESSMENTS.c.superseded_at.is_(None), _ASSESSMENTS.c.status == "recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class InfusionRecord:
    """An infusion as now known."""

    id: int
    patient_id: int
    number: int
    infused_at: datetime
    ended_at: datetime | None
    weight_kg: float | None
    total_cells: float | None
    dose_cells_per_kg: float | None
    lot: str | None
    baseline_ice: int | None
    version: int
    entered_by: str | None
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InfusionVersionRecord:
    """One version of an infusion; `reason` says why it was corrected, None for the first."""

    version: int
    infused_at: datetime
    ended_at: datetime | None
    weight_kg: float | None
    total_cells: float | None
    dose_cells_per_kg: float | None
    lot: str | None
    baseline_ice: int | None
    reason: str | None
    entered_by: str | None
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """A patient with what was known before the infusions, and the infusions, first one first.

    lasting_findings  None where nobody has said; the empty set where there are none
    died_at           after this instant nothing is recorded: `db.queries.deaths`
    enrolled_at       None in screening, and for those who failed it
    screened_at       the start of the screening; None for patients enrolled without one (import)
    """

    id: int
    study_code: str
    sex: str | None
    age_years: int | None
    treating_investigator_id: int | None
    treating_investigator: str | None
    lasting_findings: frozenset[Sign] | None
    lasting_findings_note: str | None
    screened_at: datetime | None
    enrolled_at: datetime | None
    withdrawn_at: datetime | None
    died_at: datetime | None
    infusions: tuple[InfusionRecord, ...]

    def infusion(self, number: int) -> InfusionRecord | None:
        """The first or second infusion, if it is recorded."""
        return next((one for one in self.infusions if one.number == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRecord:
    """A stay as now known; `to_at` None while it lasts."""

    stable_id: str
    version: int
    patient_id: int
    kind: StayKind
    from_at: datetime
    to_at: datetime | None
    reason: str | None
    entered_by: str | None
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRecord:
    """An address that alerts go to; `valid_to` None while it does."""

    id: int
    name: str
    address: str
    group: Group
    valid_from: datetime
    valid_to: datetime | None

    def is_told(self, now: datetime) -> bool:
        """Whether alerts go there now."""
        return self.valid_from <= now and (self.valid_to is None or now < self.valid_to)


@dataclass(frozen=True, slots=True)
class Investigator:
    """Somebody who may be the treating investigator."""

    user_id: int
    display_name: str


@dataclass(frozen=True, slots=True)
class BarringGrade:
    """The first assessment after infusion 1 that bars the second."""

    scale: Toxicity
    grade: int | None
    at_least: int
    assessed_at: datetime


def load_patients(session: Session) -> list[PatientRecord]:
    """Every enrolled patient, by study code."""
    return [patient for patient in load_everyone(session) if patient.enrolled_at is not None]


def load_everyone(session: Session) -> list[PatientRecord]:
    """Every patient, enrolled or in screening, by study code."""
    return _patients(session, None)


def load_patient(session: Session, study_code: str) -> PatientRecord | None:
    """One patient by study code, enrolled or in screening, or None."""
    found = _patients(session, _PATIENTS.c.study_code == study_code)
    return found[0] if found else None


def load_patient_by_id(session: Session, patient_id: int) -> PatientRecord | None:
    """One patient by row id, or None."""
    found = _patients(session, _PATIENTS.c.id == patient_id)
    return found[0] if found else None


def find_study_code(session: Session, study_code: str) -> str | None:
    """The study code as it is stored, whatever the capitals; None where no patient has it."""
    query = select(_PATIENTS.c.study_code).where(func.lower(_PATIENTS.c.study_code) == study_code.lower())
    return session.connection().execute(query).scalar()


def load_infusion_versions(session: Session, infusion_id: int) -> list[InfusionVersionRecord]:
    """Every version of an infusion, the first one first."""
    query = (
        select(_INFUSION_VERSIONS, _USERS.c.display_name.label("author"))
        .outerjoin(_USERS, _USERS.c.id == _INFUSION_VERSIONS.c.entered_by)
        .where(_INFUSION_VERSIONS.c.infusion_id == infusion_id)
        .order_by(_INFUSION_VERSIONS.c.version)
    )
    names = ("version", "reason", "entered_at", *INFUSION_VALUES)
    return [
        InfusionVersionRecord(**{name: row[name] for name in names}, entered_by=row["author"])
        for row in session.connection().execute(query).mappings()
    ]


def load_stays(session: Session, patient_id: int) -> list[StayRecord]:
    """The stays of a patient as now known, earliest first."""
    query = (
        select(_STAYS, _USERS.c.display_name.label("author"))
        .outerjoin(_USERS, _USERS.c.id == _STAYS.c.entered_by)
        .where(_STAYS.c.patient_id == patient_id, _STAYS.c.superseded_at.is_(None), ~_STAYS.c.voided)
        .order_by(_STAYS.c.from_at)
    )
    names = ("stable_id", "version", "patient_id", "from_at", "to_at", "reason", "entered_at")
    return [
        StayRecord(
            **{name: row[name] for name in names}, kind=StayKind(row["kind"]), entered_by=row["author"]
        )
        for row in session.connection().execute(query).mappings()
    ]


def current_stay(session: Session, stable_id: str) -> RowMapping | None:
    """The version of a stay that now stands, voided or not, with the name and role of its author."""
    query = (
        select(_STAYS, _USERS.c.display_name, _USERS.c.role)
        .outerjoin(_USERS, _USERS.c.id == _STAYS.c.entered_by)
        .where(_STAYS.c.stable_id == stable_id, _STAYS.c.superseded_at.is_(None))
    )
    return session.connection().execute(query).mappings().first()


def load_infusion(session: Session, infusion_id: int) -> RowMapping | None:
    """An infusion's row with its study code and the name and role of its author, or None."""
    query = (
        select(_INFUSIONS, _PATIENTS.c.study_code, _USERS.c.display_name, _USERS.c.role)
        .join(_PATIENTS, _PATIENTS.c.id == _INFUSIONS.c.patient_id)
        .outerjoin(_USERS, _USERS.c.id == _INFUSIONS.c.entered_by)
        .where(_INFUSIONS.c.id == infusion_id)
    )
    return session.connection().execute(query).mappings().first()


def first_assessed_at(session: Session, infusion_id: int) -> datetime | None:
    """The earliest assessment after an infusion."""
    query = select(func.min(_ASSESSMENTS.c.assessed_at)).where(
        _ASSESSMENTS.c.infusion_id == infusion_id, _STANDS
    )
    return session.connection().execute(query).scalar()


def barring_grade(session: Session, patient_id: int, bar: int) -> BarringGrade | None:
    """What bars the patient's second infusion: the first proved grade at the bar after the first, or None.

    bar  the protocol's `eligibility.barring_grade`
    """
    query = (
        select(_GRADES.c.scale, _GRADES.c.grade, _GRADES.c.at_least, _ASSESSMENTS.c.assessed_at)
        .join(_ASSESSMENTS, _ASSESSMENTS.c.id == _GRADES.c.assessment_id)
        .join(_INFUSIONS, _INFUSIONS.c.id == _ASSESSMENTS.c.infusion_id)
        .where(
            _INFUSIONS.c.patient_id == patient_id,
            _INFUSIONS.c.number == 1,
            _STANDS,
            _GRADES.c.superseded_at.is_(None),
            _GRADES.c.at_least >= bar,
        )
        .order_by(_ASSESSMENTS.c.assessed_at, _GRADES.c.at_least.desc())
        .limit(1)
    )
    row = session.connection().execute(query).first()
    return None if row is None else BarringGrade(Toxicity(row[0]), row[1], row[2], row[3])


def load_investigators(session: Session) -> list[Investigator]:
    """Every active investigator, by name."""
    query = (
        select(_USERS.c.id, _USERS.c.display_name)
        .where(_USERS.c.role == Role.INVESTIGATOR.value, _USERS.c.is_active)
        .order_by(_USERS.c.display_name)
    )
    return [Investigator(row[0], row[1]) for row in session.connection().execute(query)]


def load_recipients(session: Session) -> list[RecipientRecord]:
    """Every address that alerts ever went to, those still told first, by name."""
    rows = session.connection().execute(
        select(_RECIPIENTS).order_by(
            _RECIPIENTS.c.valid_to.is_not(None), _RECIPIENTS.c.name, _RECIPIENTS.c.id
        )
    )
    names = ("id", "name", "address", "valid_from", "valid_to")
    return [
        RecipientRecord(**{name: row[name] for name in names}, group=Group(row["group"]))
        for row in rows.mappings()
    ]


def _patients(session: Session, which: ColumnElement[bool] | None) -> list[PatientRecord]:
    query = (
        select(
            _PATIENTS,
            _USERS.c.display_name.label("treating_investigator"),
            died_at(_PATIENTS.c.id).label("died_at"),
        )
        .outerjoin(_USERS, _USERS.c.id == _PATIENTS.c.treating_investigator_id)
        .order_by(_PATIENTS.c.study_code)
    )
    rows = session.connection().execute(query if which is None else query.where(which)).mappings().all()
    infusions = _infusions(session, [row["id"] for row in rows] if which is not None else None)
    return [_patient(row, infusions[row["id"]]) for row in rows]


def _infusions(session: Session, patient_ids: list[int] | None) -> dict[int, list[InfusionRecord]]:
    query = (
        select(_INFUSIONS, _USERS.c.display_name.label("author"))
        .outerjoin(_USERS, _USERS.c.id == _INFUSIONS.c.entered_by)
        .order_by(_INFUSIONS.c.number)
    )
    if patient_ids is not None:
        query = query.where(_INFUSIONS.c.patient_id.in_(patient_ids))
    names = ("id", "patient_id", "number", "version", "entered_at", *INFUSION_VALUES)
    found: defaultdict[int, list[InfusionRecord]] = defaultdict(list)
    for row in session.connection().execute(query).mappings():
        record = InfusionRecord(**{name: row[name] for name in names}, entered_by=row["author"])
        found[record.patient_id].append(record)
    return found


def _patient(row: RowMapping, infusions: list[InfusionRecord]) -> PatientRecord:
    names = (
        "id",
        "study_code",
        "sex",
        "age_years",
        "treating_investigator_id",
        "treating_investigator",
        "lasting_findings_note",
        "screened_at",
        "enrolled_at",
        "withdrawn_at",
        "died_at",
    )
    words = list_words(row["lasting_findings"], Sign)
    findings = None if words is None else frozenset(Sign[word.name] for word in words)
    return PatientRecord(
        **{name: row[name] for name in names}, lasting_findings=findings, infusions=tuple(infusions)
    )
