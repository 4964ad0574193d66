"""Fixed words for a notice that cannot be told in full: severity, signal, study code, day and link."""

from typing import Final

from alerts.model import SignalKind
from alerts.wording import days_after, reference, toxicity_words
from alerts.words.shell import CALLS, NEUTRAL, MailContent
from alerts.words.story import Outline
from grading.scale import Toxicity

_NOT_IN_FULL: Final = "This mail could not be written in full. Open the alert to see what is new."
_WORDS: Final = {
    SignalKind.SUPPORT_UNGRADED: "support without a CRS grade",
    SignalKind.UNSETTLED: "a toxicity is unsettled",
    SignalKind.MISSED: "an assessment is missed",
    SignalKind.SYSTEM: "the program is unwell",
    SignalKind.BARRED: "second infusion barred",
    SignalKind.BOUNDARY: "a stopping rule is reached",
    SignalKind.SAE_CLOCK: "a serious event waits for its report",
}


def minimal_content(outline: Outline) -> MailContent:
    """The content; nothing in it can fail."""
    news = "" if outline.kind in CALLS else "news of "
    words = f"{news}{_what(outline)}"
    return MailContent(
        subject=f"P{outline.urgency} {words} ({reference(outline.alert_id)})",
        preview=_NOT_IN_FULL,
        tile=_tile(outline),
        colour=str(outline.level) if outline.level else NEUTRAL,
        headline=f"{_whose(outline)}: {words}{_day(outline)}.",
        lines=(),
        button="Open the alert",
        link=f"{outline.app_url}/alerts?a={outline.alert_id}",
        closing=_NOT_IN_FULL,
        told=outline.told,
        reference=reference(outline.alert_id),
        number=outline.number,
        ruleset=outline.ruleset,
    )


def _what(outline: Outline) -> str:
    if outline.signal in _WORDS:
        return _WORDS[outline.signal]
    level = outline.level
    # True of a settled grade and of one that could still be higher; which it is, is not known here.
    words = toxicity_words(Toxicity(outline.slot), level if level == 5 else None, level)
    return f"rise to {words}" if outline.signal is SignalKind.RISE_2 else words


def _tile(outline: Outline) -> str:
    if not outline.level:
        return f"P{outline.urgency}"
    return str(outline.level) if outline.level == 5 else f"≥{outline.level}"


def _whose(outline: Outline) -> str:
    if outline.signal is SignalKind.BOUNDARY:
        return "The trial"
    return f"Patient {outline.study_code}" if outline.study_code else "Vigil"


def _day(outline: Outline) -> str:
    course = outline.course
    if course is None:
        return ""
    return f", {days_after(outline.at, course.infused_at, course.infusion_number, outline.zone)}"
