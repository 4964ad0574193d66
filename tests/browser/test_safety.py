"""The safety page in a real browser: every cell, bar, name and event leads to its patient."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from db.roles import Role
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


def test_without_an_infusion_the_page_says_so(vigil_server: VigilServer, browser: Browser) -> None:
    page = vigil_server.open(browser, Role.COMMITTEE, "/safety")
    expect(page.get_by_text("No infusion recorded before the cut-off of", exact=False)).to_be_visible()


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


def open_safety(server: VigilServer, browser: Browser, address: str = "", theme: Theme = "light") -> Page:
    page = server.open(browser, Role.COMMITTEE, f"/safety{address}", size=DESK, theme=theme)
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


def test_the_header_counts_patients_and_days(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser)
    expect(page.get_by_text("2 of 3 patients infused, 0 of them twice.", exact=False)).to_be_visible()
    expect(page.get_by_text("(UTC+08:00)", exact=False)).to_be_visible()
    expect(page.get_by_text("patient-days assessed", exact=False)).to_be_visible()


def test_a_touched_day_opens_its_entries_and_they_lead_to_the_patient(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser)
    day = _day(vigil_server, scene, hours_after=46)
    touch_tile(page, scene.code, day)
    opened = page.locator(".st-key-safety-day")
    expect(
        opened.get_by_role("heading", name=f"CART-101, first infusion, day {day}", exact=False)
    ).to_be_visible()
    touch(opened.get_by_role("link").first)
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name="CART-101", level=1)).to_be_visible()
    expect(page.locator(".st-key-patient-entry")).to_be_visible()


def test_a_study_code_opens_the_patient(vigil_server: VigilServer, browser: Browser, scene: Scene) -> None:
    page = open_safety(vigil_server, browser)
    touch_tile(page, "CART-103", None)
    touch(page.get_by_role("link", name="Open CART-103"))
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name="CART-103", level=1)).to_be_visible()


def test_the_table_holds_the_same_and_its_cells_are_links(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser)
    touch(page.get_by_text("Show as table"))
    table = page.get_by_role("region", name="CRS after the first infusion")
    expect(table.get_by_text("not infused yet")).to_be_visible()
    cell = table.get_by_role("link", name="CART-101, first infusion", exact=False).filter(has_text="3").first
    wait_until_drawn(page)
    cell.press("Enter")
    page.wait_for_url("**/safety?toxicity=crs&code=CART-101*")
    wait_until_drawn(page)
    opened = page.locator(".st-key-safety-day")
    expect(
        opened.get_by_text("CRS grade 3: temperature 39.1 °C, norepinephrine", exact=False)
    ).to_be_visible()


def test_a_bar_names_its_patients(vigil_server: VigilServer, browser: Browser, scene: Scene) -> None:
    page = open_safety(vigil_server, browser)
    bars = page.locator(".js-plotly-plot").nth(1).locator(".barlayer .point")
    touch(bars.last, force=True)
    opened = page.locator(".st-key-safety-bar")
    expect(opened.get_by_role("heading", name="CRS worst grade 3", exact=False)).to_be_visible()
    expect(opened.get_by_role("link", name="CART-101")).to_be_visible()


def test_events_stand_with_reasons_and_times(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser)
    expect(page.get_by_role("heading", name="Events of grade 3 or more (1)")).to_be_visible()
    event = page.get_by_role("row", name="CART-101 first infusion", exact=False)
    expect(event.get_by_text("norepinephrine (one vasopressor)", exact=False)).to_be_visible()
    expect(event.get_by_text("recovering, not over")).to_be_visible()
    touch(event.get_by_role("link").nth(1))
    wait_until_drawn(page)
    expect(page.locator(".st-key-patient-entry")).to_be_visible()


def test_the_other_toxicity_is_one_touch_away(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_safety(vigil_server, browser)
    touch(page.get_by_test_id("stButtonGroup").get_by_text("ICANS"))
    touch(page.get_by_text("Show as table"))
    expect(page.get_by_role("region", name="ICANS after the first infusion")).to_be_visible()


def test_the_ward_does_not_see_the_page(vigil_server: VigilServer, browser: Browser) -> None:
    page = vigil_server.open(browser, Role.WARD, "/safety")
    expect(page.get_by_text("does not have this page", exact=False)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    vigil_server: VigilServer, browser: Browser, scene: Scene, theme: Theme
) -> None:
    page = open_safety(vigil_server, browser, theme=theme)
    touch(page.get_by_text("Show as table"))
    expect(page.get_by_role("region", name="CRS after the second infusion")).to_be_visible()
    for size, name in ((TABLET, "tablet"), (DESK, "desk")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        screenshot(page, f"safety-{name}-{theme}")
        assert axe_violations(page) == []


def _day(server: VigilServer, scene: Scene, hours_after: float) -> int:
    zone = server.settings.zone
    at = scene.infused_at + timedelta(hours=hours_after)
    return (at.astimezone(zone).date() - scene.infused_at.astimezone(zone).date()).days
