"""The sentences of one alert: what it is, why it stands, how it stands now, and what was answered."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.wording import days_after, reference, toxicity_words
from db.queries.alerts import AlertStory, Answer
from pages.parts.wording import columns_words, late_words, sentence_case, when, when_and_ago

SEVEREST: Final = 5
_ASKING: Final = ("opening", "worsened", "again", "repeat")
ENDED: Final = {
    "recovered": "recovered",
    "death": "the patient died",
    "corrected": "the entry behind it was corrected",
    "historical": "imported history, over before it was stored",
    "merged": "it is one episode with another alert",
    "split": "its entries belong to other alerts now",
}


def headline(story: AlertStory, zone: ZoneInfo) -> str:
    """ "CART-007 has grade 3 ICANS, 6 days after the second infusion."."""
    alert, shown = story.alert, story.shown
    who = alert.study_code or "The program"
    verb = "has" if alert.live else "had"
    if alert.state == "retracted":
        verb = "did not have"
    if alert.scale is None:
        return f"{who} {verb} an alert: {alert.signal}."
    is_settled = shown is None or shown.grade.grade is not None
    what = toxicity_words(alert.scale, alert.level if is_settled else None, alert.level)
    return f"{who} {verb} {what}{_days(story, zone)}."


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
        return f"Not acknowledged since {when_and_ago(_asked_at(story), now, zone)}."
    if alert.state == "acknowledged":
        return "Acknowledged, not over."
    if alert.state == "recovering":
        return (
            "Recovering, not over: a settled grade of 2 or less is known, and a second one later is awaited."
        )
    ended = ENDED.get(alert.ended_reason or "", alert.ended_reason or "")
    over = "Withdrawn" if alert.state == "retracted" else "Over"
    at = "" if alert.closed_at is None else f" since {when_and_ago(alert.closed_at, now, zone)}"
    return f"{over}{at}: {ended}."


def _asked_at(story: AlertStory) -> datetime:
    """Since when an answer is awaited: the opening, or what made an earlier answer no longer enough."""
    asked = [told.noticed_at for told in story.told if told.kind in _ASKING]
    return max([story.alert.opened_at, *asked])


def why_lines(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Label and sentence: the reasons, what would settle it, when it was observed and entered."""
    shown = story.shown
    if shown is None:
        return [("Why", "No entry behind this alert stands today.")]
    lines = [("Why", sentence_case(shown.grade.sentence()))]
    if shown.grade.missing:
        lines.append(("To settle it", f"record {columns_words(shown.grade.missing)}."))
    observed = when_and_ago(shown.assessed_at, now, zone)
    version = f", version {shown.version}" if shown.version > 1 else ""
    is_first = shown.version == 1 and not story.alert.historical
    late = late_words(shown.assessed_at, shown.entered_at) if is_first else ""
    entered = f"Entered {when(shown.entered_at, now, zone)}{version}{f', {late}' if late else ''}."
    lines.append(("Observed", f"{observed}. {entered}"))
    latest = story.latest
    if latest is not None and latest.assessment_id != shown.assessment_id:
        grade = toxicity_words(latest.grade.scale, latest.grade.grade, latest.grade.at_least)
        lines.append(("Last at 3 or more", f"{grade} at {when(latest.assessed_at, now, zone)}."))
    lines.append(("Reference", f"{reference(story.alert.id)}, urgency P{story.alert.urgency}."))
    return lines


def answer_words(story: AlertStory, answer: Answer, now: datetime, zone: ZoneInfo) -> str:
    """ "Acknowledged by Dr Chen at 08:02 for grade 3: drug given. A grade 4 will ask again."."""
    done = answer.action_taken.replace("_", " ")
    words = f"Acknowledged by {answer.by} at {when(answer.at, now, zone)} for grade {answer.level}: {done}."
    if not story.alert.live:
        return words
    if answer.level < story.alert.level:
        return f"{words} It does not cover grade {story.alert.level}."
    if story.alert.state == "open":
        return f"{words} It has lapsed."
    again = f" A grade {answer.level + 1} will ask again." if answer.level < SEVEREST else ""
    until = when(answer.expires_at, now, zone)
    return f"{words}{again} It lapses at {until}, later only where new assessments follow."
