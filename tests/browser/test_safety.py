"""The safety page in a real browser: every cell, bar, name and event leads to its patient."""

import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from db.roles import Role
from pages.committee.safety_parts.tabs import TABS
from tests.browser.scenes import FEVER, GRADE_3, Scene, a_course
from tests.support import made_up
from tests.support.browser import (
    DESK,
    TABLET,
    Theme,
    VigilServer,
    axe_violations,
    screenshot,
    wait_until_drawn,
)
from tests.support.settled import touch


@pytest.fixture(scope="module")
def scene(vigil_server: VigilServer) -> Scene:
    """One patient with a grade 3 and a day without an assessment, one who is not infused."""
    made_up.enrol("CART-102", a_course(vigil_server, "CART-103", (30, FEVER)).infused_at)
    return a_course(
        vigil_server,
        "CART-101",
        (94, made_up.WELL),
        (50, GRADE_3),
        (46, {**FEVER, "ice_score": None}),
        infused_hours_ago=96,
    )


def open_safety(server: VigilServer, browser: Browser, query: str = "", theme: Theme = "light") -> Page:
    page = server.open(browser, Role.COMMITTEE, f"/safety{query}", size=DESK, theme=theme)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    return page


def touch_tile(page: Page, code: str, day: int | None) -> None:
    """Touch the middle of a tile, where the invisible mark lies; None is the study code."""
    mark = page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace .point")
    index = page.evaluate(
        """([code, day]) => [...document.querySelector('.js-plotly-plot').querySelectorAll(
             '.scatterlayer .trace .point')].findIndex(p => {
               const data = p.__data__.data; return data && data[0] === code && data[2] === day; })""",
        [code, day],
    )
    touch(mark.nth(index), force=True)


def test_a_number_of_the_first_page_leads_to_its_patient_in_two_touches(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser)
    expect(page.get_by_text("of 3 patients infused, 0 of them twice")).to_be_visible()
    event = page.get_by_role("row", name="CART-101 first infusion", exact=False)
    expect(event.get_by_text("norepinephrine (one vasopressor)", exact=False)).to_be_visible()
    touch(page.get_by_text("Who had them?"))
    touch(page.locator("details[open]").get_by_role("link", name="CART-101"))
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name="CART-101", level=1)).to_be_visible()


def test_a_touched_day_opens_its_entries_and_they_lead_to_the_patient(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser, "?tab=days&toxicity=crs")
    day = _day(vigil_server, scene, hours_after=46)
    touch_tile(page, scene.code, day)
    opened = page.locator(".st-key-safety-day-crs")
    expect(
        opened.get_by_role("heading", name=f"CART-101, first infusion, day {day}", exact=False)
    ).to_be_visible()
    touch_tile(page, "CART-103", None)
    expect(page.get_by_role("link", name="Open CART-103")).to_be_visible()
    bars = page.locator(".js-plotly-plot").nth(1).locator(".barlayer .point")
    touch(bars.last, force=True)
    part = page.locator(".st-key-safety-part-shares-crs")
    expect(part.get_by_role("heading", name="CRS worst grade 3", exact=False)).to_be_visible()
    expect(part.get_by_role("link", name="CART-101")).to_be_visible()


def test_a_picture_is_saved_drawn_once_and_its_table_leads_on(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser, "?tab=days&toxicity=crs&infusion=1")
    save_the_picture_by_the_browser_alone(page)
    page.evaluate(
        """() => { window.drawn = 0; for (const graph of document.querySelectorAll('.js-plotly-plot'))
             graph.on('plotly_afterplot', () => { window.drawn += 1; }); }"""
    )
    touch(page.get_by_text("Data cut-off, age, sex, disease"))
    expect(page.get_by_label("Last day of the data", exact=False)).to_be_visible()
    touch(page.get_by_text("Show as table: CRS: worst grade by day"))
    table = page.get_by_role("region", name="CRS after the first infusion")
    expect(table.get_by_text("not infused yet")).to_be_visible()
    assert page.evaluate("window.drawn") == 0, "an unchanged picture was drawn again"
    cell = table.get_by_role("link", name="CART-101, first infusion", exact=False).filter(has_text="3").first
    cell.press("Enter")
    page.wait_for_url("**/safety?tab=days&infusion=1&toxicity=crs&code=CART-101*")
    wait_until_drawn(page)
    opened = page.locator(".st-key-safety-day-crs")
    expect(
        opened.get_by_text("CRS grade 3: temperature 39.1 °C, norepinephrine", exact=False)
    ).to_be_visible()


def save_the_picture_by_the_browser_alone(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    saved = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {kind}: CRS: worst grade by day").click()
        saved[kind] = download.value
    assert saved["SVG"].suggested_filename.startswith("vigil-crs-worst-grade-by-day-2")
    drawing = Path(saved["SVG"].path()).read_text(encoding="utf-8")
    assert ElementTree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
    assert "CART-101" in drawing
    assert "NCT06902012, data up to" in drawing
    assert "url(#" in drawing
    assert not re.search(r"url\([^#]", drawing)
    image = Image.open(saved["PNG"].path())
    assert image.width > 1200
    assert len(image.convert("RGB").getcolors(1_000_000) or ()) > 20
    assert [url for url in asked if not url.startswith(("blob:", "data:"))] == []


def test_a_view_is_in_the_address_and_opens_again_from_it(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser)
    touch(page.get_by_role("tab", name="By day"))
    touch(page.get_by_role("radio", name="ICANS", exact=True))
    touch(page.get_by_role("radio", name="First", exact=True))
    expect(page.get_by_role("heading", name="ICANS: worst grade by day")).to_be_visible()
    address = page.url
    assert all(part in address for part in ("tab=days", "toxicity=icans", "infusion=1"))
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_role("heading", name="ICANS: worst grade by day")).to_be_visible()
    expect(page.get_by_role("heading", name="CRS: worst grade by day")).to_have_count(0)


@pytest.mark.parametrize(
    ("theme", "tabs"), [("light", tuple(TABS)), ("dark", ("overview", "days"))], ids=["light", "dark"]
)
def test_axe_finds_nothing_serious(
    vigil_server: VigilServer, browser: Browser, scene: Scene, theme: Theme, tabs: tuple[str, ...]
) -> None:
    page = open_safety(vigil_server, browser, theme=theme)
    page.set_viewport_size({"width": TABLET[0], "height": TABLET[1]})
    for tab in tabs:
        touch(page.get_by_role("tab", name=TABS[tab].words))
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        screenshot(page, f"safety-{tab}-{theme}")
        assert axe_violations(page) == []


def _day(server: VigilServer, scene: Scene, hours_after: float) -> int:
    zone = server.settings.zone
    at = scene.infused_at + timedelta(hours=hours_after)
    return (at.astimezone(zone).date() - scene.infused_at.astimezone(zone).date()).days
