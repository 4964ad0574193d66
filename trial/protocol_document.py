"""The page `docs/protocol.md`: every setting of the protocol file as the program reads it, in words.

It walks the sections that the program reads, so that none can be left out; the words are the file's comments.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from enum import Enum
from typing import Any, Final

from grading.markdown import numbered, table
from trial.endpoints import READINGS
from trial.protocol import read_settings
from trial.protocol_comments import Comments, read_comments

PATH: Final = "docs/protocol.md"
_INTRO: Final = (
    "This page is written by `python manage.py docs` from `trial/protocol.toml` as the program reads it. Do "
    "not edit it. A site's own file (`PROTOCOL_FILE`) has the same settings with its own values."
)
_ENDPOINTS: Final = (
    "## How the endpoints are read",
    "The public record does not say it. Each reading is to be confirmed by the principal investigator.",
    numbered(READINGS),
)
_CAPITALS: Final = {"sae": "SAE", "ecog": "ECOG", "anc": "ANC", "lvef": "LVEF", "spo2": "SpO2"}


def protocol_page(text: str) -> str:
    """The page of a protocol's text. Raises ProtocolError as `parse_protocol`."""
    comments = read_comments(text)
    parts = ["# The protocol as the program reads it", _INTRO, _sentence(comments.file)]
    for name, values in read_settings(text).items():
        parts += _section(name, values, comments)
    return "\n\n".join((*filter(None, parts), *_ENDPOINTS)) + "\n"


def _section(name: str, values: Mapping[str, Any], comments: Comments) -> Iterator[str]:
    """One section: its words, a table of its settings, and a table for each list of entries."""
    yield f"## {_in_words(name)} `[{name}]`"
    yield _sentence(comments.sections.get(name, ""))
    plain = {key: value for key, value in values.items() if not _has_entries(value)}
    if plain:
        rows = [_setting(f"{name}.{key}", value, comments) for key, value in plain.items()]
        yield table(("Setting", "Value", "Meaning"), rows)
    for key, value in values.items():
        if _has_entries(value):
            yield from _entries(f"{name}.{key}", value, comments)


def _has_entries(value: object) -> bool:
    """Whether the value is a list of tables, or a table of its own."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, Sequence) and any(isinstance(one, Mapping) for one in value)


def _setting(name: str, value: object, comments: Comments) -> list[str]:
    key = name.rpartition(".")[2]
    meaning = comments.settings.get(name, "") or _in_words(key)
    return [f"`{key}`", _value(value), _cell(_sentence(meaning))]


def _entries(name: str, value: Any, comments: Comments) -> Iterator[str]:  # noqa: ANN401 -- any setting
    """A list of entries as a table with a column for each of their settings."""
    yield f"### {_in_words(name.rpartition('.')[2])}"
    yield _sentence(comments.settings.get(name, "") or comments.sections.get(name, ""))
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"`{key}`: {_sentence(comments.settings.get(f'{name}.{key}', '')) or _in_words(key)}"
            yield _columns(inner)
    else:
        yield _columns(value)


def _columns(entries: Sequence[Mapping[str, Any]]) -> str:
    filled = [key for key in entries[0] if any(entry[key] is not None for entry in entries)]
    rows = [[_value(entry[key]) for key in filled] for entry in entries]
    return table([_in_words(key) for key in filled], rows)


def _value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{int(value):,}" if value == int(value) else f"{value:g}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Enum):
        return _cell(str(value.value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_value(one) for one in value)
    return _cell(str(value))


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _in_words(name: str) -> str:
    """ "second_infusion" as "Second infusion"."""
    first, *rest = name.split("_")
    words = [_CAPITALS.get(first, first.capitalize()), *(_CAPITALS.get(word, word) for word in rest)]
    return " ".join(words)


def _sentence(words: str) -> str:
    """A comment as a sentence; one that goes on in the next line of the file ends here."""
    if not words:
        return ""
    stripped = words.rstrip(" ,;")
    return f"{stripped[0].upper()}{stripped[1:]}" + ("" if stripped.endswith((".", "?")) else ".")
