"""The sentences of one alert: what it is, how it stands, how it ended, and what was answered."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerts.model import SignalKind
from alerts.states import STARTING
from alerts.wording import days_after, toxicity_words
from alerts.words.short import PROGRAM_WORDS, SLOT_WORDS, toxicity
from db.inputs_alerts import ActionTaken
from db.queries.alert_thread import Answer, Notified, Silenced
from db.queries.alerts import AlertRow, AlertStory
from pages.parts.wording import span, when, when_and_ago

SEVEREST: Final = 5
_RISEN: Final = 2
_STARTING: Final = tuple(kind.value for kind in STARTING)
_MINUTE: Final = timedelta(minutes=1)

ENDED: Final = {
    "recovered": "recovered",
    "death": "the patient died",
    "corrected": "the entry behind it was corrected",
    "historical": "imported history, over before it was stored",
    "merged": "it is one episode with another alert",
    "split": "its entries belong to other alerts now",
    "superseded": "grade 3 was reached, and another alert tells of it",
    "expired": "its time has passed",
    "judged": "an investigator said what the support is for",
    "graded": "CRS is graded now",
    "gone": "it is no longer so",
    "left": "monitoring ended",
    "settled": "the grade is settled",
    "met": "late entry, or the reason why it was not done",
    "released": "two investigators released the bar",
    "decided": "the committee decided",
    "reported": "it was reported",
}
"""Why an alert is over."""

_RECOVERING: Final = {
    SignalKind.GRADE_3: "a settled grade of 2 or less is known, and a second one later is awaited",
    SignalKind.RISE_2: "a settled grade of 1 or less is known, and a second one later is awaited",
    SignalKind.SUPPORT_UNGRADED: "one settled assessment without support is known, and a second is awaited",
}
_NEVER_LAPSES: Final = {
    SignalKind.BARRED: "It holds while the bar stands; an attempt asks again.",
    SignalKind.SAE_CLOCK: "The reminders come all the same until it is reported.",
}
_AFTER_AN_ANSWER: Final = {
    "worsened": "It does not cover what is worse since.",
    "again": "It does not cover what came again since.",
    "attempt": "It does not cover the attempt since.",
}


def headline(story: AlertStory, zone: ZoneInfo) -> str:
    """ "CART-007 has grade 3 ICANS, 6 days after the second infusion."."""
    alert = story.alert
    who = alert.study_code or _NO_PATIENT.get(alert.signal, "The program")
    return f"{who}{_WHAT.get(alert.signal, _other)(story)}{_days(story, zone)}."


def _of_a_grade(story: AlertStory) -> str:
    return f" {_verb(story.alert)} {_grade(story)}"


def _grade(story: AlertStory) -> str:
    alert, shown = story.alert, story.shown
    if alert.scale is None:
        return f"grade {alert.level} {alert.slot.upper()}"
    is_settled = shown is None or shown.grade.grade is not None
    return toxicity_words(alert.scale, alert.level if is_settled else None, alert.level)


def _risen(story: AlertStory) -> str:
    alert = story.alert
    if alert.state == "retracted":
        return f" did not rise to {_grade(story)}"
    return f" {'has' if alert.live else 'had'} risen to {_grade(story)} within a day"


def _supported(story: AlertStory) -> str:
    return f" {_verb(story.alert)} support for pressure or oxygen without a CRS grade"


def _unsettled(story: AlertStory) -> str:
    name, live = toxicity(story.alert.slot), story.alert.live
    return f": {name} could {'be' if live else 'have been'} grade 3 or more and {_is(live)} not settled"


def _missed(story: AlertStory) -> str:
    alert = story.alert
    many = alert.slot == "vital_signs"
    verb = ("are" if many else "is") if alert.live else ("were" if many else "was")
    return f": {SLOT_WORDS.get(alert.slot, alert.slot)} {verb} missed"


def _program(story: AlertStory) -> str:
    words = PROGRAM_WORDS.get(story.alert.slot, f"there is a problem ({story.alert.slot})")
    if story.alert.live:
        return f": {words}"
    return f": {words.replace(' is ', ' was ').replace(' are ', ' were ').replace('does not', 'did not')}"


def _barred(story: AlertStory) -> str:
    alert = story.alert
    if alert.state == "retracted":
        return " was not barred from the second infusion"
    return " must not be given the second infusion" if alert.live else " was barred from the second infusion"


def _rule(story: AlertStory) -> str:
    alert = story.alert
    is_reached = alert.counted != "none"
    if alert.live and not is_reached:
        return " was reached and is below its limit now"
    return " is reached" if alert.live else " was reached"


def _report(story: AlertStory) -> str:
    alert = story.alert
    if alert.state == "retracted":
        return " has no serious adverse event to report"
    grade = f" of grade {story.event.grade}" if story.event else ""
    if alert.live:
        late = "overdue" if alert.urgency == 1 else "due"
        return f": the report of a serious adverse event{grade} is {late}"
    return f": a serious adverse event{grade} was reported"


def _other(story: AlertStory) -> str:
    return f" {_verb(story.alert)} an alert: {story.alert.signal}"


_WHAT: Final = {
    SignalKind.GRADE_3.value: _of_a_grade,
    SignalKind.RISE_2.value: _risen,
    SignalKind.SUPPORT_UNGRADED.value: _supported,
    SignalKind.UNSETTLED.value: _unsettled,
    SignalKind.MISSED.value: _missed,
    SignalKind.SYSTEM.value: _program,
    SignalKind.BARRED.value: _barred,
    SignalKind.BOUNDARY.value: _rule,
    SignalKind.SAE_CLOCK.value: _report,
}
_NO_PATIENT: Final = {SignalKind.BOUNDARY.value: "A stopping rule"}


def _verb(alert: AlertRow) -> str:
    if alert.state == "retracted":
        return "did not have"
    return "has" if alert.live else "had"


def _is(live: bool) -> str:
    return "is" if live else "was"


def _days(story: AlertStory, zone: ZoneInfo) -> str:
    alert, shown = story.alert, story.shown
    if alert.infused_at is None or alert.number is None:
        return ""
    at = shown.assessed_at if shown else alert.first_observed_at
    return f", {days_after(at, alert.infused_at, alert.number, zone)}"


def state_words(story: AlertStory, now: datetime, zone: ZoneInfo) -> str:
    """How the alert stands, with times."""
    alert = story.alert
    if alert.state == "open":
        return f"P{alert.urgency}. Not acknowledged since {when_and_ago(_asked_at(story), now, zone)}."
    if alert.state == "acknowledged":
        return "Acknowledged, not over."
    if alert.state == "recovering":
        known = _RECOVERING.get(SignalKind(alert.signal), "")
        return f"Recovering, not over: {known}."
    over = "Withdrawn" if alert.state == "retracted" else "Over"
    at = "" if alert.closed_at is None else f" since {when_and_ago(alert.closed_at, now, zone)}"
    return f"{over}{at}: {ended_words(alert)}."


def ended_words(alert: AlertRow) -> str:
    """Why it is over: "recovered", "the grade is settled"."""
    return ENDED.get(alert.ended_reason or "", alert.ended_reason or "not over")


def silence_words(story: AlertStory, silence: Silenced, now: datetime, zone: ZoneInfo) -> str:
    """ "Silenced by Dr Chen at 09:02 until 13:02: nobody else is told until then."; without its reason."""
    at, until = when(silence.at, now, zone), when(silence.until, now, zone)
    words = f"Silenced by {silence.by} at {at} until {until}"
    if story.alert.live and silence == story.silence_that_holds(now):
        return f"{words}: nobody else is told until then."
    return f"{words}. It no longer holds."


def _asked_at(story: AlertStory) -> datetime:
    """Since when an answer is awaited: the opening, or what made an earlier answer no longer enough."""
    asked = [notice.at for notice in story.notices if notice.kind in _STARTING]
    return max([story.alert.opened_at, *asked])


def answer_words(story: AlertStory, answer: Answer, now: datetime, zone: ZoneInfo) -> str:
    """ "Acknowledged by Dr Chen at 08:02 for grade 3: drug given. A grade 4 will ask again. ..."."""
    done = ActionTaken(answer.action_taken).label
    grade = f" for grade {answer.level}" if answer.level else ""
    parts = [
        f"Acknowledged by {answer.by} at {when(answer.at, now, zone)}{grade}: {done}.",
        _how_it_holds(story, answer, now, zone) if story.alert.live else "",
        f"Time to acknowledgement {_length(answer.at - _asked_before(story, answer.at))}.",
    ]
    return " ".join(part for part in parts if part)


def _how_it_holds(story: AlertStory, answer: Answer, now: datetime, zone: ZoneInfo) -> str:
    alert = story.alert
    if answer.level < alert.level:
        return f"It does not cover grade {alert.level}."
    started = _started_since(story, answer.at)
    if started is not None:
        return _AFTER_AN_ANSWER.get(started.kind, "It has lapsed.")
    if alert.state == "open":
        return "It has lapsed."
    if alert.signal in _NEVER_LAPSES:
        return _NEVER_LAPSES[SignalKind(alert.signal)]
    until = f"It lapses at {when(answer.expires_at, now, zone)}, later only where new assessments follow."
    return f"{_asks_again(alert, answer)}{until}"


def _asks_again(alert: AlertRow, answer: Answer) -> str:
    if alert.signal == SignalKind.GRADE_3 and answer.level < SEVEREST:
        return f"A grade {answer.level + 1} will ask again. "
    if alert.signal == SignalKind.SUPPORT_UNGRADED and alert.urgency > _RISEN:
        return "Stronger support will ask again. "
    return ""


def _started_since(story: AlertStory, at: datetime) -> Notified | None:
    """The newest notice after an answer with which the alert became open again."""
    since = [one for one in story.notices if one.kind in _STARTING and one.at > at]
    return since[-1] if since else None


def _asked_before(story: AlertStory, at: datetime) -> datetime:
    asked = [one.at for one in story.notices if one.kind in _STARTING and one.at <= at]
    return asked[-1] if asked else min(story.alert.opened_at, at)


def _length(length: timedelta) -> str:
    return "under 1 min" if length < _MINUTE else span(length)
