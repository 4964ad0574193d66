"""The clock: aware, in UTC, and nobody else reads the time."""

from datetime import UTC, datetime, timedelta

import pytest

import clock


def test_now_is_aware_and_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    before = datetime.now(UTC)
    now = clock.utc_now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


def test_the_monotonic_clock_does_not_go_back() -> None:
    assert clock.monotonic() <= clock.monotonic()
