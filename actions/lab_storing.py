"""How laboratory results are stored inside an action's transaction, and what stands there already."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import RowMapping, insert
from sqlmodel import Session

from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.known import problems_after_death
from actions.records import recorded_only
from actions.words import on_day
from db.audit import append_event
from db.inputs import check_not_future
from db.inputs_lab import LabResultIn
from db.models import Record
from db.queries.lab_results import TABLE, load_all_versions_at
from db.queries.office import PatientRecord
from db.roles import Actor

Source = Literal["form", "file", "demo"]

_RESULTS: Final = Record.metadata.tables[TABLE]
_CONTENT: Final = ("analyte", "taken_at", "value", "unit", "lln", "uln")


class StoredResults:
    """What is stored of a patient at the moments of some entries."""

    def __init__(self, session: Session, patient_id: int, entries: Sequence[LabResultIn]) -> None:
        moments = [entry.taken_at for entry in entries]
        self._versions = load_all_versions_at(session, patient_id, moments)

    def holds(self, entry: LabResultIn) -> bool:
        """Whether this very result stands; raises AlreadyRecorded where another one does."""
        standing = self._standing(entry)
        if standing is None or _content(standing) != entry.columns():
            self.refuse_taken(entry)
            return False
        return True

    def ever_held(self, entry: LabResultIn) -> bool:
        """Whether this very result was ever stored, corrected or withdrawn since."""
        return any(_content(row) == entry.columns() for row in self._at(entry))

    def refuse_taken(self, entry: LabResultIn) -> None:
        """Raise AlreadyRecorded where another result of the analyte stands at the moment."""
        standing = self._standing(entry)
        if standing is None:
            return
        value = f"{standing['value']:.15g} {standing['unit']}"
        label = entry.analyte.label[0].upper() + entry.analyte.label[1:]
        sentence = f"{label} of {on_day(entry.taken_at)} is already recorded as {value}. Correct it instead."
        raise AlreadyRecorded([RefusedField("value", entry.value, sentence)])

    def _standing(self, entry: LabResultIn) -> RowMapping | None:
        return next(
            (row for row in self._at(entry) if row["superseded_at"] is None and not row["voided"]), None
        )

    def _at(self, entry: LabResultIn) -> list[RowMapping]:
        return self._versions.get((entry.analyte.value, entry.taken_at), [])


def _content(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in _CONTENT}


def refuse_impossible(patient: PatientRecord, entries: Sequence[LabResultIn], now: datetime) -> None:
    """Refuse samples of the future, or of after a death."""
    problems: list[Any] = []
    for at in dict.fromkeys(entry.taken_at for entry in entries):
        problems += check_not_future("taken_at", at, "The time of the sample", now)
        problems += problems_after_death(patient, "taken_at", at)
    if problems:
        raise Refused(problems)


def store_results(
    session: Session,
    patient_id: int,
    entries: Sequence[LabResultIn],
    by: Actor,
    now: datetime,
    source: Source,
) -> list[str]:
    """Insert first versions, with one audit event for all of them; returns their stable ids."""
    if not entries:
        return []
    rows: list[Mapping[str, Any]] = [
        entry.columns()
        | {
            "stable_id": uuid4().hex,
            "version": 1,
            "patient_id": patient_id,
            "voided": False,
            "confirmed": bool(entry.to_confirm()),
            "source": source,
            "entered_by": by.user_id,
            "entered_at": now,
        }
        for entry in entries
    ]
    session.connection().execute(insert(_RESULTS), rows)
    told = [
        {
            "stable_id": row["stable_id"],
            "version": 1,
            "after": recorded_only({name: row[name] for name in _CONTENT}),
        }
        for row in rows
    ]
    append_event(
        session,
        at=now,
        by=by,
        action="import_lab_results" if source == "file" else "record_lab_results",
        subject=TABLE,
        subject_id=None,
        patient_id=patient_id,
        detail={"source": source, "results": told},
    )
    return [str(row["stable_id"]) for row in rows]
