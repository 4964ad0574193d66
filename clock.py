"""The only reader of the time. Everything else takes `now` as a parameter."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present instant, timezone-aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never goes back: for deadlines and waits, never for records."""
    return time.monotonic()
