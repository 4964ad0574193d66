"""CRS over the course after one infusion: the memory that decides when fever is no longer required.

One walker steps through the rows in time order on small codes; the single assessment and the
bulk grader both use it. A course opens with the first fever or a judgement `crs`; while it is
open fever is waived; it closes at a settled grade 0 long enough after its last sign and its
last drug (readings 10 to 17 in `astct_crs.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from functools import lru_cache
from typing import Final

from grading.astct_icans import grade_icans
from grading.cells import fill
from grading.charted import FILE_COLUMNS, Charted, CrsJudgement
from grading.crs_row import (
    CrsRow,
    Fever,
    RowNotes,
    crs_notes,
    crs_reasons,
    final_bounds,
    lists_uncounted_agent,
    open_columns,
    rare_columns,
    read_crs_row,
    verdict_of,
)
from grading.findings import FeverFound
from grading.given_drugs import DrugGiven, last_given
from grading.scale import RULESET, Grade, Toxicity
from grading.settings import DEFAULT_SETTINGS, GradingSettings
from grading.stored_values import stored_values

__all__ = ["CrsState", "Fever", "GradedAssessment", "Step", "Walked", "grade_course", "walk"]


class Step(IntFlag):
    """What a row means to the course."""

    PASSED_OVER = 1
    OPENS = 2
    SIGN = 4
    CLEAR = 8
    DRUG = 16


class Walked(IntFlag):
    """What the course means to a row."""

    IN_COURSE = 1
    OPEN_AFTER = 2
    RECURRENCE = 4
    OPENED = 8


@dataclass(frozen=True, slots=True)
class CrsState:
    """Where the course stands at one assessment.

    fever        fever as the course sees it
    course_open  the course is open after this row
    recurrence   a new episode begins here, after a clear stretch in a course still open
    late         the course that this row belongs to began after the late limit
    """

    fever: Fever
    course_open: bool
    recurrence: bool
    late: bool


@dataclass(frozen=True, slots=True)
class GradedAssessment:
    """One assessment with both grades and the state of the course."""

    charted: Charted
    crs: Grade
    icans: Grade
    crs_state: CrsState


def step_of(
    fever: FeverFound, least: int, most: int, judgement: CrsJudgement | None, died_of_crs: bool, drug: bool
) -> int:
    """Say what a row means to the course, from its codes.

    A row is clear when its grade in an open course is a settled 0; a sign is fever, at least
    grade 1, or the judgement that these signs are CRS.
    """
    if judgement is CrsJudgement.NOT_CRS:
        return Step.PASSED_OVER.value
    opens = fever is FeverFound.PRESENT or judgement is CrsJudgement.CRS
    sign = opens or least > 0 or died_of_crs
    clear = not sign and most == 0 and fever is FeverFound.NOT_PRESENT
    return _OPENS * opens | _SIGN * sign | _CLEAR * clear | _DRUG * drug


def step_of_row(row: CrsRow) -> int:
    """Say what a row means to the course."""
    least = max(finding.least for finding in row.signs)
    most = max(finding.most for finding in row.signs)
    return step_of(row.fever, least, most, row.judgement, row.died_of_crs, row.keeps_course_open)


_PASSED, _OPENS, _SIGN, _CLEAR, _DRUG = (step.value for step in Step)
_IN, _AFTER, _RECURRENCE, _OPENED = (flag.value for flag in Walked)
_LONG_AGO: Final = -(2**63)


def walk(
    courses: Iterable[int], times: Iterable[int], steps: Iterable[int], clear: int, drug: int
) -> list[int]:
    """Walk rows sorted by course and time; return for each row what its course means to it (`Walked`).

    courses  any number that changes where the next course begins
    times    instants in any unit, and `clear` and `drug` the two waiting times in the same unit
    """
    walked: list[int] = []
    current: int | None = None
    is_open = stretch_is_clear = False
    last_sign = last_drug = _LONG_AGO
    for course, at, step in zip(courses, times, steps, strict=True):
        if course != current:
            current, is_open, stretch_is_clear, last_drug = course, False, False, _LONG_AGO
        if step & _PASSED:
            walked.append((_IN | _AFTER) if is_open else 0)
            continue
        if step & _DRUG:
            last_drug = at
        result = 0
        if not is_open and step & _OPENS:
            is_open, stretch_is_clear, result = True, False, _OPENED
        if is_open:
            result |= _IN
            if step & _SIGN:
                if stretch_is_clear:
                    result |= _RECURRENCE
                last_sign, stretch_is_clear = at, False
            elif step & _CLEAR and at - last_sign >= clear:
                is_open = at - last_drug < drug
                stretch_is_clear = is_open
        walked.append(result | _AFTER if is_open else result)
    return walked


def hours_in_microseconds(hours: float) -> int:
    """Waiting times in the unit of `microseconds_of`."""
    return round(hours * 3_600_000_000)


def microseconds_of(instant: datetime) -> int:
    """An aware instant as whole microseconds."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def grade_course(
    rows: Sequence[Charted],
    *,
    infused_at: datetime | None = None,
    settings: GradingSettings = DEFAULT_SETTINGS,
    refused_earlier_at: datetime | None = None,
    from_at: datetime | None = None,
    drugs: Sequence[DrugGiven] = (),
) -> list[GradedAssessment]:
    """Grade all assessments after one infusion; the result is in time order.

    infused_at          in the hospital's zone, because days are counted by its calendar; without
                        it no course is flagged as late
    refused_earlier_at  instant of a refused assessment; later rows carry a note
    from_at             grade only the assessments from this instant on; the earlier ones are walked
    drugs               steroids and anticytokine drugs that are recorded as treatments
    """
    ordered = sorted(rows, key=lambda charted: charted.assessed_at)
    codes = [_codes(charted, settings) for charted in ordered]
    times = [charted.assessed_at for charted in ordered]
    walked = _walk_one(times, [step_of_row(row) for row in codes], drugs, settings)
    graded: list[GradedAssessment] = []
    late = False
    for charted, row, course in zip(ordered, codes, walked, strict=True):
        if course & _OPENED:
            late = _is_late(charted.assessed_at, infused_at, settings)
        if from_at is not None and charted.assessed_at < from_at:
            continue
        refused = refused_earlier_at is not None and charted.assessed_at > refused_earlier_at
        graded.append(_grade_row(charted, row, course, late and bool(course & _IN), refused, settings))
    return graded


