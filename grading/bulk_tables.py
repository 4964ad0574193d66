"""The single grader tabulated: every combination of codes, asked once and kept as arrays.

Nothing clinical is decided here. Each table is filled by calling the functions that grade
one assessment, so the bulk grader cannot disagree with them.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from functools import cache
from itertools import product
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from grading.astct_crs import COUNTED_AS, KEEPS_COURSE_OPEN, LOW_FLOW_AT_MOST_L_PER_MIN, Counting
from grading.astct_icans import (
    DEATH,
    DepressedConsciousness,
    MotorFindings,
    RaisedPressure,
    Seizures,
    domain_finding,
    edema_cell,
    ice_cell,
)
from grading.cells import Answer, Cell, Finding, Gap, Reading
from grading.charted import (
    FILE_COLUMNS,
    Consciousness,
    CrsJudgement,
    DeathDueTo,
    EdemaOrRaisedIcp,
    FeverMaskingDrug,
    IceNotDone,
    MotorWeakness,
    OxygenDevice,
    Seizure,
    Sign,
    Vasopressor,
    Word,
)
from grading.crs_course import step_of, walk
from grading.crs_row import CrsRow, final_bounds, open_columns, verdict_of
from grading.findings import (
    Agents,
    Device,
    FeverFound,
    Flow,
    count_agents,
    fever_found,
    group_device,
    hypotension_finding,
    hypoxia_finding,
)
from grading.ice import ICE_ITEMS

Array: TypeAlias = NDArray[Any]

LOW_FLOW: Final = LOW_FLOW_AT_MOST_L_PER_MIN
NOTHING_OPEN: Final = 5
"""An `outranked` that no gap can exceed."""

JUDGEMENTS: Final[tuple[CrsJudgement | None, ...]] = (None, *CrsJudgement)
GRADES: Final = range(5)
DEATH_GRADE: Final = DEATH
DIED_OF_CRS: Final = list(DeathDueTo).index(DeathDueTo.CRS)
DIED_OF_ICANS: Final = list(DeathDueTo).index(DeathDueTo.ICANS)
NOT_DONE_UNAROUSABLE: Final = list(IceNotDone).index(IceNotDone.UNAROUSABLE)
UNAROUSABLE: Final = list(Consciousness).index(Consciousness.UNAROUSABLE)
ALL_ITEMS_BLANK: Final = (1 << len(ICE_ITEMS)) - 1


def column_mask(columns: Iterable[str]) -> int:
    """Columns as one number: bit n is the n-th column of the file."""
    return sum(1 << FILE_COLUMNS.index(column) for column in set(columns))


@cache
def columns_of_mask(mask: int) -> tuple[str, ...]:
    """The columns of a mask, in file order."""
    return tuple(column for place, column in enumerate(FILE_COLUMNS) if mask >> place & 1)


@cache
def missing_text(mask: int) -> str:
    """A mask as the file writes it, `;` between the names."""
    return ";".join(columns_of_mask(mask))


def chosen(words: type[Word], mask: int) -> frozenset[Any] | None:
    """The words of a list column from its bits; -1 is not recorded."""
    if mask < 0:
        return None
    return frozenset(word for place, word in enumerate(words) if mask >> place & 1)


def _of_mask(words: type[Word], judge: Callable[[Any], int]) -> Array:
    """Tabulate a list column over all its bits; the last entry is -1, not recorded."""
    masks = [*range(1 << len(words)), -1]
    return np.array([judge(chosen(words, mask)) for mask in masks], dtype=np.uint8)


def _keeps_open(drugs: frozenset[FeverMaskingDrug] | None) -> int:
    return any(KEEPS_COURSE_OPEN[drug] for drug in drugs or ())


def _is_listed(sign: Sign) -> Callable[[frozenset[Sign] | None], int]:
    return lambda signs: sign in (signs or ())


AGENTS: Final = _of_mask(Vasopressor, count_agents)
DOBUTAMINE: Final = _of_mask(
    Vasopressor, lambda agents: any(COUNTED_AS[agent] is Counting.NEVER for agent in agents or ())
)
KEEPS_OPEN: Final = _of_mask(FeverMaskingDrug, _keeps_open)
DEVICE: Final = np.array([*map(group_device, OxygenDevice), Device.NOT_RECORDED], dtype=np.uint8)
ATTRIBUTED: Final[dict[Sign, Array]] = {sign: _of_mask(Sign, _is_listed(sign)) for sign in Sign}


def every(*kinds: type[IntEnum] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """Every combination, the last kind changing fastest."""
    return list(product(*kinds))


HYPOTENSION: Final[list[Finding]] = [
    hypotension_finding(*codes) for codes in every(Reading, Agents, Answer, Answer, (False, True))
]
HYPOXIA: Final[list[Finding]] = [
    hypoxia_finding(*codes) for codes in every(Device, Flow, Reading, Answer, (False, True))
]


def least_of(findings: Sequence[Finding]) -> Array:
    """The proved grade of each finding."""
    return np.array([finding.least for finding in findings], dtype=np.uint8)


def most_of(findings: Sequence[Finding]) -> Array:
    """The highest grade each finding leaves possible."""
    return np.array([finding.most for finding in findings], dtype=np.uint8)


def gaps_above(findings: Sequence[Finding]) -> Array:
    """Masks of the gaps that reach above a grade, at finding * 6 + grade; 5 is the settled grade."""
    return np.array(
        [
            column_mask(gap.column for gap in finding.gaps if gap.reach > outranked)
            for finding in findings
            for outranked in range(NOTHING_OPEN + 1)
        ],
        dtype=np.uint32,
    )


HYPOTENSION_LEAST, HYPOTENSION_MOST = least_of(HYPOTENSION), most_of(HYPOTENSION)
HYPOTENSION_OPEN: Final = gaps_above(HYPOTENSION)
HYPOXIA_LEAST, HYPOXIA_MOST = least_of(HYPOXIA), most_of(HYPOXIA)
HYPOXIA_OPEN: Final = gaps_above(HYPOXIA)
FEVER: Final = np.array([fever_found(*codes) for codes in every(Reading, (False, True))], dtype=np.uint8)

# ---- CRS: fever x least x most x judgement x died, and the same within an open course ----

_CRS_CODES: Final = every(FeverFound, GRADES, GRADES, range(len(JUDGEMENTS)), (False, True))
_TEMPERATURE: Final = {
    FeverFound.NOT_PRESENT: Reading.BELOW,
    FeverFound.PRESENT: Reading.REACHED,
    FeverFound.NOT_RECORDED: Reading.NOT_RECORDED,
}


def _row_of(fever: FeverFound, least: int, most: int, judgement: int, died: bool) -> CrsRow:
    bounds = Finding(least, most, (Gap("", most),))
    return CrsRow(_TEMPERATURE[fever], False, bounds, bounds, JUDGEMENTS[judgement], died, False)


def _crs_results() -> Array:
    """For each code without, then within a course: at least, at most, outranked, temperature open."""
    results = []
    for in_course, codes in product((False, True), _CRS_CODES):
        row = _row_of(*codes)
        verdict = verdict_of(row, in_course)
        at_least, at_most = final_bounds(row, verdict)
        outranked = verdict.outranked if at_least < at_most else NOTHING_OPEN
        results.append((at_least, at_most, outranked, "temperature_c" in open_columns(row, verdict)))
    return np.array(results, dtype=np.uint8).T.copy()


CRS_AT_LEAST, CRS_AT_MOST, CRS_OUTRANKED, CRS_TEMPERATURE_OPEN = _crs_results()
CRS_CODE_COUNT: Final = len(_CRS_CODES)
TEMPERATURE_MASK: Final = CRS_TEMPERATURE_OPEN.astype(np.uint32) * column_mask(["temperature_c"])
STEP: Final = np.array(
    [
        step_of(fever, least, most, JUDGEMENTS[judgement], died, drug)
        for fever, least, most, judgement, died in _CRS_CODES
        for drug in (False, True)
    ],
    dtype=np.uint8,
)

WALKED_ALONE: Final = np.array([walk([0], [0], [step], 1, 1)[0] for step in range(32)], dtype=np.uint8)
"""What the walker answers for a row that is its whole course, by its step."""

# ---- ICANS: the four domains beside ICE, each with its attribution ----


def _cells(cells: type[Cell], words: type[Word]) -> list[Cell | None]:
    return [None, *(cells.of(word) for word in words)]


DOMAIN_CELLS: Final[dict[Sign, list[Cell | None]]] = {
    Sign.CONSCIOUSNESS: _cells(DepressedConsciousness, Consciousness),
    Sign.SEIZURE: _cells(Seizures, Seizure),
    Sign.MOTOR_WEAKNESS: _cells(MotorFindings, MotorWeakness),
    Sign.EDEMA_OR_RAISED_ICP: [None, *RaisedPressure],
}
EDEMA: Final = _of_mask(
    EdemaOrRaisedIcp, lambda signs: DOMAIN_CELLS[Sign.EDEMA_OR_RAISED_ICP].index(edema_cell(signs))
)
ICE_GRADE: Final = np.array([ice_cell(score).grade for score in range(11)], dtype=np.uint8)
_DOMAIN_CODES: Final = every(*(every(cells, (False, True)) for cells in DOMAIN_CELLS.values()))
DOMAIN_FINDINGS: Final[list[tuple[Finding, ...]]] = [
    tuple(domain_finding(sign, *code) for sign, code in zip(DOMAIN_CELLS, codes, strict=True))
    for codes in _DOMAIN_CODES
]
_DOMAINS_TOGETHER: Final = [
    Finding(
        max(finding.least for finding in findings),
        max(finding.most for finding in findings),
        tuple(gap for finding in findings for gap in finding.gaps),
    )
    for findings in DOMAIN_FINDINGS
]
DOMAINS_LEAST: Final = least_of(_DOMAINS_TOGETHER)
DOMAINS_MOST: Final = most_of(_DOMAINS_TOGETHER)
DOMAINS_OPEN: Final = gaps_above(_DOMAINS_TOGETHER)
ICE_OPEN: Final = np.array(
    [
        column_mask(item.column for place, item in enumerate(ICE_ITEMS) if blank >> place & 1)
        | (column_mask(["ice_score"]) if blank else 0)
        for blank in range(1 << len(ICE_ITEMS))
    ],
    dtype=np.uint32,
)
"""Masks of the ICE columns that are open, by the blank items as bits."""
