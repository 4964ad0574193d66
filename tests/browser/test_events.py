"""Adverse events in a real browser: a clock that runs, a term typed, the report in hand."""

import io
from datetime import timedelta

from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from actions import context
from actions.events import record_event
from clock import utc_now
from db.inputs_event import EventIn
from db.roles import Role
from tests.browser.scenes import GRADE_3, a_course
from tests.support.browser import (
    VigilServer,
    axe_violations,
    give_back_pages,
    screenshot,
    vigil_server,
    wait_until_drawn,
)
from tests.support.made_up import WELL
from tests.support.settled import touch, write

__all__ = ["give_back_pages", "vigil_server"]

CODE = "CART-007"


def a_septic_patient(server: VigilServer) -> str:
    """CRS 3 two days ago, and sepsis that the site learned of 21 h ago; the event's stable id."""
    a_course(server, CODE, (40, GRADE_3), (36, WELL), (10, WELL))
    now = utc_now()
    aware_at = now - timedelta(hours=21)
    typed = {
        "patient_id": CODE,
        "term": "Sepsis",
        "grade": 4,
        "onset_on": aware_at.astimezone(context.settings().zone).date(),
        "is_ongoing": True,
        "is_infection": True,
        "site": "blood",
        "organism": "Escherichia coli",
        "proof": "microbiological",
        "infection_treatment": "intravenous",
        "is_serious": True,
        "serious_criteria": "life_threatening",
        "aware_at": aware_at,
        "causality_car_t": "possible",
    }
    return record_event(EventIn.model_validate(typed), by=server.actor(Role.COORDINATOR), now=now)


def test_crs_is_not_typed_and_the_report_of_an_event_is_made_and_downloaded(
    vigil_server: VigilServer, browser: Browser
) -> None:
    stable_id = a_septic_patient(vigil_server)
    page = vigil_server.open(browser, Role.INVESTIGATOR, f"/events?code={CODE}")
    expect(page.get_by_role("heading", name="Serious events to report (1)")).to_be_visible()
    expect(page.get_by_text("Report due")).to_be_visible()
    expect(page.get_by_role("rowheader", name="CRS from the assessments")).to_be_visible()
    screenshot(page, "events-list")
    assert axe_violations(page) == []

    touch(page.get_by_text(f"Record an event of {CODE}"))
    box = page.get_by_role("combobox", name="Event")
    box.fill("crs")
    box.press("Enter")
    wait_until_drawn(page)
    expect(page.get_by_text("CRS is not entered here: its episodes come from")).to_be_visible()
    expect(page.get_by_role("button", name="Save event")).to_have_count(0)
    screenshot(page, "events-crs-refused")
    box = page.get_by_role("combobox", name="Event")
    box.fill("pneumonia")
    box.press("Enter")
    wait_until_drawn(page)
    expect(page.get_by_text("Lung infection in CTCAE v5.0")).to_be_visible()
    screenshot(page, "events-entry")

    touch(page.get_by_role("link", name=f"Open the event of {CODE}"))
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name=f"Sepsis of {CODE}")).to_be_visible()
    write(page.get_by_label("What happened"), "Chills, hypotension, meropenem.")
    touch(page.get_by_role("button", name="Make version 1"))
    expect(page.get_by_text("Version 1 of the report is made.")).to_be_visible()
    with page.expect_download() as downloading:
        touch(page.get_by_role("link", name="Download version 1 (PDF)"))
    content = downloading.value.path().read_bytes()
    assert downloading.value.suggested_filename == f"sae-{CODE}-{stable_id[:8]}-v1.pdf"
    assert "Chills, hypotension, meropenem." in PdfReader(io.BytesIO(content)).pages[0].extract_text()
    screenshot(page, "events-opened")
    assert axe_violations(page) == []
