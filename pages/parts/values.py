"""What was charted, in the words of the screens: units with numbers, labels of the choices, never rounded."""

from collections.abc import Mapping
from typing import Any, Final

from db.charted_columns import LIST_COLUMNS, WORD_COLUMNS
from db.readers import NONE
from grading.charted import USUAL_RANGES, Word
from grading.stored_values import WRITE
from pages.parts.wording import column_words, listed, sentence_case

_UNITS: Final[Mapping[str, str]] = {
    **{column: usual.unit for column, usual in USUAL_RANGES.items()},
    "oxygen_l_per_min": "L/min",
    "ice_score": "of 10",
    "ice_orientation": "of 4",
    "ice_naming": "of 3",
    "ice_commands": "of 1",
    "ice_writing": "of 1",
    "ice_attention": "of 1",
}
FREE_TEXT: Final = frozenset({"comment"})
"""Columns whose words were typed by a person: shown as plain text, never inside HTML."""


def value_words(column: str, value: Any) -> str:  # noqa: ANN401 - any column
    """A stored value: "38.6 °C", "Nasal cannula", "none"; "not recorded" for None."""
    if value is None:
        return "not recorded"
    if column in LIST_COLUMNS:
        return _list_words(LIST_COLUMNS[column], str(value))
    if column in WORD_COLUMNS:
        return _label(WORD_COLUMNS[column], str(value))
    number = WRITE[column](value) if column in WRITE else str(value)
    return f"{number} {_UNITS[column]}" if column in _UNITS else number


def column_label(column: str) -> str:
    """The words of a column at the head of a row: "Oxygen device"."""
    return sentence_case(column_words(column))


def _list_words(choices: Any, text: str) -> str:  # noqa: ANN401 - an enumeration of words
    chosen = text.split(";")
    return (
        NONE if text == NONE else sentence_case(listed([word.phrase for word in choices if word in chosen]))
    )


def _label(choices: Any, text: str) -> str:  # noqa: ANN401 - an enumeration of words
    found: list[Word] = [word for word in choices if word.value == text]
    return found[0].label if found else text
