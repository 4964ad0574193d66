"""Everything the patient page shows of one patient and one infusion.

What is stored is read once for each data version and kept; the alerts, which the worker changes by itself,
are read every time. What follows from the data and the clock is kept until the clock changes it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries.board import Point
from db.queries.board_alerts import BoardAlert, load_board_alerts
from db.queries.charted_entries import Entry, load_entries, load_versions, load_voided
from db.queries.patient import (
    InfusionRow,
    PatientRecord,
    data_version,
    has_live_alert,
    load_patient,
    load_skipped,
)
from db.queries.treatments import load_treatments
from pages.parts.kept import Kept
from trial.calendar import Slot, SlotKind, StayKind, Window, due_slots, monitoring_window
from trial.due import SkippedSlot
from trial.protocol import Protocol
from trial.treatments import Treatment

_SHOWN_AFTER_LAST: Final = timedelta(days=2)
_STEP: Final = timedelta(minutes=10)
Made = TypeVar("Made")


@dataclass(frozen=True)
class Facts:
    """What is stored of one patient and one infusion, and what follows from it alone.

    versions  of the entry that is open, the first first; empty where none is
    """

    patient: PatientRecord
    infusion: InfusionRow
    entries: tuple[Entry, ...]
    voided: tuple[Entry, ...]
    skipped: tuple[SkippedSlot, ...]
    versions: tuple[Entry, ...]
    has_alerts: bool
    protocol: Protocol
    zone: ZoneInfo
    treatments: tuple[Treatment, ...] = ()
    _made: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """A value that follows from these facts and its key, worked out the first time it is asked for."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    @cached_property
    def window(self) -> Window:
        """When the patient is monitored after this infusion."""
        return monitoring_window(
            self.infusion.infused_at,
            [stay.period for stay in self.patient.stays],
            [entry.grade_point for entry in self.entries],
            self.protocol,
            zone=self.zone,
            ended_at=self.patient.ended_at(self.infusion),
        )

    @cached_property
    def points(self) -> list[Point]:
        """The entries as the board takes them, for the grades that stand now."""
        return [_point(entry) for entry in self.entries]

    @cached_property
    def recorded_at(self) -> dict[SlotKind, list[Entry]]:
        """The entries that held each kind of due assessment when they were made, by time."""
        return {kind: [one for one in self.entries if one.recorded.holds(kind)] for kind in SlotKind}

    @cached_property
    def planned_end(self) -> datetime:
        """The end of the planned days, a day to spare."""
        return self.infusion.infused_at + timedelta(days=self.protocol.monitoring_days + 1)

    def slots_until(self, until: datetime) -> list[Slot]:
        """Every assessment due up to an instant."""

        def make() -> list[Slot]:
            return due_slots(
                self.infusion.infused_at,
                [stay.period for stay in self.patient.stays],
                [entry.grade_point for entry in self.entries],
                self.protocol,
                until,
                zone=self.zone,
                ended_at=self.patient.ended_at(self.infusion),
            )

        return self.once(("slots", until), make)


