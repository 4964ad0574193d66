"""What the database says about a course and its alerts, as the values that the signals are made from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from alerts.model import AssessmentFact, Bar, CourseFacts, FactGrade, Monitoring
from alerts.support import SUPPORT_COLUMNS, support_of
from db.models import (
    Alert,
    Assessment,
    BarRelease,
    Grade,
    Infusion,
    Patient,
    Record,
    Stay,
    User,
)
from db.queries.deaths import died_at
from db.queries.skips import load_skips
from db.roles import Role
from grading.charted import Sign
from grading.scale import Toxicity
from trial.calendar import StayKind, StayPeriod
from trial.due import skips_that_count
from trial.protocol import Protocol
from trial.refusals import asked_again_at
from trial.second_infusion_facts import Release

_RISEN: Final = 2  # a rise by two grades ends at least here
_ICE_ITEMS: Final = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention")

_SUPPORTED: Final[ColumnElement[bool]] = or_(
    col(Assessment.vasopressors).not_in(("none", "dobutamine")),
    col(Assessment.systolic_mmhg) < bindparam("low_systolic"),
    col(Assessment.spo2_percent) < bindparam("low_spo2"),
    col(Assessment.iv_fluid_bolus) == "yes",
    col(Assessment.hypotension) == "yes",
    col(Assessment.hypoxia) == "yes",
    col(Assessment.oxygen_device) != "room_air",
    col(Assessment.oxygen_l_per_min) > 0,
)
# Made once: every entry asks it.
_ANYTHING: Final = select(
    exists().where(
        col(Grade.infusion_id) == bindparam("infusion"),
        col(Grade.superseded_at).is_(None),
        col(Grade.at_least) >= bindparam("telling"),
    )
    | exists().where(col(Alert.infusion_id) == bindparam("infusion"))
    | exists().where(
        col(Assessment.infusion_id) == bindparam("infusion"),
        col(Assessment.superseded_at).is_(None),
        _SUPPORTED,
    )
    # Also one that was withdrawn: a stopping rule may have been reached by it.
    | exists().where(
        col(Assessment.infusion_id) == bindparam("infusion"), col(Assessment.death_due_to).is_not(None)
    )
)


def anything_to_tell(session: Session, infusion_id: int, protocol: Protocol) -> bool:
    """Whether an entry can have raised or changed an alert: most entries of well patients stop here.

    What only the clock raises is found by the sweep.
    """
    session.flush()
    values = {
        "infusion": infusion_id,
        "telling": min(_RISEN, protocol.eligibility.barring_grade),
        "low_systolic": protocol.grading.low_systolic_mmhg,
        "low_spo2": protocol.grading.low_spo2_percent,
    }
    return bool(session.connection().execute(_ANYTHING, values).scalar_one())


def load_course_facts(
    session: Session, infusion_id: int, now: datetime, protocol: Protocol, zone: ZoneInfo
) -> CourseFacts:
    """The assessments that stand after one infusion, with their current grades, in time order."""
    session.flush()
    place = session.connection().execute(_PLACE, {"infusion": infusion_id}).mappings().one()
    lasting = frozenset(Sign(word) for word in _words(place["lasting_findings"]))
    by_assessment: defaultdict[int, dict[str, RowMapping]] = defaultdict(dict)
    for row in session.connection().execute(_COURSE, {"infusion": infusion_id}).mappings():
        by_assessment[row["id"]][row["scale"]] = row
    return CourseFacts(
        infusion_id,
        tuple(_fact(scales, protocol, lasting) for scales in by_assessment.values()),
        _monitoring(session, infusion_id, place, now, zone),
        _bar(session, place) if place["number"] == 1 else None,
    )


_INFUSIONS: Final = Record.metadata.tables["infusion"]
_NEXT: Final = aliased(Infusion)
_PLACE: Final[Any] = (
    select(
        col(Infusion.patient_id),
        col(Infusion.number),
        col(Infusion.infused_at),
        col(Patient.withdrawn_at),
        col(Patient.lasting_findings),
        col(_NEXT.infused_at).label("next_infused_at"),
        # A death ends what is due after every infusion, whichever record holds it.
        died_at(_INFUSIONS.c.patient_id).label("died_at"),
    )
    .join(Patient, col(Patient.id) == col(Infusion.patient_id))
    .outerjoin(
        _NEXT,
        and_(
            col(_NEXT.patient_id) == col(Infusion.patient_id), col(_NEXT.number) == col(Infusion.number) + 1
        ),
    )
    .where(col(Infusion.id) == bindparam("infusion"))
)
_COURSE: Final = (
    select(
        col(Assessment.stable_id),
        col(Assessment.id),
        col(Assessment.version),
        col(Assessment.assessed_at),
        col(Assessment.entered_at),
        col(Assessment.source),
        col(Assessment.confirmed_by_investigator),
        col(Assessment.crs_judgement),
        col(Assessment.attributed_elsewhere),
        col(Assessment.death_due_to),
        col(Assessment.comment),
        col(Assessment.ice_not_done),
        col(Assessment.ice_score),
        *(getattr(Assessment, name) for name in (*_ICE_ITEMS, *SUPPORT_COLUMNS)),
        col(User.role),
        col(Grade.scale),
        col(Grade.grade),
        col(Grade.at_least),
        col(Grade.at_most),
    )
    .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
    .outerjoin(User, col(User.id) == col(Assessment.entered_by))
    .where(
        col(Assessment.infusion_id) == bindparam("infusion"),
        col(Assessment.superseded_at).is_(None),
        col(Assessment.status) == "recorded",
        col(Grade.superseded_at).is_(None),
    )
    .order_by(col(Assessment.assessed_at), col(Assessment.id))
)


def _monitoring(
    session: Session, infusion_id: int, place: RowMapping, now: datetime, zone: ZoneInfo
) -> Monitoring:
    query = (
        select(col(Stay.kind), col(Stay.from_at), col(Stay.to_at))
        .where(
            col(Stay.patient_id) == place["patient_id"],
            col(Stay.superseded_at).is_(None),
            col(Stay.voided).is_(False),
        )
        .order_by(col(Stay.from_at))
    )
    ends = [place[name] for name in ("withdrawn_at", "next_infused_at", "died_at")]
    return Monitoring(
        infused_at=place["infused_at"],
        zone=zone,
        stays=tuple(StayPeriod(StayKind(kind), *times) for kind, *times in session.execute(query)),
        skipped=skips_that_count(load_skips(session, [infusion_id])[infusion_id], now),
        died_at=place["died_at"],
        ended_at=min((at for at in ends if at is not None), default=None),
    )


def _bar(session: Session, place: RowMapping) -> Bar:
    query = select(
        col(BarRelease.by), col(BarRelease.reason), col(BarRelease.worst_crs), col(BarRelease.worst_icans)
    ).where(col(BarRelease.patient_id) == place["patient_id"])
    releases = (
        Release(str(by), reason, worst_crs, worst_icans)
        for by, reason, worst_crs, worst_icans in session.execute(query)
    )
    return Bar(tuple(releases), place["withdrawn_at"] is not None, place["next_infused_at"])


def _fact(scales: Mapping[str, RowMapping], protocol: Protocol, lasting: frozenset[Sign]) -> AssessmentFact:
    crs: Mapping[str, Any] = scales[Toxicity.CRS]  # type: ignore[assignment]
    icans = scales[Toxicity.ICANS]
    # A judgement from a file that no investigator has confirmed grades the row, but ends no alert.
    closes = crs["crs_judgement"] != "not_crs" or crs["confirmed_by_investigator"]
    items = [crs[name] is not None for name in _ICE_ITEMS]
    return AssessmentFact(
        stable_id=crs["stable_id"],
        assessment_id=crs["id"],
        version=crs["version"],
        assessed_at=crs["assessed_at"],
        entered_at=crs["entered_at"],
        crs=FactGrade(crs["grade"], crs["at_least"], closes, crs["at_most"]),
        icans=FactGrade(icans["grade"], icans["at_least"], at_most=icans["at_most"]),
        died=crs["death_due_to"] is not None,
        support=support_of(crs, protocol.grading, lasting=lasting),
        judged=_is_judged(crs),
        ice_met=crs["ice_score"] is not None or crs["ice_not_done"] is not None or all(items),
        ice_asked_again_at=asked_again_at(crs["ice_not_done"], crs["comment"], crs["assessed_at"]),
    )


def _is_judged(row: Mapping[str, Any]) -> bool:
    """Whether an investigator said what the support is for, or whether it is CRS; never a row of a file."""
    if row["source"] == "file":
        return False
    if row["crs_judgement"] == "not_crs":
        return bool(row["confirmed_by_investigator"])  # nobody else may enter it
    if row["role"] != Role.INVESTIGATOR:
        return False
    elsewhere = {"hypotension", "hypoxia"}.intersection(_words(row["attributed_elsewhere"]))
    return row["crs_judgement"] is not None or "no" in (row["hypotension"], row["hypoxia"]) or bool(elsewhere)


def _words(listed: str | None) -> Iterable[str]:
    return [] if listed in (None, "", "none") else str(listed).split(";")
