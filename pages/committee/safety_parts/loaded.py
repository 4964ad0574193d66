"""Everything the safety page shows, read in one go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session

from charts.heat_rows import HeatRow, heat_rows, last_change
from db.queries.committee import CommitteePatient, load_committee
from db.queries.patient import data_version
from grading.scale import Toxicity
from pages.parts.kept import Kept
from reports.events import Event, load_events
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Loaded:
    """The committee's data as of `cut_off`: everything entered until then."""

    patients: tuple[CommitteePatient, ...]
    events: tuple[Event, ...]
    rows: tuple[HeatRow, ...]
    scale: Toxicity
    version: tuple[str, int]
    cut_off: datetime
    protocol: Protocol
    zone: ZoneInfo


def load(
    session: Session, scale: Toxicity, *, cut_off: datetime, protocol: Protocol, zone: ZoneInfo
) -> Loaded:
    """Everyone, the grid of one toxicity, and the events of both; read once for each data version."""
    version = data_version(session)
    of_all = (version, protocol.hash, zone.key)
    patients, events = _everyone.get(of_all, lambda: _read(session, cut_off, protocol, zone))
    rows = _rows.get(
        (*of_all, scale, last_change(cut_off, protocol, zone)),
        lambda: heat_rows(patients, scale, protocol, zone=zone, cut_off=cut_off),
    )
    return Loaded(
        patients=patients,
        events=events,
        rows=rows,
        scale=scale,
        version=version,
        cut_off=cut_off,
        protocol=protocol,
        zone=zone,
    )


_Everyone = tuple[tuple[CommitteePatient, ...], tuple[Event, ...]]
_everyone: Final[Kept[_Everyone]] = Kept(4)
_rows: Final[Kept[tuple[HeatRow, ...]]] = Kept(8)


def _read(session: Session, now: datetime, protocol: Protocol, zone: ZoneInfo) -> _Everyone:
    patients = load_committee(session, zone)
    return patients, tuple(load_events(session, patients, now, protocol, zone))
