"""What the database says about a course and its alerts, as the values that the signals are made from."""

from collections import defaultdict
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, bindparam, exists, select
from sqlmodel import Session, col

from alerts.difference import AlertState, StoredAlert
from alerts.signals import ALERT_GRADE, AssessmentFact, CourseFacts, FactGrade
from db.models import Acknowledgement, Alert, AlertAssessment, Assessment, Grade
from grading.scale import Toxicity

# Made once: every entry asks it.
_ANYTHING: Final = select(
    exists().where(
        col(Grade.infusion_id) == bindparam("infusion"),
        col(Grade.superseded_at).is_(None),
        col(Grade.at_least) >= ALERT_GRADE,
    )
    | exists().where(col(Alert.infusion_id) == bindparam("infusion"))
)


def anything_to_tell(session: Session, infusion_id: int) -> bool:
    """Whether the course holds a grade 3 or has ever had an alert: most entries stop at this question."""
    session.flush()
    return bool(session.connection().execute(_ANYTHING, {"infusion": infusion_id}).scalar_one())


def load_course_facts(session: Session, infusion_id: int) -> CourseFacts:
    """The assessments that stand after one infusion, with their current grades, in time order."""
    query = (
        select(
            col(Assessment.stable_id),
            col(Assessment.id),
            col(Assessment.version),
            col(Assessment.assessed_at),
            col(Assessment.entered_at),
            col(Assessment.confirmed_by_investigator),
            col(Assessment.crs_judgement),
            col(Assessment.death_due_to),
            col(Grade.scale),
            col(Grade.grade),
            col(Grade.at_least),
        )
        .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
        .where(
            col(Assessment.infusion_id) == infusion_id,
            col(Assessment.superseded_at).is_(None),
            col(Assessment.status) == "recorded",
            col(Grade.superseded_at).is_(None),
        )
        .order_by(col(Assessment.assessed_at), col(Assessment.id))
    )
    session.flush()
    by_assessment: defaultdict[int, dict[str, RowMapping]] = defaultdict(dict)
    for row in session.connection().execute(query).mappings():
        by_assessment[row["id"]][row["scale"]] = row
    return CourseFacts(infusion_id, tuple(_fact(scales) for scales in by_assessment.values()))


def load_alerts(session: Session, infusion_id: int) -> list[StoredAlert]:
    """Every alert of one infusion, the retracted ones too, with the assessments of its episode."""
    session.flush()
    connection = session.connection()
    rows = connection.execute(select(Alert.__table__).where(col(Alert.infusion_id) == infusion_id)).mappings()  # type: ignore[attr-defined]
    alerts = list(rows)
    members: defaultdict[int, set[str]] = defaultdict(set)
    acknowledged: dict[int, datetime] = {}
    ids = [row["id"] for row in alerts]
    if ids:
        for alert_id, stable_id in connection.execute(
            select(col(AlertAssessment.alert_id), col(AlertAssessment.assessment_stable_id)).where(
                col(AlertAssessment.alert_id).in_(ids)
            )
        ):
            members[alert_id].add(stable_id)
        for alert_id, at in connection.execute(
            select(col(Acknowledgement.alert_id), col(Acknowledgement.at))
            .where(col(Acknowledgement.alert_id).in_(ids))
            .order_by(col(Acknowledgement.id))
        ):
            acknowledged[alert_id] = at
    return [
        StoredAlert(
            id=row["id"],
            slot=row["slot"],
            state=AlertState(row["state"]),
            level=row["level"],
            historical=row["historical"],
            members=frozenset(members[row["id"]]),
            acknowledged_at=acknowledged.get(row["id"]),
            ended_reason=row["ended_reason"],
        )
        for row in alerts
    ]


def _fact(scales: dict[str, RowMapping]) -> AssessmentFact:
    crs, icans = scales[Toxicity.CRS], scales[Toxicity.ICANS]
    # A judgement from a file that no investigator has confirmed grades the row, but ends no alert.
    closes = crs["crs_judgement"] != "not_crs" or crs["confirmed_by_investigator"]
    return AssessmentFact(
        stable_id=crs["stable_id"],
        assessment_id=crs["id"],
        version=crs["version"],
        assessed_at=crs["assessed_at"],
        entered_at=crs["entered_at"],
        crs=FactGrade(crs["grade"], crs["at_least"], closes),
        icans=FactGrade(icans["grade"], icans["at_least"]),
        died=crs["death_due_to"] is not None,
    )


def version_to_acknowledge(session: Session, alert_id: int) -> int | None:
    """The version that a page shows and `acknowledge_alert` is told: the newest assessment's current one."""
    query = (
        select(col(Assessment.id))
        .join(AlertAssessment, col(AlertAssessment.assessment_stable_id) == col(Assessment.stable_id))
        .where(col(AlertAssessment.alert_id) == alert_id, col(Assessment.superseded_at).is_(None))
        .order_by(col(Assessment.assessed_at).desc(), col(Assessment.id).desc())
        .limit(1)
    )
    return session.connection().execute(query).scalar_one_or_none()
