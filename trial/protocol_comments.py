"""The comments of a protocol file: they say in words what a setting means, and TOML readers drop them."""

import re
from dataclasses import dataclass, field
from typing import Final

_HEADER: Final = re.compile(r"\[\[?(?P<name>[a-z0-9_.]+)\]\]?")
_KEY: Final = re.compile(r"(?P<key>[a-z0-9_]+)\s*=")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(slots=True)
class Comments:
    """What the file says of itself, of each section and of each setting; one that says nothing is absent.

    A setting is named with its section: "alerts.quiet_from", "alerts.plans.p1".
    """

    file: str = ""
    sections: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


def read_comments(text: str) -> Comments:
    """Read the comments of a file that the protocol accepts.

    The words before a section, or in its line, are the section's; those in or under the line of a setting are
    the setting's; the first block is the file's own.
    """
    found = Comments()
    section, setting, waiting = "", "", list[str]()
    for line in text.splitlines():
        code, words = _split(line)
        header, key = _HEADER.fullmatch(code), _KEY.match(code)
        if header:
            section, setting = header["name"], ""
            _add(found.sections, section, " ".join((*waiting, words)))
            waiting = []
        elif key and not line.startswith(" "):
            setting = f"{section}.{key['key']}"
            _add(found.settings, setting, words)
        elif not code and line.startswith("#"):
            waiting.append(words)
        elif not code and words:
            found.settings[setting] = f"{found.settings.get(setting, '')} {words}".strip()
        elif not line:
            found.file = found.file or " ".join(waiting)
            waiting = []
    return found


def _split(line: str) -> tuple[str, str]:
    """The code of a line and the words of its comment; a sign inside a string begins none."""
    blank = _STRING.sub(lambda match: "_" * len(match[0]), line)
    code, _, _ = blank.partition("#")
    return line[: len(code)].strip(), line[len(code) :].lstrip("# ").strip()


def _add(words_of: dict[str, str], name: str, words: str) -> None:
    """Of several that share a name, as the entries of a list do, the first that says something counts."""
    if words.strip() and name not in words_of:
        words_of[name] = words.strip()
