"""The assess page in a real browser on a real server: touches, what reaches a box, and axe."""

import re

from playwright.sync_api import Browser, expect

from db.roles import Role
from tests.browser.ward import bar, choice_of, examine_well, fill, group, open_form, patient, stored
from tests.support.browser import TABLET, VigilServer, findings_on_screens
from tests.support.made_up import WELL
from tests.support.settled import touch

SAVE = "Save assessment"


def test_a_well_patient_takes_at_most_25_touches_and_stores_what_was_touched(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server, [(4, WELL)])
    page = open_form(vigil_server, browser, code)
    hand = examine_well(page)
    hand.tap(page.get_by_role("button", name=SAVE))
    expect(
        page.get_by_text(re.compile(rf"^Saved\. {code} at .*: CRS 0, ICANS 0\. Next due "))
    ).to_be_visible()
    assert hand.touches <= 25
    row = stored(infusion_id)[-1]
    assert (row.temperature_c, row.systolic_mmhg, row.spo2_percent) == (36.8, 112, 97)
    assert (row.vasopressors, row.iv_fluid_bolus, row.fever_masking_drugs) == ("none", "no", "none")
    assert (row.seizure, row.motor_weakness, row.edema_or_raised_icp) == ("none", "none", "none")
    assert [row.ice_orientation, row.ice_naming, row.ice_commands, row.ice_writing, row.ice_attention] == [
        4,
        3,
        1,
        1,
        1,
    ]
    not_asked = (
        "diastolic_mmhg",
        "heart_rate_per_min",
        "hypoxia",
        "attributed_elsewhere",
        "comment",
        "ice_score",
    )
    assert [getattr(row, name) for name in not_asked] == [None] * len(not_asked)


def test_what_the_server_puts_into_a_box_or_takes_from_it_stands_there(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    temperature = page.get_by_label("Temperature (°C)", exact=True)
    touch(temperature)
    page.keyboard.type("36,8")  # the browser drops the comma
    temperature.press("Tab")
    touch(page.get_by_role("button", name="Yes, 36.8"))
    expect(temperature).to_have_value("36.8")
    expect(page.get_by_text("Did you mean 36.8?")).to_have_count(0)
    given = group(page, "Given since the last assessment")
    for choice in ("tocilizumab", "None of these"):
        touch(given.get_by_text(choice, exact=True))
        expect(given.locator('[data-selected="true"]')).to_have_text([choice])
    flow = page.get_by_label("Oxygen flow (L/min)", exact=True)
    touch(choice_of(page, "Oxygen", "Nasal cannula"))
    expect(flow).to_be_visible()
    touch(choice_of(page, "Oxygen", "Room air"))
    expect(flow).to_have_count(0)


def test_grade_3_stands_in_the_bar_before_save_and_axe_finds_nothing_in_a_form_with_everything_open(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server, [(4, WELL)])
    page = open_form(vigil_server, browser, code, Role.INVESTIGATOR)
    fill(page, "Temperature (°C)", "38.6")
    touch(choice_of(page, "Support for blood pressure", "Vasopressor"))
    touch(choice_of(page, "Which vasopressors are running?", "norepinephrine"))
    expect(bar(page).get_by_text("CRS at least grade 3")).to_be_visible()
    fill(page, "SpO2 (%)", "970")
    touch(choice_of(page, "Oxygen", "Nasal cannula"))
    touch(choice_of(page, "ICE score", "Score the items"))
    touch(choice_of(page, "Seizure, weakness", "Seizure"))
    touch(page.get_by_text("Another cause, judgement, comment"))
    touch(page.get_by_text("Something due was not done"))
    touch(page.get_by_role("button", name=SAVE))
    expect(bar(page).get_by_text("things to put right", exact=False)).to_be_visible()
    assert findings_on_screens(page, "assess-open", (("light", TABLET), ("dark", TABLET))) == []
    assert len(stored(infusion_id)) == 1
