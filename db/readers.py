"""How one typed value is read: from a form's box or a file's cell to a value, or to a sentence.

A reader takes what was typed (text, a number, a list of words), and returns the value or raises Unreadable
with the sentence to show at the box. Blank cells never reach a reader: they are None, not recorded.
"""

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from numbers import Real
from typing import Any, Final

NONE: Final = "none"
"""The word for a list that was asked about and is empty."""

Reader = Callable[[object], Any]

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA: Final = re.compile(r"\d+,\d+", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_CODE: Final = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*",
    re.ASCII,
)
_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}", re.ASCII)
_YEARS: Final = range(1900, 2201)


class Unreadable(Exception):  # noqa: N818 -- a sentence for people, not a fault of the program
    """What was typed cannot be taken; the text is the sentence to show."""


def is_blank(value: object) -> bool:
    """Whether nothing was typed: None, or text of nothing but spaces."""
    return value is None or (isinstance(value, str) and not value.strip())


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two limits, both included.

    usual    outside of it the value is rare: it is asked once more, never refused
    offer    a second try at a value out of range: returns the words to put after the sentence, or ""
    """

    label: str
    low: float
    high: float
    unit: str = ""
    usual: tuple[float, float] | None = None
    whole: bool = False
    offer: Callable[[float], str] | None = None

    def __call__(self, typed: object) -> float | int:
        """Read a number, or text that is one."""
        value = self._number(typed)
        if not self.low <= value <= self.high:
            offer = self.offer(value) if self.offer else ""
            raise Unreadable(f"{self._rule}{offer or '.'}")
        if not self.whole:
            return value
        if value != int(value):
            raise Unreadable(f"{self.label} must be a whole number, {self._range}.")
        return int(value)

    def is_rare(self, value: float) -> bool:
        """Whether the value lies outside the usual ones."""
        return self.usual is not None and not self.usual[0] <= value <= self.usual[1]

    def is_it_right(self, value: float) -> str:
        """The question about a rare value."""
        return f"{self.label} of {plain(value)}{self.unit} is rare. Is it right?"

    @property
    def _range(self) -> str:
        return f"{plain(self.low)} to {plain(self.high)}{self.unit}"

    @property
    def _rule(self) -> str:
        return f"{self.label} must be {self._range}"

    def _number(self, typed: object) -> float:
        if isinstance(typed, str):
            return self._from_text(typed.strip())
        if isinstance(typed, bool) or not isinstance(typed, Real):
            raise Unreadable(f"{self.label} must be a number, {self._range}.")
        try:
            return self._finite(float(typed))
        except OverflowError:
            return math.inf

    def _from_text(self, text: str) -> float:
        if _COMMA.fullmatch(text):
            meant = float(text.replace(",", "."))
            if self.low <= meant <= self.high:
                raise Unreadable(f"{self._rule}. Did you mean {plain(meant)}?")
        if not _NUMBER.fullmatch(text):
            raise Unreadable(f"{self.label} must be a number, {self._range}.")
        return self._finite(float(text))

    def _finite(self, value: float) -> float:
        if math.isnan(value):
            raise Unreadable(f"{self.label} must be a number, {self._range}. Leave it empty if not recorded.")
        return value + 0.0  # never minus zero


def celsius_offer(value: float) -> str:
    """What a temperature out of range may have been: Fahrenheit, or a lost decimal point."""
    celsius = (value - 32) / 1.8
    if 30 <= celsius <= 45:
        shown = f"{celsius:.1f}" if abs(celsius - round(celsius, 1)) < 0.005 else f"{celsius:.2f}"
        return f"; {plain(value)} °F is {shown} °C."
    for lost in (10, 100):
        if 30 <= value / lost <= 45 and value == int(value):
            return f". Did you mean {plain(value / lost)}?"
    return ""


def plain(number: float) -> str:
    """A number as people write it: no exponent, no needless zeros, groups of three from 10,000."""
    if number == int(number):
        return f"{int(number):,}" if abs(number) >= 10_000 else str(int(number))
    return repr(float(number))


@dataclass(frozen=True, slots=True)
class OneWord:
    """One of the words of a list of choices."""

    label: str
    choices: type[StrEnum]

    def __call__(self, typed: object) -> StrEnum:
        """Read a member, or text that is exactly its word."""
        word = typed.strip() if isinstance(typed, str) else typed
        if isinstance(word, str) and word in set(self.choices):
            return self.choices(word)
        raise Unreadable(f"{self.label} must be one of {', '.join(self.choices)}.")


@dataclass(frozen=True, slots=True)
class SeveralWords:
    """A list of words: text with `;` between, or a collection. `none` and an empty one are the empty list."""

    label: str
    choices: type[StrEnum]

    def __call__(self, typed: object) -> frozenset[StrEnum]:
        """Read the list; a word twice, or `none` beside another, is refused."""
        words = self._words(typed)
        for word in words:
            if word != NONE and word not in set(self.choices):
                raise Unreadable(self._choices)
            if words.count(word) > 1:
                raise Unreadable(f"{self.label}: {word} stands there twice. Leave one of them out.")
        if NONE in words and len(words) > 1:
            raise Unreadable(f"{self.label}: none stands beside {_other(words)}. Leave one of them out.")
        return frozenset(self.choices(word) for word in words if word != NONE)

    @property
    def _choices(self) -> str:
        return f"{self.label} must be none, or one or more of {', '.join(self.choices)}."

    def _words(self, typed: object) -> list[str]:
        if isinstance(typed, str):
            return [word.strip() for word in typed.split(";")]
        if isinstance(typed, Collection) and all(isinstance(word, str) for word in typed):
            return [str(word) for word in typed]
        raise Unreadable(self._choices)


def _other(words: list[str]) -> str:
    return next(word for word in words if word != NONE)


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment with its offset from UTC: an aware datetime, or ISO 8601 text. Read as UTC."""

    label: str

    def __call__(self, typed: object) -> datetime:
        """Read the moment."""
        at = typed if isinstance(typed, datetime) else self._from_text(typed)
        if at.utcoffset() is None:
            raise Unreadable(f"{self.label} needs its offset from UTC, such as 2026-03-02T08:00+08:00.")
        if at.year not in _YEARS:
            raise Unreadable(f"{self.label} must be in the years {_YEARS[0]} to {_YEARS[-1]}.")
        return at.astimezone(UTC)

    def _from_text(self, typed: object) -> datetime:
        text = typed.strip() if isinstance(typed, str) else ""
        try:
            if _INSTANT.fullmatch(text):
                return datetime.fromisoformat(text)
        except ValueError:
            pass
        raise Unreadable(
            f"{self.label} must be a date and time with its offset from UTC, such as 2026-03-02T08:00+08:00."
        )


