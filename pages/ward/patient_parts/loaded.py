"""Everything the patient page shows of one patient and one infusion, read in one go."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries.board_alerts import BoardAlert, load_board_alerts
from db.queries.charted_entries import Entry, load_entries, load_versions, load_voided
from db.queries.patient import (
    InfusionRow,
    PatientRecord,
    Skip,
    data_version,
    load_patient,
    load_skipped,
)
from trial.calendar import Recorded, Slot, StayKind, Window, due_slots, monitoring_window
from trial.protocol import Protocol

_SHOWN_AFTER_LAST: Final = timedelta(days=2)


@dataclass(frozen=True)
class Loaded:
    """One patient, the infusion shown, its entries, and the entry that is open with all its versions."""

    patient: PatientRecord
    infusion: InfusionRow
    entries: tuple[Entry, ...]
    voided: tuple[Entry, ...]
    skipped: tuple[Skip, ...]
    alerts: tuple[BoardAlert, ...]
    version: tuple[str, int]
    now: datetime
    protocol: Protocol
    zone: ZoneInfo

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
    def slots(self) -> list[Slot]:
        """Every assessment due, up to the end of the planned days or until now where that is later."""
        planned = self.infusion.infused_at + timedelta(days=self.protocol.monitoring_days + 1)
        until = max(planned, min(self.now, self.shown_until))
        return due_slots(
            self.infusion.infused_at,
            [stay.period for stay in self.patient.stays],
            [entry.grade_point for entry in self.entries],
            self.protocol,
            until,
            zone=self.zone,
            ended_at=self.patient.ended_at(self.infusion),
        )

    @cached_property
    def recorded(self) -> list[Recorded]:
        """What kinds of due assessment each entry meets."""
        return [entry.recorded for entry in self.entries]

    @property
    def is_monitored(self) -> bool:
        """Whether somebody is to look at this patient now."""
        return self.window.covers(self.now)

    @property
    def shown_until(self) -> datetime:
        """Up to when the picture is drawn: the end of the window or now, not long after the last entry.

        Rounded up to ten minutes, so that a picture stays the same while people look at it.
        """
        step = timedelta(minutes=10).total_seconds()
        now = datetime.fromtimestamp(-(-self.now.timestamp() // step) * step, tz=self.now.tzinfo)
        planned = self.infusion.infused_at + timedelta(days=self.protocol.monitoring_days + 1)
        last = max((entry.assessed_at for entry in self.entries), default=self.infusion.infused_at)
        ends = [now, max(planned, last + _SHOWN_AFTER_LAST)]
        ends += [self.window.to_at] if self.window.to_at is not None else []
        return max(min(ends), last, self.infusion.infused_at)

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
) -> "tuple[PatientRecord | None, Loaded | None, tuple[Entry, ...]]":
    """The patient, the chosen infusion's facts (None before the first), and the versions of the open entry.

    The infusion is that of the open entry, else `number`, else the latest.
    """
    patient = load_patient(session, code)
    if patient is None or not patient.infusions:
        return patient, None, ()
    versions = load_versions(session, stable_id) if stable_id else ()
    infusion = _chosen(patient, number, versions)
    if not any(entry.infusion_id == infusion.id for entry in versions):
        versions = ()
    loaded = Loaded(
        patient=patient,
        infusion=infusion,
        entries=load_entries(session, infusion.id),
        voided=load_voided(session, infusion.id),
        skipped=load_skipped(session, infusion.id),
        alerts=tuple(load_board_alerts(session, now).get(infusion.id, ())),
        version=data_version(session),
        now=now,
        protocol=protocol,
        zone=zone,
    )
    return patient, loaded, versions


def _chosen(patient: PatientRecord, number: int | None, versions: tuple[Entry, ...]) -> InfusionRow:
    of_entry = {entry.infusion_id for entry in versions[-1:]} or {entry.infusion_id for entry in versions}
    named = [one for one in patient.infusions if one.id in of_entry]
    named += [one for one in patient.infusions if one.number == number]
    return named[0] if named else patient.infusions[-1]
