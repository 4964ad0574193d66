"""What a card says of an alert that only a person ends, and the way to where it is ended."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from actions import context
from actions.permissions import Page, may_see
from alerts.model import SignalKind
from alerts.wording import toxicity_words
from db.queries.alert_facts import EventBehind
from db.queries.alerts import AlertRow, AlertStory
from db.roles import Actor
from pages.parts import tiles
from pages.parts.wording import listed, sentence_case, span, when, when_and_ago

Line = tuple[str, str]
"""Label and sentence."""

_ENDED_AT: Final = {
    SignalKind.BARRED.value: ("second-infusion", "/second-infusion?code={code}", "Open the gate of {code}"),
    SignalKind.BOUNDARY.value: ("stopping", "/stopping", "Open the stopping rules"),
    SignalKind.SAE_CLOCK.value: ("events", "/events?event={slot}", "Open the event and its report"),
}
"""Signal -> the page on which it is ended, its address, and the words of the link."""


def rule_words(alert: AlertRow) -> str:
    """The stopping rule as the protocol words it; its key where the protocol holds it no more."""
    words = {rule.key: rule.words for rule in context.protocol().stopping}
    return words.get(alert.slot, alert.slot)


def of_the_bar(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    """By which grade, who has released it, what ends it."""
    shown = story.shown
    lines = [("Barred by", "no entry behind this alert stands today.")]
    if shown is not None:
        grade = toxicity_words(shown.grade.scale, shown.grade.grade, shown.grade.at_least)
        lines = [
            ("Barred by", f"{grade}, observed {when_and_ago(shown.assessed_at, now, zone)}."),
            ("Why", sentence_case(shown.grade.sentence())),
        ]
    released = [
        f"{one.by} at {when(one.at, now, zone)}{_for(one.worst_crs, one.worst_icans)}"
        for one in story.releases
    ]
    if released:
        lines.append(("Released", f"by {listed(released)}."))
    if story.alert.live:
        lines.append(
            ("To end it", "two investigators release it at the gate, each with a signature and a reason.")
        )
    return lines


def _for(worst_crs: int, worst_icans: int) -> str:
    return f" (CRS up to {worst_crs}, ICANS up to {worst_icans})"


def of_a_rule(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    """The rule, whose events it counted, what ends it."""
    alert = story.alert
    codes = [code for code in (alert.counted or "none").split(";") if code != "none"]
    counted = f"{listed(codes)}." if codes else "no event any more: an entry was corrected."
    lines = [("Rule", f"{rule_words(alert)}."), ("Counted", counted)]
    if alert.live:
        lines.append(
            ("To do", "give no further infusion that the rule counts until the committee has decided.")
        )
        lines.append(("To end it", "the committee records its decision on the rule."))
    return lines


def of_an_event(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[Line]:
    """The event, by when it is to be reported, what ends it."""
    event = story.event
    if event is None:
        return [("Event", "not on record any more.")]
    criteria = listed([one.replace("_", " ") for one in event.criteria])
    lines = [("Event", f"{event.term}, grade {event.grade}{f', {criteria}' if criteria else ''}.")]
    if event.aware_at is not None:
        lines.append(("Aware since", f"{when_and_ago(event.aware_at, now, zone)}."))
        lines.append(("Report", f"{_report_words(event, event.aware_at, now, zone)}."))
    if story.alert.live:
        lines.append(
            (
                "To end it",
                "record when and to whom it was reported; or correct the event where it is not serious.",
            )
        )
    return lines


def _report_words(event: EventBehind, aware_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "due at 07:52, in 3 h", "overdue by 2 h, was due at 07:52", "made at 06:10, to Sponsor"."""
    if event.reported_at is not None:
        return f"made at {when(event.reported_at, now, zone)}, to {event.reported_to}"
    due_at = aware_at + timedelta(hours=context.protocol().sae.clock_hours)
    if now < due_at:
        return f"due at {when(due_at, now, zone)}, in {span(due_at - now)}"
    return f"overdue by {span(now - due_at)}, was due at {when(due_at, now, zone)}"


def way_to_its_end(alert: AlertRow, actor: Actor) -> str | None:
    """A link to where the alert is ended, for those who may see that page; None without one."""
    page, address, words = _ENDED_AT.get(alert.signal, ("", "", ""))
    if page not in set(Page) or not may_see(actor.role, Page(page)):
        return None
    values = {"code": quote(alert.study_code or ""), "slot": quote(alert.slot)}
    label = words.format(code=alert.study_code or "the patient")
    return tiles.link(label, address.format(**values), classes="vigil-link vigil-link-block")
