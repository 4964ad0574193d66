"""Many patients in parts: a picture with a line for each shows thirty at once. Fifteen are one sheet."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from pages.committee.safety_parts.view import PATIENTS_ON_A_SHEET, View
from pages.parts import tiles

_Row = TypeVar("_Row")


def one_sheet(view: View, rows: Sequence[_Row], who: str = "Patients") -> tuple[Sequence[_Row], int]:
    """The rows of the sheet that the address names and its number; the way to the others stands above."""
    sheets = -(-len(rows) // PATIENTS_ON_A_SHEET)
    if sheets < 2:
        return rows, 1
    asked = st.query_params.get("sheet", "1")
    now = min(max(int(asked), 1), sheets) if asked.isascii() and asked.isdigit() else 1
    first = (now - 1) * PATIENTS_ON_A_SHEET
    shown = rows[first : first + PATIENTS_ON_A_SHEET]
    words = f"{who} {first + 1} to {first + len(shown)} of {len(rows)} by study code."
    # The tab that is open now, which may have been opened after the page was.
    tab = {"tab": st.query_params["tab"]} if "tab" in st.query_params else {}
    links = [
        tiles.link(name, view.address(**tab, sheet=str(sheet)), classes="vigil-link vigil-link-block")
        for name, sheet in (("Earlier patients", now - 1), ("Later patients", now + 1))
        if 1 <= sheet <= sheets
    ]
    st.html(tiles.line(tiles.piece("span", text=words, classes="vigil-text"), *links))
    return shown, now
