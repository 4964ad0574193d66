"""Drafts of the assess page in a real browser: a reload, an ended sign-in or a second touch loses nothing."""

import re
from datetime import timedelta

from playwright.sync_api import Browser, expect
from sqlmodel import col, update

from clock import utc_now
from db.models import Draft
from db.roles import Role
from db.session import writing
from tests.browser.ward import (
    choice_of,
    drafts_of_saved_entries,
    end_sign_in,
    fill,
    group,
    open_form,
    patient,
    stored,
)
from tests.support.browser import (
    VigilServer,
    wait_until_drawn,
)
from tests.support.settled import touch

SAVE = "Save assessment"


def test_an_unsaved_entry_is_offered_and_goes_on_where_it_stopped(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    fill(page, "Temperature (°C)", "38.7")
    touch(choice_of(page, "Oxygen", "Face mask"))
    expect(page.get_by_text(re.compile("Draft saved"))).to_be_visible()
    page.reload()
    wait_until_drawn(page)
    expect(page.get_by_text(re.compile("^Unsaved entry from .* by you$"))).to_be_visible()
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_count(0)
    touch(page.get_by_role("button", name="Go on"))
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("38.7")
    expect(group(page, "Oxygen").locator('[data-selected="true"]')).to_have_text("Face mask")
    touch(page.get_by_role("button", name=SAVE))
    expect(page.get_by_text(re.compile(r"^Saved\. "))).to_be_visible()
    page.goto(f"/assess?code={code}")
    wait_until_drawn(page)
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("")


def test_a_draft_is_nobody_elses_and_after_2_hours_only_read(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    fill(page, "Temperature (°C)", "38.7")
    expect(page.get_by_text(re.compile("Draft saved"))).to_be_visible()
    other = open_form(vigil_server, browser, code, Role.INVESTIGATOR)
    expect(other.get_by_label("Temperature (°C)", exact=True)).to_have_value("")
    with writing() as session:
        long_ago = utc_now() - timedelta(hours=2, minutes=1)
        session.execute(
            update(Draft).where(col(Draft.infusion_id) == infusion_id).values(started_at=long_ago)
        )
    page.reload()
    wait_until_drawn(page)
    expect(page.get_by_text("It is more than 2 hours old and can only be read.", exact=False)).to_be_visible()
    expect(page.get_by_role("cell", name="38.7")).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_have_count(0)
    touch(page.get_by_role("button", name="Discard"))
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("")


def test_a_sign_in_that_ends_in_the_middle_of_a_form_loses_nothing(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server)
    page = vigil_server.open(browser, Role.WARD, f"/assess?code={code}", username="latenurse")
    fill(page, "Temperature (°C)", "38.7")
    expect(page.get_by_text(re.compile("Draft saved"))).to_be_visible()
    end_sign_in(vigil_server, "latenurse")
    fill(page, "Systolic (mmHg)", "84")
    expect(page.get_by_role("heading", name=re.compile("^Sign(ed out| in)$"))).to_be_visible()
    again = vigil_server.open(browser, Role.WARD, f"/assess?code={code}", username="latenurse")
    touch(again.get_by_role("button", name="Go on"))
    expect(again.get_by_label("Temperature (°C)", exact=True)).to_have_value("38.7")
    expect(again.get_by_label("Systolic (mmHg)", exact=True)).to_have_value("84")


def test_save_touched_twice_stores_once(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    fill(page, "Temperature (°C)", "37.2")
    page.get_by_role("button", name=SAVE).dblclick()
    expect(page.get_by_text(re.compile(r"^(Saved|Already saved)"))).to_be_visible()
    assert len(stored(infusion_id)) == 1


def test_no_draft_is_left_after_the_tests_saved_theirs(vigil_server: VigilServer) -> None:
    assert drafts_of_saved_entries() == 0
