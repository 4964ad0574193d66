"""Reasons for many assessments: the same templates as the single grader, filled row by row.

Rows with the same codes share one template, made once by the functions that explain a single
grade; only the stored values are put in for each row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import Formatter
from typing import Any, Final

import numpy as np

from grading import bulk_tables as tables
from grading.astct_icans import DEATH, icans_reasons, ice_finding
from grading.bulk import (
    BulkGrades,
    Columns,
    answer,
    chunks,
    domain_codes,
    elsewhere,
    ice_bounds,
    look_up,
    reading,
)
from grading.bulk_tables import Array
from grading.cells import Reading
from grading.charted import (
    USUAL_RANGES,
    Consciousness,
    EdemaOrRaisedIcp,
    IceNotDone,
    MotorWeakness,
    OxygenDevice,
    Seizure,
    Sign,
    Vasopressor,
    Word,
)
from grading.crs_course import Walked
from grading.crs_row import CrsRow, RowNotes, crs_notes, crs_reasons, final_bounds, verdict_of
from grading.ice import FULL_SCORE, ICE_COLUMNS, ICE_ITEMS, IceScore, write_items
from grading.scale import Toxicity, grade_sentence
from grading.stored_values import WRITE, limits, write_edema, write_oxygen, write_vasopressors

Compiled = tuple[Callable[..., str], tuple[str, ...]]
"""A template ready to be filled: its format method and the values it takes, in order."""


def sentences(grades: BulkGrades, scale: Toxicity) -> Iterator[str]:
    """The sentence of every row, in order; equal to `Grade.sentence()` of the single grader."""
    fixed = limits(grades.settings)
    compiled: dict[int, Compiled] = {}
    for start, stop in chunks(len(grades.columns)):
        part = grades.columns.slice(start, stop)
        values = RowValues(part)
        if scale is Toxicity.CRS:
            keys, explain = _crs_keys(grades, part, slice(start, stop)), _explain_crs
        else:
            keys, explain = _icans_keys(part), _explain_icans
        for row, key in enumerate(keys.tolist()):
            ready = compiled.get(key)
            if ready is None:
                ready = compiled[key] = _compile(explain(key), fixed)
            write, names = ready
            yield write(*[values[name][row] for name in names])


def _compile(sentence: str, fixed: Mapping[str, str]) -> Compiled:
    """Split a template into its text and the values it takes; limits are filled in at once."""
    text, names = [], []
    for literal, name, _, _ in Formatter().parse(sentence):
        text.append(literal)
        if name is not None:
            text.append(fixed.get(name, "{}"))
            names += [name] * (name not in fixed)
    return "".join(text).format, tuple(names)


# ---- Keys: all that a template depends on, packed into one number ----

_CRS_KEY: Final = {
    "temperature": 3,
    "fever_attributed": 2,
    "hypotension": len(tables.HYPOTENSION),
    "hypoxia": len(tables.HYPOXIA),
    "judgement": 3,
    "died": 2,
    "in_course": 2,
    "recurrence": 2,
    "confirmed": 2,
    "refused_earlier": 2,
    "dobutamine": 2,
    "rare": 1 << len(USUAL_RANGES),
}
_ICANS_KEY: Final = {
    "worst": FULL_SCORE + 1,
    "could_add": FULL_SCORE + 1,
    "recorded": 2,
    "attributed": 2,
    "not_done": 2,
    "domains": len(tables.DOMAIN_FINDINGS),
    "died": 2,
}


def _pack(sizes: Mapping[str, int], parts: Mapping[str, Array]) -> Array:
    key = np.zeros(len(next(iter(parts.values()))), np.int64)
    for name, size in sizes.items():
        key *= size
        key += parts[name]
    return key


def _unpack(sizes: Mapping[str, int], key: int) -> dict[str, int]:
    parts = {}
    for name, size in reversed(list(sizes.items())):
        key, parts[name] = divmod(key, size)
    return parts


def _crs_keys(grades: BulkGrades, part: Columns, at: "slice") -> Array:
    walked = grades.walked[at]
    return _pack(
        _CRS_KEY,
        {
            "temperature": reading(part.temperature_c, grades.settings.fever_c),
            "fever_attributed": elsewhere(part, Sign.FEVER),
            "hypotension": grades.hypotension[at],
            "hypoxia": grades.hypoxia[at],
            "judgement": answer(part.crs_judgement),
            "died": part.death_due_to == tables.DIED_OF_CRS,
            "in_course": (walked & Walked.IN_COURSE.value) > 0,
            "recurrence": (walked & Walked.RECURRENCE.value) > 0,
            "confirmed": part.confirmed,
            "refused_earlier": part.refused_earlier,
            "dobutamine": look_up(tables.DOBUTAMINE, part.vasopressors),
            "rare": _rare_bits(part),
        },
    )


def _rare_bits(part: Columns) -> Array:
    bits = np.zeros(len(part), np.uint8)
    for place, (column, usual) in enumerate(USUAL_RANGES.items()):
        values = getattr(part, column)
        bits |= ((values < usual.low) | (values > usual.high)).view(np.uint8) << np.uint8(place)
    return bits


def _explain_crs(key: int) -> str:
    parts = _unpack(_CRS_KEY, key)
    row = CrsRow(
        temperature=Reading(parts["temperature"]),
        fever_attributed=bool(parts["fever_attributed"]),
        hypotension=tables.HYPOTENSION[parts["hypotension"]],
        hypoxia=tables.HYPOXIA[parts["hypoxia"]],
        judgement=tables.JUDGEMENTS[parts["judgement"]],
        died_of_crs=bool(parts["died"]),
        keeps_course_open=False,
    )
    extra = RowNotes(
        recurrence=bool(parts["recurrence"]),
        confirmed=bool(parts["confirmed"]),
        refused_earlier=bool(parts["refused_earlier"]),
        dobutamine=bool(parts["dobutamine"]),
        rare=tuple(column for place, column in enumerate(USUAL_RANGES) if parts["rare"] >> place & 1),
    )
    verdict = verdict_of(row, bool(parts["in_course"]))
    at_least, at_most = final_bounds(row, verdict)
    grade = at_least if at_least == at_most else None
    return grade_sentence(
        Toxicity.CRS, grade, at_least, crs_reasons(row, verdict), crs_notes(row, verdict, extra)
    )


def _icans_keys(part: Columns) -> Array:
    worst, best, blank = ice_bounds(part)
    return _pack(
        _ICANS_KEY,
        {
            "worst": worst,
            "could_add": best - worst,
            "recorded": blank != tables.ALL_ITEMS_BLANK,
            "attributed": elsewhere(part, Sign.ICE),
            "not_done": part.ice_not_done >= 0,
            "domains": domain_codes(part),
            "died": part.death_due_to == tables.DIED_OF_ICANS,
        },
    )


def _explain_icans(key: int) -> str:
    parts = _unpack(_ICANS_KEY, key)
    missing = () if parts["recorded"] else ICE_COLUMNS
    score = IceScore(parts["worst"], parts["worst"] + parts["could_add"], missing)
    findings = (
        ice_finding(score, bool(parts["attributed"])),
        *tables.DOMAIN_FINDINGS[parts["domains"]],
    )
    died = bool(parts["died"])
    at_least = DEATH if died else max(finding.least for finding in findings)
    at_most = DEATH if died else max(finding.most for finding in findings)
    grade = at_least if at_least == at_most else None
    notes = tuple(note for finding in findings for note in finding.notes)
    reasons = icans_reasons(findings, bool(parts["not_done"]), died)
    return grade_sentence(Toxicity.ICANS, grade, at_least, reasons, notes)


# ---- Values: the stored values of a chunk as texts ----


class RowValues(dict[str, Sequence[str]]):
    """Texts by the name that stands in the templates; a column is written when it is first asked for."""

    def __init__(self, part: Columns) -> None:
        """Keep the columns; nothing is written yet."""
        super().__init__()
        self._part = part

    def __missing__(self, name: str) -> Sequence[str]:
        """Write one column for all rows of the chunk."""
        self[name] = texts = _write_column(self._part, name)
        return texts


def _write_column(part: Columns, name: str) -> Sequence[str]:
    if name in WRITE:
        return _write_each(WRITE[name], np.nan_to_num(getattr(part, name)))
    if name == "oxygen":
        return _write_each(_oxygen, part.oxygen_device, np.nan_to_num(part.oxygen_l_per_min, nan=-1.0))
    if name == "ice_score":
        return _write_each(str, ice_bounds(part)[1])
    if name == "ice_items":
        return _write_each(_items, *(getattr(part, item.column) for item in ICE_ITEMS))
    if name == "consciousness":
        implied = (part.consciousness < 0) & (part.ice_not_done == tables.NOT_DONE_UNAROUSABLE)
        return _write_each(_WRITE_CODE[name], np.where(implied, tables.UNAROUSABLE, part.consciousness))
    return _write_each(_WRITE_CODE[name], getattr(part, name))


def _write_each(write: Callable[..., str], *columns: Array) -> Sequence[str]:
    """Write every row, each combination of values once."""
    rows: Sequence[Any] = list(zip(*(column.tolist() for column in columns), strict=True))
    texts = {row: write(*row) for row in set(rows)}
    return [texts[row] for row in rows]


def _word_writer(words: Iterable[Word]) -> Callable[[int], str]:
    phrases = [*(word.phrase for word in words), ""]
    return lambda code: phrases[code]


_DEVICES: Final = (*OxygenDevice, None)
_WRITE_CODE: Final[dict[str, Callable[[int], str]]] = {
    "oxygen_device": _word_writer(OxygenDevice),
    "ice_not_done": _word_writer(IceNotDone),
    "consciousness": _word_writer(Consciousness),
    "seizure": _word_writer(Seizure),
    "motor_weakness": _word_writer(MotorWeakness),
    "vasopressors": lambda mask: write_vasopressors(tables.chosen(Vasopressor, mask) or ()),
    "edema_or_raised_icp": lambda mask: write_edema(tables.chosen(EdemaOrRaisedIcp, mask) or ()),
}


def _oxygen(device: int, oxygen_l_per_min: float) -> str:
    return write_oxygen(_DEVICES[device], None if oxygen_l_per_min < 0 else oxygen_l_per_min)


def _items(*points: int) -> str:
    return write_items(tuple(None if each < 0 else each for each in points))
