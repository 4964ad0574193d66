"""What the ward board reads: everyone in a monitoring window, with what was last recorded.

Every write leaves an audit event or a new row, so the board's records are read again only when something was
written; between two writes a refresh costs one small query. Alerts and their mails are read each time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from db.models import (
    Assessment,
    AuditEvent,
    Grade,
    Infusion,
    Patient,
    PatientDay,
    SkippedAssessment,
    Stay,
)
from db.queries.deaths import the_dead
from db.queries.skips import load_skips
from grading.scale import Toxicity
from trial.calendar import GradePoint, SlotKind, StayKind, StayPeriod, monitoring_window
from trial.due import SkippedSlot
from trial.protocol import Protocol
from trial.refusals import asked_again_at, still_counts

LOOK_BACK: Final = timedelta(hours=26)
"""How far back grades are read for everyone: the 24 h of the arrow and a little more."""

RELOAD_AFTER: Final = timedelta(minutes=5)
"""A board read longer ago is read again, also when nothing was written: its look-back moves on."""

_AT_ONCE: Final = 500
_VITAL_SIGNS: Final = ("temperature_c", "systolic_mmhg", "spo2_percent")
_ICE_ITEMS: Final = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention")

# Made once: every refresh of every board asks these two.
_NEWEST: Final = select(
    *(
        select(func.max(col(table.id))).scalar_subquery()
        for table in (AuditEvent, Assessment, Grade, Stay, Infusion, Patient, SkippedAssessment)
    )
)
_MISSING: Final = select(col(Grade.assessment_id), col(Grade.scale), col(Grade.missing)).where(
    col(Grade.assessment_id).in_(bindparam("ids", expanding=True)),
    col(Grade.superseded_at).is_(None),
    col(Grade.missing) != "",
)

Missing = dict[tuple[int, Toxicity], tuple[str, ...]]
"""(version row of an assessment, toxicity) -> the columns that would settle the grade."""


@dataclass(frozen=True, slots=True)
class Point:
    """One assessment as the board needs it: what kinds of due assessment it meets, and its grades.

    `ice_asked_again_at` as in `trial.calendar.Recorded`.
    """

    at: datetime
    assessment_id: int
    vital_signs: bool
    ice: bool
    crs_grade: int | None
    crs_at_least: int
    icans_grade: int | None
    icans_at_least: int
    ice_asked_again_at: datetime | None = None

    def holds(self, kind: SlotKind, now: datetime) -> bool:
        """Whether this kind was recorded, and still counts."""
        if kind is SlotKind.VITAL_SIGNS:
            return self.vital_signs
        return self.ice and still_counts(self.ice_asked_again_at, now)

    def of(self, scale: Toxicity) -> tuple[int | None, int]:
        """The grade (None while unsettled) and what is proved, of one toxicity."""
        if scale is Toxicity.CRS:
            return self.crs_grade, self.crs_at_least
        return self.icans_grade, self.icans_at_least

    def grade_point(self) -> GradePoint:
        """The same for the calendar."""
        return GradePoint(self.at, self.crs_grade, self.crs_at_least, self.icans_grade, self.icans_at_least)


@dataclass(frozen=True, slots=True)
class BoardPatient:
    """One patient in a monitoring window; `points` by time observed, whole while the window is overstayed."""

    patient_id: int
    code: str
    infusion_id: int
    number: int
    infused_at: datetime
    stays: tuple[StayPeriod, ...]
    skipped: tuple[SkippedSlot, ...]
    points: tuple[Point, ...]
    whole_course: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    patient_id: int
    code: str
    infusion_id: int
    number: int
    infused_at: datetime


_Version = tuple[object, ...]
_kept: dict[str, tuple[_Version, datetime, list[BoardPatient]]] = {}


def load_board(session: Session, now: datetime, protocol: Protocol, *, zone: ZoneInfo) -> list[BoardPatient]:
    """Everyone on the board: in a monitoring window, alive, not withdrawn, and not at home."""
    address = str(session.get_bind().engine.url)
    version = (protocol.hash, zone.key, *_data_version(session))
    kept = _kept.get(address)
    if kept is not None and kept[0] == version and timedelta(0) <= now - kept[1] < RELOAD_AFTER:
        return [patient for patient in kept[2] if is_monitored(patient, now, protocol, zone)]
    patients = _read_board(session, now, protocol, zone)
    _kept[address] = (version, now, patients)
    return [patient for patient in patients if is_monitored(patient, now, protocol, zone)]


def is_monitored(patient: BoardPatient, now: datetime, protocol: Protocol, zone: ZoneInfo) -> bool:
    """Whether the patient is in the monitoring window and not at home at this instant."""
    grades = [point.grade_point() for point in patient.points] if patient.whole_course else []
    window = monitoring_window(patient.infused_at, patient.stays, grades, protocol, zone=zone)
    return window.covers(now)


def load_missing(session: Session, assessment_ids: Iterable[int]) -> Missing:
    """Which columns would settle the grades of these assessments (version rows)."""
    found: Missing = {}
    for some in _parts(sorted(assessment_ids)):
        rows = session.connection().execute(_MISSING, {"ids": some})
        found |= {(row[0], Toxicity(row[1])): tuple(row[2].split(";")) for row in rows}
    return found


def _data_version(session: Session) -> tuple[Any, ...]:
    """Numbers that change with every write the board could show."""
    return tuple(session.connection().execute(_NEWEST).one())


def _read_board(session: Session, now: datetime, protocol: Protocol, zone: ZoneInfo) -> list[BoardPatient]:
    candidates = _candidates(session, now, protocol)
    by_patient = _stays(session, [one.patient_id for one in candidates])
    ids = [one.infusion_id for one in candidates]
    skipped = {one: rows for some in _parts(ids) for one, rows in load_skips(session, some).items()}
    points = load_points(session, ids, since=now - LOOK_BACK)
    old_from = now - timedelta(days=protocol.monitoring_days)
    whole = {
        one.infusion_id
        for one in candidates
        if one.infused_at <= old_from or not _says_enough(points.get(one.infusion_id, ()))
    }
    points |= load_points(session, sorted(whole), since=None)
    return [
        BoardPatient(
            patient_id=one.patient_id,
            code=one.code,
            infusion_id=one.infusion_id,
            number=one.number,
            infused_at=one.infused_at,
            stays=tuple(by_patient.get(one.patient_id, ())),
            skipped=tuple(skipped.get(one.infusion_id, ())),
            points=tuple(points.get(one.infusion_id, ())),
            whole_course=one.infusion_id in whole,
        )
        for one in candidates
    ]


def _candidates(session: Session, now: datetime, protocol: Protocol) -> list[_Candidate]:
    """The latest infusion of everyone alive, not withdrawn and not at home, but those long clear."""
    later = aliased(Infusion)
    at_home = exists().where(
        col(Stay.patient_id) == Patient.id,
        col(Stay.superseded_at).is_(None),
        col(Stay.voided).is_(False),
        col(Stay.kind) == StayKind.HOME.value,
        col(Stay.from_at) <= now,
        or_(col(Stay.to_at).is_(None), col(Stay.to_at) > now + RELOAD_AFTER),
    )
    has_later = exists().where(
        col(later.patient_id) == Patient.id, col(later.number) > Infusion.number, col(later.infused_at) <= now
    )
    # One day more than the window: days are the hospital's, instants are not.
    young = col(Infusion.infused_at) > now - timedelta(days=protocol.monitoring_days + 1)
    query = (
        select(
            col(Patient.id),
            col(Patient.study_code),
            col(Infusion.id),
            col(Infusion.number),
            col(Infusion.infused_at),
        )
        .join(Infusion, col(Infusion.patient_id) == Patient.id)
        .where(
            col(Patient.withdrawn_at).is_(None),
            col(Infusion.infused_at) <= now + RELOAD_AFTER,
            ~has_later,
            col(Patient.id).not_in(the_dead()),
            ~at_home,
            or_(young, ~_long_clear(protocol)),
        )
    )
    return [_Candidate(*row) for row in session.execute(query)]


def _long_clear(protocol: Protocol) -> ColumnElement[bool]:
    """Days prove that both toxicities were settled at 0 for the protocol's hours at the end of the course.

    Cautious on purpose: who is not recognised here is judged by the calendar, on every grade.
    """
    days = timedelta(hours=protocol.settled_hours).days + 1
    return and_(*(_scale_long_clear(scale, days) for scale in Toxicity))


def _scale_long_clear(scale: Toxicity, days: int) -> ColumnElement[bool]:
    sign, zero = aliased(PatientDay), aliased(PatientDay)
    last_sign = (
        select(func.coalesce(func.max(col(sign.days_since_infusion)), -1))
        .where(
            col(sign.infusion_id) == Infusion.id,
            col(sign.scale) == scale.value,
            col(sign.worst_at_least) > 0,
        )
        .correlate(Infusion)
        .scalar_subquery()
    )
    clear = (
        select(func.max(col(zero.days_since_infusion)) - func.min(col(zero.days_since_infusion)))
        .where(
            col(zero.infusion_id) == Infusion.id,
            col(zero.scale) == scale.value,
            col(zero.worst_at_least) == 0,
            col(zero.settled),
            col(zero.days_since_infusion) > last_sign,
        )
        .correlate(Infusion)
        .scalar_subquery()
    )
    return func.coalesce(clear, 0) > days


def _says_enough(points: Sequence[Point]) -> bool:
    """Whether the look-back holds a settled grade of both toxicities and an entry of both kinds."""
    return (
        any(point.crs_grade is not None for point in points)
        and any(point.icans_grade is not None for point in points)
        and any(point.vital_signs for point in points)
        and any(point.ice and point.ice_asked_again_at is None for point in points)
    )


def load_points(
    session: Session, infusion_ids: Sequence[int], *, since: datetime | None
) -> dict[int, list[Point]]:
    """Infusion -> its assessments by time observed, from `since` on or all."""
    crs, icans = aliased(Grade), aliased(Grade)
    ice = or_(
        col(Assessment.ice_score).is_not(None),
        col(Assessment.ice_not_done).is_not(None),
        _all_recorded(_ICE_ITEMS),
    )
    found: dict[int, list[Point]] = defaultdict(list)
    for some in _parts(infusion_ids):
        query = (
            select(
                col(Assessment.infusion_id),
                col(Assessment.assessed_at),
                col(Assessment.id),
                _all_recorded(_VITAL_SIGNS),
                ice,
                col(crs.grade),
                col(crs.at_least),
                col(icans.grade),
                col(icans.at_least),
                col(Assessment.ice_not_done),
                # One letter says that there is an explanation, and keeps free text out of memory.
                func.substr(col(Assessment.comment), 1, 1),
            )
            .join(crs, _current_grade(crs, Toxicity.CRS))
            .join(icans, _current_grade(icans, Toxicity.ICANS))
            .where(
                col(Assessment.infusion_id).in_(some),
                col(Assessment.superseded_at).is_(None),
                col(Assessment.status) == "recorded",
            )
            .order_by(col(Assessment.infusion_id), col(Assessment.assessed_at))
        )
        if since is not None:
            query = query.where(col(Assessment.assessed_at) >= since)
        for row in session.execute(query):
            found[row[0]].append(_point(row))
    return found


def _all_recorded(columns: Iterable[str]) -> ColumnElement[bool]:
    return and_(*(getattr(Assessment, name).is_not(None) for name in columns))


def _point(row: Row[Any]) -> Point:
    *values, not_done, comment = tuple(row)
    at = values[1]
    again = asked_again_at(not_done, comment, at)
    point = Point(at, values[2], bool(values[3]), bool(values[4]), *values[5:9])
    return point if again is None else replace(point, ice_asked_again_at=again)


def _current_grade(grade: type[Grade], scale: Toxicity) -> ColumnElement[bool]:
    return and_(
        col(grade.assessment_id) == Assessment.id,
        col(grade.scale) == scale.value,
        col(grade.superseded_at).is_(None),
    )


def _stays(session: Session, patient_ids: Sequence[int]) -> Mapping[int, list[StayPeriod]]:
    found: dict[int, list[StayPeriod]] = defaultdict(list)
    for some in _parts(patient_ids):
        query = (
            select(col(Stay.patient_id), col(Stay.kind), col(Stay.from_at), col(Stay.to_at))
            .where(
                col(Stay.patient_id).in_(some), col(Stay.superseded_at).is_(None), col(Stay.voided).is_(False)
            )
            .order_by(col(Stay.from_at))
        )
        for patient_id, kind, from_at, to_at in session.execute(query):
            found[patient_id].append(StayPeriod(StayKind(kind), from_at, to_at))
    return found


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """A statement takes a limited number of values."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
