"""How a whole entry is judged: every field by its reader, then the rules between fields.

All problems come back at once, each with the field, what was typed and a sentence in the words of the
question. What is impossible is a Problem; what is rare is a Question, asked once more and never refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from db.readers import Number, Reader, Unreadable, is_blank

_KIND: Final = "sentence"

Values = Mapping[str, Any]
"""Field -> value read; a blank field is absent."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right.

    field     the name of the file's column or of the form's box, "" when it concerns the whole entry
    value     what was typed, unchanged
    sentence  what is asked for, in the words of the question
    """

    field: str
    value: object
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something possible but rare, or a gap worth filling: asked once more, never refused."""

    field: str
    value: object
    sentence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What an entry came to: the values that could be read, and what is to be put right.

    A value named by a problem is not among the values: until it is put right it counts as not recorded.
    """

    values: Values
    problems: list[Problem]
    questions: list[Question]


Broken = tuple[str, str]
"""The field at which a rule is broken, and the sentence."""
Rule = Callable[[Values], Iterable[Broken]]
"""A rule between fields; it is given the values that could be read."""

Gap = Callable[[Values], Iterable[Question]]
"""What is asked once more about a field left blank."""


class Entry(BaseModel):
    """The base of everything that may be entered; its fields hold only values that passed the gate.

    `Model(**typed)` raises ValidationError, from which `problems` takes the sentences; `judge` and `check`
    raise nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    readers: ClassVar[Mapping[str, Reader]]
    required: ClassVar[Mapping[str, str]] = {}
    """Field -> the sentence where it is blank."""
    rules: ClassVar[tuple[Rule, ...]] = ()
    gaps: ClassVar[tuple[Gap, ...]] = ()

    @classmethod
    def judge(cls, typed: Mapping[str, object]) -> Judged:
        """Read everything that was typed."""
        values, problems = _read(cls.readers, typed)
        problems += [
            Problem(field, typed.get(field), sentence)
            for field, sentence in cls.required.items()
            if is_blank(typed.get(field))
        ]
        broken = [one for rule in cls.rules for one in rule(values)]
        between = [Problem(field, typed.get(field), sentence) for field, sentence in broken]
        faulty = {problem.field for problem in between}
        values = {field: value for field, value in values.items() if field not in faulty}
        questions = [*_rare(cls.readers, values), *(question for gap in cls.gaps for question in gap(values))]
        return Judged(values, _in_order(problems + between, [*cls.readers]), questions)

    @classmethod
    def check(cls, typed: Mapping[str, object]) -> tuple[Self | None, list[Problem]]:
        """The entry, or None and what is to be put right."""
        try:
            return cls.model_validate(typed), []
        except ValidationError as error:
            return None, problems(error)

    def to_confirm(self) -> list[Question]:
        """What to ask once more before saving, or to note for a row of a file."""
        values = {name: getattr(self, name) for name in self.readers if getattr(self, name) is not None}
        return [*_rare(self.readers, values), *(question for gap in self.gaps for question in gap(values))]

    @model_validator(mode="before")
    @classmethod
    def _pass_the_gate(cls, typed: Mapping[str, object]) -> dict[str, Any]:
        judged = cls.judge(typed)
        if judged.problems:
            raise ValidationError.from_exception_data(cls.__name__, [_line(one) for one in judged.problems])
        return dict(judged.values)


def problems(error: ValidationError) -> list[Problem]:
    """The problems behind an entry's ValidationError."""
    return [
        Problem(".".join(str(part) for part in line["loc"]), line["input"], line["msg"])
        for line in error.errors(include_url=False)
    ]


def _read(readers: Mapping[str, Reader], typed: Mapping[str, object]) -> tuple[dict[str, Any], list[Problem]]:
    values, found = {}, []
    for field, value in typed.items():
        if field not in readers:
            found.append(
                Problem(field, value, f"There is no column {field!r}. Take it out, or correct its name.")
            )
        elif not is_blank(value):
            try:
                values[field] = readers[field](value)
            except Unreadable as unreadable:
                found.append(Problem(field, value, str(unreadable)))
    return values, found


def _rare(readers: Mapping[str, Reader], values: Values) -> list[Question]:
    return [
        Question(field, value, reader.is_it_right(value))
        for field, reader in readers.items()
        if isinstance(reader, Number) and (value := values.get(field)) is not None and reader.is_rare(value)
    ]


def _in_order(found: list[Problem], order: list[str]) -> list[Problem]:
    places = {field: place for place, field in enumerate(order)}
    return sorted(found, key=lambda problem: places.get(problem.field, -1))


def _line(problem: Problem) -> InitErrorDetails:
    # The sentence goes in as a value: its braces, if it has any, are not placeholders.
    kind = PydanticCustomError(_KIND, "{sentence}", {"sentence": problem.sentence})
    return InitErrorDetails(type=kind, loc=(problem.field,), input=problem.value)
