"""The story of a grade: 3 or more, or a rise by two."""

from datetime import timedelta
from typing import Any, Final

from sqlmodel import col, select

from alerts.episodes import RISE
from alerts.model import ALERT_GRADE, AssessmentFact, SignalKind, SignalState
from alerts.states import AlertState, Change, NoticeKind
from alerts.telling.desk import Desk, graded, row_id
from alerts.words.story import Cause, Correction, Known, Story
from db.models import Assessment, Grade, Treatment
from grading.scale import Toxicity
from trial.drugs import drug_words
from trial.treatment_facts import Drug

_LEAST: Final = {SignalKind.GRADE_3: ALERT_GRADE, SignalKind.RISE_2: RISE}
"""What an entry of such an alert once proved, at least."""


def grade_story(desk: Desk, change: Change, old_level: int, common: dict[str, Any]) -> tuple[Story, int]:
    """The story, and the version row it is about. `common` is what every notice carries."""
    scale = Toxicity(change.slot)
    assessment_id = _subject(desk, change, scale, old_level)
    assessment = desk.session.get_one(Assessment, assessment_id)
    grade = desk.grade(assessment_id, scale)
    story = Story(
        **common | {"ruleset": grade.ruleset},
        signal=change.kind,
        scale=scale,
        level=change.level,
        over=change.state is AlertState.CLOSED,
        recovering=change.signal is not None and change.signal.state is SignalState.RECOVERING,
        course=desk.course,
        observed_at=assessment.assessed_at,
        entered_at=assessment.entered_at,
        graded=graded(grade),
        before=_known(desk, scale, assessment, before=True),
        also_now=_known(desk, _other(scale), assessment, before=False),
        correction=_correction(desk, change, scale, old_level),
        late_after=desk.protocol.slot_tolerance,
        cause=_cause(desk, assessment, grade),
        rose_from=_rose_from(desk, change, assessment, scale),
        died_at=desk.known.died_at if _died_elsewhere(change) else None,
    )
    return story, assessment_id


def _subject(desk: Desk, change: Change, scale: Toxicity, old_level: int) -> int:
    """The version row that the notice is about."""
    signal = change.signal
    if signal is None:
        return _former_grade(desk, change, scale, old_level).assessment_id
    if change.notice in (NoticeKind.RECOVERY, NoticeKind.DEATH) and signal.ended_id is not None:
        return signal.ended_id
    latest = change.notice in (NoticeKind.AGAIN, NoticeKind.LAPSED)
    subject = signal.latest_id if latest else signal.worst_id
    if subject is None:
        raise ValueError(f"The signal {signal.kind} belongs to no assessment.")
    return subject


def _died_elsewhere(change: Change) -> bool:
    """Whether another course, or the follow-up, records the death that ended this episode."""
    signal = change.signal
    return signal is not None and signal.state is SignalState.DIED and signal.ended_id is None


def _rose_from(desk: Desk, change: Change, assessment: Assessment, scale: Toxicity) -> Known | None:
    """The newest settled grade of the hours before that lies two lower."""
    if change.kind is not SignalKind.RISE_2 or change.notice is NoticeKind.RECOVERY:
        return None
    within = timedelta(hours=desk.protocol.rise_within_hours)
    facts = desk.known.in_order
    now = next((fact for fact in facts if fact.assessment_id == assessment.id), None)
    if now is None:
        return None
    at_least = now.of(scale).at_least
    for fact in reversed(facts):
        grade = fact.of(scale).grade
        earlier = timedelta(0) < now.assessed_at - fact.assessed_at <= within
        if earlier and grade is not None and at_least - grade >= RISE:
            return Known(grade, grade, fact.assessed_at)
    return None


def _correction(desk: Desk, change: Change, scale: Toxicity, old_level: int) -> Correction | None:
    if change.notice not in (NoticeKind.AMENDMENT, NoticeKind.RETRACTION):
        return None
    return correction_from(desk, _former_grade(desk, change, scale, old_level), scale)


def correction_from(desk: Desk, was: Grade, scale: Toxicity) -> Correction:
    """What became of the entry that had this stored grade."""
    then = desk.session.get_one(Assessment, was.assessment_id)
    current = desk.current_of(then.stable_id)
    moved = current.infusion_id != then.infusion_id
    stands = current.status == "recorded" and not moved
    return Correction(
        observed_at=then.assessed_at,
        entered_at=then.entered_at,
        was=graded(was),
        now=graded(desk.grade(row_id(current), scale)) if stands else None,
        moved=moved,
        corrected_at=desk.now,
        corrected_by=desk.by_words,
        another=current.entered_at != desk.now,
    )


def _cause(desk: Desk, assessment: Assessment, grade: Grade) -> Cause | None:
    """The one entry or treatment of now that changed the grade of an older, later assessment."""
    if grade.graded_at != desk.now or assessment.entered_at == desk.now:
        return None
    written = [fact for fact in desk.known.assessments if fact.entered_at == desk.now]
    if len(written) != 1:
        return None if written else _treatment(desk, assessment)
    (fact,) = written
    if fact.assessed_at >= assessment.assessed_at:
        return None
    return Cause(fact.assessed_at, fact.entered_at, corrected=fact.version > 1)


def _treatment(desk: Desk, assessment: Assessment) -> Cause | None:
    """The steroid or anticytokine drug that was recorded, corrected or withdrawn now."""
    treatment = desk.session.exec(
        select(Treatment)
        .where(Treatment.patient_id == assessment.patient_id, Treatment.entered_at == desk.now)
        .order_by(col(Treatment.id).desc())
        .limit(1)
    ).first()
    if treatment is None:
        return None
    drug = drug_words(Drug(treatment.drug))
    return Cause(treatment.started_at, desk.now, corrected=treatment.version > 1, drug=drug)


def _former_grade(desk: Desk, change: Change, scale: Toxicity, old_level: int) -> Grade:
    """The stored grade that no longer holds: the last one of an entry that left, or of the old level.

    Every one of these entries was once at the alert's grade, so that there is always one to tell of.
    """
    least = _LEAST[change.kind]
    ids, at_least = (change.lost, least) if change.lost else (change.members, old_level)
    return desk.session.exec(
        select(Grade)
        .join(Assessment, col(Assessment.id) == col(Grade.assessment_id))
        .where(
            col(Assessment.stable_id).in_(sorted(ids)),
            Grade.scale == scale.value,
            Grade.at_least >= least,
        )
        .order_by((col(Grade.at_least) >= at_least).desc(), col(Grade.id).desc())
        .limit(1)
    ).one()


def _known(desk: Desk, scale: Toxicity, assessment: Assessment, *, before: bool) -> Known | None:
    """The last settled grade, or anything higher proved since, up to the assessment."""
    known: Known | None = None
    for fact in desk.known.assessments:
        if fact.assessed_at > assessment.assessed_at or (before and fact.stable_id == assessment.stable_id):
            break
        known = _later(known, fact, scale)
    return known


def _later(known: Known | None, fact: AssessmentFact, scale: Toxicity) -> Known | None:
    grade = fact.of(scale)
    if grade.grade is not None:
        return Known(grade.grade, grade.grade, fact.assessed_at)
    if grade.at_least > (known.at_least if known else 0):
        return Known(None, grade.at_least, fact.assessed_at)
    return known


def _other(scale: Toxicity) -> Toxicity:
    return Toxicity.ICANS if scale is Toxicity.CRS else Toxicity.CRS
