"""Who was told of an alert, when, and what the mail server said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.wording import GROUP_WORDS
from db.queries.alerts import Attempt, Told
from pages.parts import tiles
from pages.parts.wording import counted, when

KINDS: Final = {
    "opening": "opened",
    "worsened": "worsened",
    "again": "again",
    "recovery": "recovered",
    "amendment": "corrected",
    "retraction": "withdrawn",
    "death": "death",
    "late": "late entry",
    "repeat": "still open",
    "escalation": "escalated",
}
OUTCOMES: Final = {
    "sent": "sent",
    "retry": "not taken, tried again later",
    "refused": "refused for good",
    "unknown": "cut off, may have arrived",
}


def told_summary(told: Sequence[Told]) -> str:
    """ "3 of 4 people have a mail of it."; what is not known to have arrived is not counted."""
    people = {one.address for one in told}
    reached = {one.address for one in told if one.state == "sent"}
    if not people:
        return "Nobody was mailed: no recipient was on the list."
    if reached == people:
        return f"{counted(len(people), 'person', 'people')} told."
    return f"{len(reached)} of {counted(len(people), 'person', 'people')} told."


def told_table(told: Sequence[Told], now: datetime, zone: ZoneInfo) -> str:
    """A row a mail, the first first."""
    return tiles.table(
        f"Who was told. {told_summary(told)}",
        ("Who", "Of what", "When", "The mail server's words"),
        [_row(one, now, zone) for one in told],
    )


def _row(one: Told, now: datetime, zone: ZoneInfo) -> list[str]:
    group = GROUP_WORDS.get(one.group, one.group)
    who = tiles.cell(one.name) + tiles.piece("div", text=f"{group}, {one.address}", classes="vigil-soft")
    kind = KINDS.get(one.kind, one.kind)
    what = kind if one.level is None else f"{kind}, grade {one.level}"
    return [who, tiles.cell(what), tiles.cell(delivery_words(one, now, zone)), _server_words(one, now, zone)]


def delivery_words(one: Told, now: datetime, zone: ZoneInfo) -> str:
    """ "sent 08:02", "being sent", "to be tried again 08:07", "failed"."""
    if one.state == "sent" and one.sent_at is not None:
        return f"sent {when(one.sent_at, now, zone)}"
    if one.state == "failed":
        return "failed: not told by mail"
    if one.state == "claimed":
        return "being sent now"
    if one.state == "unknown":
        return f"may have arrived; sent again {when(one.due_at, now, zone)}"
    if one.attempts:
        return f"not sent yet; next try {when(one.due_at, now, zone)}"
    return f"waiting since {when(one.noticed_at, now, zone)}"


def _server_words(one: Told, now: datetime, zone: ZoneInfo) -> str:
    if not one.attempts:
        return tiles.cell(one.reply or one.last_error or "–")
    return "".join(tiles.piece("div", text=_attempt(attempt, now, zone)) for attempt in one.attempts)


def _attempt(attempt: Attempt, now: datetime, zone: ZoneInfo) -> str:
    local = attempt.at.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local.day} {local:%b} "
    reply = f": {attempt.reply}" if attempt.reply else ""
    return f"{day}{local:%H:%M:%S} {OUTCOMES.get(attempt.outcome, attempt.outcome)}{reply}"
