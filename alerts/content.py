"""What one notice says: built from typed values only, and the only fields the mail's templates know.

No free text enters: no comment, reason, remark or name. The study code is the only identifier.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from alerts.difference import STARTING, NoticeKind
from alerts.story import Outline, Story
from alerts.wording import (
    days_after,
    full_time,
    grade_words,
    reference,
    sentence,
    time_beside,
    time_on_day,
    to_settle,
    toxicity_words,
)
from grading.scale import Toxicity

Line = tuple[str, str]

_ACKNOWLEDGE = "Open the alert and acknowledge"
_OPEN = "Open the alert"
_NOBODY_YET = "Nobody has acknowledged yet. Everyone on the list is told at the same time."
_NOTHING_TO_DO = "Nothing has to be acknowledged."
_NOT_IN_FULL = "This mail could not be written in full. Open the alert to see what is new."


@dataclass(frozen=True, slots=True)
class MailContent:
    """The allow-list of the templates, stored with the notice.

    tile       what stands in the coloured square, `colour` the grade whose colour it takes
    lines      label and text, one each
    told       groups of the recipients
    number     which notice of the alert this is
    """

    subject: str
    preview: str
    tile: str
    colour: str
    headline: str
    lines: tuple[Line, ...]
    button: str
    link: str
    closing: str
    told: tuple[str, ...]
    reference: str
    number: int
    ruleset: str

    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def build_content(story: Story) -> MailContent:
    """The subject, headline and lines of one notice."""
    headline, subject, lines = _PARTS[story.kind](story)
    waiting = story.kind in _TO_ACKNOWLEDGE and not story.over
    unsettled = story.graded.grade is None and story.kind in _TO_ACKNOWLEDGE
    return MailContent(
        subject=f"P{story.urgency} {subject} ({reference(story.alert_id)})",
        preview="Needs an acknowledgement." if waiting else _NOTHING_TO_DO,
        tile=f"≥{story.level}" if unsettled else str(story.level),
        colour=str(story.level),
        headline=headline,
        lines=tuple(lines),
        button=_ACKNOWLEDGE if waiting else _OPEN,
        link=f"{story.app_url}/alerts?a={story.alert_id}",
        closing=_NOBODY_YET if waiting else _NOTHING_TO_DO,
        told=story.told,
        reference=reference(story.alert_id),
        number=story.number,
        ruleset=story.ruleset,
    )


def minimal_content(outline: Outline, ruleset: str) -> MailContent:
    """Fixed words with severity, toxicity, study code, day and link, where no more can be told."""
    course, level = outline.course, outline.level
    # True of a settled grade and of one that could still be higher; which it is, is not known here.
    words = toxicity_words(outline.scale, level if level == 5 else None, level)
    news = "" if outline.kind in _TO_ACKNOWLEDGE else "news of "
    day = days_after(outline.at, course.infused_at, course.infusion_number, outline.zone)
    return MailContent(
        subject=f"P{outline.urgency} {news}{words} ({reference(outline.alert_id)})",
        preview=_NOT_IN_FULL,
        tile=str(level) if level == 5 else f"≥{level}",
        colour=str(level),
        headline=f"Patient {course.study_code}: {news}{words}, {day}.",
        lines=(),
        button=_OPEN,
        link=f"{outline.app_url}/alerts?a={outline.alert_id}",
        closing=_NOT_IN_FULL,
        told=outline.told,
        reference=reference(outline.alert_id),
        number=outline.number,
        ruleset=ruleset,
    )


def digest_content(
    alerts: int, courses: int, *, told: tuple[str, ...], app_url: str, ruleset: str
) -> MailContent:
    """The one notice after an import of history."""
    count = f"{alerts} {'episode' if alerts == 1 else 'episodes'} of grade 3 or more"
    return MailContent(
        subject=f"P4 imported history: {count}",
        preview=_NOTHING_TO_DO,
        tile=str(alerts),
        colour="0",
        headline=f"Imported history holds {count}.",
        lines=(
            ("Infusions", f"{courses}."),
            ("Alerts", "stored as historical; none of them was sent as a mail of its own."),
        ),
        button="Open the alerts",
        link=f"{app_url}/alerts",
        closing=_NOTHING_TO_DO,
        told=told,
        reference="",
        number=1,
        ruleset=ruleset,
    )


def content_from(stored: Mapping[str, Any]) -> MailContent:
    """The content as it was stored with the notice."""
    fields = dict(stored)
    fields["lines"] = tuple((label, text) for label, text in fields["lines"])
    fields["told"] = tuple(fields["told"])
    return MailContent(**fields)


_TO_ACKNOWLEDGE = (*STARTING, NoticeKind.ESCALATION, NoticeKind.REPEAT)
_Parts = tuple[str, str, list[Line]]


def _who(story: Story) -> str:
    return f"Patient {story.course.study_code}"


def _day(story: Story) -> str:
    course = story.course
    return days_after(story.observed_at, course.infused_at, course.infusion_number, story.zone)


def _now_words(story: Story) -> str:
    """The alert's grade; "at least" while the assessment it is about is not settled."""
    unsettled = story.graded.grade is None
    return toxicity_words(story.scale, None if unsettled else story.level, story.level)


def _firing(story: Story) -> _Parts:
    words = _now_words(story)
    if story.over:
        return _died(story)
    return f"{_who(story)} has {words}, {_day(story)}.", words, _why(story)


