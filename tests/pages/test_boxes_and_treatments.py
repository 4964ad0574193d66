"""Where a box of an assessment and the treatments disagree, the assess page and the patient page ask."""

from datetime import timedelta
from typing import Any

import pytest

from actions.follow_up import record_follow_up
from actions.treatments import record_treatment
from db.inputs_follow_up import FollowUpIn
from db.inputs_treatment import TreatmentIn
from db.roles import Role
from tests.actions.conftest import CODE, NOW, WELL, Site, at
from tests.pages.at_the_bedside import Sheet

NOREPI = {"drug": "norepinephrine", "giving": "running", "dose": 0.1, "dose_unit": "ug/kg/min"}
DEX = {"drug": "dexamethasone", "giving": "once", "dose": 10, "dose_unit": "mg"}
RUNNING = "Norepinephrine is recorded as a treatment at this time, and the box does not name it."


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    return sqlite_site


def give(site: Site, hours: float, typed: dict[str, Any], **more: Any) -> None:
    entry = TreatmentIn.model_validate({"patient_id": CODE, "started_at": at(hours), **typed, **more})
    record_treatment(entry, by=site.nurse, now=NOW)


@pytest.fixture
def assess(site: Site, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    monkeypatch.setattr("streamlit.switch_page", lambda *_place, **_query: None)
    return Sheet("ward/assess.py", site.nurse, NOW, monkeypatch)


def fill_well(sheet: Sheet) -> None:
    """A well patient, none of whose boxes names a drug."""
    for label, value in (("Temperature (°C)", 36.8), ("Systolic (mmHg)", 120), ("SpO2 (%)", 97)):
        next(one for one in sheet.page.number_input if one.label == label).set_value(value)
    for label, choice in (("Support for blood pressure", ["none"]), ("Oxygen", "room_air")):
        group = next(one for one in sheet.page.button_group if one.label.startswith(f"**{label}**"))
        group.set_value(choice)
    sheet.run(sheet.page.run)


def test_what_runs_stands_beside_the_box_and_is_asked_when_the_box_denies_it(
    site: Site, assess: Sheet
) -> None:
    give(site, 100, NOREPI)
    assess.open(code=CODE)
    assert "Recorded as a treatment at this time: norepinephrine 0.1 ug/kg/min." in assess.text
    fill_well(assess)
    assert RUNNING not in assess.text
    assess.press("Save assessment")
    assert RUNNING in assess.text
    assert site.rows("assessment") == []
    assess.press("Yes, save")
    (row,) = site.rows("assessment")
    assert row["vasopressors"] == "none", "the treatment fills nothing in"


def test_who_has_left_the_trial_is_charted_all_the_same(site: Site, assess: Sheet) -> None:
    withdrawal = FollowUpIn.model_validate(
        {"patient_id": CODE, "kind": "withdrawal", "occurred_on": NOW.date()}
    )
    record_follow_up(withdrawal, by=site.coordinator, now=NOW)
    assess.open(code=CODE)
    assert "CART-007 left the trial at" in assess.text
    fill_well(assess)
    assess.press("Save assessment")
    assert len(site.rows("assessment")) == 1


def test_a_patient_without_treatments_is_asked_nothing(site: Site, assess: Sheet) -> None:
    assess.open(code=CODE)
    assert "Recorded as a treatment" not in assess.text
    fill_well(assess)
    assess.press("Save assessment")
    assert len(site.rows("assessment")) == 1


def test_a_steroid_since_the_last_assessment_is_asked_for(site: Site, assess: Sheet) -> None:
    site.record(110)
    give(site, 112, DEX)
    assess.open(code=CODE)
    assert "Recorded as a treatment at this time: dexamethasone 10 mg." in assess.text
    fill_well(assess)
    assess.press("Save assessment")
    assert "Dexamethasone is recorded as a treatment at this time, and the box is empty." in assess.text


def test_the_live_grade_knows_the_course_that_a_treatment_keeps_open(site: Site, assess: Sheet) -> None:
    site.record(80, temperature_c=38.6)
    site.record(105)
    give(site, 100, DEX)
    assess.open(code=CODE)
    for label, value in (("Temperature (°C)", 36.8), ("Systolic (mmHg)", 82), ("SpO2 (%)", 97)):
        next(one for one in assess.page.number_input if one.label == label).set_value(value)
    assess.run(assess.page.run)
    assert "CRS at least 2" in assess.text or "CRS at least grade 2" in assess.text


def look(site: Site, monkeypatch: pytest.MonkeyPatch, role: Role = Role.WARD) -> Sheet:
    return Sheet("ward/patient.py", site.people[role], NOW, monkeypatch).open(code=CODE)


def test_the_patient_page_asks_about_each_entry_and_leads_to_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = {**WELL, "fever_masking_drugs": "none"}
    site.record(101, **quiet)
    saved = site.record(105, **quiet)
    site.record(109, **{**quiet, "vasopressors": "norepinephrine"})
    site.record(113, **{**quiet, "vasopressors": "dopamine"})
    give(site, 103, NOREPI, ended_at=at(110))
    page = look(site, monkeypatch)
    assert "Do entry and treatment agree? (2)" in page.text
    assert f"19:00 {RUNNING} Is the entry right?" in page.text
    assert "Dopamine: charted, and no such treatment is recorded at this time." in page.text
    assert page.text.index("Dopamine: charted") < page.text.index(RUNNING), "the newest entry comes first"
    assert page.link_with("6 Mar 19:00") == f"/patient?code=CART-007&a={saved.stable_id}"


def test_nothing_is_asked_where_they_agree_and_many_are_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = {**WELL, "fever_masking_drugs": "none"}
    for hours in range(80, 104, 2):
        site.record(hours, **quiet)
    assert "Do entry and treatment agree?" not in look(site, monkeypatch).text
    give(site, 79, NOREPI)
    text = look(site, monkeypatch).text
    assert "Do entry and treatment agree? (12)" in text
    assert "And 4 earlier ones." in text


def test_without_any_treatment_one_question_stands_for_all_entries(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.record(100)
    assert "Do entry and treatment agree?" not in look(site, monkeypatch).text
    site.record(104, vasopressors="norepinephrine")
    site.record(108, fever_masking_drugs="acetaminophen")
    words = "2 entries name a drug, and no treatment of this patient is recorded. Are treatments missing?"
    assert words in look(site, monkeypatch).text


@pytest.mark.parametrize(("role", "there"), [(Role.WARD, True), (Role.COMMITTEE, False)])
def test_the_patient_page_leads_to_the_treatments_of_who_may_see_them(
    site: Site, monkeypatch: pytest.MonkeyPatch, role: Role, there: bool
) -> None:
    site.record(110)
    page = look(site, monkeypatch, role)
    assert ("Treatments" in page.text) is there
    if there:
        assert page.link_with("Treatments") == "/treatments?code=CART-007"


def test_a_stale_answer_does_not_cover_another_question(site: Site, assess: Sheet) -> None:
    give(site, 100, NOREPI)
    assess.open(code=CODE)
    fill_well(assess)
    assess.press("Save assessment")
    give(site, 101, {"drug": "vasopressin", "giving": "running"})
    assess.now = NOW + timedelta(minutes=1)
    assess.press("Yes, save")
    assert site.rows("assessment") == []
    assert "Norepinephrine and vasopressin are recorded as a treatment" in assess.text
