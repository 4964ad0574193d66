"""Reading screenings: the facts that stand, and every version of them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping
from sqlmodel import Session

from db.queries.records import load_every_version, load_standing, load_versions
from db.screening_json import facts_from_json
from trial.eligibility import Verdict
from trial.screening_facts import Purpose, ScreeningFacts

CONTENT: Final = ("purpose", "facts", "histology", "judged_on", "verdict", "protocol_hash")
"""What a version says; with its id, version and patient it is what a signature is bound to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningRecord:
    """One version of a screening. `content` holds the values as they are stored, for a signature's hash."""

    id: int
    stable_id: str
    version: int
    patient_id: int
    purpose: Purpose
    facts: ScreeningFacts
    verdict: Verdict
    judged_on: date
    protocol_hash: str
    reason: str | None
    entered_by: str | None
    entered_at: datetime
    content: dict[str, Any]


def standing_row(session: Session, patient_id: int, purpose: Purpose) -> RowMapping | None:
    """The row of the facts that stand, with name and role of its author; None before the first version."""
    rows = load_standing(session, "screening", patient_id)
    return next((row for row in rows if row["purpose"] == purpose.value), None)


def load_screening(
    session: Session, patient_id: int, purpose: Purpose = Purpose.ENROLMENT
) -> ScreeningRecord | None:
    """The facts of a patient that stand, or None where nobody has recorded any."""
    row = standing_row(session, patient_id, purpose)
    return None if row is None else screening_of(row)


def load_screenings(session: Session, purpose: Purpose = Purpose.ENROLMENT) -> dict[int, ScreeningRecord]:
    """Patient -> the facts that stand, of everybody."""
    rows = load_standing(session, "screening")
    return {row["patient_id"]: screening_of(row) for row in rows if row["purpose"] == purpose.value}


def load_screening_rows(session: Session) -> list[RowMapping]:
    """Every version of every screening as its row, with its author; `screening_of` reads one."""
    return load_every_version(session, "screening")


def load_screening_versions(session: Session, stable_id: str) -> list[ScreeningRecord]:
    """Every version of a screening, the first one first."""
    return [screening_of(row) for row in load_versions(session, "screening", stable_id)]


def screening_of(row: RowMapping) -> ScreeningRecord:
    """A version as it stands in its row, read with its author."""
    return ScreeningRecord(
        id=row["id"],
        stable_id=row["stable_id"],
        version=row["version"],
        patient_id=row["patient_id"],
        purpose=Purpose(row["purpose"]),
        facts=facts_from_json(row["facts"]),
        verdict=Verdict(row["verdict"]),
        judged_on=row["judged_on"],
        protocol_hash=row["protocol_hash"],
        reason=row["reason"],
        entered_by=row["display_name"],
        entered_at=row["entered_at"],
        content={name: row[name] for name in ("stable_id", "version", "patient_id", *CONTENT)},
    )
