"""Storing an infusion file and an assessment file: read first, then one transaction for each patient."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from actions.imports import (
    AssessmentRow,
    InfusionRow,
    PatientImported,
    PatientRows,
    RefusedRow,
    import_patient,
    tell_imported_history,
)
from db.inputs import Problem
from db.roles import Actor
from exchange.assessment_file import LoadedFile, load_assessment_file
from exchange.infusion_file import LoadedInfusions, load_infusion_file
from exchange.rejected import RejectedRow

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Imported:
    """What an import came to; `known` rows were stored before, `repeated` ones stand twice in the file.

    outside_gate       study code -> why the gate was not open on the day of a second infusion that was stored
    over               patients recorded as at home since their last assessment, which is long ago
    historical_alerts  alerts of the past that the digest tells of
    """

    patients_added: int = 0
    infusions_added: int = 0
    infusions_known: int = 0
    assessments_added: int = 0
    assessments_known: int = 0
    repeated: int = 0
    notices: int = 0
    historical_alerts: int = 0
    outside_gate: dict[str, tuple[str, ...]] = field(default_factory=dict)
    over: list[str] = field(default_factory=list)
    rejected_infusions: list[RejectedRow] = field(default_factory=list)
    rejected_assessments: list[RejectedRow] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Rows of both files that were not stored."""
        return len(self.rejected_infusions) + len(self.rejected_assessments)


def import_files(
    infusions: Path,
    assessments: Path,
    *,
    by: Actor,
    now: datetime,
    historical: bool,
    progress: Progress | None = None,
) -> Imported:
    """Store two files under the rules of the form.

    Raises FileProblem where one cannot be read at all, with nothing stored; a SaveRefused where the database
    takes no more, with every patient before it stored whole.
    """
    tell = progress or (lambda _doing, _fraction: None)
    read_infusions = load_infusion_file(infusions)
    read = load_assessment_file(
        assessments, progress=lambda fraction: tell("Reading", fraction), keep_entries=True
    )
    done = Imported(
        repeated=read_infusions.repeated + read.repeated,
        rejected_infusions=list(read_infusions.rejected),
        rejected_assessments=list(read.rejected),
    )
    patients = list(_by_patient(read_infusions, read))
    for place, rows in enumerate(patients):
        tell("Storing", place / len(patients))
        _add(done, read, rows.study_code, import_patient(rows, by=by, now=now, historical=historical))
    if historical:
        done.historical_alerts = tell_imported_history(by=by, now=now)
    return done


def _by_patient(infusions: LoadedInfusions, assessments: LoadedFile) -> Iterator[PatientRows]:
    """The rows of each patient, in the order in which the files name them."""
    infused: defaultdict[str, list[InfusionRow]] = defaultdict(list)
    for row in infusions.rows:
        infused[row.infusion.patient_id].append(row)
    assessed: defaultdict[str, list[AssessmentRow]] = defaultdict(list)
    for line in assessments.rows.line.tolist():
        entry = assessments.entries[line]
        assessed[entry.patient_id].append(AssessmentRow(line, entry))
    for code in dict.fromkeys((*infused, *assessed)):
        yield PatientRows(code, infused[code], assessed[code])


def _add(done: Imported, read: LoadedFile, code: str, patient: PatientImported) -> None:
    for name in (
        "patients_added",
        "infusions_added",
        "infusions_known",
        "assessments_added",
        "assessments_known",
        "notices",
    ):
        setattr(done, name, getattr(done, name) + getattr(patient, name))
    if patient.outside_gate:
        done.outside_gate[code] = patient.outside_gate
    if patient.monitoring_ended:
        done.over.append(code)
    done.rejected_infusions += [RejectedRow(row.line, row.problems) for row in patient.refused_infusions]
    done.rejected_assessments += _with_signs(read, patient.refused_assessments)


def _with_signs(read: LoadedFile, refused: Iterable[RefusedRow]) -> Iterator[RejectedRow]:
    """Refused rows with the texts of the file, and whether they name a vasopressor, oxygen or fever."""
    places = {line: place for place, line in enumerate(read.rows.line.tolist())} if refused else {}
    for row in refused:
        place = places[row.line]
        texts = {"assessed_at": read.rows.at(place)}
        problems = tuple(
            Problem(one.field, texts.get(one.field, one.value), one.sentence) for one in row.problems
        )
        yield RejectedRow(row.line, problems, read.rows.names_a_sign(place))
