"""The buttons under a picture that save it as SVG or PNG, and the script of the page behind them."""

import re
from datetime import date
from pathlib import Path
from typing import Final

import streamlit as st

from pages.parts import tiles

_SCRIPT: Final = f"<script>{Path(__file__).with_name('save_picture.js').read_text(encoding='utf-8')}</script>"


def allow_saving() -> None:
    """Send the script of the buttons; once a page."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)


def save_buttons(key: str, title: str, note: str, on: date) -> str:
    """Save as SVG or PNG the chart with this Streamlit key.

    Args:
        key: of the chart.
        title: stands above the picture in the file, and names the file.
        note: stands below it: what a picture needs to be understood elsewhere.
        on: the last day of the data, at the end of the file's name.
    """
    name = f"vigil-{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}-{on}"
    buttons = [
        tiles.piece(
            "button",
            text=f"Save as {kind.upper()}",
            type="button",
            classes="vigil-save",
            data_of=key,
            data_format=kind,
            data_name=name,
            data_title=title,
            data_note=note,
            aria_label=f"Save as {kind.upper()}: {title}",
        )
        for kind in ("svg", "png")
    ]
    return tiles.piece("div", *buttons, classes="vigil-saves")
