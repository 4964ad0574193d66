"""The treatments page: recorded in a few touches, ended with one, warned and never forbidden."""

from datetime import timedelta
from typing import Any

import pytest

from actions.treatments import end_treatment, record_treatment
from db.inputs_treatment import TreatmentIn
from tests.actions.conftest import CODE, NOW, OTHER_CODE, Site, at
from tests.pages.at_the_bedside import Sheet
from trial.treatment_facts import DoseUnit, Drug, Giving

NOREPI = {"drug": "norepinephrine", "giving": "running", "dose": 0.1, "dose_unit": "ug/kg/min"}
TOCI = {"drug": "tocilizumab", "giving": "once", "dose": 560, "dose_unit": "mg", "weight_kg": 70}


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    return sqlite_site


@pytest.fixture
def sheet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return Sheet("ward/treatments.py", site.nurse, NOW, monkeypatch)


def give(site: Site, hours: float, typed: dict[str, Any], **more: Any) -> str:
    entry = TreatmentIn.model_validate({"patient_id": CODE, "started_at": at(hours), **typed, **more})
    return record_treatment(entry, by=site.nurse, now=NOW).stable_id


def test_the_patient_is_chosen_with_one_touch(sheet: Sheet) -> None:
    sheet.open()
    assert sheet.page.title[0].value == "Treatments"
    assert sheet.buttons == [CODE, OTHER_CODE]
    sheet.press(CODE)
    assert "Treatments of CART-007 First infusion, day 5." in sheet.text
    assert "No treatment is recorded yet." in sheet.text
    assert sheet.link_with("Patient's page") == "/patient?code=CART-007"


def test_an_unknown_code_is_said_and_everyone_offered(sheet: Sheet) -> None:
    sheet.open(code="CART-099")
    assert "No patient CART-099 is known. Choose one of these." in sheet.text


def test_a_steroid_is_recorded_in_a_few_touches(site: Site, sheet: Sheet) -> None:
    sheet.open(code=CODE)
    assert all(group.value in (None, []) for group in sheet.page.button_group), "nothing is chosen beforehand"
    sheet.touch("Drug", Drug.DEXAMETHASONE).touch("How it is given", Giving.REPEATED)
    sheet.touch("Began", "now")
    assert sheet.labels == ["Dose", "Hours between doses", "Note"]
    sheet.write("Dose", "10").write("Hours between doses", "6").choose("Unit of the dose", DoseUnit.MG)
    sheet.press("Record dexamethasone")
    assert "Dexamethasone is recorded." in sheet.text
    (row,) = site.rows("treatment")
    assert (row["drug"], row["dose"], row["dose_unit"], row["every_hours"]) == ("dexamethasone", 10, "mg", 6)
    assert (row["is_ongoing"], row["started_at"], row["entered_by"]) == (True, NOW, site.nurse.user_id)
    assert "Dexamethasone 10 mg, every 6 h" in sheet.text
    assert "End dexamethasone now" in sheet.buttons


def test_now_means_the_time_that_stood_there(site: Site, sheet: Sheet) -> None:
    sheet.open(code=CODE)
    sheet.touch("Drug", Drug.ACETAMINOPHEN).touch("How it is given", Giving.ONCE).touch("Given", "now")
    sheet.now = NOW + timedelta(minutes=25)
    sheet.press("Record acetaminophen")
    (row,) = site.rows("treatment")
    assert (row["started_at"], row["dose"]) == (NOW, None)


def test_an_earlier_dose_asks_for_its_moment_and_keeps_what_was_typed(site: Site, sheet: Sheet) -> None:
    sheet.open(code=CODE)
    sheet.touch("Drug", Drug.NOREPINEPHRINE).touch("How it is given", Giving.RUNNING).touch(
        "Began", "earlier"
    )
    sheet.write("Dose", "0.1").write("Began, date", "2026-03-06").write("Began, time", "25:00")
    sheet.press("Record norepinephrine")
    assert "Enter the time as 02:30, on the 24 h clock." in sheet.text
    assert "Choose the unit of the dose." in sheet.text
    assert site.rows("treatment") == []
    sheet.write("Began, time", "08:30").write("Ended, date", "2026-03-06").write("Ended, time", "12:00")
    sheet.choose("Unit of the dose", DoseUnit.UG_PER_KG_PER_MIN)
    sheet.press("Record norepinephrine")
    (row,) = site.rows("treatment")
    assert (row["dose"], row["ended_at"] - row["started_at"]) == (0.1, timedelta(hours=3.5))
    assert "Nothing is running or being repeated." in sheet.text


def test_a_dose_above_the_maximum_is_warned_of_and_recorded_when_confirmed(site: Site, sheet: Sheet) -> None:
    give(site, 117, TOCI)
    sheet.open(code=CODE)
    assert "1 in the last 24 h (at most 3), 1 in all (at most 4), 1 since the first infusion." in sheet.text
    assert "Last: 560 mg (8 mg/kg), 07:00, 3 h ago; 8 h are over at 15:00." in sheet.text
    sheet.touch("Drug", Drug.TOCILIZUMAB).touch("How it is given", Giving.ONCE).touch("Given", "now")
    sheet.write("Dose in mg", "900").write("Weight in kg", "70").press("Record tocilizumab")
    for words in ("above the maximum of 800 mg", "12.86 mg/kg at 70 kg", "lies 3 h from this one"):
        assert words in sheet.text
    assert len(site.rows("treatment")) == 1
    sheet.tick("Yes, this is right").press("Record tocilizumab")
    assert "Tocilizumab is recorded." in sheet.text
    assert site.rows("treatment")[-1]["confirmed"] is True
    assert "900 mg (beyond a limit, confirmed)" in sheet.text


