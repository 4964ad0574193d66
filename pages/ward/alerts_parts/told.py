"""The thread of an alert: what was told to whom, when, and what the mail server said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.wording import GROUP_WORDS
from db.queries.alert_thread import Attempt, Notified, Told
from db.queries.alerts import AlertStory
from pages.parts import tiles
from pages.parts.wording import counted, when

KINDS: Final = {
    "opening": "opened",
    "worsened": "worsened",
    "again": "again",
    "lapsed": "acknowledgement lapsed",
    "recovery": "over",
    "amendment": "corrected",
    "retraction": "withdrawn",
    "death": "death",
    "late": "late entry",
    "repeat": "repeated: not acknowledged",
    "escalation": "not acknowledged",
}
OUTCOMES: Final = {
    "sent": "sent",
    "retry": "not taken, tried again later",
    "refused": "refused for good",
    "unknown": "cut off, may have arrived",
}
ROWS_AT_ONCE: Final = 10
"""Mails shown before a fold: the first ones and the newest ones."""

_OF_A_PLAN: Final = ("opening", "worsened", "again", "lapsed", "escalation")
_SPEAKS_FOR_ALL: Final = ("retraction", "recovery")
_HEADS: Final = ("Who", "Of what", "When", "The mail server's words")


def told_summary(told: Sequence[Told]) -> str:
    """ "3 of 4 people have a mail of it."; what is not known to have arrived is not counted."""
    people = {one.address for one in told}
    reached = {one.address for one in told if one.state == "sent"}
    if not people:
        return "Nobody was mailed: no recipient was on the list."
    if reached == people:
        return f"{counted(len(people), 'person', 'people')} told."
    return f"{len(reached)} of {counted(len(people), 'person', 'people')} told."


def told_table(story: AlertStory, now: datetime, zone: ZoneInfo) -> str:
    """A row a mail, the first first; of a long thread its beginning and its end."""
    rows = _rows(story, now, zone)
    left_out = len(rows) - ROWS_AT_ONCE
    caption = f"Who was told. {told_summary(story.told)}"
    if left_out > 1:
        half = ROWS_AT_ONCE // 2
        rows = [*rows[:half], *rows[-half:]]
        caption = f"{caption} The first {half} and the last {half} lines; {left_out} between are not shown."
    return tiles.table(caption, _HEADS, rows)


def whole_table(story: AlertStory, now: datetime, zone: ZoneInfo) -> str:
    """Every row."""
    return tiles.table("Everyone who was told, from the first on", _HEADS, _rows(story, now, zone))


def is_long(story: AlertStory) -> bool:
    """Whether `told_table` leaves rows out."""
    return len(_thread(story)) > ROWS_AT_ONCE + 1


def _thread(story: AlertStory) -> list[Told | Notified]:
    """The mails and, in their places, the notices that nobody has a mail of."""
    with_mail = {one.notice_id for one in story.told}
    alone = [one for one in story.notices if one.notice_id not in with_mail]
    return sorted([*story.told, *alone], key=lambda one: one.notice_id)


def _rows(story: AlertStory, now: datetime, zone: ZoneInfo) -> list[list[str]]:
    return [
        _row(one, now, zone) if isinstance(one, Told) else _row_of_nobody(story, one, now, zone)
        for one in _thread(story)
    ]


def _row(one: Told, now: datetime, zone: ZoneInfo) -> list[str]:
    group = GROUP_WORDS.get(one.group, one.group)
    who = tiles.cell(one.name) + tiles.piece("div", text=f"{group}, {one.address}", classes="vigil-soft")
    words = delivery_words(one, now, zone)
    sent = tiles.cell(words) if one.state != "failed" else _in_red(words)
    return [who, _what(one, one.noticed_at, now, zone), sent, _server_words(one, now, zone)]


def _row_of_nobody(story: AlertStory, one: Notified, now: datetime, zone: ZoneInfo) -> list[str]:
    with_mail = {told.notice_id for told in story.told}
    is_told_later = any(
        later.notice_id in with_mail and later.notice_id > one.notice_id and later.kind in _SPEAKS_FOR_ALL
        for later in story.notices
    )
    if is_told_later:
        who, words = tiles.cell("no mail of its own"), "What follows was told instead."
    else:
        who, words = _in_red("nobody"), "No recipient of this step was on the list."
    return [who, _what(one, one.at, now, zone), tiles.cell("not sent"), tiles.cell(words)]


def _what(one: Told | Notified, at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "opened, grade 3", "not acknowledged, step 2", and when."""
    parts = [KINDS.get(one.kind, one.kind)]
    if one.kind in _OF_A_PLAN and (one.step or one.kind == "escalation"):
        parts.append(f"step {one.step + 1}")
    if one.level:
        parts.append(f"grade {one.level}")
    return tiles.cell(", ".join(parts)) + tiles.piece("div", text=when(at, now, zone), classes="vigil-soft")


def _in_red(words: str) -> str:
    return tiles.piece("div", text=words, classes="vigil-problem")


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
    if one.due_at > max(now, one.noticed_at):
        return f"waits until {when(one.due_at, now, zone)}, the end of the quiet hours"
    return f"waiting since {when(one.noticed_at, now, zone)}"


def _server_words(one: Told, now: datetime, zone: ZoneInfo) -> str:
    if not one.attempts:
        return tiles.cell(one.reply or one.last_error or "–")
    return "".join(_attempt_line(attempt, now, zone) for attempt in one.attempts)


def _attempt_line(attempt: Attempt, now: datetime, zone: ZoneInfo) -> str:
    words = _attempt(attempt, now, zone)
    return _in_red(words) if attempt.outcome == "refused" else tiles.piece("div", text=words)


def _attempt(attempt: Attempt, now: datetime, zone: ZoneInfo) -> str:
    local = attempt.at.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local.day} {local:%b} "
    reply = f": {attempt.reply}" if attempt.reply else ""
    return f"{day}{local:%H:%M:%S} {OUTCOMES.get(attempt.outcome, attempt.outcome)}{reply}"
