"""What a notice of a grade says: grade 3 or more, and a rise by two."""

from typing import Final

from alerts.model import SignalKind
from alerts.states import NoticeKind
from alerts.wording import (
    days_after,
    full_time,
    grade_words,
    lasted,
    sentence,
    time_beside,
    time_on_day,
    to_settle,
    toxicity_words,
)
from alerts.words.chase import chase_lines, unanswered
from alerts.words.shell import CALLS, Line, MailContent, Parts, assembled, patient
from alerts.words.story import Correction, Graded, Story
from alerts.words.times import corrected_line, observed_and_entered
from grading.scale import Toxicity


def build_content(story: Story) -> MailContent:
    """The subject, headline and lines of one notice."""
    unsettled = story.graded.grade is None and story.kind in CALLS
    return assembled(
        story,
        _PARTS[story.kind](story),
        over=story.over,
        tile=f"≥{story.level}" if unsettled else str(story.level),
        colour=str(story.level),
    )


def _day(story: Story) -> str:
    course = story.course
    return days_after(story.observed_at, course.infused_at, course.infusion_number, story.zone)


def _day_of_death(story: Story) -> str:
    course, at = story.course, story.died_at or story.observed_at
    return days_after(at, course.infused_at, course.infusion_number, story.zone)


def _now_words(story: Story) -> str:
    """The alert's grade; "at least" while the assessment it is about is not settled."""
    unsettled = story.graded.grade is None
    return toxicity_words(story.scale, None if unsettled else story.level, story.level)


def _settled_words(story: Story) -> str:
    return f"grade {story.level} {story.scale.label}"


def _firing(story: Story) -> Parts:
    words = _now_words(story)
    if story.over:
        return _died(story)
    if story.rose_from is not None:
        return f"{patient(story.course)}: {_rise(story)}, {_day(story)}.", _signal(story), _why(story)
    return f"{patient(story.course)} has {words}, {_day(story)}.", words, _why(story)


def _rise(story: Story) -> str:
    """ "CRS rose from grade 0 (06:00) to grade 2 (10:05)"."""
    was, zone = story.rose_from, story.zone
    if was is None:
        raise ValueError("Only the notice of a rise says from where.")
    same_day = was.at.astimezone(zone).date() == story.observed_at.astimezone(zone).date()
    before, now = (
        f"{at.astimezone(zone):%H:%M}" if same_day else time_on_day(at, zone)
        for at in (was.at, story.observed_at)
    )
    to = grade_words(story.graded.grade, story.graded.at_least)
    return f"{story.scale.label} rose from {grade_words(was.grade, was.at_least)} ({before}) to {to} ({now})"


def _again(story: Story) -> Parts:
    words = _now_words(story)
    if story.recovering:
        headline = (
            f"{patient(story.course)} has not yet recovered from {words}, {_day(story)}: "
            "an entry came late or was corrected."
        )
        return headline, f"not recovered: {words}", _why(story)
    return f"{patient(story.course)} has {words} again, {_day(story)}.", f"{words} again", _why(story)


def _lapsed(story: Story) -> Parts:
    words = _now_words(story)
    headline = (
        f"{patient(story.course)} still has {words}, {_day(story)}, and the acknowledgement has lapsed."
    )
    return headline, f"acknowledge again: {_signal(story)}", [*chase_lines(story), *_why(story)]


def _not_answered(story: Story) -> Parts:
    stands = f" has {_now_words(story)}" if story.rose_from is None else f": {_rise(story)}"
    headline = f"{patient(story.course)}{stands}, {_day(story)}{unanswered(story)}."
    return headline, f"not acknowledged: {_signal(story)}", [*chase_lines(story), *_why(story)]


def _signal(story: Story) -> str:
    return f"{'rise to ' if story.signal is SignalKind.RISE_2 else ''}{_now_words(story)}"


def _late(story: Story) -> Parts:
    words = _now_words(story)
    headline = f"{patient(story.course)} had {words}, {_day(story)}. It is over."
    return headline, f"late entry, over: {words}", _why(story)


def _recovered(story: Story) -> Parts:
    words = _settled_words(story)
    now = [("Now", f"{grade_words(story.graded.grade, story.graded.at_least)}.")]
    headline = f"{patient(story.course)} has recovered from {words}, {_day(story)}."
    return headline, f"recovered: {words}", [*now, *_beside(story), *_observed(story)]


