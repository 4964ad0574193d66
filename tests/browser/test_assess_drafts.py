"""A draft of the assess page in a real browser: an ended sign-in and a second touch lose nothing."""

import re

from playwright.sync_api import Browser, expect

from db.roles import Role
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
from tests.support.browser import VigilServer, wait_until_drawn
from tests.support.settled import touch


def test_an_entry_cut_off_by_the_end_of_the_sign_in_goes_on_after_the_next_one_and_is_stored_once(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    fill(page, "Temperature (°C)", "38.7")
    touch(choice_of(page, "Oxygen", "Face mask"))
    expect(page.get_by_text(re.compile("Draft saved"))).to_be_visible()
    end_sign_in(vigil_server, Role.WARD.value)
    fill(page, "Systolic (mmHg)", "84")
    expect(page.get_by_role("heading", name=re.compile("^Sign(ed out| in)$"))).to_be_visible()
    vigil_server.give_back()  # the next sign-in is on the same tablet
    page = open_form(vigil_server, browser, code)
    expect(page.get_by_text(re.compile("^Unsaved entry from .* by you$"))).to_be_visible()
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_count(0)
    touch(page.get_by_role("button", name="Go on"))
    for label, typed in (("Temperature (°C)", "38.7"), ("Systolic (mmHg)", "84")):
        expect(page.get_by_label(label, exact=True)).to_have_value(typed)
    expect(group(page, "Oxygen").locator('[data-selected="true"]')).to_have_text("Face mask")
    page.get_by_role("button", name="Save assessment").dblclick()
    expect(page.get_by_text(re.compile(r"^(Saved|Already saved)"))).to_be_visible()
    assert [row.temperature_c for row in stored(infusion_id)] == [38.7]
    assert drafts_of_saved_entries() == 0
    page.goto(f"/assess?code={code}")
    wait_until_drawn(page)
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("")
