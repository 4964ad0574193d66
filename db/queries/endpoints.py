"""What the endpoints are derived from: infusions, scans, events and when each patient was last seen."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session

from db.models import Record
from db.queries.deaths import load_deaths
from db.queries.follow_up import EventVersion, facts_of, load_events, load_last_seen
from db.queries.records import load_standing
from trial.endpoints import FollowedPatient
from trial.second_infusion_facts import Response, Scan

_PATIENTS: Final = Record.metadata.tables["patient"]
_INFUSIONS: Final = Record.metadata.tables["infusion"]

T = TypeVar("T")


def load_followed(session: Session, zone: ZoneInfo) -> tuple[FollowedPatient, ...]:
    """Everyone infused at least once, by study code, in a fixed number of queries."""
    infused = _infused(session, zone)
    scans = _grouped((row["patient_id"], _scan(row)) for row in load_standing(session, "response_assessment"))
    events: dict[int, list[EventVersion]] = _grouped((one.patient_id, one) for one in load_events(session))
    deaths, seen = load_deaths(session), load_last_seen(session, zone)
    return tuple(
        FollowedPatient(
            study_code=code,
            infused_on=tuple(infused[patient_id]),
            scans=tuple(scans.get(patient_id, ())),
            events=facts_of(events.get(patient_id, ()), deaths.get(patient_id), zone),
            seen_on=seen.get(patient_id),
        )
        for patient_id, code in _codes(session)
        if patient_id in infused
    )


def _codes(session: Session) -> list[tuple[int, str]]:
    query = select(_PATIENTS.c.id, _PATIENTS.c.study_code).order_by(_PATIENTS.c.study_code)
    return [(row[0], row[1]) for row in session.connection().execute(query)]


def _infused(session: Session, zone: ZoneInfo) -> dict[int, list[date]]:
    query = select(_INFUSIONS.c.patient_id, _INFUSIONS.c.infused_at).order_by(_INFUSIONS.c.number)
    rows = session.connection().execute(query)
    return _grouped((patient_id, at.astimezone(zone).date()) for patient_id, at in rows)


def _scan(row: Any) -> Scan:  # noqa: ANN401 -- a row of any query
    response = None if row["response"] is None else Response(row["response"])
    return Scan(row["scanned_on"], response, row["deauville"])


def _grouped(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    found: defaultdict[int, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)
