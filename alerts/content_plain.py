"""What a notice says of a signal that is not a grade: support, unsettled, missed, the program itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.content import Line, MailContent
from alerts.difference import STARTING, EndedReason, NoticeKind
from alerts.model import SignalKind
from alerts.story import Course
from alerts.wording import days_after, full_time, reference
from grading.scale import Toxicity

_CALLS: Final = (*STARTING, NoticeKind.ESCALATION, NoticeKind.REPEAT)


@dataclass(frozen=True, slots=True)
class Plain:
    """Everything such a notice may say. `course` is None where the alert is about the program itself."""

    kind: NoticeKind
    signal: SignalKind
    slot: str
    urgency: int
    alert_id: int
    number: int
    course: Course | None
    first_at: datetime
    ended_reason: EndedReason | None
    told: tuple[str, ...]
    app_url: str
    zone: ZoneInfo


def plain_content(plain: Plain, ruleset: str) -> MailContent:
    """The subject, headline and lines of one notice."""
    what = _what(plain)
    calls = plain.kind in _CALLS
    news = "" if calls else "over: " if plain.kind is NoticeKind.RECOVERY else "withdrawn: "
    who = f"Patient {plain.course.study_code}: " if plain.course else "Vigil: "
    day = _day(plain)
    closing = "Nobody has acknowledged yet." if calls else "Nothing has to be acknowledged."
    return MailContent(
        subject=f"P{plain.urgency} {news}{what} ({reference(plain.alert_id)})",
        preview=closing,
        tile=f"P{plain.urgency}",
        colour="0",
        headline=f"{who}{news}{what}{day}.",
        lines=_lines(plain),
        button="Open the alert and acknowledge" if calls else "Open the alert",
        link=f"{plain.app_url}/alerts?a={plain.alert_id}",
        closing=closing,
        told=plain.told,
        reference=reference(plain.alert_id),
        number=plain.number,
        ruleset=ruleset,
    )


def _what(plain: Plain) -> str:
    if plain.signal is SignalKind.UNSETTLED:
        return f"{Toxicity(plain.slot).label} could be grade 3 or more and is not settled"
    return _WHAT[plain.signal].get(plain.slot, plain.signal.value)


def _day(plain: Plain) -> str:
    course = plain.course
    if course is None:
        return ""
    return f", {days_after(plain.first_at, course.infused_at, course.infusion_number, plain.zone)}"


def _lines(plain: Plain) -> tuple[Line, ...]:
    return (("Since", f"{full_time(plain.first_at, plain.zone)}."),)


_WHAT: Final[Mapping[SignalKind, Mapping[str, str]]] = {
    SignalKind.SUPPORT_UNGRADED: {"": "support for pressure or oxygen without a CRS grade"},
    SignalKind.MISSED: {"vital_signs": "vital signs are missed", "ice": "the ICE score is missed"},
    SignalKind.SYSTEM: {
        "worker": "the worker was silent",
        "queue": "urgent mails are waiting",
        "delivery": "a mail was refused for good",
        "audit": "the audit trail is broken",
        "disk": "the disk is nearly full",
        "backup": "the last backup is too old",
        "clock": "the clock of this machine jumped",
    },
    SignalKind.BARRED: {},
    SignalKind.BOUNDARY: {},
    SignalKind.SAE_CLOCK: {},
}
