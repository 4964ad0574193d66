"""The handover sheet in a real browser: on the tablet and on paper."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from db.roles import Role
from tests.browser.ward import patient
from tests.support.browser import TABLET, Theme, VigilServer, findings_on_screens, screenshot
from tests.support.made_up import WELL
from tests.support.settled import touch

SHOCK = {**WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}
THEMES: tuple[Theme, ...] = ("light", "dark")
SEVEN = 7
"""So many patients take more than one page, whatever the height of the window."""
BLACK, WHITE = "rgb(0, 0, 0)", "rgb(255, 255, 255)"


def colours(page: Page, selector: str) -> set[tuple[str, str]]:
    """Text and background of every element of the selector; there must be some."""
    script = "all => all.map(e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor])"
    found: list[list[str]] = page.eval_on_selector_all(selector, script)
    assert found, f"nothing on the page matches {selector}"
    return {(text, background) for text, background in found}


@contextmanager
def on_paper(page: Page) -> Iterator[None]:
    """The page as it is printed; the browser would keep the medium for the pages of later tests."""
    page.emulate_media(media="print")
    try:
        yield
    finally:
        page.emulate_media(media="screen")


def test_the_sheet_reads_on_the_tablet_and_prints_black_on_white(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, *_ = [patient(vigil_server, [(20, WELL), (0.5, SHOCK)])[0] for _ in range(SEVEN)]
    page = vigil_server.open(browser, Role.INVESTIGATOR, "/")
    touch(page.get_by_role("button", name="Handover sheet"))
    expect(page.get_by_role("heading", name="Shift handover", level=1)).to_be_visible()
    touch(page.get_by_text(re.compile("^Last shift, since ")))
    expect(page.get_by_role("region", name=re.compile("^CART-"))).to_have_count(SEVEN)
    section = page.get_by_role("region", name=code)
    expect(section.get_by_text("CRS 0 to 3: temperature 38.9 °C", exact=False)).to_be_visible()
    expect(section.get_by_text("Vasopressor: norepinephrine", exact=False)).to_be_visible()
    expect(section.get_by_text(re.compile(r"A-\d+: CRS 3 since .*Not acknowledged\."))).to_be_visible()
    expect(section.get_by_role("img", name="CRS grade 3")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for theme in THEMES:
        assert findings_on_screens(page, "handover", [(theme, TABLET)]) == []
        with on_paper(page):
            prints_black_on_white(page)
            screenshot(page, f"handover-print-{theme}")
    with on_paper(page):
        is_a4_and_not_cut_off(page)
    page.evaluate("window.print = () => { window.printed = true; }")
    touch(page.get_by_role("button", name="Print"))
    assert page.evaluate("window.printed === true")


def prints_black_on_white(page: Page) -> None:
    for hidden in (page.get_by_test_id("stTopNavLink"), page.get_by_text("Signed in as", exact=False)):
        for number in range(hidden.count()):
            expect(hidden.nth(number)).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_text("Taken over by:")).to_be_visible()
    assert {text for text, _ in colours(page, ".vigil-sheet, .vigil-sheet *")} == {BLACK}
    assert {background for _, background in colours(page, ".vigil-sheet .vigil-tile")} == {WHITE}
    assert {background for _, background in colours(page, "html, body, .stApp")} == {WHITE}


def is_a4_and_not_cut_off(page: Page) -> None:
    paper = page.pdf(prefer_css_page_size=True)
    (box,) = set(re.findall(rb"/MediaBox \[([^]]*)\]", paper))
    width, height = (float(side) for side in box.split()[2:])
    assert max(abs(width - 595), abs(height - 842)) < 1.5
    assert max(map(int, re.findall(rb"/Count (\d+)", paper))) > 1
