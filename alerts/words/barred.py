"""What a notice says of a barred second infusion: by which grade, who may release it, what was tried."""

from datetime import datetime
from typing import Final

from alerts.latched_signals import ATTEMPT_URGENCY
from alerts.states import NoticeKind
from alerts.wording import days_after, full_time, grade_words, sentence, toxicity_words
from alerts.words.chase import chase_lines, unanswered
from alerts.words.shell import Line, MailContent, Parts, assembled, patient
from alerts.words.story import Graded
from alerts.words.times import corrected_line
from alerts.words.trial_stories import BarStory, Reached
from grading.stored_values import join_words

_BARRED: Final = "second infusion barred"
_TO_DO: Final = (
    "give no second infusion. Two investigators may release the bar, each with a signature and a reason."
)
_NUMBERS: Final = {1: "one", 2: "two"}


def bar_content(story: BarStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    return assembled(story, _PARTS[story.kind](story))


def _grades(story: BarStory) -> str:
    return join_words([toxicity_words(one.scale, one.grade, one.at_least) for one in story.reached])


def _worst(story: BarStory) -> str:
    """For a subject, which must be short."""
    worst = story.reached[0]
    return toxicity_words(worst.scale, worst.grade, worst.at_least)


def _day(story: BarStory, at: datetime | None = None) -> str:
    course = story.course
    return days_after(at or story.day_of, course.infused_at, course.infusion_number, story.zone)


def _stands(story: BarStory) -> Parts:
    if story.urgency == ATTEMPT_URGENCY:
        return _attempt_stands(story)
    again = story.kind is NoticeKind.AGAIN
    must = f"must {'again ' if again else ''}not be given the second infusion"
    headline = f"{patient(story.course)} {must}: {_grades(story)}, {_day(story)}{unanswered(story)}."
    before = "not acknowledged: " if story.kind in _UNANSWERED else ""
    subject = f"{before}{_BARRED}{' again' if again else ''}: {_worst(story)}"
    return headline, subject, [*chase_lines(story), *_why(story)]


def _attempt_stands(story: BarStory) -> Parts:
    """An attempt that nobody has answered."""
    headline = (
        f"A second infusion of {story.course.study_code}, which is barred, was attempted: "
        f"{_grades(story)}, {_day(story)}{unanswered(story)}."
    )
    return headline, "not acknowledged: attempt at a barred infusion", [*chase_lines(story), *_why(story)]


def _attempted(story: BarStory) -> Parts:
    headline = (
        f"{story.by.capitalize()} tried to record a second infusion of {story.course.study_code}, "
        f"which is barred: {_grades(story)}, {_day(story)}."
    )
    lines = [
        ("Attempt", f"{full_time(story.at, story.zone)}. It was refused and nothing was recorded."),
        (
            "To do",
            "make sure that no second infusion is given. Where one was given, call the principal "
            "investigator.",
        ),
        *_barred_by(story),
        *_releases(story),
    ]
    return headline, f"second infusion attempted while barred: {_worst(story)}", lines


def _why(story: BarStory) -> list[Line]:
    if story.second_at is None:
        return [*_barred_by(story), ("To do", _TO_DO), *_releases(story)]
    given = full_time(story.second_at, story.zone)
    return [
        *_barred_by(story),
        ("Second infusion", f"given {given}, before this was known or in spite of it."),
        ("To do", "the investigator decides what follows, and whether this is a deviation to report."),
        *_releases(story),
    ]


def _barred_by(story: BarStory) -> list[Line]:
    return [("Barred by", _observed(story, one)) for one in story.reached]


def _observed(story: BarStory, one: Reached) -> str:
    words = f"{one.scale.label} {grade_words(one.grade, one.at_least)}"
    return f"{words}, observed {full_time(one.at, story.zone)}."


def _releases(story: BarStory) -> list[Line]:
    if not story.releases:
        return []
    done, needed = _NUMBERS.get(story.releases, story.releases), _NUMBERS.get(story.needed, story.needed)
    return [("Released", f"by {done} of {needed} investigators so far.")]


def _released(story: BarStory) -> Parts:
    code, day = story.course.study_code, _day(story, story.at)
    headline = f"Released: two investigators have released the bar of {code}, {day}."
    now = ("Now", "the second infusion is no longer barred. Its gate says whether it may be given.")
    return headline, f"released: second infusion after {_worst(story)}", [now, *_barred_by(story)]


def _changed(story: BarStory) -> Parts:
    code = story.course.study_code
    if story.kind is NoticeKind.AMENDMENT:
        grades = f"{_grades(story)}, {_day(story)}"
        headline = f"Corrected: {code} must still not be given the second infusion: {grades}."
        return headline, f"corrected: {_BARRED}", [*_correction(story), *_barred_by(story)]
    headline = f"Withdrawn: {code} is not barred from the second infusion."
    return headline, f"withdrawn: {_BARRED}", _correction(story)


def _correction(story: BarStory) -> list[Line]:
    if story.corrected is None:
        return []
    label, correction = story.corrected.scale.label, story.corrected.correction
    is_ = "moved; the entry belonged to another patient or infusion."
    if correction.now is not None:
        is_ = _graded(label, correction.now)
    elif not correction.moved:
        is_ = "withdrawn; the entry does not count."
    return [
        ("Was", _graded(label, correction.was)),
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


def _graded(label: str, graded: Graded) -> str:
    words = f"{label} {grade_words(graded.grade, graded.at_least)}."
    return f"{words} {sentence(graded.reasons, graded.notes)}".strip()


_UNANSWERED: Final = (NoticeKind.ESCALATION, NoticeKind.REPEAT)
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
        _stands,
    ),
    NoticeKind.ATTEMPT: _attempted,
    NoticeKind.RECOVERY: _released,
    NoticeKind.AMENDMENT: _changed,
    NoticeKind.RETRACTION: _changed,
}
