"""What a notice says of a serious adverse event: by when its report is due, and that it was reported.

The event's term stands on the page only: a person may have typed it.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final

from alerts.states import NoticeKind
from alerts.wording import days_after, full_date, full_time, lasted, time_beside
from alerts.words.chase import chase_lines, unanswered
from alerts.words.shell import CALLS, Line, MailContent, Parts, assembled
from alerts.words.trial_stories import SaeStory

_EVENT: Final = "serious adverse event"
_SHORT: Final = "serious event"
_NOON: Final = time(12)


def sae_content(story: SaeStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    content = assembled(story, _PARTS[story.kind](story))
    chase = story.chase
    if story.kind not in CALLS or chase is None or not chase.again or chase.next_at is None:
        return content
    # The reminders of the clock come whatever is acknowledged.
    again = time_beside(chase.next_at, story.at, story.zone)
    return replace(
        content, closing=f"Until it is reported, everyone told so far is told again, next at {again}."
    )


def _due(story: SaeStory) -> Parts:
    by = time_beside(story.due_at, story.at, story.zone)
    if story.left > timedelta(0):
        how, report = f"is due in {lasted(story.left)}, by {by}", f"report due in {lasted(story.left)}"
    else:
        late = f" by {lasted(-story.left)}" if -story.left >= _MINUTE else ""
        how, report = f"is overdue{late}: it was due by {by}", "report overdue"
    asks = story.kind is NoticeKind.ESCALATION
    asked = unanswered(story) if asks else ""
    headline = f"Patient {story.study_code} has a {_EVENT} of grade {story.grade}. Its report {how}{asked}."
    subject = f"not acknowledged: {report}" if asks else f"{_SHORT}, {report}"
    told = chase_lines(story) if asks else []
    return headline, subject, [*told, *_unreported(story), ("To do", _TO_DO), *_about(story)]


def _unreported(story: SaeStory) -> list[Line]:
    """Whoever was told that it was reported is told that it was not."""
    if story.unreported_at is None:
        return []
    at = full_time(story.unreported_at, story.zone)
    return [("Not reported", f"the report that was entered before was withdrawn {at}.")]


def _about(story: SaeStory) -> list[Line]:
    return [
        ("Serious because", f"{', '.join(one.value.replace('_', ' ') for one in story.criteria)}."),
        ("Onset", f"{_onset(story)}."),
        ("Aware since", f"{full_time(story.aware_at, story.zone)}."),
        ("Report due", f"{full_time(story.due_at, story.zone)}."),
    ]


def _onset(story: SaeStory) -> str:
    on = full_date(story.onset_on)
    course = story.course
    if course is None or story.onset_on < course.infused_at.astimezone(story.zone).date():
        return on
    noon = datetime.combine(story.onset_on, _NOON, story.zone)
    return f"{on}, {days_after(noon, course.infused_at, course.infusion_number, story.zone)}"


def _reported(story: SaeStory) -> Parts:
    reported_at = story.reported_at or story.at
    after = lasted(reported_at - story.aware_at)
    late = reported_at - story.due_at
    how = f", {lasted(late)} late" if late >= _MINUTE else ""
    headline = f"The {_EVENT} of {story.study_code} is reported, {after} after the site became aware{how}."
    lines = [("Reported", f"{full_time(reported_at, story.zone)}."), *_about(story)]
    return headline, f"reported{how}: {_SHORT}", lines


def _corrected(story: SaeStory) -> Parts:
    by = full_time(story.due_at, story.zone)
    headline = f"Corrected: the report of the {_EVENT} of {story.study_code} is due by {by}."
    return headline, f"corrected: {_SHORT}, report due", [*_changed(story), *_about(story)]


def _taken_back(story: SaeStory) -> Parts:
    now = "the record of the event was withdrawn" if story.withdrawn else "the event is not serious any more"
    headline = f"Withdrawn: {story.study_code} has no {_EVENT} to report: {now}."
    return headline, f"withdrawn: {_SHORT}", _changed(story)


def _changed(story: SaeStory) -> list[Line]:
    changed = full_time(story.at, story.zone)
    return [("Corrected", f"{changed} by {story.corrected_by}. The reason stands with the event.")]


_MINUTE: Final = timedelta(minutes=1)
_TO_DO: Final = (
    "report it, and record when and to whom. Where it is not serious, correct the event and say why."
)
_PARTS: Final = {
    **dict.fromkeys(
        (
            NoticeKind.OPENING,
            NoticeKind.WORSENED,
            NoticeKind.AGAIN,
            NoticeKind.LAPSED,
            NoticeKind.ESCALATION,
            NoticeKind.REPEAT,
        ),
        _due,
    ),
    NoticeKind.RECOVERY: _reported,
    NoticeKind.AMENDMENT: _corrected,
    NoticeKind.RETRACTION: _taken_back,
}
