"""Adverse events in a real browser: the list, a term typed, the report in hand."""

import io
from datetime import timedelta
from itertools import count

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

CODES = (f"CART-{number}" for number in count(701))


def a_septic_patient(server: VigilServer, code: str) -> str:
    """CRS 3 two days ago, and sepsis that the site learned of 21 h ago; the event's stable id."""
    a_course(server, code, (40, GRADE_3), (36, WELL), (10, WELL))
    now = utc_now()
    aware_at = now - timedelta(hours=21)
    typed = {
        "patient_id": code,
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


def test_a_term_is_found_by_a_part_of_it_and_the_report_of_an_event_is_made_and_downloaded(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code = next(CODES)
    stable_id = a_septic_patient(vigil_server, code)
    page = vigil_server.open(browser, Role.INVESTIGATOR, f"/events?code={code}")
    expect(page.get_by_role("heading", name="Serious events to report (1)")).to_be_visible()
    expect(page.get_by_text("Report due")).to_be_visible()
    expect(page.get_by_role("rowheader", name="CRS from the assessments")).to_be_visible()
    screenshot(page, "events-list")
    assert axe_violations(page) == []

    touch(page.get_by_text(f"Record an event of {code}"))
    box = page.get_by_role("combobox", name="Event")
    box.click()
    box.fill("pneumonia")
    touch(page.get_by_role("option", name="Lung infection (pneumonia)"))
    expect(page.get_by_text("Lung infection in CTCAE v5.0")).to_be_visible()
    screenshot(page, "events-entry")

    touch(page.get_by_role("link", name=f"Open the event of {code}"))
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name=f"Sepsis of {code}")).to_be_visible()
    write(page.get_by_label("What happened"), "Chills, hypotension, meropenem.")
    touch(page.get_by_role("button", name="Make version 1"))
    expect(page.get_by_text("Version 1 of the report is made.")).to_be_visible()
    with page.expect_download() as downloading:
        touch(page.get_by_role("link", name="Download version 1 (PDF)"))
    content = downloading.value.path().read_bytes()
    assert downloading.value.suggested_filename == f"sae-{code}-{stable_id[:8]}-v1.pdf"
    assert "Chills, hypotension, meropenem." in PdfReader(io.BytesIO(content)).pages[0].extract_text()
    screenshot(page, "events-opened")
    assert axe_violations(page) == []
