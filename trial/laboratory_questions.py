"""What is asked once more about results that are possible: never refused, never repaired in silence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from grading.cells import write_number
from grading.units import Analyte, convert, factor, read_spelling
from trial.laboratory import LabRow

_PARTS_OF_WBC: Final = (Analyte.ANC, Analyte.LYMPHOCYTES)


def questions_of_panel(panel: Sequence[LabRow], last: Mapping[Analyte, LabRow]) -> list[str]:
    """What to ask about results of one sample; `last` are the newest results of the patient before it."""
    return [*_part_above_the_whole(panel), *_other_units(panel, last)]


def last_of_each(rows: Iterable[LabRow]) -> dict[Analyte, LabRow]:
    """The newest result of each analyte."""
    return {row.analyte: row for row in sorted(rows, key=lambda one: one.taken_at)}


def _part_above_the_whole(panel: Sequence[LabRow]) -> Iterator[str]:
    found = {row.analyte: row for row in panel}
    whole = found.get(Analyte.WBC)
    if whole is None:
        return
    for analyte in _PARTS_OF_WBC:
        part = found.get(analyte)
        if part is not None and _amount(part) > _amount(whole):
            name = analyte.label if analyte is Analyte.ANC else analyte.label.capitalize()
            yield f"{name} {_words(part)} is above the white cells, {_words(whole)}: check both."


def _other_units(panel: Sequence[LabRow], last: Mapping[Analyte, LabRow]) -> Iterator[str]:
    """Another unit than last time, where the same number would mean another amount."""
    for row in panel:
        before = last.get(row.analyte)
        if before is None or _times(row) == _times(before):
            continue
        name = row.analyte.label[0].upper() + row.analyte.label[1:]
        yield f"{name} is given in {row.unit} and was in {before.unit} before. Is the unit right?"


def _times(row: LabRow) -> Decimal:
    return factor(row.analyte, read_spelling(row.analyte, row.unit))


def _amount(row: LabRow) -> Decimal:
    return convert(row.analyte, row.value, row.unit)


def _words(row: LabRow) -> str:
    return f"{write_number(row.value)} {row.unit}"
