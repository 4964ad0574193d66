"""Charting of several courses turned into the columns of the bulk grader. For tests only."""

from collections.abc import Sequence

from grading.bulk import LISTS, NUMBERS, WORDS, Columns
from grading.charted import Charted
from grading.crs_course import microseconds_of
from grading.ice import ICE_COLUMNS


def columns_of(courses: Sequence[Sequence[Charted]]) -> Columns:
    """One row each, in the order given; courses are numbered as they come."""
    rows = [(number, charted) for number, course in enumerate(courses) for charted in course]
    columns = Columns.empty(len(rows))
    for place, (number, charted) in enumerate(rows):
        columns.course[place] = number
        columns.assessed_at[place] = microseconds_of(charted.assessed_at) * 1000
        columns.confirmed[place] = charted.confirmed_by_investigator
        _write_row(columns, place, charted)
    return columns


def _write_row(columns: Columns, place: int, charted: Charted) -> None:
    for name in (*NUMBERS, *ICE_COLUMNS):
        value = getattr(charted, name)
        if value is not None:
            getattr(columns, name)[place] = value
    for name, words in WORDS.items():
        word = getattr(charted, name)
        if word is not None:
            getattr(columns, name)[place] = list(words).index(word)
    for name, words in LISTS.items():
        chosen = getattr(charted, name)
        if chosen is not None:
            getattr(columns, name)[place] = sum(1 << list(words).index(word) for word in chosen)
