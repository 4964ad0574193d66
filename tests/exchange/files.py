"""Small assessment files for tests, and rows good and bad to put into them."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hypothesis import strategies as st

from db.inputs import ICE_ITEMS
from grading.bulk import LISTS, WORDS
from grading.charted import FILE_COLUMNS

AT = "2026-03-02T08:00+08:00"


def write_file(path: Path, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = FILE_COLUMNS) -> Path:
    """A file with these rows; a column that a row does not name is blank."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, columns, restval="")
        table.writeheader()
        table.writerows(rows)
    return path


def read_file(path: Path) -> list[dict[str, str]]:
    """The rows of a file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def row(**cells: str) -> dict[str, str]:
    """One row, of patient P1 at 8 in the morning unless said otherwise."""
    return {"patient_id": "P1", "assessed_at": AT} | cells


def _cells() -> dict[str, st.SearchStrategy[str]]:
    numbers = {
        "temperature_c": ["36.8", "38", "38.0", "37.96", "+38.5", " 39 ", "3.86e1", "100.4", "25", "45.1"],
        "systolic_mmhg": ["120", "90", "89.9", "20", "300", "301", "0", "NaN", "inf"],
        "diastolic_mmhg": ["60", "5", "119.9", "120", "200", "4", "1e999"],
        "heart_rate_per_min": ["80", "0", "300", "-1", "eighty"],
        "respiratory_rate_per_min": ["16", "100", "100.1", "１６"],
        "spo2_percent": ["97", "1", "100", "0", "200", "97 %", "97,5"],
        "oxygen_l_per_min": ["0", "-0", "2", "6.1", "80", "81"],
        **{item: ["0", str(most), str(most + 1), "0.5", "1.0"] for item, most in ICE_ITEMS.items()},
        "ice_score": ["0", "3", "7", "9", "10", "11", "7.0", "7.5"],
    }
    columns = {column: st.sampled_from(["", "", "  ", *texts]) for column, texts in numbers.items()}
    for column, words in WORDS.items():
        columns[column] = st.sampled_from(["", "", *words, "None", "NONE"])
    for column, choices in LISTS.items():
        some = st.lists(st.sampled_from([*choices, "none"]), max_size=3).map(";".join)
        columns[column] = st.one_of(st.sampled_from(["", "none", ";", "none;", " none "]), some)
    columns["infusion_number"] = st.sampled_from(["", "1", "2", "3", "1.0", "first"])
    columns["comment"] = st.sampled_from(["", "=1+1", "面色苍白", "two\nlines", "\0", "x" * 2000, "x" * 2001])
    columns["assessed_at"] = st.sampled_from(
        [
            AT,
            "2026-03-02T00:00Z",
            "2026-03-02 08:00:30.5+0800",
            "2026-03-02T08:00",
            "2026-02-30T08:00+08:00",
            "1899-01-01T00:00Z",
            "2026-03-02T08:00+25:00",
            "",
            "0",
        ]
    )
    return columns


CELLS = _cells()

_OTHERS = {column: texts for column, texts in CELLS.items() if column != "assessed_at"}

any_row = st.fixed_dictionaries({"assessed_at": CELLS["assessed_at"]}, optional=_OTHERS)
"""Any row, most of them refused."""

_HOPELESS = {
    "NaN",
    "inf",
    "1e999",
    "eighty",
    "１６",
    "97 %",
    "97,5",
    "first",
    "3",
    "\0",
    "None",
    "NONE",
    "100.4",
    "45.1",
    "301",
    "0.5",
    "7.5",
    "11",
    "-1",
    "4",
    "81",
    "200",
    "100.1",
    "x" * 2001,
    "",
    "2026-03-02T08:00",
    "0",
    "2026-02-30T08:00+08:00",
}

mostly_good_row = st.fixed_dictionaries(
    {"assessed_at": st.just(AT)},
    optional={column: CELLS[column].filter(lambda text: text not in _HOPELESS) for column in _OTHERS},
)
"""A row whose cells can mostly be read, so that the rules between cells decide."""
