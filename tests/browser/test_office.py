"""The office pages in a real browser: by keyboard alone, and as they stand on the tablet."""

from itertools import count

import pytest
from playwright.sync_api import Browser, Page, expect

from actions.recipients import add_recipient
from actions.screening import judge_criteria, record_screening, start_screening
from clock import utc_now
from db.inputs import PatientIn, RecipientIn, Sex
from db.roles import Group, Role
from tests.actions.screened import JUDGED, facts_in
from tests.browser.scenes import a_course
from tests.support.browser import (
    TABLET,
    Screen,
    VigilServer,
    axe_violations,
    findings_on_screens,
    screenshot,
    wait_until_drawn,
)
from tests.support.settled import settled, touch

INFUSED, ELIGIBLE = "CART-040", "CART-041"
NEW = count(501)
ODD_NAME = "*Ward* :red[7] <b>d</b> $x$"
ON_THE_TABLET: tuple[Screen, ...] = (("light", TABLET), ("dark", TABLET))


@pytest.fixture(scope="module")
def office(vigil_server: VigilServer) -> VigilServer:
    """The server with a patient infused, one eligible, and a recipient of an odd name."""
    a_course(vigil_server, INFUSED, infused_hours_ago=30)
    screened(vigil_server, ELIGIBLE)
    odd = RecipientIn(name=ODD_NAME, address="ward@hospital.org", group=Group.WARD)
    add_recipient(odd, by=vigil_server.actor(Role.COORDINATOR), now=utc_now())
    return vigil_server


def go_by_tab(page: Page, words: str) -> None:
    """Press Tab until the choice or button with these words has the focus."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").strip() == words:
            return
    raise AssertionError(f"Tab did not lead to {words}")


def screened(office: VigilServer, code: str) -> None:
    """A woman who meets every criterion, judged and not yet signed for."""
    coordinator, now = office.actor(Role.COORDINATOR), utc_now()
    entry = PatientIn(study_code=code, sex=Sex.F, age_years=54)
    patient_id = start_screening(entry, by=coordinator, now=now)
    record_screening(patient_id, facts_in(), version=None, by=coordinator, now=now)
    judge_criteria(patient_id, JUDGED, version=1, by=office.actor(Role.INVESTIGATOR), now=now)


def test_a_screening_is_started_by_keyboard_alone_and_nothing_typed_is_lost(
    office: VigilServer, browser: Browser
) -> None:
    page = office.open(browser, Role.COORDINATOR, "/enrolment")
    page.locator("summary").filter(has_text="Start a screening").focus()
    page.keyboard.press("Enter")
    box, code = page.get_by_label("Study code"), f"CART-{next(NEW)}"
    expect(box).to_be_visible()
    box.focus()
    page.keyboard.type("Li Wei")
    go_by_tab(page, "Female")
    page.keyboard.press("Space")
    go_by_tab(page, "Start screening")
    page.keyboard.press("Enter")
    settled(page)
    expect(page.get_by_role("alert").filter(has_text="Study code looks like a name.")).to_be_visible()
    expect(box).to_have_value("Li Wei")
    expect(page.get_by_role("radio", name="Female")).to_be_checked()
    screenshot(page, "office-enrolment-refused")
    box.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(code)
    go_by_tab(page, "Start screening")
    page.keyboard.press("Enter")
    settled(page)
    expect(page.get_by_role("status").filter(has_text=f"{code} is in screening.")).to_be_visible()
    expect(page.get_by_role("heading", name=f"Facts of {code}")).to_be_visible()
    assert findings_on_screens(page, "office-enrolment", ON_THE_TABLET) == []


def test_no_page_breaks_a_serious_rule_of_axe_and_an_odd_name_stays_plain_text(
    office: VigilServer, browser: Browser
) -> None:
    page = office.open(browser, Role.COORDINATOR, f"/infusions?code={INFUSED}")
    assert findings_on_screens(page, "office-infusions", ON_THE_TABLET) == []
    page.goto("/recipients")
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name=ODD_NAME, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=f"End {ODD_NAME}", exact=True)).to_be_visible()
    assert findings_on_screens(page, "office-recipients", ON_THE_TABLET) == []


def test_the_criteria_and_the_signature_break_no_serious_rule_of_axe(
    office: VigilServer, browser: Browser
) -> None:
    page = office.open(browser, Role.INVESTIGATOR, f"/enrolment?code={ELIGIBLE}", theme="dark")
    touch(page.get_by_text(f"Judge what the protocol leaves open for {ELIGIBLE}"))
    touch(page.get_by_text("All 2 versions of the facts"))
    expect(page.get_by_role("table", name="Versions of the facts, newest first")).to_be_visible()
    expect(page.get_by_label("Your password")).to_be_visible()
    screenshot(page, "office-enrolment-eligible-dark")
    assert axe_violations(page) == []
