"""How what was charted stands in the table `assessment`: words as text, lists with `;` between them.

Form, file, re-grading and `manage.py verify` all go from a row to the grader's `Charted` through here.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import partial
from typing import Any, Final

from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from db.readers import NONE
from grading.charted import (
    Charted,
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
    YesNo,
)

WORD_COLUMNS: Final[Mapping[str, type[StrEnum]]] = {
    "oxygen_device": OxygenDevice,
    "hypoxia": YesNo,
    "iv_fluid_bolus": YesNo,
    "hypotension": YesNo,
    "crs_judgement": CrsJudgement,
    "ice_not_done": IceNotDone,
    "consciousness": Consciousness,
    "seizure": Seizure,
    "motor_weakness": MotorWeakness,
    "death_due_to": DeathDueTo,
}
"""The columns that hold one word, and its choices."""

LIST_COLUMNS: Final[Mapping[str, type[StrEnum]]] = {
    "vasopressors": Vasopressor,
    "fever_masking_drugs": FeverMaskingDrug,
    "edema_or_raised_icp": EdemaOrRaisedIcp,
    "attributed_elsewhere": Sign,
}
"""The columns that hold a list of words, and its choices."""


def charted_of(row: RowMapping | Mapping[str, Any] | SQLModel) -> Charted:
    """What was charted, from a row of `assessment` (an ORM object, or a mapping with its column names)."""
    values: RowMapping | Mapping[str, Any]
    values = {name: getattr(row, name) for name in _READ} if isinstance(row, SQLModel) else row
    return Charted(**{name: read(values[name]) for name, read in _READ.items()})


def list_text(words: frozenset[StrEnum] | None) -> str | None:
    """A list as its column stores it: in the order of the choices, `none` if empty, None if not recorded."""
    if not words:
        return None if words is None else NONE
    return ";".join(choice for choice in type(next(iter(words))) if choice in words)


def list_words(text: str | None, choices: type[StrEnum]) -> frozenset[StrEnum] | None:
    """The list that a column stores; None when not recorded."""
    if text is None:
        return None
    return frozenset() if text == NONE else frozenset(choices(word) for word in text.split(";"))


def _reader(name: str) -> Callable[[Any], Any]:
    if name in LIST_COLUMNS:
        return partial(list_words, choices=LIST_COLUMNS[name])
    if name in WORD_COLUMNS:
        choices = WORD_COLUMNS[name]
        return lambda word: None if word is None else choices(word)
    return lambda value: value


_READ: Final = {field.name: _reader(field.name) for field in fields(Charted)}
CHARTED_COLUMNS: Final = tuple(_READ)
"""The columns of `assessment` that a grade can depend on."""
