"""Links from a number to the patients behind it."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from pages.parts import tiles

SHOWN_AT_ONCE: Final = 60
"""A list of study codes ends here; a trial has fewer, and a filter makes it shorter."""


def patient_address(study_code: str, number: int | None = None) -> str:
    """The address of the patient's page."""
    infusion = "" if number is None else f"&infusion={number}"
    return f"/patient?code={quote(study_code)}{infusion}"


def patient_link(study_code: str, number: int | None = None) -> str:
    """The study code as a link to its patient."""
    return tiles.link(study_code, patient_address(study_code, number), classes="vigil-link vigil-link-row")


def patient_links(codes: Iterable[str], number: int | None = None) -> str:
    """Study codes as links, one after the other; "none" where there is nobody."""
    known = list(codes)
    if not known:
        return tiles.cell("none")
    shown = " ".join(patient_link(code, number) for code in known[:SHOWN_AT_ONCE])
    left = len(known) - SHOWN_AT_ONCE
    return shown + (f" and {left} more" if left > 0 else "")


def unfolds(words: str, inside: str) -> str:
    """Words that open what stands behind them, without asking the server."""
    summary = tiles.piece("summary", text=words)
    return tiles.piece("details", summary, tiles.piece("div", inside), classes="vigil-unfolds")
