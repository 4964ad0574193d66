"""What the sweep reconciles, each by itself, so that one that fails silences no other."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from alerts.latched import (
    pending_of_rules,
    pending_of_serious_events,
    reconcile_rules,
    reconcile_serious_events,
)
from alerts.model import SignalKind
from alerts.pending import Pending
from alerts.reconcile import pending_changes, reconcile_course
from db.roles import SYSTEM
from settings import Settings
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class SweptCourse:
    """The course after one infusion."""

    infusion_id: int

    def __str__(self) -> str:
        return f"The course after infusion {self.infusion_id}"

    def pending(self, session: Session, now: datetime, protocol: Protocol, zone: ZoneInfo) -> Pending:
        """What would be written now. Reads only."""
        return pending_changes(session, self.infusion_id, now, protocol, zone)

    def reconcile(self, session: Session, now: datetime, protocol: Protocol, settings: Settings) -> None:
        """Write it. The session must come from `writing()`."""
        reconcile_course(
            session,
            infusion_id=self.infusion_id,
            now=now,
            protocol=protocol,
            by=SYSTEM,
            settings=settings,
            by_the_clock=True,
        )


@dataclass(frozen=True, slots=True)
class SweptRules:
    """The stopping rules of the trial."""

    def __str__(self) -> str:
        return "The stopping rules"

    def pending(self, session: Session, now: datetime, protocol: Protocol, zone: ZoneInfo) -> Pending:
        """What would be written now. Reads only."""
        return pending_of_rules(session, now, protocol, zone)

    def reconcile(self, session: Session, now: datetime, protocol: Protocol, settings: Settings) -> None:
        """Write it. The session must come from `writing()`."""
        reconcile_rules(session, now=now, protocol=protocol, by=SYSTEM, settings=settings)


@dataclass(frozen=True, slots=True)
class SweptEvents:
    """The serious events of one patient."""

    patient_id: int

    def __str__(self) -> str:
        return f"The serious events of patient {self.patient_id}"

    def pending(self, session: Session, now: datetime, protocol: Protocol, zone: ZoneInfo) -> Pending:
        """What would be written now. Reads only."""
        return pending_of_serious_events(session, self.patient_id, now, protocol)

    def reconcile(self, session: Session, now: datetime, protocol: Protocol, settings: Settings) -> None:
        """Write it. The session must come from `writing()`."""
        reconcile_serious_events(
            session, self.patient_id, now=now, protocol=protocol, by=SYSTEM, settings=settings
        )


Swept = SweptCourse | SweptRules | SweptEvents


def swept_of(signal: str, patient_id: int | None, infusion_id: int | None) -> Swept | None:
    """What an alert belongs to; None for one of the program itself, which the watch looks after."""
    if infusion_id is not None:
        return SweptCourse(infusion_id)
    if signal == SignalKind.BOUNDARY:
        return SweptRules()
    return None if patient_id is None else SweptEvents(patient_id)
