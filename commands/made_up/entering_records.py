"""Entering the records of the trial through the actions: treatments, laboratory, disease, events, visits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from actions.events import correct_event, record_event
from actions.follow_up import record_follow_up
from actions.lab_results import record_lab_results
from actions.response import record_ctdna, record_scan
from actions.sae_reports import record_notification
from actions.treatments import record_treatment
from actions.visits import record_visit
from commands.made_up.people import People
from commands.made_up.plan import Event
from db.inputs_event import EventIn, NotificationIn
from db.inputs_follow_up import FollowUpIn, VisitIn
from db.inputs_lab import LabResultIn
from db.inputs_response import CtDnaIn, ScanIn
from db.inputs_treatment import TreatmentIn

RECORDS_THAT_TELL: Final = frozenset({"treat", "event", "event_reported", "event_ended", "follow_up"})
"""Events after which a mail may wait."""


@dataclass(slots=True)
class EnteringRecords:
    """Who enters, and the events entered so far by patient and term."""

    people: People
    events: dict[tuple[str, str], str] = field(default_factory=dict)

    def enter(self, event: Event) -> None:
        """Do what the event says; Refused where it breaks a rule: the plan is wrong then."""
        does: dict[str, Callable[[Event, dict[str, Any]], None]] = {
            "treat": self._treat,
            "lab": self._lab,
            "scan": self._scan,
            "sample": self._sample,
            "event": self._event,
            "event_reported": self._event_reported,
            "event_ended": self._event_ended,
            "visit": self._visit,
            "follow_up": self._follow_up,
        }
        does[event.kind](event, {"patient_id": event.patient.code} | dict(event.values or {}))

    def _treat(self, event: Event, values: dict[str, Any]) -> None:
        record_treatment(
            TreatmentIn.model_validate(values), by=self.people.nurse, now=event.at, source="demo"
        )

    def _lab(self, event: Event, values: dict[str, Any]) -> None:
        panel = [
            LabResultIn.model_validate(
                {"patient_id": values["patient_id"], "taken_at": values["taken_at"]} | result
            )
            for result in values["values"]
        ]
        record_lab_results(panel, by=self.people.nurse, now=event.at, source="demo")

    def _scan(self, event: Event, values: dict[str, Any]) -> None:
        record_scan(ScanIn.model_validate(values), by=self.people.coordinator, now=event.at)

    def _sample(self, event: Event, values: dict[str, Any]) -> None:
        record_ctdna(CtDnaIn.model_validate(values), by=self.people.coordinator, now=event.at)

    def _event(self, event: Event, values: dict[str, Any]) -> None:
        stable_id = record_event(EventIn.model_validate(values), by=self.people.investigator, now=event.at)
        self.events[event.patient.code, values["term"]] = stable_id

    def _event_reported(self, event: Event, values: dict[str, Any]) -> None:
        entry = NotificationIn.model_validate({"reported_at": event.at, "reported_to": "sponsor safety desk"})
        stable_id = self.events[event.patient.code, values["term"]]
        record_notification(stable_id, entry, by=self.people.investigator, now=event.at)

    def _event_ended(self, event: Event, values: dict[str, Any]) -> None:
        stable_id = self.events[event.patient.code, values["term"]]
        entry = EventIn.model_validate(values)
        correct_event(stable_id, 1, entry, "It has ended.", by=self.people.investigator, now=event.at)

    def _visit(self, event: Event, values: dict[str, Any]) -> None:
        record_visit(VisitIn.model_validate(values), by=self.people.coordinator, now=event.at)

    def _follow_up(self, event: Event, values: dict[str, Any]) -> None:
        record_follow_up(FollowUpIn.model_validate(values), by=self.people.investigator, now=event.at)
