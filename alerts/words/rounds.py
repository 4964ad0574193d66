"""The mails that come by the calendar: the daily digest, whose absence is a sign, and the weekly test."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.wording import counted, full_time, time_beside
from alerts.words.shell import Line, MailContent

_TILE: Final = "P4"
_NEUTRAL: Final = "0"
_ITS_ABSENCE: Final = (
    "This mail comes every day, also when nothing is open. "
    "On a day without it, open Vigil and have the mail path looked at."
)
_ABOUT_NOBODY: Final = (
    "No patient is meant. Nothing has to be acknowledged. "
    "A test mail that nobody confirms is counted in the daily digest."
)


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What the daily digest counts.

    open_alerts        live alerts, `unacknowledged` of them wait for an answer
    overdue            live alerts of missed assessments
    patients           in monitoring now
    mail_path          "ok", or what is wrong with it, in a few words without a full stop
    last_backup_at     None where none is recorded
    unconfirmed_tests  test mails of the last round that nobody has confirmed; None before the first
    told               groups of the recipients
    """

    open_alerts: int
    unacknowledged: int
    overdue: int
    patients: int
    mail_path: str
    last_backup_at: datetime | None
    unconfirmed_tests: int | None
    at: datetime
    told: tuple[str, ...]
    app_url: str
    zone: ZoneInfo
    ruleset: str


@dataclass(frozen=True, slots=True)
class TestFacts:
    """A test mail: `code` is what the recipient confirms on the page, `told` the group of the recipient."""

    code: str
    at: datetime
    told: tuple[str, ...]
    app_url: str
    zone: ZoneInfo
    ruleset: str


def content_of_digest(facts: DigestFacts) -> MailContent:
    """The daily digest; also when there is nothing to tell."""
    counts = f"{facts.open_alerts} open, {facts.overdue} overdue"
    return MailContent(
        subject=f"{_TILE} daily digest: {counts}",
        preview=f"Mail path {facts.mail_path}, {_backup(facts)}.",
        tile=_TILE,
        colour=_NEUTRAL,
        headline=f"{counts}, mail path {facts.mail_path}, {_backup(facts)}.",
        lines=_lines(facts),
        button="Open the alerts",
        link=f"{facts.app_url}/alerts",
        closing=_ITS_ABSENCE,
        told=facts.told,
        reference="",
        number=1,
        ruleset=facts.ruleset,
    )


def content_of_test_mail(facts: TestFacts) -> MailContent:
    """The weekly test mail; its link opens the page where a signed-in person confirms it."""
    return MailContent(
        subject=f"{_TILE} test mail: please confirm {facts.code}",
        preview="A test. No patient is meant.",
        tile=_TILE,
        colour=_NEUTRAL,
        headline="This is a test of the alert mails: please confirm that it has reached you.",
        lines=(
            ("Code", f"{facts.code}."),
            ("To confirm", "open the page, sign in, and confirm this code."),
            ("Sent", f"{full_time(facts.at, facts.zone)}."),
        ),
        button="Open the page and confirm",
        link=f"{facts.app_url}/alerts?t={facts.code}",
        closing=_ABOUT_NOBODY,
        told=facts.told,
        reference="",
        number=1,
        ruleset="",
    )


def _lines(facts: DigestFacts) -> tuple[Line, ...]:
    return (
        ("Open alerts", _alerts(facts)),
        ("Overdue", f"{counted(facts.overdue, 'alert')} of missed assessments."),
        ("In monitoring", f"{counted(facts.patients, 'patient')}."),
        ("Mail path", f"{facts.mail_path}."),
        ("Last backup", _backup_line(facts)),
        ("Test mails", _tests(facts.unconfirmed_tests)),
        ("As of", f"{full_time(facts.at, facts.zone)}."),
    )


def _alerts(facts: DigestFacts) -> str:
    if not facts.open_alerts:
        return "0."
    waiting = facts.unacknowledged
    return f"{facts.open_alerts}; {waiting} {'waits' if waiting == 1 else 'wait'} for an acknowledgement."


def _backup(facts: DigestFacts) -> str:
    if facts.last_backup_at is None:
        return "no backup recorded"
    return f"last backup {time_beside(facts.last_backup_at, facts.at, facts.zone)}"


def _backup_line(facts: DigestFacts) -> str:
    if facts.last_backup_at is None:
        return "none recorded. Have a backup made today."
    return f"{full_time(facts.last_backup_at, facts.zone)}."


def _tests(unconfirmed: int | None) -> str:
    if unconfirmed is None:
        return "none sent yet."
    if not unconfirmed:
        return "all confirmed."
    return f"{unconfirmed} not confirmed. Ask these recipients whether the mail reached them."
