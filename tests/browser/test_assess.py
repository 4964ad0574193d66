"""The assess page in a real browser on a real server: what is touched, answered, graded and stored."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel import update

from clock import utc_now
from db.models import Recipient
from db.roles import Role
from db.session import writing
from tests.browser.ward import (
    bar,
    choice_of,
    drafts_of_saved_entries,
    examine_well,
    fill,
    group,
    open_form,
    patient,
    stored,
)
from tests.support.browser import (
    DESK,
    TABLET,
    VigilServer,
    findings_on_screens,
)
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


def test_nothing_clinical_stands_in_a_box_before_it_is_touched(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server, [(4, {**WELL, "temperature_c": 37.96})])
    page = open_form(vigil_server, browser, code)
    for label in ("Temperature (°C)", "Systolic (mmHg)", "SpO2 (%)"):
        expect(page.get_by_label(label, exact=True)).to_have_value("")
    expect(page.locator('[data-testid="stPills"] [data-selected="true"]')).to_have_count(0)
    expect(page.get_by_text(re.compile("^Last: 37.96 at "))).to_be_visible()


def test_fever_and_a_vasopressor_are_at_least_3_at_once_and_people_are_told(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server, [(4, WELL)])
    now = utc_now()
    with writing() as session:
        for name in ("pi", "deputy"):
            session.add(
                Recipient(
                    name=name, address=f"{name}{code}@example.org", group="pi", valid_from=now, created_at=now
                )
            )
    page = open_form(vigil_server, browser, code)
    fill(page, "Temperature (°C)", "38.6")
    touch(choice_of(page, "Support for blood pressure", "Vasopressor"))
    touch(choice_of(page, "Which vasopressors are running?", "norepinephrine"))
    expect(bar(page).get_by_text("CRS at least grade 3")).to_be_visible()
    expect(bar(page)).to_contain_text("norepinephrine (one vasopressor)")
    expect(bar(page).get_by_text("To settle it:").first).to_be_visible()
    touch(page.get_by_role("button", name=SAVE))
    said = page.get_by_text(re.compile(r"^Saved\. "))
    expect(said).to_contain_text("CRS at least 3")
    expect(said).to_contain_text(re.compile(r"\d people are being told now\."))
    expect(said).to_contain_text("to settle CRS")
    with writing() as session:
        session.execute(update(Recipient).values(valid_to=utc_now()))


def test_a_value_that_cannot_be_is_answered_at_its_box_and_above_save(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    fill(page, "Temperature (°C)", "100.4")
    expect(page.get_by_text("Temperature must be 25 to 45 °C; 100.4 °F is 38.0 °C.")).to_be_visible()
    fill(page, "SpO2 (%)", "200")
    expect(page.get_by_text("SpO2 must be 1 to 100 %.")).to_be_visible()
    expect(page.get_by_text("CRS grade 1")).to_have_count(0)
    touch(page.get_by_role("button", name=SAVE))
    expect(bar(page).get_by_text("Two things to put right: Temperature, SpO2")).to_be_visible()
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("100.4")
    assert stored(infusion_id) == []
    touch(page.get_by_role("button", name="Yes, 38"))
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("38")
    expect(bar(page).get_by_text("One thing to put right: SpO2")).to_be_visible()


def test_a_lost_decimal_point_is_offered_and_never_repaired_silently(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    box = page.get_by_label("Temperature (°C)", exact=True)
    touch(box)
    page.keyboard.type("36,8")
    box.press("Tab")
    expect(page.get_by_text("Did you mean 36.8?")).to_be_visible()
    touch(page.get_by_role("button", name="Yes, 36.8"))
    expect(box).to_have_value("36.8")
    expect(page.get_by_text("Did you mean 36.8?")).to_have_count(0)


def test_none_of_these_excludes_the_others_and_the_others_exclude_it(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    given = group(page, "Given since the last assessment")
    chosen = given.locator('[data-selected="true"]')
    for choice, left in (
        ("tocilizumab", ["tocilizumab"]),
        ("dexamethasone", ["tocilizumab", "dexamethasone"]),
        ("None of these", ["None of these"]),
        ("ibuprofen", ["ibuprofen"]),
        ("ibuprofen", []),
    ):
        touch(given.get_by_text(choice, exact=True))
        expect(chosen).to_have_text(left)


def test_a_tick_in_a_block_says_nothing_of_the_other_signs(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    touch(choice_of(page, "Seizure, weakness", "Seizure"))
    touch(page.get_by_role("button", name=SAVE))
    expect(page.get_by_text("Choose which kind of seizure it was.")).to_be_visible()
    touch(choice_of(page, "Which kind of seizure?", "Seizure that resolves rapidly"))
    expect(bar(page).get_by_text("ICANS at least grade 3")).to_be_visible()
    touch(choice_of(page, "And looked for, but not there?", "No weakness"))
    touch(page.get_by_role("button", name=SAVE))
    expect(page.get_by_text(re.compile(r"^Saved\. "))).to_be_visible()
    row = stored(infusion_id)[-1]
    assert (row.seizure, row.motor_weakness, row.edema_or_raised_icp) == ("brief", "none", None)


def test_a_rare_value_and_a_cannula_without_flow_are_asked_once_more(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    fill(page, "Temperature (°C)", "31.4")
    touch(choice_of(page, "Oxygen", "Nasal cannula"))
    expect(page.get_by_label("Oxygen flow (L/min)", exact=True)).to_be_visible()
    touch(page.get_by_role("button", name=SAVE))
    asked = bar(page).get_by_role("alert")
    expect(asked).to_contain_text("31.4")
    expect(asked).to_contain_text("Enter the oxygen flow in L/min")
    assert stored(infusion_id) == []
    touch(page.get_by_role("button", name="Yes, save"))
    expect(page.get_by_text(re.compile(r"^Saved\. "))).to_be_visible()
    row = stored(infusion_id)[-1]
    assert (row.temperature_c, row.oxygen_device, row.oxygen_l_per_min) == (31.4, "nasal_cannula", None)


def test_the_ice_is_scored_item_by_item_with_what_it_could_still_be(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    touch(choice_of(page, "ICE score", "Score the items"))
    touch(choice_of(page, "Orientation", "0"))
    expect(page.get_by_text("Sum of the items: 0 of 10, 4 items open.")).to_be_visible()
    expect(bar(page).get_by_text("ICANS at least grade 2")).to_be_visible()
    fill(page, "Total, where only the total is known", "7")
    expect(page.get_by_text(re.compile("^ICE score is 7, "))).to_be_visible()
    touch(choice_of(page, "ICE score", "Not done"))
    touch(choice_of(page, "Why was the ICE not done?", "Sedated"))
    expect(bar(page).get_by_text("ICANS not graded yet")).to_be_visible()


def test_an_earlier_time_is_stored_as_observed_and_the_future_is_refused(
    vigil_server: VigilServer, browser: Browser
) -> None:
    now = utc_now()
    zone = vigil_server.settings.zone
    code, infusion_id, _ = patient(vigil_server, now=now)
    page = open_form(vigil_server, browser, code)
    touch(choice_of(page, "Observed", "Earlier"))
    touch(group(page, "Day").get_by_text(re.compile("^Today")))
    ahead = (now + timedelta(minutes=90)).astimezone(zone)
    if ahead.date() == now.astimezone(zone).date():
        fill(page, "Time (24 h, such as 02:30)", f"{ahead:%H:%M}")
        expect(page.get_by_text(re.compile("must not be in the future"))).to_be_visible()
    fill(page, "Time (24 h, such as 02:30)", "soon")
    expect(page.get_by_text("Enter the time as 02:30, on the 24 h clock.")).to_be_visible()
    touch(group(page, "Day").get_by_text(re.compile("^Yesterday")))
    fill(page, "Time (24 h, such as 02:30)", "0230")
    expect(page.get_by_text("Enter the time as 02:30, on the 24 h clock.")).to_have_count(0)
    fill(page, "Temperature (°C)", "37.2")
    touch(page.get_by_role("button", name=SAVE))
    expect(page.get_by_text(re.compile(r"^Saved\. "))).to_be_visible()
    local = stored(infusion_id)[-1].assessed_at.astimezone(zone)
    assert (local.hour, local.minute, local.date()) == (
        2,
        30,
        now.astimezone(zone).date() - timedelta(days=1),
    )


def test_an_entry_without_any_observation_is_not_stored(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    touch(page.get_by_role("button", name=SAVE))
    expect(bar(page).get_by_text("Nothing is recorded yet", exact=False)).to_be_visible()
    assert stored(infusion_id) == []
    fill(page, "Temperature (°C)", "36.8")
    expect(bar(page).get_by_text("Nothing is recorded yet", exact=False)).to_have_count(0)


def test_a_comment_too_long_is_kept_and_refused(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    touch(page.get_by_text("Another cause, judgement, comment"))
    fill(page, "Comment", "x" * 10_000)
    expect(page.get_by_text(re.compile("^Comment must .*2,000"))).to_be_visible()
    touch(page.get_by_role("button", name=SAVE))
    expect(bar(page).get_by_text("One thing to put right: Comment")).to_be_visible()
    assert page.get_by_label("Comment", exact=True).input_value() == "x" * 10_000
    assert stored(infusion_id) == []


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/assess?code=CART-999", "No patient CART-999 is enrolled."),
        ("/assess?code=CART-999&correct=nothing", "No patient CART-999 is enrolled."),
        ("/assess?code=%3Cb%3Ex%3C%2Fb%3E", "No patient <b>x</b> is enrolled."),
    ],
)
def test_an_address_that_leads_nowhere_says_so(
    vigil_server: VigilServer, browser: Browser, address: str, sentence: str
) -> None:
    page = vigil_server.open(browser, Role.WARD, address)
    expect(page.get_by_text(sentence, exact=False)).to_be_visible()
    expect(page.get_by_role("link", name="To the board")).to_be_visible()


def test_without_a_patient_the_page_lets_choose_one(vigil_server: VigilServer, browser: Browser) -> None:
    code, _, _ = patient(vigil_server)
    page = vigil_server.open(browser, Role.WARD, "/assess")
    touch(page.get_by_role("button", name=f"{code}, first infusion, day"))
    expect(page.get_by_role("heading", name=f"Assess {code}", level=1)).to_be_visible()


def test_from_observed_to_save_there_are_few_tab_stops(vigil_server: VigilServer, browser: Browser) -> None:
    code, _, _ = patient(vigil_server)
    page = vigil_server.open(browser, Role.WARD, f"/assess?code={code}", size=DESK)
    group(page, "Observed").locator("button").first.focus()
    stops = 1
    while page.evaluate("document.activeElement.innerText") != SAVE:
        page.keyboard.press("Tab")
        stops += 1
        assert stops <= 16
    group(page, "Oxygen").locator("button").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.innerText") == "Nasal cannula"


def test_a_form_with_every_question_open_has_no_serious_axe_violation(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server, [(4, WELL)])
    page = open_form(vigil_server, browser, code, Role.INVESTIGATOR)
    fill(page, "Temperature (°C)", "38.6")
    fill(page, "SpO2 (%)", "970")
    touch(choice_of(page, "Support for blood pressure", "Vasopressor"))
    touch(choice_of(page, "Oxygen", "Nasal cannula"))
    touch(choice_of(page, "ICE score", "Score the items"))
    touch(choice_of(page, "Seizure, weakness", "Seizure"))
    touch(page.get_by_text("Another cause, judgement, comment"))
    touch(page.get_by_text("Something due was not done"))
    touch(page.get_by_role("button", name=SAVE))
    expect(bar(page).get_by_text("things to put right", exact=False)).to_be_visible()
    assert findings_on_screens(page, "assess-open", (("light", TABLET), ("dark", TABLET))) == []


def test_no_draft_is_left_after_the_tests_saved_theirs(vigil_server: VigilServer) -> None:
    assert drafts_of_saved_entries() == 0
