"""Take each picture of the committee's pages alone, for docs/committee.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from picture_files import keep_picture
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.support.browser import TABLET, wait_until_drawn

FACTS: Final = ".vigil-facts"
_LONG: Final = (TABLET[0], 2600)
_MARGIN_PX: Final = 14
"""A part of a page begins at its very edge."""

PICTURES: Final[Mapping[str, Mapping[str, str]]] = {
    "/safety": {"where-the-trial-stands": FACTS, "worst-grade": "picture-worst"},
    "/safety?tab=days&toxicity=crs": {
        "worst-grade-by-day": "picture-heat-crs",
        "share-by-day": "picture-shares-crs",
    },
    "/safety?tab=rates": {"shift": "picture-shift", "published-rates": "picture-reference"},
    "/safety?tab=course": {"time-course": "picture-time-course", "incidence": "picture-incidence"},
    "/safety?tab=patients": {
        "every-patient": "picture-swimmer",
        "temperature": "picture-temperature",
        "ice": "picture-ice",
    },
    "/safety?tab=infections": {"infections": "picture-infections"},
    "/safety?tab=counts": {"icaht": "picture-icaht", "cytopenia": "picture-cytopenia"},
    "/safety?tab=treatments": {"treatments": "picture-treatments"},
    "/stopping": {
        "staircase": "stopping-grade3_second-staircase",
        "characteristics": "stopping-grade3_second-characteristics",
    },
    "/efficacy": {"response": "picture-response", "survival": "picture-survival"},
}
"""Address -> file name -> the start of the Streamlit key of a picture, or a selector."""


def main(browser: Browser, url: str, password: str, folder: Path) -> None:
    """Open every tab as a member of the committee and keep its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    page = steps.device(browser, url, size=_LONG)
    page.goto("/safety")
    steps.sign_in(page, "committee", password)
    for address, pictures in PICTURES.items():
        page.goto(address)
        wait_until_drawn(page)
        for name, where in pictures.items():
            _take(page, where, folder / f"{name}.png")
    page.context.close()


def _take(page: Page, where: str, path: Path) -> None:
    selector = where if where.startswith(".") else f'[class*="st-key-{where}"]'
    found = page.locator(selector).first
    if where != FACTS:
        expect(found.locator(".main-svg").first).to_be_visible()
    keep_picture(found.screenshot(animations="disabled"), path, margin_px=_MARGIN_PX)
