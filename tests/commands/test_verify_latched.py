"""`manage.py verify` on alerts that only a person ends: one that is gone, closed or not what it rests on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from actions import context
from commands.verify_latched import check_latched
from db.models import Alert
from db.session import reading, writing
from tests.alerts.conftest import Ward, at, make_ward
from tests.alerts.latching import (
    AWARE_AT,
    answer,
    crossed,
    decide,
    latching,
    record_event,
    report_event,
    the_alert,
)

NOW = at(24 * 46)
SOON = AWARE_AT + timedelta(hours=1)


@pytest.fixture
def ward(sqlite_database: str, tmp_path: Path) -> Ward:
    """A patient, and the rules and clocks of the protocol as it is shipped."""
    return latching(make_ward(sqlite_database, tmp_path))


def check(ward: Ward, now: datetime = NOW) -> list[str]:
    with reading() as session:
        words, findings = check_latched(session, context.protocol(), now, ward.settings.zone)
    assert words.startswith("alerts: 2 stopping rules and the waiting serious events of ")
    return list(findings)


def change_alert(signal: str, change: Callable[[Alert], None]) -> None:
    """Change a row past the program."""
    with writing() as session:
        alert = session.exec(select(Alert).where(col(Alert.signal) == signal)).one()
        change(alert)
        session.add(alert)


def close(alert: Alert) -> None:
    alert.state, alert.closed_at, alert.ended_reason = "closed", NOW, "decided"


def test_a_reached_rule_a_decision_and_a_report_pass(ward: Ward) -> None:
    assert check(ward) == []
    crossed()
    assert check(ward) == []
    decide(ward, NOW)
    event = record_event(ward, SOON)
    assert check(ward, SOON) == []
    report_event(ward, event, SOON)
    assert check(ward) == []


def test_time_alone_is_no_finding(ward: Ward) -> None:
    crossed()
    answer(ward, the_alert(ward, "boundary"), NOW, "committee_called")
    record_event(ward, SOON)
    assert check(ward, NOW + timedelta(days=30)) == []


def test_a_reached_rule_whose_alert_was_closed_without_a_decision_is_found(ward: Ward) -> None:
    crossed()
    change_alert("boundary", close)
    assert check(ward) == ["stopping rule grade3_second: it is reached and has no alert"]


def test_a_decided_rule_whose_alert_still_waits_is_found(ward: Ward) -> None:
    crossed()
    decide(ward, NOW)

    def open_again(alert: Alert) -> None:
        alert.state, alert.closed_at, alert.ended_reason = "open", None, None

    change_alert("boundary", open_again)
    (finding,) = check(ward)
    assert finding == (
        "stopping rule grade3_second: alert A-0002 is not what is recorded, it ought to be closed"
    )


def test_a_serious_event_whose_alert_was_closed_before_its_report_is_found(ward: Ward) -> None:
    event = record_event(ward, SOON)
    change_alert("sae_clock", close)
    assert check(ward, SOON) == [f"CART-007, serious event {event[:8]}: its report waits and has no alert"]
