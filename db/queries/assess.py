"""What the assess page reads: the patient's course so far, the last values, and the entry to correct."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, func, literal, or_, select
from sqlmodel import Session, col

from db.charted_columns import charted_of
from db.models import Assessment, Grade, Infusion, Patient, Recipient, Record, Stay, User
from db.queries.deaths import died_at as died_at_of
from db.queries.skips import load_skips
from db.queries.treatments import load_treatments
from grading.charted import FILE_COLUMNS, Charted
from grading.scale import Toxicity
from trial.calendar import GradePoint, Recorded, StayKind, StayPeriod
from trial.due import SkippedSlot
from trial.refusals import asked_again_at
from trial.treatments import Treatment

CONTENT: Final = tuple(
    name for name in FILE_COLUMNS if name not in ("patient_id", "infusion_number", "assessed_at")
)
"""The columns of an assessment that a person fills, in file order."""

_ICE_ITEMS: Final = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention")


@dataclass(frozen=True, slots=True)
class LastValue:
    """The newest recorded value of one column after this infusion, and when it was observed."""

    value: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """One current assessment of the course: when it was observed, what was charted, how it was graded."""

    stable_id: str
    at: datetime
    charted: Charted
    recorded: Recorded
    grades: GradePoint


@dataclass(frozen=True, slots=True)
class AssessFacts:
    """Everything the page needs to know of one infusion.

    course      current, recorded assessments by time observed
    last        column -> last value; "ice" holds the last total
    died_at     after it nothing is recorded (`db.queries.deaths`); `last_at` is the latest row of all
    treatments  of the patient, earliest first
    """

    patient_id: int
    code: str
    infusion_id: int
    number: int
    infused_at: datetime
    baseline_ice: int | None
    lasting_findings: tuple[str, ...]
    lasting_note: str | None
    withdrawn_at: datetime | None
    course: tuple[Entered, ...]
    last: Mapping[str, LastValue]
    stays: tuple[StayPeriod, ...]
    skipped: tuple[SkippedSlot, ...]
    died_at: datetime | None
    last_at: datetime | None
    treatments: tuple[Treatment, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """An infusion that an entry may belong to."""

    code: str
    number: int
    infused_at: datetime


@dataclass(frozen=True, slots=True)
class EntryToCorrect:
    """The current version of one entry; `columns` holds only what is recorded."""

    stable_id: str
    version: int
    is_voided: bool
    code: str
    infusion_number: int
    assessed_at: datetime
    entered_at: datetime
    entered_by: str
    columns: Mapping[str, Any]


def load_assess(
    session: Session, code: str, now: datetime, *, number: int | None = None, besides: str | None = None
) -> AssessFacts | None:
    """The facts of a patient's infusion: `number`, or the latest up to now. None where there is none.

    `besides` leaves out the entry that is being corrected.
    """
    patient = session.execute(
        select(
            col(Patient.id),
            col(Patient.lasting_findings),
            col(Patient.lasting_findings_note),
            col(Patient.withdrawn_at),
            col(Infusion.id),
            col(Infusion.number),
            col(Infusion.infused_at),
            col(Infusion.baseline_ice),
        )
        .join(Infusion, col(Infusion.patient_id) == Patient.id)
        .where(
            col(Patient.study_code) == code,
            col(Infusion.infused_at) <= now if number is None else col(Infusion.number) == number,
        )
        .order_by(col(Infusion.number).desc())
    ).first()
    if patient is None:
        return None
    patient_id, findings, note, withdrawn_at, infusion_id, found_number, infused_at, baseline_ice = tuple(
        patient
    )
    rows = _rows(session, infusion_id, besides)
    grades = _grades(session, infusion_id)
    died_at, last_at = _limits(session, patient_id, besides)
    return AssessFacts(
        patient_id=patient_id,
        code=code,
        infusion_id=infusion_id,
        number=found_number,
        infused_at=infused_at,
        baseline_ice=baseline_ice,
        lasting_findings=tuple(findings.split(";")) if findings and findings != "none" else (),
        lasting_note=note,
        withdrawn_at=withdrawn_at,
        course=tuple(_entered(row, grades) for row in rows),
        last=_last_values(rows),
        stays=_stays(session, patient_id),
        skipped=tuple(load_skips(session, [infusion_id])[infusion_id]),
        died_at=died_at,
        last_at=last_at,
        treatments=tuple(load_treatments(session, patient_id)),
    )


def is_enrolled(session: Session, code: str) -> bool:
    """Whether a patient with this study code is enrolled; one in screening is not."""
    query = select(col(Patient.id)).where(
        col(Patient.study_code) == code, col(Patient.enrolled_at).is_not(None)
    )
    return session.execute(query).first() is not None


def load_entry(session: Session, stable_id: str) -> EntryToCorrect | None:
    """The current version of an entry, voided or not."""
    row = (
        session.execute(
            select(
                *Assessment.__table__.columns,  # type: ignore[attr-defined]
                col(Patient.study_code).label("study_code"),
                col(Infusion.number).label("infusion_number"),
                col(User.display_name).label("entered_by_name"),
            )
            .join(Patient, col(Patient.id) == Assessment.patient_id)
            .join(Infusion, col(Infusion.id) == Assessment.infusion_id)
            .outerjoin(User, col(User.id) == Assessment.entered_by)
            .where(col(Assessment.stable_id) == stable_id, col(Assessment.superseded_at).is_(None))
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    return EntryToCorrect(
        stable_id=stable_id,
        version=row["version"],
        is_voided=row["status"] == "voided",
        code=row["study_code"],
        infusion_number=row["infusion_number"],
        assessed_at=row["assessed_at"],
        entered_at=row["entered_at"],
        entered_by=row["entered_by_name"] or "the program",
        columns={name: row[name] for name in CONTENT if row[name] is not None},
    )


def load_places(session: Session) -> list[Place]:
    """Every infusion: where an entry may be moved to."""
    query = (
        select(col(Patient.study_code), col(Infusion.number), col(Infusion.infused_at))
        .join(Infusion, col(Infusion.patient_id) == Patient.id)
        .order_by(col(Patient.study_code), col(Infusion.number))
    )
    return [Place(*row) for row in session.execute(query)]


def count_recipients(session: Session, now: datetime) -> int:
    """How many people alerts go to now."""
    query = select(func.count()).where(
        col(Recipient.valid_from) <= now,
        or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now),
    )
    return int(session.execute(query).scalar_one())


def _rows(session: Session, infusion_id: int, besides: str | None) -> Sequence[RowMapping]:
    query = (
        select(*Assessment.__table__.columns)  # type: ignore[attr-defined]
        .where(
            col(Assessment.infusion_id) == infusion_id,
            col(Assessment.superseded_at).is_(None),
            col(Assessment.status) == "recorded",
        )
        .order_by(col(Assessment.assessed_at))
    )
    if besides is not None:
        query = query.where(col(Assessment.stable_id) != besides)
    return session.execute(query).mappings().all()


_Grades = Mapping[tuple[int, Toxicity], tuple[int | None, int]]
_OPEN: Final = (None, 0)


def _grades(session: Session, infusion_id: int) -> _Grades:
    query = select(col(Grade.assessment_id), col(Grade.scale), col(Grade.grade), col(Grade.at_least)).where(
        col(Grade.infusion_id) == infusion_id, col(Grade.superseded_at).is_(None)
    )
    return {(row[0], Toxicity(row[1])): (row[2], row[3]) for row in session.execute(query)}


def _entered(row: RowMapping, grades: _Grades) -> Entered:
    ice = (
        row["ice_score"] is not None
        or row["ice_not_done"] is not None
        or all(row[item] is not None for item in _ICE_ITEMS)
    )
    vital_signs = all(row[name] is not None for name in ("temperature_c", "systolic_mmhg", "spo2_percent"))
    again = asked_again_at(row["ice_not_done"], row["comment"], row["assessed_at"])
    crs, icans = (grades.get((row["id"], scale), _OPEN) for scale in Toxicity)
    return Entered(
        stable_id=row["stable_id"],
        at=row["assessed_at"],
        charted=charted_of(row),
        recorded=Recorded(row["assessed_at"], vital_signs, ice, again),
        grades=GradePoint(row["assessed_at"], *crs, *icans),
    )


def _last_values(rows: Sequence[RowMapping]) -> dict[str, LastValue]:
    last: dict[str, LastValue] = {}
    for row in rows:
        last |= {name: LastValue(row[name], row["assessed_at"]) for name in CONTENT if row[name] is not None}
        points = [row[item] for item in _ICE_ITEMS]
        total = row["ice_score"] if row["ice_score"] is not None else None
        if total is None and None not in points:
            total = sum(points)
        if total is not None:
            last["ice"] = LastValue(total, row["assessed_at"])
    return last


def _limits(
    session: Session, patient_id: int, besides: str | None
) -> tuple[datetime | None, datetime | None]:
    """When the patient died, and the latest assessment, after either infusion."""
    stands = [
        col(Assessment.patient_id) == patient_id,
        col(Assessment.superseded_at).is_(None),
        col(Assessment.status) == "recorded",
    ]
    if besides is not None:
        stands.append(col(Assessment.stable_id) != besides)
    patients = Record.metadata.tables["patient"]
    died = select(died_at_of(patients.c.id, besides=literal(besides or ""))).where(
        patients.c.id == patient_id
    )
    latest = select(func.max(col(Assessment.assessed_at))).where(*stands)
    return session.execute(died).scalar_one(), session.execute(latest).scalar_one()


def _stays(session: Session, patient_id: int) -> tuple[StayPeriod, ...]:
    query = (
        select(col(Stay.kind), col(Stay.from_at), col(Stay.to_at))
        .where(
            col(Stay.patient_id) == patient_id, col(Stay.superseded_at).is_(None), col(Stay.voided).is_(False)
        )
        .order_by(col(Stay.from_at))
    )
    return tuple(StayPeriod(StayKind(row[0]), row[1], row[2]) for row in session.execute(query))
