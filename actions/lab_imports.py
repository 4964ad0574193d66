"""Storing the laboratory results of a file: the rules of the form, one patient a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actions.errors import Refused
from actions.known import known_patient
from actions.lab_storing import StoredResults, refuse_impossible, store_results
from actions.permissions import Action, require
from db.inputs_lab import LabResultIn
from db.roles import Actor
from db.session import writing


@dataclass(frozen=True, slots=True)
class LabLine:
    """One row of a laboratory file that passed the gate."""

    line: int
    entry: LabResultIn


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A row that the form would refuse, or ask about, too."""

    line: int
    problems: tuple[Any, ...]


@dataclass(slots=True)
class LabImported:
    """What the results of one patient came to; `known` rows were stored before."""

    added: int = 0
    known: int = 0
    refused: list[RefusedLine] = field(default_factory=list)


def import_lab_results(
    study_code: str, lines: Sequence[LabLine], *, accept_doubtful: bool, by: Actor, now: datetime
) -> LabImported:
    """Store the rows of a file about one patient by the rules of the form, in one transaction.

    A row that was stored before is passed over, also where it was corrected or withdrawn since.
    accept_doubtful  rows that the form would ask about once more are stored; otherwise they are refused
    """
    require(by, Action.IMPORT_FILE)
    done = LabImported()
    new: list[LabResultIn] = []
    with writing() as session:
        try:
            patient = known_patient(session, study_code)
        except Refused as refusal:
            done.refused = [RefusedLine(line.line, tuple(refusal.problems)) for line in lines]
            return done
        stored = StoredResults(session, patient.id, [line.entry for line in lines])
        for line in lines:
            try:
                if stored.ever_held(line.entry):
                    done.known += 1
                    continue
                stored.refuse_taken(line.entry)
                refuse_impossible(patient, [line.entry], now)
                _refuse_doubtful(line.entry, accept_doubtful)
                new.append(line.entry)
            except Refused as refusal:
                done.refused.append(RefusedLine(line.line, tuple(refusal.problems)))
        store_results(session, patient.id, new, by, now, "file")
        done.added = len(new)
    return done


def _refuse_doubtful(entry: LabResultIn, accept_doubtful: bool) -> None:
    questions = [] if accept_doubtful else entry.to_confirm()
    if questions:
        raise Refused(questions)
