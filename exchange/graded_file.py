"""From a file of assessments to a file of grades: one row for each accepted row, in the order of the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exchange.assessment_file import LoadedFile, load_assessment_file
from exchange.rejected import REJECTED_COLUMNS, rejected_lines, rejected_path
from exchange.tables import FileProblem, writing_table
from grading.bulk import BulkGrades, chunks, grade_columns
from grading.bulk_sentences import sentences
from grading.bulk_tables import missing_text
from grading.scale import RULESET, Toxicity
from grading.settings import GradingSettings

COLUMNS: Final = (
    "patient_id",
    "infusion_number",
    "assessed_at",
    "crs_grade",
    "icans_grade",
    "crs_at_least",
    "icans_at_least",
    "crs_missing",
    "icans_missing",
    "crs_reasons",
    "icans_reasons",
    "ruleset",
)

Progress = Callable[[str, float], None]
"""Told what is being done, and how much of it is done, from 0 to 1."""

_GRADE_TEXT: Final = {-1: "", **{grade: str(grade) for grade in range(6)}}


@dataclass(frozen=True, slots=True)
class GradedFile:
    """What grading a file came to.

    repeated       rows left out because an identical one counts already
    rejected_list  the file that lists the rejected rows
    """

    graded: int
    rejected: int
    repeated: int
    rejected_list: Path


def grade_file(
    source: Path, out: Path, settings: GradingSettings, *, progress: Progress | None = None
) -> GradedFile:
    """Grade a file, write `out`, and list what was refused beside it.

    Raises FileProblem, with nothing written, where the source cannot be read or `out` cannot be written.
    """
    tell = progress or (lambda _doing, _fraction: None)
    rejected_list = rejected_path(out)
    if source.resolve() in (out.resolve(), rejected_list.resolve()):
        raise FileProblem(f"{out} would overwrite {source}. Name another file to write to.")
    loaded = load_assessment_file(source, progress=lambda fraction: tell("Reading", fraction))
    with writing_table(out, COLUMNS) as table, writing_table(rejected_list, REJECTED_COLUMNS) as rejected:
        table.writerows(_graded_rows(loaded, settings, tell))
        rejected.writerows(rejected_lines(loaded.rejected))
    return GradedFile(len(loaded.rows), len(loaded.rejected), loaded.repeated, rejected_list)


def _graded_rows(
    loaded: LoadedFile, settings: GradingSettings, tell: Progress
) -> Iterator[tuple[object, ...]]:
    rows = loaded.rows
    grades = grade_columns(rows.columns, settings)
    crs, icans = sentences(grades, Toxicity.CRS), sentences(grades, Toxicity.ICANS)
    for start, stop in chunks(len(rows)):
        part = slice(start, stop)
        patients = [loaded.patients[place] for place in rows.patient[part].tolist()]
        at = [text.decode() for text in rows.at_text[part].tolist()]
        codes = zip(patients, rows.number[part].tolist(), at, *_grade_texts(grades, part), strict=True)
        for begin in codes:
            yield (*begin, next(crs), next(icans), RULESET)
        tell("Writing", stop / len(rows))


def _grade_texts(grades: BulkGrades, part: slice) -> Iterator[list[str]]:
    for values in (grades.crs_grade, grades.icans_grade, grades.crs_at_least, grades.icans_at_least):
        yield [_GRADE_TEXT[value] for value in values[part].tolist()]
    for masks in (grades.crs_missing, grades.icans_missing):
        yield list(map(missing_text, masks[part].tolist()))
