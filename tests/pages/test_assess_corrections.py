"""The assess page: corrections, moves and withdrawals, what was not done, and a death."""

from datetime import timedelta
from typing import Any

import pytest

from db.roles import Actor, Role
from tests.actions.conftest import CODE, NOW, OTHER_CODE, Site, add_person, at
from tests.pages.assess_page import SAVE, AssessPage

TEMPERATURE, ICE_TOTAL = "Temperature (°C)", "Total, where only the total is known"
SAVE_CORRECTION = "Save correction"
REASON = "Reason for the correction, such as: wrong line filled"
OTHER_REASON, RIGHT_PATIENT = "Reason, such as: wrong patient chosen", "Study code of the right patient"
MOVE, WITHDRAW = "Move to the right patient", "Withdraw this entry"
NOT_DONE, BECAUSE = "What was not done?", "Not done, because"
HOURS = 117.0
"""Hours after the infusion: 07:00 on the day of NOW, which is 10:00."""


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    return sqlite_site


def correction_of(
    site: Site, monkeypatch: pytest.MonkeyPatch, by: Actor | None = None, **values: Any
) -> AssessPage:
    """The correction of an entry of 07:00, by an investigator unless told otherwise."""
    if not site.rows("assessment"):
        site.record(HOURS, **values)
    (entry,) = site.rows("assessment", superseded_at=None)
    page = AssessPage(by or site.investigator, NOW, monkeypatch)
    return page.open(code=CODE, correct=entry["stable_id"])


def standing(site: Site, code: str = CODE) -> list[dict[str, Any]]:
    """The entries of a patient as they stand."""
    return site.rows("assessment", infusion_id=site.infusions[code], superseded_at=None)


def test_a_correction_starts_from_what_stands_and_needs_a_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = "=1+1 中文 עברית"
    page = correction_of(site, monkeypatch, ice_score=2, comment=comment)
    assert (page.box(TEMPERATURE).value, page.words_in("Comment")) == (36.8, comment)
    assert "ICANS grade 3" in page.bar
    page.fill(ICE_TOTAL, 9)
    assert "ICANS grade 1" in page.bar
    page.press(SAVE_CORRECTION)
    assert page.bar[0] == "One thing to put right: reason for the correction"
    page.say(REASON, "wrong line filled").press(SAVE_CORRECTION)
    assert page.said_on_the_board().startswith("Corrected. CART-007 at 07:00: CRS 0, ICANS 1.")
    (row,) = standing(site)
    assert (row["version"], row["ice_score"], row["reason"]) == (2, 9, "wrong line filled")
    before, _ = site.rows("assessment")
    kept = ("assessed_at", "temperature_c", "systolic_mmhg", "iv_fluid_bolus", "vasopressors", "comment")
    assert [row[name] for name in kept] == [before[name] for name in kept]