def test_a_yes_counts_only_for_what_stood_on_the_screen(site: Site, sheet: Sheet) -> None:
    sheet.open(code=CODE)
    sheet.touch("Drug", Drug.TOCILIZUMAB).touch("How it is given", Giving.ONCE).touch("Given", "now")
    sheet.write("Dose in mg", "850").write("Weight in kg", "110").press("Record tocilizumab")
    sheet.tick("Yes, this is right").write("Dose in mg", "990").press("Record tocilizumab")
    assert site.rows("treatment") == []
    assert "Tocilizumab 990 mg is above the maximum" in sheet.text


def test_what_runs_is_ended_with_one_touch_and_tells_what_it_did(site: Site, sheet: Sheet) -> None:
    give(site, 100, NOREPI)
    sheet.open(code=CODE)
    assert "Norepinephrine 0.1 ug/kg/min, running since 6 Mar 14:00, 20 h ago" in sheet.text
    sheet.press("End norepinephrine now")
    assert "Norepinephrine ended at 10:00." in sheet.text
    assert site.rows("treatment")[-1]["ended_at"] == NOW
    assert "Going on now (0)" in sheet.text


def test_somebody_who_ended_it_first_is_named(site: Site, sheet: Sheet) -> None:
    stable_id = give(site, 100, NOREPI)
    sheet.open(code=CODE)
    end_treatment(stable_id, 1, at(110), by=site.investigator, now=NOW)
    sheet.press("End norepinephrine now")
    assert (
        "Changed by Investigator Example (investigator) at 10:00. Nothing of yours was saved." in sheet.text
    )


def test_steroids_stand_by_day_with_their_source(site: Site, sheet: Sheet) -> None:
    give(site, 96, {"drug": "methylprednisolone", "giving": "once", "dose": 1, "dose_unit": "g"})
    give(site, 118, {"drug": "dexamethasone", "giving": "once", "dose": 10, "dose_unit": "mg"})
    give(site, 119, {"drug": "hydrocortisone", "giving": "once"})
    sheet.open(code=CODE)
    assert (
        "7 Mar 2026 at least 10 mg 2, 1 without an amount 197.5 mg 6 Mar 2026 187.5 mg 1 187.5 mg"
        in sheet.text
    )
    assert "SOLU-MEDROL" in sheet.text


def test_an_opened_treatment_is_corrected_for_a_reason(site: Site, sheet: Sheet) -> None:
    stable_id = give(site, 100, NOREPI)
    sheet.open(code=CODE)
    assert sheet.link_with("Norepinephrine") == f"/treatments?code=CART-007&t={stable_id}"
    sheet.open(code=CODE, t=stable_id)
    sheet.write("Dose", "0.2").press("Correct treatment")
    assert "Say why the treatment is corrected." in sheet.text
    sheet.write("Why is it corrected", "pump read wrongly").press("Correct treatment")
    assert "The treatment is corrected." in sheet.text
    assert "Why version 2: pump read wrongly" in sheet.text
    assert [row["dose"] for row in site.rows("treatment")] == [0.1, 0.2]
    assert site.rows("treatment")[-1]["started_at"] == at(100)


def test_a_correction_beyond_a_limit_is_asked_about(site: Site, sheet: Sheet) -> None:
    stable_id = give(site, 100, TOCI)
    sheet.open(code=CODE, t=stable_id)
    sheet.write("Dose in mg", "801").write("Why is it corrected", "syringe label").press("Correct treatment")
    assert "above the maximum of 800 mg" in sheet.text
    sheet.tick("Yes, this is right").press("Correct treatment")
    assert [row["dose"] for row in site.rows("treatment")] == [560, 801]


def test_an_opened_treatment_is_withdrawn_for_a_reason(site: Site, sheet: Sheet) -> None:
    stable_id = give(site, 100, TOCI)
    sheet.open(code=CODE, t=stable_id)
    sheet.press("Withdraw treatment")
    assert "Say why the treatment is withdrawn, such as: wrong patient chosen." in sheet.text
    sheet.write("Why is it withdrawn", "wrong patient chosen").press("Withdraw treatment")
    assert "This treatment was withdrawn. It counts for nothing." in sheet.text
    assert "No dose is recorded." in sheet.text


def test_another_patient_s_treatment_does_not_open(site: Site, sheet: Sheet) -> None:
    stable_id = give(site, 100, TOCI)
    sheet.open(code=OTHER_CODE, t=stable_id)
    assert "The treatment of this link is not among this patient's treatments." in sheet.text


def test_a_death_is_said(site: Site, sheet: Sheet) -> None:
    site.record(110, death_due_to="other")
    sheet.open(code=CODE)
    assert (
        "The death of CART-007 is recorded at 7 Mar 2026 00:00; nothing after it can be recorded."
        in sheet.text
    )


def test_a_grade_that_a_drug_changes_is_told(site: Site, sheet: Sheet) -> None:
    site.record(60, temperature_c=38.6)
    site.record(85)
    site.record(90, vasopressors="norepinephrine")
    sheet.open(code=CODE)
    sheet.touch("Drug", Drug.DEXAMETHASONE).touch("How it is given", Giving.ONCE).touch("Given", "earlier")
    sheet.write("Given, date", "2026-03-05").write("Given, time", "20:00").press("Record dexamethasone")
    assert "Dexamethasone is recorded. 2 grades were made anew. 1 person is being told." in sheet.text
