"""The assess page in a real browser on a real server."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, func, select, update

from clock import utc_now
from db.models import Assessment, Draft, Recipient, SkippedAssessment
from db.roles import Role
from db.session import reading, writing
from tests.browser.ward import (
    bar,
    choice_of,
    end_sign_in,
    examine_well,
    fill,
    group,
    patient,
    stored,
)
from tests.support.browser import (
    DESK,
    TABLET,
    VigilServer,
    axe_violations,
    screenshot,
    wait_until_drawn,
)
from tests.support.made_up import VITAL_SIGNS_ONLY, WELL
from tests.support.settled import touch

SAVE = "Save assessment"


def open_form(
    server: VigilServer, browser: Browser, code: str, role: Role = Role.WARD, more: str = ""
) -> Page:
    page = server.open(browser, role, f"/assess?code={code}{more}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(code)
    return page


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


def test_an_entry_without_any_observation_is_not_stored(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = open_form(vigil_server, browser, code)
    touch(page.get_by_role("button", name=SAVE))
    expect(bar(page).get_by_text("Nothing is recorded yet", exact=False)).to_be_visible()
    assert stored(infusion_id) == []
    fill(page, "Temperature (°C)", "36.8")
    expect(bar(page).get_by_text("Nothing is recorded yet", exact=False)).to_have_count(0)


def test_only_an_investigator_is_offered_not_crs(vigil_server: VigilServer, browser: Browser) -> None:
    code, _, _ = patient(vigil_server)
    for role, offered in ((Role.WARD, 0), (Role.INVESTIGATOR, 1)):
        page = open_form(vigil_server, browser, code, role)
        touch(page.get_by_text("Another cause, judgement, comment"))
        expect(choice_of(page, "Judgement on CRS", "These signs are CRS")).to_be_visible()
        expect(choice_of(page, "Judgement on CRS", "These signs are not CRS")).to_have_count(offered)


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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_form_with_every_question_open_has_no_serious_axe_violation(
    vigil_server: VigilServer, browser: Browser, theme: str
) -> None:
    code, _, _ = patient(vigil_server, [(4, WELL)])
    page = vigil_server.open(browser, Role.INVESTIGATOR, f"/assess?code={code}", size=TABLET, theme=theme)  # type: ignore[arg-type]
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
    wait_until_drawn(page)
    screenshot(page, f"assess-open-{theme}")
    assert axe_violations(page) == []


def test_no_draft_is_left_after_the_tests_saved_theirs(vigil_server: VigilServer) -> None:
    """A saved entry takes its draft with it: no draft carries the token of a stored assessment."""
    with reading() as session:
        left = session.exec(
            select(func.count()).where(col(Draft.form_token).in_(select(Assessment.form_token)))
        ).one()
    assert left == 0
