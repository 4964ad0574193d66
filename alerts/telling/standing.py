"""The stories of what merely stands: a toxicity unsettled, an assessment missed, the program unwell."""

from datetime import datetime
from typing import Any

from alerts.model import AssessmentFact
from alerts.states import Change, NoticeKind
from alerts.telling.desk import Desk, graded
from alerts.words.story import LateEntry, MissedStory, ProgramStory, UnsettledStory
from db.models import Alert
from grading.scale import Toxicity
from trial.calendar import SlotKind


def unsettled_story(
    desk: Desk, change: Change, alert: Alert, common: dict[str, Any]
) -> tuple[UnsettledStory, int | None]:
    """The story, and the version row it is about. `common` is what every notice carries."""
    scale = Toxicity(change.slot)
    since = change.signal.first_at if change.signal else alert.first_observed_at
    newest = next(reversed(desk.known.in_order), None)
    # Older than what was open: the entries that left it open were withdrawn.
    if newest is not None and newest.assessed_at < since:
        newest = None
    story = UnsettledStory(
        **common,
        course=desk.course,
        scale=scale,
        since=since,
        at=desk.now,
        observed_at=newest.assessed_at if newest else None,
        graded=graded(desk.grade(newest.assessment_id, scale)) if newest else None,
    )
    return story, newest.assessment_id if newest else None


def missed_story(
    desk: Desk, change: Change, alert: Alert, common: dict[str, Any]
) -> tuple[MissedStory, int | None]:
    """The story, and the version row of the late entry, if that is what it is about."""
    slot = SlotKind(change.slot)
    due_at = change.signal.first_at if change.signal else alert.first_observed_at
    holding = [fact for fact in desk.known.in_order if fact.recorded().holds(slot, desk.now)]
    tried = _tried(desk, slot, due_at)
    entry = _entry(desk, holding, due_at) if change.notice is NoticeKind.RECOVERY else None
    monitoring = desk.known.monitoring
    story = MissedStory(
        **common,
        course=desk.course,
        slot=slot,
        due_at=due_at,
        at=desk.now,
        last_at=holding[-1].assessed_at if holding else None,
        tried_at=tried.assessed_at if tried else None,
        refused=bool(tried and tried.ice_met),
        missing=graded(desk.grade(tried.assessment_id, Toxicity.CRS)).missing if tried else (),
        entry=_late_entry(desk, entry, due_at) if entry else None,
        skipped=monitoring is not None and (slot, due_at) in monitoring.skipped,
        late_after=desk.protocol.slot_tolerance,
    )
    return story, entry.assessment_id if entry else None


def program_story(change: Change, alert: Alert, common: dict[str, Any]) -> ProgramStory:
    """The story of something without assessments."""
    return ProgramStory(**common, slot=change.slot, since=alert.first_observed_at)


def _tried(desk: Desk, slot: SlotKind, due_at: datetime) -> AssessmentFact | None:
    """The newest assessment since the due time that does not do."""
    from_at = due_at - desk.protocol.slot_tolerance
    return next(
        (
            fact
            for fact in reversed(desk.known.in_order)
            if fact.assessed_at >= from_at and not fact.recorded().holds(slot, desk.now)
        ),
        None,
    )


def _entry(desk: Desk, holding: list[AssessmentFact], due_at: datetime) -> AssessmentFact | None:
    """What came in late: the entry of now, else the newest one made since the due time."""
    from_at = due_at - desk.protocol.slot_tolerance
    found = [fact for fact in holding if fact.assessed_at >= from_at]
    return max(found, key=lambda fact: (fact.entered_at == desk.now, fact.entered_at), default=None)


def _late_entry(desk: Desk, fact: AssessmentFact, due_at: datetime) -> LateEntry:
    in_time = abs(fact.assessed_at - due_at) <= desk.protocol.slot_tolerance
    return LateEntry(fact.assessed_at, fact.entered_at, in_time)