def _died(story: Story) -> Parts:
    words = _settled_words(story)
    why = [("Why", sentence(story.graded.reasons, story.graded.notes))] if story.graded.at_least >= 3 else []
    if story.level == 5:
        headline = f"{patient(story.course)} died of {story.scale.label} (grade 5), {_day(story)}."
        return headline, words, [*why, *_observed(story)]
    headline = f"{patient(story.course)} died, {_day_of_death(story)}."
    return headline, f"died: {words}", [("Alert", f"closed at {words}."), *why, *_observed(story)]


def _amended(story: Story) -> Parts:
    words = _settled_words(story)
    has = "had" if story.over else "still has"
    headline = f"Corrected: {story.course.study_code} {has} {words}, {_day(story)}."
    return headline, f"corrected: {words}", _corrected(story)


def _retracted(story: Story) -> Parts:
    words = _settled_words(story)
    if story.signal is SignalKind.RISE_2:
        headline = f"Withdrawn: {story.course.study_code} did not have a rise to {words}, {_day(story)}."
        return headline, f"withdrawn: rise to {words}", _corrected(story)
    headline = f"Withdrawn: {story.course.study_code} did not have {words}, {_day(story)}."
    return headline, f"withdrawn: {words}", _corrected(story)


def _why(story: Story) -> list[Line]:
    lines = [("Why", sentence(story.graded.reasons, story.graded.notes))]
    if story.graded.missing:
        lines.append(("To settle it", to_settle(story.graded.missing)))
    if story.rose_from is not None:
        lines.append(_how_fast(story))
    elif story.before is not None:
        known = grade_words(story.before.grade, story.before.at_least)
        lines.append(("Before", f"{known} at {time_on_day(story.before.at, story.zone)}."))
    return [*lines, *_beside(story), *_observed(story)]


def _how_fast(story: Story) -> Line:
    was = story.rose_from
    if was is None or was.grade is None:
        raise ValueError("A rise is measured against a settled grade.")
    grades = story.graded.at_least - was.grade
    return "Rise", f"by {grades} grades within {lasted(story.observed_at - was.at)}."


def _beside(story: Story) -> list[Line]:
    other = Toxicity.ICANS if story.scale is Toxicity.CRS else Toxicity.CRS
    known = story.also_now
    words = grade_words(known.grade, known.at_least) if known else "not graded yet"
    return [("Also now", f"{other.label} {words}.")]


def _observed(story: Story) -> list[Line]:
    line = observed_and_entered(story.observed_at, story.entered_at, story.late_after, story.zone)
    return [line, *_cause(story)]


def _cause(story: Story) -> list[Line]:
    """Why an assessment that was entered in time is told of only now."""
    cause = story.cause
    if cause is None:
        return []
    observed = full_time(cause.observed_at, story.zone)
    entered = time_beside(cause.entered_at, cause.observed_at, story.zone)
    if cause.drug is not None:
        done = "changed" if cause.corrected else "entered"
        drug = cause.drug[0].upper() + cause.drug[1:]
        return [("Treatment", f"{drug} from {observed}, {done} {entered}. It changed this grade.")]
    label, done = ("Corrected entry", "corrected") if cause.corrected else ("Late entry", "entered")
    return [(label, f"observed {observed}, {done} {entered}. It changed this grade.")]


def _corrected(story: Story) -> list[Line]:
    correction = story.correction
    if correction is None:
        return _observed(story)
    is_ = "withdrawn; the entry does not count."
    if correction.now is not None and story.signal is SignalKind.RISE_2 and _same(correction):
        is_ = f"{_grade_and_why(correction.now)} It is no rise by two any more."
    elif correction.now is not None:
        is_ = _grade_and_why(correction.now)
    elif correction.moved:
        is_ = "moved; the entry belonged to another patient or infusion."
    return [
        ("Was", _grade_and_why(correction.was)),
        ("Is", is_),
        ("Observed", f"{full_time(correction.observed_at, story.zone)}."),
        corrected_line(
            correction.observed_at,
            correction.entered_at,
            correction.corrected_at,
            correction.corrected_by,
            story.zone,
            another=correction.another,
        ),
    ]


def _same(correction: Correction) -> bool:
    return correction.now is not None and correction.now.at_least == correction.was.at_least


def _grade_and_why(graded: Graded) -> str:
    return f"{grade_words(graded.grade, graded.at_least)}. {sentence(graded.reasons, graded.notes)}"


_PARTS: Final = {
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
