"""What a screen may remind of, by grade: text that a site can edit, never an order."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grading.scale import Toxicity

REMINDERS_FILE: Final = Path(__file__).with_name("reminders.toml")
GRADES: Final = ("1", "2", "3", "4")
_KEYS: Final = ("any", *GRADES)


class RemindersError(Exception):
    """The file of reminders cannot be used; the message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class Reminders:
    """The lines of each toxicity and grade."""

    lines: Mapping[Toxicity, Mapping[str, tuple[str, ...]]]

    def at(self, scale: Toxicity, grade: int) -> tuple[str, ...]:
        """The lines for a grade; none at 0, after a death, or where the grade is not known."""
        if str(grade) not in GRADES:
            return ()
        return (*self.lines[scale][str(grade)], *self.lines[scale]["any"])


def load_reminders(data_dir: Path) -> Reminders:
    """The site's own file, `reminders.toml` in its data folder, or the one that ships with the program.

    Raises:
        RemindersError: the file cannot be read, is not TOML, or lacks a grade.
    """
    own = data_dir / "reminders.toml"
    path = own if own.exists() else REMINDERS_FILE
    try:
        return parse_reminders(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RemindersError(f"The file of reminders {path} cannot be read: {error}.") from error
    except RemindersError as error:
        raise RemindersError(f"The file of reminders {path}: {error}") from error


def parse_reminders(text: str) -> Reminders:
    """Check the text of a file. Raises RemindersError with one sentence."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RemindersError(f"not TOML: {error}.") from error
    return Reminders({scale: _lines(content, scale.value) for scale in Toxicity})


def _lines(content: Mapping[str, Any], scale: str) -> dict[str, tuple[str, ...]]:
    section = content.get(scale)
    if not isinstance(section, dict) or set(section) != set(_KEYS):
        raise RemindersError(f"[{scale}] must hold the keys {', '.join(_KEYS)} and no other.")
    for key, lines in section.items():
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise RemindersError(f"{scale}.{key} must be a list of lines in quotation marks.")
    return {key: tuple(lines) for key, lines in section.items()}
