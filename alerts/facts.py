"""What the database says about a course and its alerts, as the values that the signals are made from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from alerts.escalation import Life
from alerts.model import AssessmentFact, Bar, CourseFacts, FactGrade, Monitoring, SignalKind
from alerts.outbox import REFUSED_FOR_GOOD
from alerts.states import CALLING, STARTING, AlertState, NoticeKind, StoredAlert
from alerts.support import SUPPORT_COLUMNS, support_of
from db.models import (
    Acknowledgement,
    Alert,
    AlertAssessment,
    Assessment,
    BarRelease,
    Delivery,
    Grade,
    Infusion,
    Notice,
    Patient,
    Record,
    Silence,
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


def load_alerts(session: Session, infusion_id: int) -> list[StoredAlert]:
    """Every alert of one infusion, with the assessments of its episode."""
    return _load_alerts(session, col(Alert.infusion_id) == infusion_id)


def load_program_alerts(session: Session) -> list[StoredAlert]:
    """The live alerts of the program itself: what is over there is never looked at again."""
    of_the_program = col(Alert.signal) == SignalKind.SYSTEM.value
    return _load_alerts(session, and_(of_the_program, col(Alert.closed_at).is_(None)))


def load_rule_alerts(session: Session) -> list[StoredAlert]:
    """Every alert of a stopping rule."""
    return _load_alerts(session, col(Alert.signal) == SignalKind.BOUNDARY.value)


def load_event_alerts(session: Session, patient_id: int) -> list[StoredAlert]:
    """Every alert of a serious event of one patient."""
    of_an_event = col(Alert.signal) == SignalKind.SAE_CLOCK.value
    return _load_alerts(session, and_(of_an_event, col(Alert.patient_id) == patient_id))


def _load_alerts(session: Session, whose: ColumnElement[bool]) -> list[StoredAlert]:
    session.flush()
    connection = session.connection()
    rows = list(connection.execute(select(Alert.__table__).where(whose)).mappings())  # type: ignore[attr-defined]
    ids = [row["id"] for row in rows]
    if not ids:
        return []
    members: defaultdict[int, set[str]] = defaultdict(set)
    for alert_id, stable_id in connection.execute(
        select(col(AlertAssessment.alert_id), col(AlertAssessment.assessment_stable_id)).where(
            col(AlertAssessment.alert_id).in_(ids)
        )
    ):
        members[alert_id].add(stable_id)
    acknowledged: dict[int, datetime] = {}
    for alert_id, at in connection.execute(
        select(col(Acknowledgement.alert_id), col(Acknowledgement.at))
        .where(col(Acknowledgement.alert_id).in_(ids))
        .order_by(col(Acknowledgement.id))
    ):
        acknowledged[alert_id] = at
    return [_alert(row, frozenset(members[row["id"]]), acknowledged.get(row["id"])) for row in rows]


def load_lives(session: Session, alerts: Sequence[StoredAlert]) -> dict[int, Life]:
    """What was told of each of these alerts since it last became open, by alert id."""
    by_id = {alert.id: alert for alert in alerts}
    session.flush()
    connection = session.connection()
    told: defaultdict[int, list[_Told]] = defaultdict(list)
    for row in connection.execute(_TOLD, {"alerts": list(by_id)}):
        told[row.alert_id].append(_Told(row.id, row.kind, row.step, row.created_at))
    refused: defaultdict[int, set[int]] = defaultdict(set)
    for notice_id, recipient_id in connection.execute(_REFUSED, {"alerts": list(by_id)}):
        refused[notice_id].add(recipient_id)
    silent = {
        row.alert_id: (row.at, row.until) for row in connection.execute(_SILENCES, {"alerts": list(by_id)})
    }
    lives = ((alert.id, _life(told[alert.id], refused, alert, silent.get(alert.id))) for alert in alerts)
    return {alert_id: life for alert_id, life in lives if life is not None}


def version_to_acknowledge(session: Session, alert_id: int) -> int | None:
    """The version that a page shows and `acknowledge_alert` is told: the newest assessment's current one.

    None for an alert without assessments.
    """
    query = (
        select(col(Assessment.id))
        .join(AlertAssessment, col(AlertAssessment.assessment_stable_id) == col(Assessment.stable_id))
        .where(col(AlertAssessment.alert_id) == alert_id, col(Assessment.superseded_at).is_(None))
        .order_by(col(Assessment.assessed_at).desc(), col(Assessment.id).desc())
        .limit(1)
    )
    return session.connection().execute(query).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class _Told:
    """One notice of an alert that calls for an answer."""

    notice_id: int
    kind: str
    step: int
    at: datetime


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
_TOLD: Final = (
    select(col(Notice.alert_id), col(Notice.id), col(Notice.kind), col(Notice.step), col(Notice.created_at))
    .where(
        col(Notice.alert_id).in_(bindparam("alerts", expanding=True)),
        col(Notice.kind).in_([kind.value for kind in CALLING]),
    )
    .order_by(col(Notice.id))
)
_REFUSED: Final = (
    select(col(Delivery.notice_id), col(Delivery.recipient_id))
    .join(Notice, col(Notice.id) == col(Delivery.notice_id))
    .where(col(Notice.alert_id).in_(bindparam("alerts", expanding=True)), REFUSED_FOR_GOOD)
)
_SILENCES: Final = (
    select(col(Silence.alert_id), col(Silence.at), col(Silence.until))
    .where(col(Silence.alert_id).in_(bindparam("alerts", expanding=True)))
    .order_by(col(Silence.id))
)


def _life(
    told: Sequence[_Told],
    refused: Mapping[int, set[int]],
    alert: StoredAlert,
    silence: tuple[datetime, datetime] | None,
) -> Life | None:
    """None where the alert was never open: then nothing is expected of anyone.

    A silence ends when the alert becomes open anew: it was given for what was known then. A recipient who was
    refused at an earlier step takes the alert no further a second time.
    """
    started = max((index for index, one in enumerate(told) if one.kind in STARTING), default=None)
    if started is None:
        return None
    since = told[started:]
    reached = max(one.step for one in since)
    return Life(
        # A clock set back behind the opening: it counts from when that was noticed.
        open_since=min(since[0].at, alert.updated_at),
        reached=reached,
        refused=bool(_refused_at(since, refused, reached)),
        told_at=since[-1].at,
        repeats=sum(one.kind == NoticeKind.REPEAT for one in since),
        silent_until=None if silence is None or silence[0] < since[0].at else silence[1],
        since=alert.first_observed_at if alert.kind is SignalKind.SAE_CLOCK else None,
        answered=alert.state is AlertState.ACKNOWLEDGED,
    )


def _refused_at(since: Sequence[_Told], refused: Mapping[int, set[int]], step: int) -> set[int]:
    """The recipients whose mail of this step was refused for good, and of no step before."""
    now, before = set[int](), set[int]()
    for one in since:
        (now if one.step == step else before).update(refused.get(one.notice_id, ()))
    return now - before


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


def _alert(row: RowMapping, members: frozenset[str], acknowledged_at: datetime | None) -> StoredAlert:
    if row["signal"] == SignalKind.BOUNDARY:
        members = frozenset(_words(row["counted"]))
    return StoredAlert(
        id=row["id"],
        kind=SignalKind(row["signal"]),
        slot=row["slot"],
        state=AlertState(row["state"]),
        level=row["level"],
        urgency=row["urgency"],
        historical=row["historical"],
        members=members,
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        acknowledged_at=acknowledged_at,
        ended_reason=row["ended_reason"],
        first_observed_at=row["first_observed_at"],
    )
