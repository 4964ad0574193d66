"""Storing the laboratory results of a file: the rules of the form, one patient a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actions.errors import Refused, RefusedField
from actions.known import known_patient
from actions.lab_storing import StoredResults, refuse_impossible, store_results
from actions.permissions import Action, require
from db.inputs_lab import doubt_of
from db.roles import Actor
from db.session import writing
from trial.laboratory import LabRow


@dataclass(frozen=True, slots=True)
class LabLine:
    """One row of a laboratory file that passed the gate."""

    line: int
    row: LabRow


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A row that a person is to look at: refused, or stored and doubtful."""

    line: int
    problems: tuple[Any, ...]


@dataclass(slots=True)
class LabImported:
    """What the results of one patient came to.

    known     rows that were stored before
    doubtful  rows that were stored and that the form would have asked about once more
    """

    added: int = 0
    known: int = 0
    refused: list[ListedLine] = field(default_factory=list)
    doubtful: list[ListedLine] = field(default_factory=list)


def import_lab_results(study_code: str, lines: Sequence[LabLine], *, by: Actor, now: datetime) -> LabImported:
    """Store the rows of a file about one patient by the rules of the form, in one transaction.

    A row that was stored before is passed over, also where it was corrected or withdrawn since. A file
    cannot be asked: what no patient is likely to have is stored and listed.
    """
    require(by, Action.IMPORT_FILE)
    done = LabImported()
    new: list[LabRow] = []
    with writing() as session:
        try:
            patient = known_patient(session, study_code)
        except Refused as refusal:
            done.refused = [ListedLine(line.line, tuple(refusal.problems)) for line in lines]
            return done
        stored = StoredResults(session, patient.id, [line.row for line in lines])
        for line in lines:
            try:
                if stored.ever_held(line.row):
                    done.known += 1
                    continue
                stored.refuse_taken(line.row)
                refuse_impossible(patient, [line.row.taken_at], now)
            except Refused as refusal:
                done.refused.append(ListedLine(line.line, tuple(refusal.problems)))
                continue
            new.append(line.row)
            if sentence := doubt_of(line.row):
                done.doubtful.append(
                    ListedLine(line.line, (RefusedField("value", line.row.value, sentence),))
                )
        store_results(session, patient.id, new, by, now, "file")
        done.added = len(new)
    return done
