"""The style sheet of all pages: colours from `grading.colours` as variables, then `style.css`."""

from functools import cache
from pathlib import Path

import streamlit as st

from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS
from pages.parts import tiles

_SHEET = Path(__file__).with_name("style.css")


def show_style() -> None:
    """Send the style sheet; the router does this once a run, before the page."""
    st.html(_ready_sheet())


@cache
def _ready_sheet() -> tiles.Ready:
    return tiles.Ready(f"<style>{style_sheet()}</style>")


@cache
def style_sheet() -> str:
    """The whole sheet. `light-dark()` lets HTML parts follow the theme without asking Python."""
    return "\n".join([_variables(), *_grades(), _SHEET.read_text(encoding="utf-8")])


def colour_variables() -> str:
    """The theme's colours as declarations of CSS variables, for sheets outside Streamlit too."""
    light, dark = THEME_COLOURS["light"], THEME_COLOURS["dark"]
    pairs = {
        f"--vigil-{name.replace('_', '-')}": (getattr(light, name), getattr(dark, name))
        for name in light._fields
    }
    pairs["--vigil-ink-band"] = (light.text, dark.text)
    pairs["--vigil-on-ink-band"] = (light.background, dark.background)
    for name in ("background", "text"):
        variable = "--vigil-gap-back" if name == "background" else "--vigil-gap-text"
        pairs[variable] = tuple(getattr(GRADE_COLOURS[theme]["gap"], name) for theme in ("light", "dark"))
    pairs["--vigil-hatch"] = (HATCH, HATCH)
    return "".join(f"{name}: light-dark({pair[0]}, {pair[1]}); " for name, pair in pairs.items())


def _variables() -> str:
    return f":root {{ {colour_variables()}}}"


def _grades() -> list[str]:
    return [
        f".vigil-grade-{grade} {{ background: {_pair(grade, 0)}; color: {_pair(grade, 1)}; }}"
        for grade in GRADE_COLOURS["light"]
        if grade != "gap"
    ]


def _pair(grade: str, part: int) -> str:
    return f"light-dark({GRADE_COLOURS['light'][grade][part]}, {GRADE_COLOURS['dark'][grade][part]})"
