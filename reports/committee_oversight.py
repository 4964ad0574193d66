"""The committee's report on the data: overrides, corrections, late and missing entries, alerts."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.model import SignalKind
from alerts.words.short import short_words
from reports.committee_rows import AlertRow, ReportRows
from reports.committee_table import ORDINALS, Cell, ReportTable, table_of


def oversight_tables(rows: ReportRows, zone: ZoneInfo) -> Iterator[ReportTable]:
    """Every list, the empty ones too."""
    yield _overrides(rows, zone)
    yield _corrections(rows, zone)
    yield _late(rows, zone)
    yield _missing(rows)
    yield _alerts(rows, zone)


def _overrides(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [(one.code, moment(one.at, zone), one.what, one.by or "the program") for one in rows.overrides]
    heads = ("Patient", "When", "What", "By")
    return table_of("overrides", "Judgements that stand above signs or rules", heads, lines)


def _corrections(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [
        (
            one.code,
            moment(one.observed_at, zone),
            moment(one.entered_at, zone),
            "withdrawn" if one.withdrawn else f"version {one.version}",
            one.reason,
        )
        for one in rows.corrections
    ]
    heads = ("Patient", "Observed", "Entered", "What", "Reason")
    return table_of("corrections", "Corrected and withdrawn entries", heads, lines)


def _late(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [
        (
            one.code,
            moment(one.observed_at, zone),
            moment(one.entered_at, zone),
            _hours(one.observed_at, one.entered_at),
        )
        for one in rows.late
    ]
    heads = ("Patient", "Observed", "Entered", "Hours between")
    return table_of("late", "Late entries", heads, lines)


def _hours(observed_at: datetime, entered_at: datetime) -> float:
    return round((entered_at - observed_at).total_seconds() / 3600, 1)


def _missing(rows: ReportRows) -> ReportTable:
    lines = [
        (
            one.code,
            f"{ORDINALS[one.number]} infusion",
            one.count.due,
            one.count.done,
            one.count.skipped,
            one.count.missing,
        )
        for one in rows.completeness
        if one.count.missing
    ]
    heads = ("Patient", "After the", "Due", "Done", "Not done, with a reason", "Missing")
    return table_of("missing", "Missing assessments", heads, lines)


def _alerts(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [
        (
            f"A-{one.number:04}",
            one.code or _subject(one.signal),
            _signal_words(one),
            one.level or "no grade",
            moment(one.opened_at, zone),
            _minutes(one.opened_at, one.acknowledged_at),
            one.state,
        )
        for one in rows.alerts
    ]
    heads = ("Alert", "Patient", "About", "Level", "Opened", "Minutes to the answer", "State")
    return table_of("alerts", "Alerts and the time to acknowledgement", heads, lines)


def _signal_words(alert: AlertRow) -> str:
    signal, _, slot = alert.signal.partition(" ")
    return short_words(signal, slot, alert.level).rstrip(",")


def _subject(signal: str) -> str:
    """Whom an alert is about that belongs to no patient."""
    return "the program" if signal.startswith(SignalKind.SYSTEM) else "the trial"


def _minutes(opened_at: datetime, acknowledged_at: datetime | None) -> Cell:
    if acknowledged_at is None:
        return "none yet"
    return round((acknowledged_at - opened_at).total_seconds() / 60)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """ "2026-03-02 10:00" by the hospital's clock."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
