"""What a notice says of a stopping rule: that it is reached, by which reading, what was decided."""

from typing import Final

from alerts.states import NoticeKind
from alerts.wording import counted, lasted, time_beside
from alerts.words.chase import chase_lines, unanswered
from alerts.words.shell import Line, MailContent, Parts, assembled
from alerts.words.trial_stories import RuleStory
from grading.stored_values import join_words
from trial.stopping_rules import ReadBy

_RULE: Final = "stopping rule"


def rule_content(story: RuleStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    return assembled(story, _PARTS[story.kind](story))


def _reached(story: RuleStory) -> Parts:
    before = _CALLS.get(story.kind, "A stopping rule is reached")
    lapsed = ", and the acknowledgement has lapsed" if story.kind is NoticeKind.LAPSED else ""
    headline = f"{before}: {_count(story)}{unanswered(story)}{lapsed}."
    subject = f"{_SUBJECTS.get(story.kind, '')}{_RULE} reached, {story.events} of {story.n}"
    lines = [
        *_answered(story),
        _rule(story),
        _limit(story),
        ("Reading", _reading(story)),
        ("Patients", f"{join_words(list(story.codes))}."),
        ("To do", _to_do(story)),
    ]
    return headline, subject, lines


def _answered(story: RuleStory) -> list[Line]:
    """Who was told before; of a lapsed acknowledgement, when it was given and how long one holds."""
    chase = story.chase
    if story.kind is not NoticeKind.LAPSED or chase is None:
        return chase_lines(story)
    if chase.acknowledged_at is None or chase.held_for is None:
        return []
    at = time_beside(chase.acknowledged_at, story.at, story.zone)
    return [("Acknowledged", f"last at {at}. An acknowledgement holds for {lasted(chase.held_for)}.")]


def _count(story: RuleStory) -> str:
    return f"{counted(story.events, 'event')} among {counted(story.n, 'patient')}"


def _rule(story: RuleStory) -> Line:
    return "Rule", f"{story.words}. Version {story.version}."


def _limit(story: RuleStory) -> Line:
    stops = "stops" if story.stop_at == 1 else "stop"
    events = counted(story.stop_at or 0, "event")
    return "Limit", f"{events} {stops} at the look after {counted(story.look or 0, 'patient')}."


def _reading(story: RuleStory) -> str:
    are, their = ("is", "the") if story.pending == 1 else ("are", "their")
    within = f"{counted(story.pending, 'patient')} {are} still within {their} {story.window_days} days"
    match story.read_by:
        case ReadBy.FORMAL:
            return f"formal; everyone up to this look has completed the {story.window_days} days."
        case ReadBy.IMMEDIATE:
            return f"immediate; all events so far count, and {within}."
        case _:
            return f"formal, certain in advance: {within}, and nothing in them can change it."


def _to_do(story: RuleStory) -> str:
    what = "no further second infusion" if story.infusion > 1 else "no further infusion"
    return (
        f"give {what} until the committee has decided. "
        "The rule asks for a review and never stops the trial by itself."
    )


def _decided(story: RuleStory) -> Parts:
    headline = f"The committee has decided on a stopping rule: {story.decision}."
    decided = ("Decided", f"{story.decision}. The reason stands with the decision.")
    patients = [("Patients", f"{join_words(list(story.codes))}.")] if story.codes else []
    return headline, f"decided, {story.decision}: {_RULE}", [_rule(story), decided, *patients]


def _corrected(story: RuleStory) -> Parts:
    stands = ("To do", "nothing changes for the alert: it stands until the committee has decided.")
    if story.read_by is None:
        headline = f"Corrected: a stopping rule is below its limit now, with {_count(story)}."
        return headline, f"corrected, below its limit: {_RULE}", [_rule(story), stands]
    headline = f"Corrected: a stopping rule is still reached, with {_count(story)}."
    patients = ("Patients", f"{join_words(list(story.codes))}.")
    return headline, f"corrected: {_RULE} reached", [_rule(story), _limit(story), patients, stands]


_CALLS: Final = {
    NoticeKind.WORSENED: "A stopping rule that waits for the committee has a further event",
    NoticeKind.LAPSED: "A stopping rule still waits for the committee",
    NoticeKind.ESCALATION: "A stopping rule is reached",
    NoticeKind.REPEAT: "A stopping rule still waits for the committee",
}
_SUBJECTS: Final = {
    NoticeKind.WORSENED: "further event, ",
    NoticeKind.LAPSED: "acknowledge again: ",
    NoticeKind.ESCALATION: "not acknowledged: ",
    NoticeKind.REPEAT: "not acknowledged: ",
}
_PARTS: Final = {
    **dict.fromkeys((NoticeKind.OPENING, NoticeKind.AGAIN, *_CALLS), _reached),
    NoticeKind.RECOVERY: _decided,
    NoticeKind.AMENDMENT: _corrected,
}
