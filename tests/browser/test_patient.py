"""The patient page in a real browser: the picture, its points, the table by keyboard, axe."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from clock import utc_now
from db.roles import Role
from tests.browser.scenes import FEVER, Scene, a_course
from tests.support import made_up
from tests.support.browser import (
    VigilServer,
    findings_on_screens,
    wait_until_drawn,
)
from tests.support.settled import touch


@pytest.fixture(scope="module")
def scene(vigil_server: VigilServer) -> Scene:
    """Two days with a fever, a gap and a corrected entry."""
    course = a_course(
        vigil_server,
        "CART-007",
        (52, made_up.WELL),
        (48, made_up.WELL),
        (44, {**FEVER, "fever_masking_drugs": "acetaminophen"}),
        (20, {**FEVER, "oxygen_device": "nasal_cannula", "oxygen_l_per_min": 2.0}),
        (8, made_up.VITAL_SIGNS_ONLY),
        (4, made_up.WELL),
        (1, made_up.VITAL_SIGNS_ONLY),
    )
    made_up.correct(
        course.entries[0],
        utc_now() - timedelta(hours=40),
        "The line of another patient was read",
        temperature_c=36.2,
    )
    return course


def open_patient(
    server: VigilServer,
    browser: Browser,
    address: str,
    *,
    role: Role = Role.INVESTIGATOR,
) -> Page:
    page = server.open(browser, role, f"/patient?{address}")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    return page


def test_a_touched_point_opens_its_entry_below_the_picture(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_patient(vigil_server, browser, "code=CART-007")
    points = page.locator(".js-plotly-plot .subplot.xy2 .scatterlayer .point")
    expect(points).to_have_count(7)
    touch(points.nth(2), force=True)
    entry = page.locator(".st-key-patient-point")
    expect(entry.get_by_role("heading", name="Entry of")).to_be_visible()
    expect(entry.get_by_text("CRS grade 1: temperature 38.6 °C", exact=False)).to_be_visible()
    expect(entry.get_by_role("cell", name="Acetaminophen")).to_be_visible()


def test_a_row_of_the_table_opens_its_entry_by_keyboard_and_leads_to_its_correction(
    vigil_server: VigilServer, browser: Browser, scene: Scene
) -> None:
    page = open_patient(vigil_server, browser, "code=CART-007")
    corrected = scene.entries[0]
    page.get_by_role("region", name="7 of 7 entries").get_by_role("link").last.press("Enter")
    page.wait_for_url(f"**/patient?code=CART-007&a={corrected}")
    wait_until_drawn(page)
    expect(page.locator(".st-key-patient-entry").get_by_role("cell", name="36.2 °C")).to_be_visible()
    assert findings_on_screens(page, "patient") == []
    touch(page.get_by_role("button", name="Correct this entry"))
    page.wait_for_url(f"**/assess?code=CART-007&correct={corrected}")
