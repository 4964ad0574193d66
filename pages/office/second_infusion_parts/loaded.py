"""What the gate page shows of one patient, asked now or for the day the second infusion was given."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from actions import context
from actions.gate import AskedGate, ask_gate
from actions.words import dates_in_words
from db.queries.gate import GateRecords, RecordedGate, load_gate_records, load_recorded_gate
from db.queries.office import PatientRecord
from db.queries.screening import ScreeningRecord, load_screening
from trial.screening_checks import FactsError
from trial.screening_facts import Purpose
from trial.second_infusion import is_barred


@dataclass(frozen=True, slots=True)
class LoadedGate:
    """The gate of one patient.

    at         the instant it is asked for: now, or when the second infusion was given
    asked      None where something recorded cannot be; `problems` says what
    screening  the exclusion criteria as they stand asked again, whenever that was
    recorded   what the gate said when the second infusion was recorded or last corrected
    """

    patient: PatientRecord
    records: GateRecords
    at: datetime
    asked: AskedGate | None
    problems: tuple[str, ...]
    screening: ScreeningRecord | None
    recorded: RecordedGate | None

    @property
    def is_over(self) -> bool:
        """Whether the second infusion was given; the gate is then history."""
        return self.records.second_infused_at is not None

    @property
    def is_asked(self) -> bool:
        """Whether there is a second infusion to decide on: none was given, and the patient takes part."""
        return not self.is_over and self.records.facts.ended is None

    @property
    def is_barred(self) -> bool:
        """Whether a grade bars and no two investigators have released it."""
        return is_barred(self.records.facts, context.protocol().eligibility)


def load_gate_page(session: Session, patient: PatientRecord, now: datetime) -> LoadedGate | None:
    """Everything the page needs; None without a first infusion."""
    second = patient.infusion(2)
    at = second.infused_at if second is not None else now
    asked, problems = None, tuple[str, ...]()
    try:
        asked = ask_gate(session, patient.id, at)
    except FactsError as error:
        problems = tuple(dates_in_words(problem.sentence) for problem in error.problems)
    records = asked.records if asked is not None else _records(session, patient, at)
    if records is None:
        return None
    return LoadedGate(
        patient=patient,
        records=records,
        at=at,
        asked=asked,
        problems=problems,
        screening=load_screening(session, patient.id, Purpose.SECOND_INFUSION),
        recorded=load_recorded_gate(session, second.id) if second is not None else None,
    )


def _records(session: Session, patient: PatientRecord, at: datetime) -> GateRecords | None:
    zone, protocol = context.settings().zone, context.protocol()
    return load_gate_records(session, patient.id, zone, protocol, until=at)