@dataclass(frozen=True)
class Loaded:
    """The facts, as somebody looks at them now, with the alerts that are not over."""

    facts: Facts
    alerts: tuple[BoardAlert, ...]
    version: tuple[str, int]
    now: datetime

    @property
    def patient(self) -> PatientRecord:
        """Who."""
        return self.facts.patient

    @property
    def infusion(self) -> InfusionRow:
        """After which infusion."""
        return self.facts.infusion

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What was charted after it, by time observed."""
        return self.facts.entries

    @property
    def protocol(self) -> Protocol:
        """The protocol in force."""
        return self.facts.protocol

    @property
    def zone(self) -> ZoneInfo:
        """The hospital's zone."""
        return self.facts.zone

    @property
    def is_monitored(self) -> bool:
        """Whether somebody is to look at this patient now."""
        return self.facts.window.covers(self.now)

    @cached_property
    def rounded_now(self) -> datetime:
        """Now, rounded up to ten minutes: a picture stays the same while people look at it."""
        step = _STEP.total_seconds()
        return datetime.fromtimestamp(-(-self.now.timestamp() // step) * step, tz=self.now.tzinfo)

    @cached_property
    def shown_until(self) -> datetime:
        """Up to when the picture is drawn: the end of the window or now, not long after the last entry."""
        last = self.entries[-1].assessed_at if self.entries else self.infusion.infused_at
        ends = [self.rounded_now, max(self.facts.planned_end, last + _SHOWN_AFTER_LAST)]
        ends += [self.facts.window.to_at] if self.facts.window.to_at is not None else []
        return max(min(ends), last, self.infusion.infused_at)

    @cached_property
    def slots(self) -> list[Slot]:
        """Every assessment due, up to the end of the planned days or until now where that is later."""
        return self.facts.slots_until(max(self.facts.planned_end, self.shown_until))

    def away(self) -> tuple[tuple[datetime, datetime], ...]:
        """The stays at home within the picture."""
        return tuple(
            (stay.from_at, stay.to_at or self.shown_until)
            for stay in self.patient.stays
            if stay.kind is StayKind.HOME
        )


def load(
    session: Session,
    code: str,
    number: int | None,
    stable_id: str | None,
    *,
    now: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
) -> tuple[PatientRecord | None, Loaded | None]:
    """The patient, or None; and the chosen infusion's facts, None before the first infusion.

    The infusion is that of the open entry, else `number`, else the latest.
    """
    version = data_version(session)
    key = (version, code, number, stable_id, protocol.hash, zone.key)
    patient, facts = _kept.get(key, lambda: _read(session, code, number, stable_id, protocol, zone))
    if facts is None:
        return patient, None
    # Opening and closing are events of the audit trail; who was told, and lapses, are not.
    alerts = load_board_alerts(session, now).get(facts.infusion.id, ()) if facts.has_alerts else ()
    return patient, Loaded(facts, tuple(alerts), version, now)


_kept: Final[Kept[tuple[PatientRecord | None, Facts | None]]] = Kept()


def _read(
    session: Session, code: str, number: int | None, stable_id: str | None, protocol: Protocol, zone: ZoneInfo
) -> tuple[PatientRecord | None, Facts | None]:
    patient = load_patient(session, code)
    if patient is None or not patient.infusions:
        return patient, None
    versions = load_versions(session, stable_id) if stable_id else ()
    infusion = _chosen(patient, number, versions)
    if versions and versions[-1].infusion_id != infusion.id:
        versions = ()
    facts = Facts(
        patient=patient,
        infusion=infusion,
        entries=load_entries(session, infusion.id),
        voided=load_voided(session, infusion.id),
        skipped=load_skipped(session, infusion.id),
        versions=versions,
        has_alerts=has_live_alert(session, infusion.id),
        protocol=protocol,
        zone=zone,
        treatments=tuple(load_treatments(session, patient.id)),
    )
    return patient, facts


def _chosen(patient: PatientRecord, number: int | None, versions: tuple[Entry, ...]) -> InfusionRow:
    of_entry = {entry.infusion_id for entry in versions[-1:]}
    named = [one for one in patient.infusions if one.id in of_entry]
    named += [one for one in patient.infusions if one.number == number]
    return named[0] if named else patient.infusions[-1]


def _point(entry: Entry) -> Point:
    recorded, grades = entry.recorded, entry.grade_point
    return Point(
        at=entry.assessed_at,
        assessment_id=entry.assessment_id,
        vital_signs=recorded.vital_signs,
        ice=recorded.ice,
        crs_grade=grades.crs_grade,
        crs_at_least=grades.crs_at_least,
        icans_grade=grades.icans_grade,
        icans_at_least=grades.icans_at_least,
        ice_asked_again_at=recorded.ice_asked_again_at,
    )
