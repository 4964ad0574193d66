"""The mails that come by the calendar, in full."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.messages import build_message
from alerts.words import rounds
from tests.alerts.test_messages import ENVELOPE, SHANGHAI, TO, part

AT = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)  # 08:00 on 9 March in Shanghai
QUIET = rounds.DigestFacts(
    open_alerts=0,
    unacknowledged=0,
    overdue=0,
    patients=4,
    mail_path="ok",
    last_backup_at=AT - timedelta(hours=5, minutes=50),
    unconfirmed_tests=0,
    at=AT,
    told=("pi", "ward"),
    app_url="https://monitor.example.org",
    zone=SHANGHAI,
    ruleset="ASTCT 2019, rules 1.0",
)


def digest_of(facts: rounds.DigestFacts) -> str:
    return part(build_message(rounds.content_of_digest(facts), TO, ENVELOPE), "plain")


def test_the_digest_comes_also_when_there_is_nothing_to_tell() -> None:
    assert rounds.content_of_digest(QUIET).subject == "P4 daily digest: 0 open, 0 overdue"
    assert digest_of(QUIET).splitlines() == [
        "0 open, 0 overdue, mail path ok, last backup 02:10.",
        "",
        "Open alerts: 0.",
        "Overdue: 0 alerts of missed assessments.",
        "In monitoring: 4 patients.",
        "Mail path: ok.",
        "Last backup: 9 March 2026, 02:10 (UTC+08:00).",
        "Test mails: all confirmed.",
        "As of: 9 March 2026, 08:00 (UTC+08:00).",
        "",
        "Open the alerts:",
        "https://monitor.example.org/alerts",
        "",
        "This mail comes every day, also when nothing is open. On a day",
        "without it, open Vigil and have the mail path looked at.",
        "",
        "--",
        "Told: ward on duty, principal investigator.",
        "You get this as treating investigator.",
        "Graded by ASTCT 2019, rules 1.0.",
        "Do not reply and do not add patient details to this mail.",
    ]


def test_the_digest_names_what_waits_and_what_is_wrong() -> None:
    busy = replace(
        QUIET,
        open_alerts=3,
        unacknowledged=1,
        overdue=1,
        patients=1,
        mail_path="2 urgent mails wait",
        last_backup_at=None,
        unconfirmed_tests=2,
    )
    text = digest_of(busy).replace("\r\n", "\n")
    assert text.startswith("3 open, 1 overdue, mail path 2 urgent mails wait, no backup\nrecorded.")
    for line in (
        "Open alerts: 3; 1 waits for an acknowledgement.",
        "Overdue: 1 alert of missed assessments.",
        "In monitoring: 1 patient.",
        "Mail path: 2 urgent mails wait.",
        "Last backup: none recorded. Have a backup made today.",
    ):
        assert line in text.splitlines()
    assert "2 not confirmed. Ask these recipients" in text


@pytest.mark.parametrize(
    ("hours", "words"), [(5, "last backup 03:00."), (9, "last backup 8 March 2026, 23:00.")]
)
def test_a_backup_of_another_day_carries_its_date(hours: int, words: str) -> None:
    content = rounds.content_of_digest(replace(QUIET, last_backup_at=AT - timedelta(hours=hours)))
    assert content.headline.endswith(words)


def test_a_test_mail_asks_for_its_code_and_is_about_nobody() -> None:
    facts = rounds.TestFacts(
        code="7K2P9X",
        at=AT + timedelta(hours=1),
        told=("treating",),
        app_url="https://monitor.example.org",
        zone=SHANGHAI,
        ruleset="ASTCT 2019, rules 1.0",
    )
    content = rounds.content_of_test_mail(facts)
    assert content.subject == "P4 test mail: please confirm 7K2P9X"
    assert part(build_message(content, TO, ENVELOPE), "plain").splitlines() == [
        "This is a test of the alert mails: please confirm that it has",
        "reached you.",
        "",
        "Code: 7K2P9X.",
        "To confirm: open the page, sign in, and confirm this code.",
        "Sent: 9 March 2026, 09:00 (UTC+08:00).",
        "",
        "Open the page and confirm:",
        "https://monitor.example.org/alerts?t=7K2P9X",
        "",
        "No patient is meant. Nothing has to be acknowledged. A test mail",
        "that nobody confirms is counted in the daily digest.",
        "",
        "--",
        "Told: treating investigator.",
        "You get this as treating investigator.",
        "Do not reply and do not add patient details to this mail.",
    ]
