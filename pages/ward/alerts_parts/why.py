"""Why an alert stands: the grade's reasons, the support charted, what was due, and what would end it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from alerts.model import SignalKind
from alerts.wording import grade_words, reference, toxicity_words
from alerts.words.short import PROGRAM_ADVICE, SLOT_WORDS, short_words, toxicity
from db.queries.alerts import AlertStory, Member
from pages.parts.values import column_label, value_words
from pages.parts.wording import columns_words, late_words, sentence_case, when, when_and_ago
from pages.ward.alerts_parts.latched import of_a_rule, of_an_event, of_the_bar

Line = tuple[str, str]
"""Label and sentence."""

_NOTHING: Final = ("none", "no", "room_air")
_TO_RECORD: Final = {
    "vital_signs": "enter vital signs that settle CRS, or say why they were not done.",
    "ice": "enter the ICE score, or say why it was not done.",
}


def why_lines(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    """The lines of a card, the reference last."""
    alert = story.alert
    lines = _LINES.get(alert.signal, _of_a_grade)(story, now, zone)
    return [*lines, ("Reference", f"{reference(alert.id)}, urgency P{alert.urgency}.")]


def _of_a_grade(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    shown = story.shown
    if shown is None:
        return [("Why", "No entry behind this alert stands today.")]
    lines = [("Why", sentence_case(shown.grade.sentence())), *_to_settle(shown)]
    if story.before is not None:
        before = f"grade {story.before.grade} at {when(story.before.at, now, zone)}."
        lines.append(("Before", before))
    lines.append(_observed(story, shown, now, zone))
    latest = story.latest
    if latest is not None and latest.assessment_id != shown.assessment_id:
        grade = toxicity_words(latest.grade.scale, latest.grade.grade, latest.grade.at_least)
        lines.append(("Last of the episode", f"{grade} at {when(latest.assessed_at, now, zone)}."))
    return lines


def _of_support(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    shown = story.shown
    if shown is None:
        return [("Why", "No entry behind this alert stands today.")]
    lines = [
        ("Charted", f"{charted_words(shown.charted)}."),
        ("Why", sentence_case(shown.grade.sentence())),
        *_to_settle(shown),
        _observed(story, shown, now, zone),
    ]
    if story.alert.live:
        end = "an investigator says on the assessment what the support is for, or that it is CRS."
        lines.append(("To end it", end))
    return lines


def _of_what_is_open(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    since = ("Open since", f"{when_and_ago(story.alert.first_observed_at, now, zone)}.")
    last = story.unsettled
    if last is None:
        return [since]
    words = f"{last.grade.scale.label} {grade_words(last.grade.grade, last.grade.at_least)}"
    return [
        since,
        ("Why", sentence_case(last.grade.sentence())),
        *_to_settle(last),
        ("Last", f"{words} at {when_and_ago(last.assessed_at, now, zone)}."),
    ]


def _of_what_was_missed(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    alert = story.alert
    what = sentence_case(SLOT_WORDS.get(alert.slot, alert.slot).removeprefix("the "))
    lines = [("Due", f"{what}, {when_and_ago(alert.first_observed_at, now, zone)}.")]
    if alert.live:
        lines.append(("To end it", _TO_RECORD.get(alert.slot, "enter it, or say why it was not done.")))
    return lines


def _of_the_program(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    alert = story.alert
    lines = [("Seen first", f"{when_and_ago(alert.first_observed_at, now, zone)}.")]
    if alert.live:
        lines.append(("What to do", PROGRAM_ADVICE.get(alert.slot, "Tell the administrator.")))
    return lines


_LINES: Final = {
    SignalKind.BARRED.value: of_the_bar,
    SignalKind.BOUNDARY.value: of_a_rule,
    SignalKind.SAE_CLOCK.value: of_an_event,
    SignalKind.SUPPORT_UNGRADED.value: _of_support,
    SignalKind.UNSETTLED.value: _of_what_is_open,
    SignalKind.MISSED.value: _of_what_was_missed,
    SignalKind.SYSTEM.value: _of_the_program,
}


def charted_words(charted: Mapping[str, Any]) -> str:
    """ "Systolic 84 mmHg; vasopressors norepinephrine; oxygen device face mask, 6 L/min"."""
    found = [
        f"{column_label(column)}: {value_words(column, value)}"
        for column, value in charted.items()
        if value not in _NOTHING
    ]
    return "; ".join(found) if found else "not recorded any more"


def question_words(story: AlertStory) -> str:
    """What a touch acknowledges: "CART-007 at grade 3", "CART-007, vital signs missed"."""
    alert = story.alert
    who = alert.study_code or "the alert"
    match alert.signal:
        case SignalKind.SUPPORT_UNGRADED:
            return f"{who}, support without a CRS grade"
        case SignalKind.UNSETTLED:
            return f"{who}, {toxicity(alert.slot)} not settled"
        case SignalKind.MISSED:
            return f"{who}, {short_words(alert.signal, alert.slot, alert.level)}"
        case SignalKind.BARRED:
            return f"{who}, second infusion barred"
        case SignalKind.BOUNDARY:
            return "the stopping rule"
        case SignalKind.SAE_CLOCK:
            return f"{who}, report of a serious event"
        case SignalKind.SYSTEM:
            return "the alert"
        case _:
            return f"{who} at grade {alert.level}"


def _to_settle(member: Member) -> list[Line]:
    missing = member.grade.missing
    return [("To settle it", f"record {columns_words(missing)}.")] if missing else []


def _observed(story: AlertStory, shown: Member, now: datetime, zone: ZoneInfo) -> Line:
    observed = when_and_ago(shown.assessed_at, now, zone)
    version = f", version {shown.version}" if shown.version > 1 else ""
    is_first = shown.version == 1 and not story.alert.historical
    late = late_words(shown.assessed_at, shown.entered_at) if is_first else ""
    entered = f"Entered {when(shown.entered_at, now, zone)}{version}{f', {late}' if late else ''}."
    return ("Observed", f"{observed}. {entered}")
