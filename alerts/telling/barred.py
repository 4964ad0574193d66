"""The story of the second infusion that is barred."""

from typing import Any, Final

from sqlmodel import col, select

from alerts.model import AssessmentFact
from alerts.states import Change, NoticeKind
from alerts.telling.desk import Desk
from alerts.telling.grades import correction_from
from alerts.words.trial_stories import BarStory, Corrected, Reached
from db.models import Alert, Assessment, Grade
from grading.scale import Toxicity
from trial.second_infusion import RELEASES_NEEDED, releasers

_CORRECTS: Final = (NoticeKind.AMENDMENT, NoticeKind.RETRACTION)


def bar_story(
    desk: Desk, change: Change, alert: Alert, common: dict[str, Any]
) -> tuple[BarStory, int | None]:
    """The story, and the version row with the worst grade. `common` is what every notice carries."""
    signal, bar = change.signal, desk.known.bar
    reached = tuple(_reached(desk))
    worst = {
        scale: max((fact.of(scale).at_least for fact in desk.known.assessments), default=0)
        for scale in Toxicity
    }
    releases = bar.releases if bar else ()
    story = BarStory(
        **common,
        course=desk.course,
        reached=reached,
        at=desk.now,
        day_of=reached[0].at if reached else alert.first_observed_at,
        releases=len(releasers(worst[Toxicity.CRS], worst[Toxicity.ICANS], releases)),
        needed=RELEASES_NEEDED,
        by=desk.by_words,
        second_at=bar.second_at if bar else None,
        corrected=_corrected(desk, change) if change.notice in _CORRECTS else None,
    )
    return story, signal.worst_id if signal else None


def _reached(desk: Desk) -> list[Reached]:
    """Each toxicity that reached the bar by its worst grade, the worse one first."""
    bar = desk.protocol.eligibility.barring_grade
    found = []
    for scale in Toxicity:
        barring = [fact for fact in desk.known.in_order if fact.of(scale).at_least >= bar]
        if barring:
            worst = max(barring, key=lambda fact: _rank(fact, scale))
            grade = worst.of(scale)
            found.append(Reached(scale, grade.grade, grade.at_least, worst.assessed_at))
    return sorted(found, key=lambda one: -one.at_least)


def _rank(fact: AssessmentFact, scale: Toxicity) -> tuple[int, bool]:
    """The worst grade; of several at one, a settled one says it without "at least"."""
    grade = fact.of(scale)
    return grade.at_least, grade.grade is not None


def _corrected(desk: Desk, change: Change) -> Corrected | None:
    """The entry that barred and does so no more, as it was at its worst."""
    lost = change.lost or change.members
    was = desk.session.exec(
        select(Grade)
        .join(Assessment, col(Assessment.id) == col(Grade.assessment_id))
        .where(
            col(Assessment.stable_id).in_(sorted(lost)),
            Grade.at_least >= desk.protocol.eligibility.barring_grade,
        )
        .order_by(col(Grade.at_least).desc(), col(Grade.id).desc())
        .limit(1)
    ).first()
    if was is None:
        return None
    scale = Toxicity(was.scale)
    return Corrected(scale, correction_from(desk, was, scale))
