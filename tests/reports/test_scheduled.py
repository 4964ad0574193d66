"""The report on schedule: due once a month, made once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from actions.reports import NewReport, store_report
from db.models import Report
from db.roles import SYSTEM, Actor
from db.session import reading
from reports import scheduled
from reports.scheduled import make_scheduled_report, scheduled_at
from tests.support import made_up_trial
from tests.support.people import configured
from trial.protocol import load_protocol

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 1, 7, 29, tzinfo=ZONE), datetime(2026, 2, 1, 7, 30, tzinfo=ZONE)),
        (datetime(2026, 3, 1, 7, 30, tzinfo=ZONE), datetime(2026, 3, 1, 7, 30, tzinfo=ZONE)),
        (datetime(2026, 1, 1, 0, 0, tzinfo=ZONE), datetime(2025, 12, 1, 7, 30, tzinfo=ZONE)),
        (datetime(2026, 3, 31, 23, 0, tzinfo=ZONE), datetime(2026, 3, 1, 7, 30, tzinfo=ZONE)),
    ],
)
def test_it_is_due_on_its_day_from_its_time_on(now: datetime, expected: datetime) -> None:
    assert scheduled_at(now.astimezone(UTC), PROTOCOL, ZONE) == expected


def reports() -> list[tuple[int, datetime, int | None]]:
    with reading() as session:
        return [(one.number, one.cutoff_at, one.made_by) for one in session.exec(select(Report)).all()]


def test_it_is_made_once_a_month_with_the_scheduled_cut_off(sqlite_database: str, tmp_path: Path) -> None:
    configured(sqlite_database, tmp_path)
    assert make_scheduled_report(PROTOCOL, ZONE, now=NOW) is None  # nobody is infused
    made_up_trial.infused("CART-001", NOW - timedelta(days=30))
    assert make_scheduled_report(PROTOCOL, ZONE, now=NOW) is not None
    assert make_scheduled_report(PROTOCOL, ZONE, now=NOW + timedelta(days=3)) is None
    cutoff_at = datetime(2026, 3, 1, 7, 30, tzinfo=ZONE)
    assert reports() == [(1, cutoff_at, None)]
    assert make_scheduled_report(PROTOCOL, ZONE, now=NOW + timedelta(days=31)) is not None
    assert len(reports()) == 2


def test_of_two_workers_one_makes_it(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(sqlite_database, tmp_path)
    made_up_trial.infused("CART-001", NOW - timedelta(days=30))

    def after_the_other(report: NewReport, *, by: Actor, now: datetime) -> int:
        store_report(report, by=SYSTEM, now=now)  # the other worker is a moment earlier
        return store_report(report, by=by, now=now)

    monkeypatch.setattr(scheduled, "store_report", after_the_other)
    assert make_scheduled_report(PROTOCOL, ZONE, now=NOW) is None
    assert len(reports()) == 1