def _walk_one(
    times: Sequence[datetime], steps: Sequence[int], drugs: Sequence[DrugGiven], settings: GradingSettings
) -> list[int]:
    """Walk one course; before a row, the last dose of a treatment is a row of its own that lists a drug."""
    instants: list[int] = []
    meanings: list[int] = []
    places: list[int] = []
    known: datetime | None = None
    for at, step in zip(times, steps, strict=True):
        given = last_given(drugs, at)
        if given is not None and given != known:
            known = given
            instants.append(microseconds_of(given))
            meanings.append(_DRUG)
        places.append(len(instants))
        instants.append(microseconds_of(at))
        meanings.append(step)
    walked = walk(
        [0] * len(instants),
        instants,
        meanings,
        hours_in_microseconds(settings.clear_hours),
        hours_in_microseconds(settings.drug_hours),
    )
    return [walked[place] for place in places]


# A course is walked again at every entry, over the same rows and one more.
_codes = lru_cache(maxsize=8192)(read_crs_row)


def _is_late(opened_at: datetime, infused_at: datetime | None, settings: GradingSettings) -> bool:
    if infused_at is None:
        return False
    opened_on = opened_at.astimezone(infused_at.tzinfo).date()
    return (opened_on - infused_at.date()).days > settings.late_after_day


def _grade_row(
    charted: Charted, row: CrsRow, course: int, late: bool, refused_earlier: bool, settings: GradingSettings
) -> GradedAssessment:
    verdict = verdict_of(row, bool(course & _IN))
    recurrence = bool(course & _RECURRENCE)
    at_least, at_most = final_bounds(row, verdict)
    extra = RowNotes(
        recurrence=recurrence,
        late=late and at_least > 0,
        confirmed=charted.confirmed_by_investigator,
        refused_earlier=refused_earlier,
        dobutamine=lists_uncounted_agent(charted),
        rare=rare_columns(charted),
    )
    values = stored_values(charted, settings)
    missing = set(open_columns(row, verdict))
    crs = Grade(
        scale=Toxicity.CRS,
        grade=at_least if at_least == at_most else None,
        at_least=at_least,
        missing=tuple(column for column in FILE_COLUMNS if column in missing),
        reasons=fill(crs_reasons(row, verdict), values),
        notes=fill(crs_notes(row, verdict, extra), values),
        ruleset=RULESET,
        at_most=at_most,
    )
    state = CrsState(verdict.fever, bool(course & _AFTER), recurrence, late)
    return GradedAssessment(charted, crs, grade_icans(charted, settings), state)
