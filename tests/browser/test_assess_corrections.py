"""A correction in a real browser: from the board to what stands in the boxes, and back to the board."""

import re

from playwright.sync_api import Browser, expect

from db.roles import Role
from tests.browser.ward import bar, fill, open_form, patient, stored
from tests.support.browser import VigilServer, wait_until_drawn
from tests.support.made_up import WELL
from tests.support.settled import touch

SAVE = "Save correction"


def test_an_entry_is_corrected_and_then_withdrawn_from_the_board(
    vigil_server: VigilServer, browser: Browser
) -> None:
    entry = {**WELL, "ice_score": 2, "comment": "=1+1 中文 עברית"}
    code, infusion_id, (stable_id,) = patient(vigil_server, [(3, entry)])
    page = open_form(vigil_server, browser, code, Role.INVESTIGATOR, f"&correct={stable_id}")
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("36.8")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("=1+1 中文 עברית")
    expect(bar(page).get_by_text("ICANS grade 3")).to_be_visible()
    fill(page, "Total, where only the total is known", "9")
    fill(page, "Reason for the correction, such as: wrong line filled", "wrong line filled")
    touch(page.get_by_role("button", name=SAVE))
    expect(page.get_by_text(re.compile(rf"^Corrected\. {code} at .*ICANS 1"))).to_be_visible()
    touch(page.get_by_role("button", name="Correct this entry"))
    wait_until_drawn(page)
    expect(page.get_by_label("Total, where only the total is known", exact=True)).to_have_value("9")
    touch(page.get_by_text("Wrong patient, or should not have been entered"))
    fill(page, "Reason, such as: wrong patient chosen", "entered twice")
    touch(page.get_by_role("button", name="Withdraw this entry"))
    touch(page.get_by_role("button", name="Withdraw", exact=True))
    expect(page.get_by_text(re.compile(r"^Withdrawn\."))).to_be_visible()
    assert [(row.version, row.status) for row in stored(infusion_id)] == [(3, "voided")]
