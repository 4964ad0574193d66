"""The colours of the grades and of the theme, defined once for screens, figures, mails and PDF.

Lightness runs one way: further from the background is worse, so a grey print keeps the order.
The numeral is the message and the colour repeats it; print and PDF use the light theme.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class GradeColour(NamedTuple):
    """Background and text of a tile, as #RRGGBB."""

    background: str
    text: str


_INK = "#16202A"
_NIGHT = "#14181D"
_WHITE = "#FFFFFF"
HATCH: Final = "#7F8C99"
"""The lines of the hatching that means "nobody looked", in both themes."""

GRADE_COLOURS: Final[Mapping[str, Mapping[str, GradeColour]]] = {
    "light": {
        "0": GradeColour("#EDF1F5", _INK),
        "1": GradeColour("#F7D36B", _INK),
        "2": GradeColour("#EC9A2E", _INK),
        "3": GradeColour("#C24A1A", _WHITE),
        "4": GradeColour("#8E1238", _WHITE),
        "5": GradeColour("#1B0B1F", _WHITE),
        "gap": GradeColour(_WHITE, _INK),
    },
    "dark": {
        "0": GradeColour("#2A333C", "#F2F5F7"),
        "1": GradeColour("#5B4B12", _WHITE),
        "2": GradeColour("#A06C0A", _WHITE),
        "3": GradeColour("#F08A3E", _NIGHT),
        "4": GradeColour("#FFB0C2", _NIGHT),
        "5": GradeColour(_WHITE, _NIGHT),
        "gap": GradeColour(_NIGHT, "#F2F5F7"),
    },
}
"""Theme, then grade as text or "gap" (no assessment, or not graded yet)."""


class ThemeColours(NamedTuple):
    """The colours of a theme that are not grades, as #RRGGBB."""

    background: str
    panel: str
    text: str
    soft_text: str
    action: str
    on_action: str
    border: str
    error: str


THEME_COLOURS: Final[Mapping[str, ThemeColours]] = {
    "light": ThemeColours(
        background=_WHITE,
        panel="#F1F4F7",
        text=_INK,
        soft_text="#4A5661",
        action="#005A8C",
        on_action=_WHITE,
        border="#8793A0",
        error="#B3121D",
    ),
    "dark": ThemeColours(
        background=_NIGHT,
        panel="#1F262D",
        text="#F2F5F7",
        soft_text="#B4BEC8",
        action="#7CC7F0",
        on_action=_NIGHT,
        border="#6B7885",
        error="#FF8A8F",
    ),
}


def tile_text(grade: int | None, at_least: int | None) -> str:
    """What stands in a tile: "3", "≥3", "?" (not graded yet), or nothing (no assessment)."""
    if grade is not None:
        return str(grade)
    if at_least is None:
        return ""
    return f"≥{at_least}" if at_least > 0 else "?"