def _again(story: Story) -> _Parts:
    words = _now_words(story)
    if story.recovering:
        headline = f"{_who(story)} has not yet recovered from {words}: the closing entry was corrected."
        return headline, f"not recovered: {words}", _why(story)
    return f"{_who(story)} has {words} again, {_day(story)}.", f"{words} again", _why(story)


def _lapsed(story: Story) -> _Parts:
    words = _now_words(story)
    headline = f"{_who(story)} still has {words}, and the acknowledgement has lapsed."
    return headline, f"acknowledge again: {words}", _why(story)


def _not_answered(story: Story) -> _Parts:
    words = _now_words(story)
    headline = f"{_who(story)} has {words}, and nobody has acknowledged yet."
    return headline, f"not acknowledged: {words}", _why(story)


def _late(story: Story) -> _Parts:
    words = _now_words(story)
    headline = f"{_who(story)} had {words}, {_day(story)}. It is over."
    return headline, f"late entry, over: {words}", _why(story)


def _recovered(story: Story) -> _Parts:
    words = f"grade {story.level} {story.scale.label}"
    now = [("Now", f"{grade_words(story.graded.grade, story.graded.at_least)}.")]
    headline = f"{_who(story)} has recovered from {words}, {_day(story)}."
    return headline, f"recovered: {words}", [*now, *_beside(story), *_observed(story)]


def _died(story: Story) -> _Parts:
    words = f"grade {story.level} {story.scale.label}"
    why = [("Why", sentence(story.graded.reasons, story.graded.notes))] if story.graded.at_least >= 3 else []
    if story.level == 5:
        headline = f"{_who(story)} died of {story.scale.label} (grade 5), {_day(story)}."
        return headline, words, [*why, *_observed(story)]
    headline = f"{_who(story)} died, {_day(story)}."
    return headline, f"died: {words}", [("Alert", f"closed at {words}."), *why, *_observed(story)]


def _amended(story: Story) -> _Parts:
    words = f"grade {story.level} {story.scale.label}"
    has = "had" if story.over else "still has"
    headline = f"Corrected: {story.course.study_code} {has} {words}."
    return headline, f"corrected: {words}", _corrected(story)


def _retracted(story: Story) -> _Parts:
    words = f"grade {story.level} {story.scale.label}"
    headline = f"Withdrawn: {story.course.study_code} did not have {words}."
    return headline, f"withdrawn: {words}", _corrected(story)


def _why(story: Story) -> list[Line]:
    lines = [("Why", sentence(story.graded.reasons, story.graded.notes))]
    if story.graded.missing:
        lines.append(("To settle it", to_settle(story.graded.missing)))
    if story.before is not None:
        known = grade_words(story.before.grade, story.before.at_least)
        lines.append(("Before", f"{known} at {time_on_day(story.before.at, story.zone)}."))
    return [*lines, *_beside(story), *_observed(story)]


def _beside(story: Story) -> list[Line]:
    other = Toxicity.ICANS if story.scale is Toxicity.CRS else Toxicity.CRS
    known = story.also_now
    words = grade_words(known.grade, known.at_least) if known else "not graded yet"
    return [("Also now", f"{other.label} {words}.")]


def _observed(story: Story) -> list[Line]:
    observed = full_time(story.observed_at, story.zone)
    entered = time_beside(story.entered_at, story.observed_at, story.zone)
    if story.entered_at - story.observed_at > story.late_after:
        return [("Late entry", f"observed {observed}, entered {entered}."), *_cause(story)]
    return [("Observed", f"{observed}. Entered {entered}."), *_cause(story)]


def _cause(story: Story) -> list[Line]:
    """Why an assessment that was entered in time is told of only now."""
    cause = story.cause
    if cause is None:
        return []
    observed = full_time(cause.observed_at, story.zone)
    entered = time_beside(cause.entered_at, cause.observed_at, story.zone)
    label, done = ("Corrected entry", "corrected") if cause.corrected else ("Late entry", "entered")
    return [(label, f"observed {observed}, {done} {entered}. It changed this grade.")]


def _corrected(story: Story) -> list[Line]:
    correction = story.correction
    if correction is None:
        return _observed(story)
    was = correction.was
    lines = [("Was", f"{grade_words(was.grade, was.at_least)}. {sentence(was.reasons)}")]
    if correction.now is not None:
        now = correction.now
        lines.append(("Is", f"{grade_words(now.grade, now.at_least)}. {sentence(now.reasons, now.notes)}"))
    elif correction.moved:
        lines.append(("Is", "moved; the entry belonged to another patient or infusion."))
    else:
        lines.append(("Is", "withdrawn; the entry does not count."))
    entered = time_beside(correction.entered_at, correction.observed_at, story.zone)
    corrected = time_beside(correction.corrected_at, correction.observed_at, story.zone)
    observed = full_time(correction.observed_at, story.zone)
    lines.append(("Observed", f"{observed}. Entered {entered}."))
    lines.append(
        ("Corrected", f"{corrected} by {correction.corrected_by}. The reason stands with the entry.")
    )
    return lines


_PARTS = {
    NoticeKind.OPENING: _firing,
    NoticeKind.WORSENED: _firing,
    NoticeKind.AGAIN: _again,
    NoticeKind.LAPSED: _lapsed,
    NoticeKind.ESCALATION: _not_answered,
    NoticeKind.REPEAT: _not_answered,
    NoticeKind.LATE: _late,
    NoticeKind.RECOVERY: _recovered,
    NoticeKind.DEATH: _died,
    NoticeKind.AMENDMENT: _amended,
    NoticeKind.RETRACTION: _retracted,
}
