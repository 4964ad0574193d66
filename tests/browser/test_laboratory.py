"""The laboratory page in a real browser: a panel with its units on the tablet, doubts asked once more."""

from datetime import timedelta

from playwright.sync_api import Browser, Page, expect

from actions.lab_results import record_lab_results
from clock import utc_now
from db.inputs_lab import LabResultIn
from db.roles import Role
from tests.browser.scenes import FEVER
from tests.browser.ward import patient
from tests.support.browser import VigilServer, findings_on_screens
from tests.support.settled import touch, write


def pick(page: Page, group: str, words: str) -> None:
    """Touch one choice of a named group."""
    touch(page.get_by_role("radiogroup", name=group).get_by_text(words, exact=True))


def measured(server: VigilServer, code: str, hours_ago: float, *results: tuple[str, float, str]) -> None:
    """Store a sample."""
    server.use_database()
    taken_at = utc_now() - timedelta(hours=hours_ago)
    panel = [
        LabResultIn.model_validate(
            {"patient_id": code, "taken_at": taken_at, "analyte": analyte, "value": value, "unit": unit}
        )
        for analyte, value, unit in results
    ]
    record_lab_results(panel, by=server.actor(Role.WARD), now=utc_now())


COUNT = (
    ("anc", 0.3, "10^9/L"),
    ("platelets", 45, "10^9/L"),
    ("ldh", 400, "U/L"),
    ("creatinine", 70, "umol/L"),
)


def test_it_reads_on_the_tablet_and_a_value_in_a_doubtful_unit_is_asked_once_more(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server, [(8, FEVER)])
    for hours in (20, 44, 68):
        measured(vigil_server, code, hours, *COUNT)
    page = vigil_server.open(browser, Role.INVESTIGATOR, f"/laboratory?code={code}")
    pick(page, "Sample taken", "Earlier")
    for panel in ("Liver and kidney", "Blood count"):
        touch(page.get_by_test_id("stButtonGroup").get_by_text(panel, exact=True))
    expect(page.get_by_label("ALT", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert findings_on_screens(page, "laboratory") == []
    touch(page.get_by_test_id("stButtonGroup").get_by_text("Now (", exact=False))
    touch(page.get_by_role("button", name="Take over the units of the last results"))
    expect(page.get_by_label("LLN of ANC")).to_have_value("1.8")
    write(page.get_by_label("ANC", exact=True), "500")
    pick(page, "Unit of ANC", "cells/uL")
    touch(page.get_by_role("button", name="Record results"))
    expect(page.get_by_text("ANC is given in cells/uL and was in 10^9/L before.")).to_be_visible()
    touch(page.get_by_text("Yes, this is right"))
    touch(page.get_by_role("button", name="Record results"))
    expect(page.get_by_role("status").filter(has_text="1 result is recorded.")).to_be_visible()
    expect(page.get_by_role("link", name="500 cells/uL")).to_be_visible()