def test_two_who_correct_one_entry_see_both_values(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    people = (site.investigator, add_person(Role.INVESTIGATOR, "second"))
    first, second = [correction_of(site, monkeypatch, person) for person in people]
    for page, temperature in ((first, 38.1), (second, 38.2)):
        page.fill(TEMPERATURE, temperature).say(REASON, "read again")
    assert first.press(SAVE_CORRECTION).said_on_the_board().startswith("Corrected. CART-007 at 07:00")
    second.press(SAVE_CORRECTION)
    assert second.frame().table("Both values").cells("Temperature") == ["Temperature", "38.1", "38.2"]
    assert any("Nothing of yours was saved." in line for line in second.lines)
    second.press("Start again from theirs")
    assert not any("Nothing of yours was saved." in line for line in second.lines)
    assert second.box(TEMPERATURE).value == 38.1
    assert [(row["version"], row["temperature_c"]) for row in standing(site)] == [(2, 38.1)]
    second.fill(TEMPERATURE, 38.2).say(REASON, "read once more").press(SAVE_CORRECTION)
    assert [(row["version"], row["temperature_c"]) for row in standing(site)] == [(3, 38.2)]


def test_an_entry_for_the_wrong_patient_is_moved(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    page = correction_of(site, monkeypatch)
    page.say(OTHER_REASON, "wrong patient chosen").press(MOVE)
    assert "Enter the study code of the right patient." in page.lines
    page.say(RIGHT_PATIENT, "CART-9999").press(MOVE)
    (refusal,) = [line for line in page.lines if line.startswith("No patient CART-9999 was infused")]
    page.say(RIGHT_PATIENT, OTHER_CODE.capitalize()).press(MOVE)
    (asked,) = [line for line in page.lines if line.startswith("Move the entry of")]
    assert f"from {CODE} to {OTHER_CODE}, first infusion?" in asked
    assert refusal not in page.lines
    assert len(standing(site)) == 1
    page.press("Move")
    assert page.said_on_the_board().startswith(f"Moved from {CODE}. {OTHER_CODE} at 07:00")
    assert [row["status"] for row in standing(site, OTHER_CODE)] == ["recorded"]
    assert standing(site) == []


def test_what_should_not_have_been_entered_is_withdrawn_for_a_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = correction_of(site, monkeypatch).press(WITHDRAW)
    assert "Say why the entry is withdrawn." in page.lines
    page.say(OTHER_REASON, "entered twice").press(WITHDRAW)
    assert any(line.startswith("Withdraw the entry of 7 Mar 2026 07:00") for line in page.lines)
    assert [row["status"] for row in standing(site)] == ["recorded"]
    page.press("Withdraw")
    assert page.said_on_the_board().startswith("Withdrawn. CART-007 at 07:00")
    assert [row["status"] for row in standing(site)] == ["voided"]
    again = page.open(code=CODE).frame().remarks
    assert again == ["This entry was withdrawn. Nothing of it can be corrected."]


@pytest.fixture
def page(site: Site, monkeypatch: pytest.MonkeyPatch) -> AssessPage:
    """A new form at 10:00 after a whole assessment of 02:00: the ICE and the vital signs of 06:00 are due."""
    site.record(112)
    return AssessPage(site.nurse, NOW, monkeypatch).open(code=CODE)


def choose_not_done(page: AssessPage, words: str, kind: str, reason: str) -> AssessPage:
    """What was due at 06:00 and why it was not done, by their own values: the words hold a time."""
    assert f"{words} 06:00" in page.group(NOT_DONE).options
    return page.touch(NOT_DONE, [f"{kind} {at(116).isoformat()}"]).touch(BECAUSE, reason)


def test_what_was_due_and_not_done_is_recorded_with_its_reason(site: Site, page: AssessPage) -> None:
    choose_not_done(page, "Vital signs", "vital_signs", "other").press("Record as not done")
    assert "Say in a few words why the assessment was not done." in page.lines
    assert site.rows("skipped_assessment") == []
    page.say("In a few words, why?", "at the dentist").press("Record as not done")
    assert "Recorded as not done: Vital signs 06:00." in page.lines
    (row,) = site.rows("skipped_assessment")
    assert (row["kind"], row["reason"], row["explanation"]) == ("vital_signs", "other", "at the dentist")


def test_a_refusal_without_words_says_when_it_is_asked_again(site: Site, page: AssessPage) -> None:
    choose_not_done(page, "ICE", "ice", "refused")
    assert "Without a few words, it is due again in 1 h." in page.lines
    assert page.words_in("In a few words, why was it refused?") == ""
    page.press("Record as not done")
    assert "Recorded as not done: ICE 06:00. Asked again from 11:00." in page.lines
    (row,) = site.rows("skipped_assessment")
    assert (row["kind"], row["reason"], row["explanation"]) == ("ice", "refused", None)


def test_a_death_is_asked_once_more_and_ends_the_course(site: Site, page: AssessPage) -> None:
    question = "Only if the patient has died"
    page.tap(question, "Another cause")
    assert page.chosen(question) == ["Another cause"]
    page.press(SAVE)
    assert page.bar[0].startswith("Record as death due to another cause?")
    assert len(standing(site)) == 1
    page.press("Record death")
    assert page.said_on_the_board().startswith("Saved. CART-007 at 10:00")
    page.now += timedelta(minutes=1)
    assert page.open(code=CODE).frame().remarks == [
        "The death of CART-007 is recorded at 10:00; nothing comes after it."
    ]
