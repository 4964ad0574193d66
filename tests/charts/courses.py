"""Entries for pictures, made without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from db.queries.charted_entries import Entry, StoredGrade
from grading.scale import Toxicity
from trial.protocol import load_protocol

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
INFUSED_AT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # 11:00 at the hospital


def hours(after: float) -> datetime:
    """So many hours after the infusion."""
    return INFUSED_AT + timedelta(hours=after)


def grade(scale: Toxicity, value: int | None, at_least: int | None = None) -> StoredGrade:
    """A stored grade; `value` None is unsettled."""
    least = (value or 0) if at_least is None else at_least
    return StoredGrade(scale, value, least, (), ("reason",), (), "rules")


def entry(
    at: datetime,
    crs: int | None = 0,
    icans: int | None = 0,
    *,
    crs_at_least: int | None = None,
    version: int = 1,
    stable_id: str | None = None,
    **values: Any,
) -> Entry:
    """One entry with its grades and values."""
    return Entry(
        assessment_id=int(at.timestamp()),
        stable_id=stable_id or f"id-{at:%d%H%M}",
        version=version,
        infusion_id=1,
        status="recorded",
        superseded_at=None,
        reason=None,
        source="form",
        assessed_at=at,
        entered_at=at,
        entered_by_id=1,
        entered_by="Nurse Example",
        values=values,
        grades={
            Toxicity.CRS: grade(Toxicity.CRS, crs, crs_at_least),
            Toxicity.ICANS: grade(Toxicity.ICANS, icans),
        },
    )
