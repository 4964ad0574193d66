"""Corrections, what was not done, and a death on the assess page in a real browser."""

import re

from playwright.sync_api import Browser, expect
from sqlmodel import select

from db.models import SkippedAssessment
from db.roles import Role
from db.session import reading
from tests.browser.ward import (
    bar,
    choice_of,
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
from tests.support.made_up import VITAL_SIGNS_ONLY, WELL
from tests.support.settled import touch

SAVE = "Save assessment"


def test_a_correction_starts_from_what_stands_and_needs_a_reason(
    vigil_server: VigilServer, browser: Browser
) -> None:
    entry = {**WELL, "iv_fluid_bolus": None, "ice_score": 2, "comment": "=1+1 中文 עברית"}
    code, infusion_id, (stable_id,) = patient(vigil_server, [(3, entry)])
    page = open_form(vigil_server, browser, code, Role.INVESTIGATOR, f"&correct={stable_id}")
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("36.8")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("=1+1 中文 עברית")
    expect(bar(page).get_by_text("ICANS grade 3")).to_be_visible()
    fill(page, "Total, where only the total is known", "9")
    expect(bar(page).get_by_text("ICANS grade 1")).to_be_visible()
    touch(page.get_by_role("button", name="Save correction"))
    expect(bar(page).get_by_text("One thing to put right: reason for the correction")).to_be_visible()
    fill(page, "Reason for the correction, such as: wrong line filled", "wrong line filled")
    touch(page.get_by_role("button", name="Save correction"))
    expect(page.get_by_text(re.compile(rf"^Corrected\. {code} at .*ICANS 1"))).to_be_visible()
    (row,) = stored(infusion_id)
    assert (row.version, row.ice_score, row.reason) == (2, 9, "wrong line filled")
    kept = ("temperature_c", "systolic_mmhg", "iv_fluid_bolus", "vasopressors", "comment")
    assert {name: getattr(row, name) for name in kept} == {name: entry[name] for name in kept}


def test_two_who_correct_one_entry_see_both_values(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, (stable_id,) = patient(vigil_server, [(3, WELL)])
    reason = "Reason for the correction, such as: wrong line filled"
    pages = [
        open_form(vigil_server, browser, code, Role.INVESTIGATOR, f"&correct={stable_id}"),
        vigil_server.open(
            browser, Role.INVESTIGATOR, f"/assess?code={code}&correct={stable_id}", username="second"
        ),
    ]
    for page, temperature in zip(pages, ("38.1", "38.2"), strict=True):
        fill(page, "Temperature (°C)", temperature)
        fill(page, reason, "read again")
    touch(pages[0].get_by_role("button", name="Save correction"))
    expect(pages[0].get_by_text(re.compile(r"^Corrected\."))).to_be_visible()
    touch(pages[1].get_by_role("button", name="Save correction"))
    both = pages[1].get_by_role("table", name="Both values")
    expect(both.get_by_role("row", name="Temperature 38.1 38.2")).to_be_visible()
    expect(pages[1].get_by_text("Nothing of yours was saved.", exact=False).first).to_be_visible()
    touch(pages[1].get_by_role("button", name="Start again from theirs"))
    expect(both).to_have_count(0)
    wait_until_drawn(pages[1])
    expect(pages[1].get_by_label("Temperature (°C)", exact=True)).to_have_value("38.1")
    assert [row.version for row in stored(infusion_id)] == [2]


def test_an_entry_for_the_wrong_patient_is_moved(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, (stable_id,) = patient(vigil_server, [(3, WELL)])
    right, right_infusion, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code, Role.INVESTIGATOR, f"&correct={stable_id}")
    touch(page.get_by_text("Wrong patient, or should not have been entered"))
    fill(page, "Reason, such as: wrong patient chosen", "wrong patient chosen")
    fill(page, "Study code of the right patient", "CART-9999")
    touch(page.get_by_role("button", name="Move to the right patient"))
    expect(page.get_by_text(re.compile("^No patient CART-9999 was infused"))).to_be_visible()
    fill(page, "Study code of the right patient", right.lower())
    touch(page.get_by_role("button", name="Move to the right patient"))
    expect(page.get_by_text(re.compile(f"^Move the entry of .* from {code} to {right}"))).to_be_visible()
    touch(page.get_by_role("button", name="Move", exact=True))
    expect(page.get_by_text(re.compile(rf"^Moved from {code}\. {right} at "))).to_be_visible()
    assert (len(stored(infusion_id)), len(stored(right_infusion))) == (0, 1)


def test_what_should_not_have_been_entered_is_withdrawn_for_a_reason(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, (stable_id,) = patient(vigil_server, [(3, WELL)])
    page = open_form(vigil_server, browser, code, Role.INVESTIGATOR, f"&correct={stable_id}")
    touch(page.get_by_text("Wrong patient, or should not have been entered"))
    touch(page.get_by_role("button", name="Withdraw this entry"))
    expect(page.get_by_text("Say why the entry is withdrawn.")).to_be_visible()
    fill(page, "Reason, such as: wrong patient chosen", "entered twice")
    touch(page.get_by_role("button", name="Withdraw this entry"))
    touch(page.get_by_role("button", name="Withdraw", exact=True))
    expect(page.get_by_text(re.compile(r"^Withdrawn\."))).to_be_visible()
    assert [row.status for row in stored(infusion_id)] == ["voided"]


def test_what_was_due_and_not_done_is_recorded_with_its_reason(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server, [(9, VITAL_SIGNS_ONLY)])
    page = open_form(vigil_server, browser, code)
    touch(page.get_by_text("Something due was not done"))
    touch(group(page, "What was not done?").get_by_text(re.compile("^Vital signs")).first)
    touch(choice_of(page, "Not done, because", "Other"))
    touch(page.get_by_role("button", name="Record as not done"))
    expect(page.get_by_text("Say in a few words why the assessment was not done.")).to_be_visible()
    fill(page, "In a few words, why?", "at the dentist")
    touch(page.get_by_role("button", name="Record as not done"))
    expect(page.get_by_text(re.compile("^Recorded as not done: Vital signs"))).to_be_visible()
    with reading() as session:
        row = session.exec(
            select(SkippedAssessment).where(SkippedAssessment.infusion_id == infusion_id)
        ).one()
    assert (row.kind, row.reason, row.explanation) == ("vital_signs", "other", "at the dentist")


def test_a_refusal_without_words_says_when_it_is_asked_again(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server, [(9, VITAL_SIGNS_ONLY)])
    page = open_form(vigil_server, browser, code)
    touch(page.get_by_text("Something due was not done"))
    touch(group(page, "What was not done?").get_by_text(re.compile("^ICE")).first)
    touch(choice_of(page, "Not done, because", "Refused"))
    expect(page.get_by_text("Without a few words, it is due again in 1 h.")).to_be_visible()
    expect(page.get_by_label("In a few words, why was it refused?")).to_be_visible()
    touch(page.get_by_role("button", name="Record as not done"))
    said = re.compile(r"^Recorded as not done: ICE .*\. Asked again from .*\d\d:\d\d\.$")
    expect(page.get_by_text(said)).to_be_visible()
    with reading() as session:
        row = session.exec(
            select(SkippedAssessment).where(SkippedAssessment.infusion_id == infusion_id)
        ).one()
    assert (row.kind, row.reason, row.explanation) == ("ice", "refused", None)


def test_a_death_is_asked_once_more_and_ends_the_course(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, _ = patient(vigil_server, [(3, WELL)])
    page = open_form(vigil_server, browser, code, Role.INVESTIGATOR)
    touch(page.get_by_text("Another cause, judgement, comment"))
    touch(choice_of(page, "Only if the patient has died", "Another cause"))
    expect(group(page, "Only if the patient has died").get_by_role("radio", checked=True)).to_have_count(1)
    touch(page.get_by_role("button", name=SAVE))
    expect(bar(page).get_by_role("alert")).to_contain_text("Record as death due to another cause?")
    assert len(stored(infusion_id)) == 1
    touch(page.get_by_role("button", name="Record death"))
    expect(page.get_by_text(re.compile(r"^Saved\. "))).to_be_visible()
    page.goto(f"/assess?code={code}")
    wait_until_drawn(page)
    expect(page.get_by_text("nothing comes after it", exact=False)).to_be_visible()
