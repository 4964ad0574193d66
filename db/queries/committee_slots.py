"""Which assessments were due after each infusion, and what became of them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries.board import Point, load_points
from db.queries.committee import CommitteeInfusion, CommitteePatient
from trial.calendar import Recorded, due_slots, monitoring_window
from trial.completeness import CourseCount, SlotCount, count_slots
from trial.due import skips_that_count
from trial.protocol import Protocol


def load_completeness(
    session: Session,
    patients: Sequence[CommitteePatient],
    cut_off: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
) -> tuple[CourseCount, ...]:
    """The due assessments of each course up to the cut-off; `patients` are as of it (`committee.as_of`)."""
    ids = [infusion.id for patient in patients for infusion in patient.infusions]
    points = load_points(session, ids, since=None)
    return tuple(
        CourseCount(
            patient.study_code,
            infusion.number,
            _count(patient, infusion, points.get(infusion.id, []), cut_off, protocol, zone),
        )
        for patient in patients
        for infusion in patient.infusions
    )


def _count(
    patient: CommitteePatient,
    infusion: CommitteeInfusion,
    points: Sequence[Point],
    cut_off: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
) -> SlotCount:
    known = [point for point in points if point.at <= cut_off]
    grades = [point.grade_point() for point in known]
    ended_at = patient.ended_at(infusion)
    window = monitoring_window(
        infusion.infused_at, patient.stays, grades, protocol, zone=zone, ended_at=ended_at
    )
    slots = due_slots(
        infusion.infused_at,
        patient.stays,
        grades,
        protocol,
        cut_off if window.to_at is None else min(cut_off, window.to_at),
        zone=zone,
        ended_at=ended_at,
    )
    recorded = [Recorded(point.at, point.vital_signs, point.ice, point.ice_asked_again_at) for point in known]
    return count_slots(slots, recorded, skips_that_count(infusion.skipped, cut_off), cut_off, protocol)
