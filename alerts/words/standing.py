"""What a notice says of a toxicity that stays unsettled, and of a due assessment that was missed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from alerts.model import ALERT_GRADE
from alerts.states import NoticeKind
from alerts.wording import (
    days_after,
    full_time,
    grade_words,
    lasted,
    late_by,
    sentence,
    time_beside,
    to_settle,
)
from alerts.words.chase import chase_lines, unanswered
from alerts.words.shell import CALLS, OPEN, Line, MailContent, Parts, assembled
from alerts.words.story import Course, LateEntry, MissedStory, UnsettledStory
from trial.calendar import SlotKind

_KIND_WORDS: Final = {SlotKind.VITAL_SIGNS: "vital signs", SlotKind.ICE: "ICE score"}
_SUBJECTS: Final = {
    NoticeKind.LAPSED: "acknowledge again: ",
    NoticeKind.ESCALATION: "not acknowledged: ",
    NoticeKind.REPEAT: "not acknowledged: ",
}


def unsettled_content(story: UnsettledStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    return assembled(story, _settled(story) if story.kind is NoticeKind.RECOVERY else _unsettled(story))


def missed_content(story: MissedStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    if story.kind is NoticeKind.RECOVERY:
        return assembled(story, _made_up(story))
    content = assembled(story, _missed(story))
    if story.kind not in CALLS:
        return content
    # A nurse, whom it is told to first, ends it with an entry and has no right to acknowledge.
    return replace(content, button=OPEN, closing=f"{_ended_by(story.slot)} {content.closing}")


def _ended_by(slot: SlotKind) -> str:
    if slot is SlotKind.VITAL_SIGNS:
        return "Enter them, or say why they were not done."
    return "Enter it, or say why it was not done."


def _unsettled(story: UnsettledStory) -> Parts:
    label, open_for = story.scale.label, lasted(story.at - story.since)
    headline = (
        f"Patient {story.course.study_code}: {label} could be grade {ALERT_GRADE} or more and has not been "
        f"settled for {open_for}, {_day(story, story.course)}{_ending(story)}."
    )
    subject = f"{_SUBJECTS.get(story.kind, '')}{label} unsettled, could be grade {ALERT_GRADE} or more"
    return headline, subject, [*chase_lines(story), *_gaps(story), ("Since", _full(story, story.since))]


def _gaps(story: UnsettledStory) -> list[Line]:
    graded = story.graded
    if graded is None:
        return []
    proved = sentence(graded.reasons, graded.notes)
    known = grade_words(graded.grade, graded.at_least) if graded.at_least else "nothing yet"
    lines = [("To settle it", to_settle(graded.missing))] if graded.missing else []
    lines.append(("Proved so far", f"{known}. {proved}".strip()))
    if story.observed_at is not None:
        lines.append(("Newest entry", f"observed {_beside(story, story.observed_at)}."))
    return lines


def _settled(story: UnsettledStory) -> Parts:
    label, graded = story.scale.label, story.graded
    code, day = story.course.study_code, _day(story, story.course)
    was_open = ("Was open for", f"{lasted(story.at - story.since)}, since {_full(story, story.since)}")
    if graded is None:
        headline = f"Closed: the entries that left {label} of {code} open no longer count, {day}."
        return headline, f"closed: {label} unsettled", [was_open]
    words = grade_words(graded.grade, graded.at_least)
    if graded.grade is not None or graded.at_least >= ALERT_GRADE:
        headline, subject = (
            f"{label} of patient {code} is settled: {words}, {day}.",
            f"settled: {label} {words}",
        )
        if graded.grade is None:
            headline = f"{label} of patient {code} is no longer open: it is {words}, {day}."
    else:
        headline = f"{label} of patient {code} is below grade {ALERT_GRADE}, {day}."
        subject = f"settled: {label} below grade {ALERT_GRADE}"
    why = sentence(graded.reasons, graded.notes)
    lines = [("Why", why)] if why else []
    if story.observed_at is not None:
        lines.append(("Observed", _full(story, story.observed_at)))
    return headline, subject, [*lines, was_open]


def _missed(story: MissedStory) -> Parts:
    what, late = _KIND_WORDS[story.slot], lasted(story.at - story.due_at)
    due = f"{story.due_at.astimezone(story.zone):%H:%M}"
    verb = "are" if story.slot is SlotKind.VITAL_SIGNS else "is"
    headline = (
        f"Patient {story.course.study_code}: the {what} due at {due} {verb} {late} late, "
        f"{_day(story, story.course)}{_ending(story)}."
    )
    lines = [
        *chase_lines(story),
        *_tried(story),
        ("To do", f"record the {what}, or why {'they were' if verb == 'are' else 'it was'} not done."),
        ("Due", _full(story, story.due_at)),
        ("Last recorded", _last(story)),
    ]
    return headline, f"{_SUBJECTS.get(story.kind, '')}{what} missed, due {due}", lines


def _tried(story: MissedStory) -> list[Line]:
    """What was entered since and did not do."""
    if story.tried_at is None:
        return []
    at = _beside(story, story.tried_at)
    if story.slot is SlotKind.ICE and story.refused:
        return [("Entered", f"the ICE of {at} was refused without an explanation: ask again.")]
    if story.slot is SlotKind.ICE:
        return [("Entered", f"an assessment of {at}, without an ICE score or the reason why there is none.")]
    missing = f" {_capital(to_settle(story.missing))}" if story.missing else ""
    return [("Entered", f"an assessment of {at}, but CRS could not be settled.{missing}")]


def _last(story: MissedStory) -> str:
    if story.last_at is None:
        return "none since this infusion."
    return _full(story, story.last_at)


def _made_up(story: MissedStory) -> Parts:
    what = _KIND_WORDS[story.slot]
    code, day = story.course.study_code, _day(story, story.course)
    due = ("Due", _full(story, story.due_at))
    were = "were" if story.slot is SlotKind.VITAL_SIGNS else "was"
    if story.entry is not None:
        words = _how_late(story, story.entry)
        headline = f"The {what} of patient {code} {were} {words}, {day}."
        at_last = f"late by {late_by(_counted(story, story.entry))}"
        entry = story.entry
        recorded = (
            f"observed {_beside(story, entry.observed_at)}, entered {_beside(story, entry.entered_at)}."
        )
        return headline, f"{at_last}: {what}", [due, ("Recorded", recorded)]
    if story.skipped:
        headline = f"The {what} of patient {code} {were} not done, and the reason is recorded, {day}."
        return headline, f"not done, with a reason: {what}", [due]
    are = "are" if were == "were" else "is"
    headline = f"The {what} of patient {code} {were} missed and {are} no longer due, {day}."
    return headline, f"no longer due: {what}", [due]


def _how_late(story: MissedStory, entry: LateEntry) -> str:
    entered = late_by(entry.entered_at - story.due_at)
    if entry.in_time:
        return f"recorded in time and entered late by {entered}"
    observed = late_by(entry.observed_at - story.due_at)
    if entry.entered_at - entry.observed_at > story.late_after:
        return f"recorded late by {observed} and entered late by {entered}"
    return f"recorded late by {observed}"


def _counted(story: MissedStory, entry: LateEntry) -> timedelta:
    return (entry.entered_at if entry.in_time else entry.observed_at) - story.due_at


def _ending(story: UnsettledStory | MissedStory) -> str:
    if story.kind is NoticeKind.LAPSED:
        return ", and the acknowledgement has lapsed"
    return unanswered(story)


def _day(story: UnsettledStory | MissedStory, course: Course) -> str:
    at = story.due_at if isinstance(story, MissedStory) else story.observed_at or story.since
    return days_after(at, course.infused_at, course.infusion_number, story.zone)


def _full(story: UnsettledStory | MissedStory, at: datetime) -> str:
    return f"{full_time(at, story.zone)}."


def _beside(story: UnsettledStory | MissedStory, at: datetime) -> str:
    return time_beside(at, story.at, story.zone)


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
