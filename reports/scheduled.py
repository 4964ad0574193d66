"""The committee's report on schedule: once a month, made by the program, however many workers look."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from actions.errors import ChangedMeanwhile
from actions.reports import next_number, store_report
from db.models import Record
from db.queries.reports import newest_of_the_program
from db.roles import SYSTEM
from db.session import reading
from reports.committee import build_report
from trial.protocol import Protocol

_INFUSIONS: Final = Record.metadata.tables["infusion"]


def scheduled_at(now: datetime, protocol: Protocol, zone: ZoneInfo) -> datetime:
    """The last moment up to now at which a report was to be made."""
    local = now.astimezone(zone)
    at = protocol.report_at
    moment = local.replace(
        day=protocol.report_day_of_month, hour=at.hour, minute=at.minute, second=0, microsecond=0
    )
    if moment > local:
        last_month = moment.replace(day=1) - timedelta(days=1)
        moment = moment.replace(year=last_month.year, month=last_month.month)
    return moment


def make_scheduled_report(protocol: Protocol, zone: ZoneInfo, *, now: datetime) -> int | None:
    """Make the report that is due; its row id, None where none is due or another worker was first.

    The cut-off is the scheduled moment, also where the program was not running then. Before the first
    infusion there is nothing to report.
    """
    cutoff_at = scheduled_at(now, protocol, zone)
    with reading() as session:
        newest = newest_of_the_program(session)
        first = session.connection().execute(select(func.min(_INFUSIONS.c.infused_at))).scalar()
        if (newest is not None and newest >= cutoff_at) or first is None or first > cutoff_at:
            return None
        number = next_number(session)
        report = build_report(
            session, number=number, cutoff_at=cutoff_at, now=now, protocol=protocol, zone=zone
        )
    try:
        return store_report(report, by=SYSTEM, now=now)
    except ChangedMeanwhile:
        return None
