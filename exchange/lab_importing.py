"""Storing a laboratory file: read first, then one transaction for each patient."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from actions.lab_imports import ListedLine, import_lab_results
from db.inputs import Problem
from db.roles import Actor
from exchange.lab_file import load_lab_file
from exchange.rejected import RejectedRow

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class LabsImported:
    """What an import came to; `known` rows were stored before, `repeated` ones stand twice in the file.

    doubtful  rows that were stored and that the form would have asked about once more
    """

    added: int = 0
    known: int = 0
    repeated: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)
    doubtful: list[RejectedRow] = field(default_factory=list)


def import_lab_file(
    path: Path, *, by: Actor, now: datetime, progress: Progress | None = None
) -> LabsImported:
    """Store a laboratory file under the rules of the form.

    Raises FileProblem where it cannot be read at all, with nothing stored; a SaveRefused where the database
    takes no more, with every patient before it stored whole.
    """
    tell = progress or (lambda _doing, _fraction: None)
    read = load_lab_file(path, progress=lambda fraction: tell("Reading", fraction))
    done = LabsImported(repeated=read.repeated, rejected=list(read.rejected))
    for place, (code, lines) in enumerate(read.by_patient.items()):
        tell("Storing", place / len(read.by_patient))
        patient = import_lab_results(code, lines, by=by, now=now)
        done.added += patient.added
        done.known += patient.known
        done.rejected += _listed(patient.refused)
        done.doubtful += _listed(patient.doubtful)
    return done


def _listed(lines: Iterable[ListedLine]) -> list[RejectedRow]:
    return [
        RejectedRow(
            one.line,
            tuple(Problem(problem.field, problem.value, problem.sentence) for problem in one.problems),
        )
        for one in lines
    ]
