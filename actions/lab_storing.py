"""How laboratory results are stored inside an action's transaction, and what stands there already."""

from collections.abc import Iterable, Sequence
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
from db.inputs_lab import columns_of, doubt_of
from db.models import Record
from db.queries.lab_results import TABLE, load_all_versions_at
from db.queries.office import PatientRecord
from db.roles import Actor
from trial.laboratory import LabRow

Source = Literal["form", "file", "demo"]

_RESULTS: Final = Record.metadata.tables[TABLE]
_CONTENT: Final = ("analyte", "taken_at", "value", "unit", "lln", "uln")


class StoredResults:
    """What is stored of a patient at the moments of some results."""

    def __init__(self, session: Session, patient_id: int, rows: Sequence[LabRow]) -> None:
        moments = [row.taken_at for row in rows]
        self._versions = load_all_versions_at(session, patient_id, moments)

    def holds(self, row: LabRow) -> bool:
        """Whether this very result stands; raises AlreadyRecorded where another one does."""
        standing = self._standing(row)
        if standing is None or _content(standing) != columns_of(row):
            self.refuse_taken(row)
            return False
        return True

    def ever_held(self, row: LabRow) -> bool:
        """Whether this very result was ever stored, corrected or withdrawn since."""
        return any(_content(stored) == columns_of(row) for stored in self._at(row))

    def refuse_taken(self, row: LabRow) -> None:
        """Raise AlreadyRecorded where another result of the analyte stands at the moment."""
        standing = self._standing(row)
        if standing is None:
            return
        value = f"{standing['value']:.15g} {standing['unit']}"
        label = row.analyte.label[0].upper() + row.analyte.label[1:]
        sentence = f"{label} of {on_day(row.taken_at)} is already recorded as {value}. Correct it instead."
        raise AlreadyRecorded([RefusedField("value", row.value, sentence)])

    def _standing(self, row: LabRow) -> RowMapping | None:
        stored = self._at(row)
        return next((one for one in stored if one["superseded_at"] is None and not one["voided"]), None)

    def _at(self, row: LabRow) -> list[RowMapping]:
        return self._versions.get((row.analyte.value, row.taken_at), [])


def _content(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in _CONTENT}


def refuse_impossible(patient: PatientRecord, moments: Iterable[datetime], now: datetime) -> None:
    """Refuse samples of the future, or of after a death."""
    problems: list[Any] = []
    for at in dict.fromkeys(moments):
        problems += check_not_future("taken_at", at, "The time of the sample", now)
        problems += problems_after_death(patient, "taken_at", at)
    if problems:
        raise Refused(problems)


def store_results(
    session: Session, patient_id: int, rows: Sequence[LabRow], by: Actor, now: datetime, source: Source
) -> list[str]:
    """Insert first versions, with one audit event for all of them; returns their stable ids.

    A doubtful result from the form was confirmed by a person; in a file nobody was asked.
    """
    if not rows:
        return []
    stored = [
        columns_of(row)
        | {
            "stable_id": uuid4().hex,
            "version": 1,
            "patient_id": patient_id,
            "voided": False,
            "confirmed": source != "file" and doubt_of(row) is not None,
            "source": source,
            "entered_by": by.user_id,
            "entered_at": now,
        }
        for row in rows
    ]
    session.connection().execute(insert(_RESULTS), stored)
    told = [
        {
            "stable_id": one["stable_id"],
            "version": 1,
            "after": recorded_only({name: one[name] for name in _CONTENT}),
        }
        for one in stored
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
    return [str(one["stable_id"]) for one in stored]