@dataclass(frozen=True, slots=True)
class Day:
    """A date of the hospital: a date, or text such as 2026-03-08."""

    label: str

    def __call__(self, typed: object) -> date:
        """Read the date."""
        on = typed if isinstance(typed, date) and not isinstance(typed, datetime) else self._from_text(typed)
        if on.year not in _YEARS:
            raise Unreadable(f"{self.label} must be in the years {_YEARS[0]} to {_YEARS[-1]}.")
        return on

    def _from_text(self, typed: object) -> date:
        text = typed.strip() if isinstance(typed, str) else ""
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise Unreadable(f"{self.label} must be a date, such as 2026-03-08.")


@dataclass(frozen=True, slots=True)
class YesNo:
    """An answer: True and False, or the words yes and no."""

    label: str

    def __call__(self, typed: object) -> bool:
        """Read the answer."""
        words = {"yes": True, "no": False}
        answer = words.get(typed.strip()) if isinstance(typed, str) else typed
        if not isinstance(answer, bool):
            raise Unreadable(f"{self.label} must be yes or no.")
        return answer


@dataclass(frozen=True, slots=True)
class StudyCode:
    """A patient's code in the trial; what looks like a name is refused before it is stored anywhere."""

    label: str

    def __call__(self, typed: object) -> str:
        """Read the code."""
        text = typed.strip() if isinstance(typed, str) else ""
        if _CODE.fullmatch(text) and any(sign.isdigit() for sign in text):
            return text
        letters = [sign for sign in text if sign.isalpha()]
        if letters and (not any(sign.isdigit() for sign in text) or not "".join(letters).isascii()):
            raise Unreadable(
                f"{self.label} looks like a name. Enter the code of the trial, such as CART-007."
            )
        raise Unreadable(
            f"{self.label} must be 1 to 40 letters, digits and -, such as CART-007; never a name."
        )


@dataclass(frozen=True, slots=True)
class FreeText:
    """Text kept as it was typed, whatever its language or direction; `lines` allows line breaks."""

    label: str
    most: int
    lines: bool = False

    def __call__(self, typed: object) -> str:
        """Read the text; what no database or file can hold is refused."""
        if not isinstance(typed, str):
            raise Unreadable(f"{self.label} must be text.")
        if len(typed) > self.most:
            raise Unreadable(f"{self.label} must be at most {self.most:,} characters; it has {len(typed):,}.")
        if any(_is_control(sign) and not (self.lines and sign in "\r\n\t") for sign in typed):
            raise Unreadable(f"{self.label} holds a character that cannot be stored. Type it again.")
        return typed


def _is_control(sign: str) -> bool:
    # Control characters, and halves of a character pair that belong to no text.
    return ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000


@dataclass(frozen=True, slots=True)
class Matching:
    """Text of one form, such as an address; `lower` reads capitals as small letters."""

    sentence: str
    pattern: re.Pattern[str]
    most: int
    lower: bool = False

    def __call__(self, typed: object) -> str:
        """Read the text."""
        text = typed.strip() if isinstance(typed, str) else ""
        text = text.lower() if self.lower else text
        if len(text) > self.most or not self.pattern.fullmatch(text):
            raise Unreadable(self.sentence)
        return text


MAIL_ADDRESS: Final = Matching(
    "Address must be one e-mail address, such as ward@hospital.org.", _ADDRESS, 254
)
USERNAME: Final = Matching(
    "Username must be 2 to 64 letters, digits, dots and dashes, such as nurse.li.", _USERNAME, 64, lower=True
)


@dataclass(frozen=True, slots=True)
class RowId:
    """The id of a row that the program itself offered as a choice."""

    label: str

    def __call__(self, typed: object) -> int:
        """Read the id."""
        if isinstance(typed, bool) or not isinstance(typed, int) or typed < 1:
            raise Unreadable(f"Choose the {self.label} from the list.")
        return typed
