"""What the patient page reads of a patient: coded facts, infusions, stays, and what was skipped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from db.models import Alert, AuditEvent, Infusion, Patient, Stay, User
from db.queries.deaths import load_death
from db.queries.screening import ScreeningRecord, load_screening
from db.queries.skips import load_skips
from grading.charted import Sign
from trial.calendar import StayKind, StayPeriod
from trial.due import SkippedSlot


@dataclass(frozen=True, slots=True)
class InfusionRow:
    """The first or second infusion as now known."""

    id: int
    number: int
    infused_at: datetime
    baseline_ice: int | None


@dataclass(frozen=True, slots=True)
class StayRow:
    """A period on the ward, in intensive care or at home, as now known."""

    kind: StayKind
    from_at: datetime
    to_at: datetime | None
    reason: str | None

    @property
    def period(self) -> StayPeriod:
        """The stay, as the calendar takes it."""
        return StayPeriod(self.kind, self.from_at, self.to_at)


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """One patient: coded facts, infusions by number, stays by time. `died_at` as in `db.queries.deaths`.

    `enrolled_at` is None in screening; `screening` are the facts for the enrolment that stand.
    """

    id: int
    study_code: str
    sex: str | None
    age_years: int | None
    treating_investigator: str | None
    lasting_findings: tuple[Sign, ...]
    lasting_findings_note: str | None
    enrolled_at: datetime | None
    withdrawn_at: datetime | None
    died_at: datetime | None
    infusions: tuple[InfusionRow, ...]
    stays: tuple[StayRow, ...]
    screening: ScreeningRecord | None = None

    def ended_at(self, infusion: InfusionRow) -> datetime | None:
        """What ends the monitoring after this infusion: death, withdrawal or the next infusion."""
        later = [other.infused_at for other in self.infusions if other.number > infusion.number]
        ends = [at for at in (self.died_at, self.withdrawn_at, *later) if at is not None]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class PatientName:
    """A patient to choose from."""

    study_code: str
    infusions: int


def data_version(session: Session) -> tuple[str, int]:
    """The database and its newest audit event: as long as both are the same, so is every picture."""
    newest = session.connection().execute(_NEWEST).scalar_one()
    return str(session.get_bind().engine.url), newest or 0


def list_patients(session: Session) -> list[PatientName]:
    """Every enrolled patient by study code, with how often infused."""
    query = (
        select(col(Patient.study_code), func.count(col(Infusion.id)))
        .outerjoin(Infusion, col(Infusion.patient_id) == col(Patient.id))
        .where(col(Patient.enrolled_at).is_not(None))
        .group_by(col(Patient.study_code))
        .order_by(col(Patient.study_code))
    )
    return [PatientName(code, infusions) for code, infusions in session.connection().execute(query)]


def load_patient(session: Session, study_code: str) -> PatientRecord | None:
    """The patient with this study code, or None."""
    query = (
        select(*_PATIENT_COLUMNS, col(User.display_name))
        .outerjoin(User, col(User.id) == col(Patient.treating_investigator_id))
        .where(col(Patient.study_code) == study_code)
    )
    row = session.connection().execute(query).mappings().first()
    if row is None:
        return None
    death = load_death(session, row["id"])
    return PatientRecord(
        id=row["id"],
        study_code=row["study_code"],
        sex=row["sex"],
        age_years=row["age_years"],
        treating_investigator=row["display_name"],
        lasting_findings=_signs(row["lasting_findings"]),
        lasting_findings_note=row["lasting_findings_note"],
        enrolled_at=row["enrolled_at"],
        withdrawn_at=row["withdrawn_at"],
        died_at=death.at if death else None,
        infusions=_infusions(session, row["id"]),
        stays=_stays(session, row["id"]),
        screening=load_screening(session, row["id"]),
    )


def has_live_alert(session: Session, infusion_id: int) -> bool:
    """Whether an alert after this infusion is not over."""
    query = select(func.count(col(Alert.id))).where(
        col(Alert.infusion_id) == infusion_id, col(Alert.closed_at).is_(None)
    )
    return bool(session.connection().execute(query).scalar_one())


def load_skipped(session: Session, infusion_id: int) -> tuple[SkippedSlot, ...]:
    """What was not done after one infusion, with its reason, in the order in which it was entered."""
    return tuple(load_skips(session, [infusion_id])[infusion_id])


_NEWEST: Final = select(func.max(col(AuditEvent.id)))
_PATIENT_COLUMNS: Final = (
    col(Patient.id),
    col(Patient.study_code),
    col(Patient.sex),
    col(Patient.age_years),
    col(Patient.lasting_findings),
    col(Patient.lasting_findings_note),
    col(Patient.enrolled_at),
    col(Patient.withdrawn_at),
)


def _infusions(session: Session, patient_id: int) -> tuple[InfusionRow, ...]:
    query = (
        select(col(Infusion.id), col(Infusion.number), col(Infusion.infused_at), col(Infusion.baseline_ice))
        .where(col(Infusion.patient_id) == patient_id)
        .order_by(col(Infusion.number))
    )
    rows = session.connection().execute(query)
    return tuple(
        InfusionRow(infusion_id or 0, number, infused_at, baseline_ice)
        for infusion_id, number, infused_at, baseline_ice in rows
    )


def _stays(session: Session, patient_id: int) -> tuple[StayRow, ...]:
    query = (
        select(col(Stay.kind), col(Stay.from_at), col(Stay.to_at), col(Stay.reason))
        .where(
            col(Stay.patient_id) == patient_id, col(Stay.superseded_at).is_(None), col(Stay.voided).is_(False)
        )
        .order_by(col(Stay.from_at))
    )
    rows = session.connection().execute(query)
    return tuple(StayRow(StayKind(kind), from_at, to_at, reason) for kind, from_at, to_at, reason in rows)


def _signs(words: str | None) -> tuple[Sign, ...]:
    chosen = [] if words is None else words.split(";")
    return tuple(sign for sign in Sign if sign.value in chosen)
