"""The laboratory page: a sample with its units, grades with reasons, ICAHT apart, scores, corrections."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from actions.infusions import correct_infusion
from actions.lab_results import record_lab_results
from actions.patients import change_patient
from actions.treatments import record_treatment
from db.inputs import InfusionIn, PatientIn
from db.inputs_lab import LabResultIn
from db.inputs_treatment import TreatmentIn
from grading.units import Analyte
from pages.ward.laboratory_parts.entering import PANELS
from tests.actions.conftest import CODE, NOW, OTHER_CODE, Site, at
from tests.pages.at_the_bedside import Sheet
from tests.support import made_up

DAY = 24.0


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    return sqlite_site


@pytest.fixture
def sheet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return Sheet("ward/laboratory.py", site.nurse, NOW, monkeypatch)


def result(analyte: str, value: float, unit: str, hours: float, **limits: float) -> LabResultIn:
    place = {"patient_id": CODE, "taken_at": at(hours), "analyte": analyte}
    return LabResultIn.model_validate(place | {"value": value, "unit": unit} | limits)


def store(site: Site, *panel: LabResultIn, confirmed: tuple[str, ...] = ()) -> tuple[str, ...]:
    saved = record_lab_results(panel, confirmed=confirmed, by=site.nurse, now=NOW + timedelta(days=200))
    return saved.stable_ids


def neutrophils(first: int, last: int, value: float) -> Iterator[LabResultIn]:
    return (result("anc", value, "10^9/L", DAY * day, lln=1.8) for day in range(first, last + 1))


def open_panel(sheet: Sheet, *panels: str) -> Sheet:
    sheet.open(code=CODE)
    return sheet.touch("Sample taken", "now").touch("What was measured", list(panels))


# ---- Entering ----


def test_every_analyte_stands_in_one_panel() -> None:
    listed = [analyte for analytes in PANELS.values() for analyte in analytes]
    assert sorted(listed) == sorted(Analyte)


def test_nothing_is_chosen_or_filled_beforehand(site: Site, sheet: Sheet) -> None:
    store(site, result("crp", 60, "mg/L", 3))
    sheet.open(code=CODE)
    assert all(group.value in (None, []) for group in sheet.page.button_group)
    open_panel(sheet, "Inflammation and clotting")
    assert {box.value for box in sheet.page.text_input} == {""}
    assert all(group.value is None for group in sheet.page.button_group if "Unit" in group.label)
    assert "Last: 60 mg/L, 2 Mar 13:00" in sheet.text


def test_the_site_s_limits_come_with_the_unit_and_can_be_changed(site: Site, sheet: Sheet) -> None:
    open_panel(sheet, "Blood count").touch("Unit of ANC", "10^9/L")
    sheet.write("ANC", "0.8")
    lower = next(box for box in sheet.page.text_input if box.label == "LLN of ANC")
    assert lower.value == "1.8"
    sheet.touch("Unit of ANC", "cells/uL")
    lower = next(box for box in sheet.page.text_input if box.label == "LLN of ANC")
    assert lower.value == "1800"
    lower.set_value("1700")
    sheet.write("ANC", "800").press("Record results")
    assert "1 result is recorded." in sheet.text
    (row,) = site.rows("lab_result")
    assert (row["value"], row["unit"], row["lln"], row["uln"]) == (800, "cells/uL", 1700, 6300)
    assert (row["taken_at"], row["entered_by"]) == (NOW, site.nurse.user_id)


def test_limits_that_depend_on_the_sex_wait_until_it_is_known(site: Site, sheet: Sheet) -> None:
    open_panel(sheet, "Blood count").touch("Unit of hemoglobin", "g/L")
    assert {box.value for box in sheet.page.text_input if box.label == "LLN of hemoglobin"} == {""}
    entry = PatientIn.model_validate({"study_code": CODE, "sex": "F"})
    change_patient(site.patients[CODE], entry, by=site.coordinator, now=NOW)
    open_panel(sheet, "Blood count").touch("Unit of hemoglobin", "g/dL")
    assert "11.5" in {box.value for box in sheet.page.text_input if box.label == "LLN of hemoglobin"}


def test_a_value_without_a_unit_is_asked_for_it_and_nothing_is_stored(site: Site, sheet: Sheet) -> None:
    open_panel(sheet, "Blood count").touch("Unit of platelets", "10^9/L")
    sheet.write("ANC", "0.8").write("Platelets", "45").press("Record results")
    assert "The unit of ANC is not given: enter 10^9/L" in sheet.text
    assert site.rows("lab_result") == []
    sheet.touch("Unit of ANC", "10^9/L").press("Record results")
    assert "2 results are recorded." in sheet.text


def test_anc_500_given_as_half_a_cell_is_asked_once_more(site: Site, sheet: Sheet) -> None:
    open_panel(sheet, "Blood count").touch("Unit of ANC", "cells/uL")
    sheet.write("ANC", "0.5").press("Record results")
    assert "ANC 0.5 cells/uL is outside 0.01 to 100 10^9/L: check the value and its unit." in sheet.text
    assert site.rows("lab_result") == []
    sheet.tick("Yes, this is right").press("Record results")
    assert site.rows("lab_result")[0]["confirmed"] is True


def test_crp_in_another_unit_than_before_is_asked_once_more(site: Site, sheet: Sheet) -> None:
    store(site, result("crp", 60, "mg/L", 3))
    open_panel(sheet, "Inflammation and clotting").touch("Unit of CRP", "mg/dL")
    sheet.write("CRP", "6").press("Record results")
    assert "CRP is given in mg/dL and was in mg/L before. Is the unit right?" in sheet.text


def test_the_units_of_the_last_results_are_taken_over_with_one_touch(site: Site, sheet: Sheet) -> None:
    store(site, result("anc", 900, "cells/uL", 3), result("platelets", 60, "10^9/L", 3))
    open_panel(sheet, "Blood count").press("Take over the units of the last results")
    units = {group.label: group.value for group in sheet.page.button_group if "Unit" in group.label}
    assert (units["Unit of ANC"], units["Unit of platelets"]) == ("cells/uL", "10^9/L")
    assert units["Unit of hemoglobin"] is None
    sheet.write("ANC", "700").press("Record results")
    assert site.rows("lab_result")[-1]["unit"] == "cells/uL"


def test_an_earlier_sample_keeps_everything_when_its_time_is_wrong(site: Site, sheet: Sheet) -> None:
    sheet.open(code=CODE)
    sheet.touch("Sample taken", "earlier").touch("What was measured", ["Liver and kidney"])
    sheet.touch("Unit of ALT", "U/L").write("ALT", "55").write("Taken, date", "2026-03-40")
    sheet.write("Taken, time", "06:15").press("Record results")
    assert "Enter the date as 2026-03-08." in sheet.text
    sheet.write("Taken, date", "2026-03-06").press("Record results")
    (row,) = site.rows("lab_result")
    assert (row["value"], row["unit"]) == (55, "U/L")


def test_another_value_at_the_same_moment_is_said_and_nothing_is_lost(site: Site, sheet: Sheet) -> None:
    store(site, result("alt", 50, "U/L", 120))
    open_panel(sheet, "Liver and kidney").touch("Unit of ALT", "U/L")
    sheet.write("ALT", "55").press("Record results")
    assert "ALT of 7 Mar 2026 10:00 is already recorded as 50 U/L. Correct it instead." in sheet.text
    assert len(site.rows("lab_result")) == 1


def test_an_empty_panel_is_asked_for_a_value(sheet: Sheet) -> None:
    open_panel(sheet, "Blood count").press("Record results")
    assert "Enter at least one value." in sheet.text


# ---- What stands ----


def test_nobody_is_told_of_results_that_are_not_there(sheet: Sheet) -> None:
    sheet.open(code=CODE)
    assert "No laboratory result is recorded yet." in sheet.text


def test_the_newest_results_say_grade_reason_and_what_is_missing(site: Site, sheet: Sheet) -> None:
    store(site, result("alt", 30, "U/L", -30, uln=40), result("creatinine", 70, "umol/L", -30))
    store(site, result("alt", 250, "U/L", 100, uln=40), result("creatinine", 150, "umol/L", 100, uln=97))
    store(site, result("platelets", 100, "10^9/L", 100), result("ldh", 400, "U/L", 100))
    sheet.open(code=CODE)
    assert "before 2 Mar 2026 10:00" in sheet.text
    assert "ALT 250 U/L, above 5 x ULN 40." in sheet.text
    assert "30 U/L 1 Mar 04:00" in sheet.text
    assert "Platelets 100 10^9/L, LLN not recorded. To settle it: the lower limit of normal." in sheet.text
    assert "LDH 400 U/L 6 Mar 14:00 not graded by CTCAE here not recorded" in sheet.text
    assert "Creatinine 150 umol/L, above 1.5 x ULN 97, above 1.5 x baseline 70." in sheet.text


def test_lymphodepletion_ends_the_time_before_treatment(site: Site, sheet: Sheet) -> None:
    flu = {"patient_id": CODE, "drug": "fludarabine", "giving": "once", "started_at": at(-5 * DAY)}
    record_treatment(TreatmentIn.model_validate(flu), by=site.nurse, now=NOW)
    store(site, result("alt", 30, "U/L", -6 * DAY, uln=40))
    store(site, result("alt", 90, "U/L", -4 * DAY, uln=40))
    sheet.open(code=CODE)
    assert "before 25 Feb 2026 10:00" in sheet.text
    assert "30 U/L 24 Feb 10:00" in sheet.text


def test_the_trend_shows_the_newest_samples_and_all_of_them_on_demand(site: Site, sheet: Sheet) -> None:
    for day in range(-3, 5):
        store(site, result("anc", 1 + day / 10, "10^9/L", DAY * day, lln=1.8))
    sheet.open(code=CODE)
    assert "Results of 6 of 8 samples, newest first" in sheet.text
    assert "Analyte 6 Mar 10:00 5 Mar 10:00" in sheet.text
    assert "Day first, day 4 first, day 3" in sheet.text
    assert "ANC 10^9/L 1.4 2 1.3 2" in sheet.text
    sheet.touch("Samples", "All samples")
    assert "Results of 8 of 8 samples, newest first" in sheet.text


def test_results_in_two_units_show_each_its_own(site: Site, sheet: Sheet) -> None:
    store(site, result("anc", 900, "cells/uL", 3, lln=1800))
    other = "ANC is given in 10^9/L and was in cells/uL before. Is the unit right?"
    store(site, result("anc", 0.7, "10^9/L", 9, lln=1.8), confirmed=(other,))
    sheet.open(code=CODE)
    assert "0.7 3 10^9/L 900 3 cells/uL" in sheet.text


def test_icaht_stands_apart_for_each_infusion_with_its_days(site: Site, sheet: Sheet) -> None:
    made_up.infuse(site.patients[CODE], 2, at(40 * DAY))
    flu = {"patient_id": CODE, "drug": "fludarabine", "giving": "once", "started_at": at(36 * DAY)}
    record_treatment(TreatmentIn.model_validate(flu), by=site.nurse, now=at(37 * DAY))
    store(site, *neutrophils(0, 1, 2.5), *neutrophils(2, 10, 0.4), *neutrophils(11, 34, 2.2))
    store(site, *neutrophils(40, 60, 1.9))
    sheet.now = at(70 * DAY)
    sheet.open(code=CODE)
    text = sheet.text
    assert "ICAHT after the first infusion" in text
    assert "Early ICAHT grade 2: ANC <= 500 cells/uL for 9 days, day 2 to 10." in text
    assert "Day 31 to 100. The next therapy began on day 36 and ends it." in text
    assert "ICAHT after the second infusion" in text
    assert "Early ICAHT not graded yet" in text
    assert "To settle it: ANC of day 21 to 30." in text


def test_an_observation_that_ended_is_said(site: Site, sheet: Sheet) -> None:
    store(site, *neutrophils(0, 50, 2.5))
    site.record(24 * 60, death_due_to="other", now=at(61 * DAY))
    sheet.now = at(80 * DAY)
    sheet.open(code=CODE)
    assert "Day 31 to 100. Observation ended on day 60." in sheet.text


def test_scores_stand_as_numbers_with_what_they_were_made_from(site: Site, sheet: Sheet) -> None:
    store(
        site,
        result("ldh", 300, "U/L", -30),
        result("creatinine", 88.4, "umol/L", -30),
        result("platelets", 150, "10^9/L", -30),
        result("anc", 2.0, "10^9/L", -30),
    )
    store(site, result("ldh", 500, "U/L", 50), result("platelets", 0, "10^9/L", 50))
    sheet.open(code=CODE)
    text = sheet.text
    assert "CAR-HEMATOTOX before the first infusion: 1 to 5, open whether high." in text
    assert "Not recorded: hemoglobin, CRP, ferritin. From results of 1 Mar 2026." in text
    assert "1 Mar 2026 2 LDH 300 U/L, creatinine 88.4 umol/L, platelets 150 10^9/L" in text
    assert "not known: CRP not recorded" in text
    assert "Platelets are 0: EASIX divides by them and has no value." in text


def test_without_platelets_there_is_no_index(site: Site, sheet: Sheet) -> None:
    store(site, result("anc", 2.0, "10^9/L", 3))
    sheet.open(code=CODE)
    assert "EASIX and m-EASIX need LDH and platelets of the same day." in sheet.text
    assert "Nothing that it reads was measured: ferritin, ALT, AST, fibrinogen." in sheet.text


@pytest.mark.parametrize(
    ("ferritin", "fibrinogen", "words"),
    [
        (
            9000,
            1.2,
            "Suspicion of IEC-HS: to be judged by the clinician. Met: ferritin 9000 ng/mL",
        ),
        (200, 3.0, "Open. To decide it:"),
    ],
)
def test_the_suspicion_is_headed_as_one(
    site: Site, sheet: Sheet, ferritin: float, fibrinogen: float, words: str
) -> None:
    store(
        site,
        result("ferritin", ferritin, "ng/mL", 100, uln=400),
        result("fibrinogen", fibrinogen, "g/L", 100, lln=2.0),
        result("alt", 30, "U/L", 100, uln=40),
        result("ast", 30, "U/L", 100, uln=40),
    )
    sheet.open(code=CODE)
    assert "IEC-HS: a suspicion, never a diagnosis" in sheet.text
    assert words in sheet.text
    assert "From the newest results, of 6 Mar 14:00." in sheet.text


def test_a_patient_who_was_not_infused_has_no_value_before_treatment(site: Site, sheet: Sheet) -> None:
    made_up.enrol("CART-050", NOW)
    place = {"patient_id": "CART-050", "taken_at": at(3), "analyte": "alt", "value": 30, "unit": "U/L"}
    store(site, LabResultIn.model_validate(place))
    sheet.open(code="CART-050")
    assert "Not infused yet: no value counts as before treatment." in sheet.text


# ---- Opening, correcting, withdrawing ----


def test_a_value_opens_its_result_which_is_corrected_for_a_reason(site: Site, sheet: Sheet) -> None:
    (stable_id,) = store(site, result("anc", 0.8, "10^9/L", 100, lln=1.8))
    sheet.open(code=CODE)
    assert sheet.link_with("0.8 10^9/L") == f"/laboratory?code=CART-007&r={stable_id}"
    sheet.open(code=CODE, r=stable_id)
    assert "ANC of 6 Mar 2026 14:00" in sheet.text
    sheet.write("Value", "0.4").press("Correct result")
    assert "Say why the result is corrected." in sheet.text
    sheet.write("Why is it corrected", "read from the wrong line").press("Correct result")
    assert "The result is corrected." in sheet.text
    assert "Why version 2: read from the wrong line" in sheet.text
    assert [row["value"] for row in site.rows("lab_result")] == [0.8, 0.4]
    assert site.rows("lab_result")[-1]["taken_at"] == at(100)


def test_a_doubtful_correction_is_asked_once_more(site: Site, sheet: Sheet) -> None:
    (stable_id,) = store(site, result("anc", 0.8, "10^9/L", 100))
    sheet.open(code=CODE, r=stable_id)
    sheet.write("Value", "800").write("Why is it corrected", "typing error").press("Correct result")
    assert "ANC 800 10^9/L is outside" in sheet.text
    sheet.tick("Yes, this is right").press("Correct result")
    assert site.rows("lab_result")[-1]["value"] == 800


def test_a_result_is_withdrawn_for_a_reason(site: Site, sheet: Sheet) -> None:
    (stable_id,) = store(site, result("anc", 0.8, "10^9/L", 100))
    sheet.open(code=CODE, r=stable_id)
    sheet.write("Why is it withdrawn", "another patient's sample").press("Withdraw result")
    assert "ANC of 6 Mar 2026 14:00 is withdrawn." in sheet.text
    assert "This result was withdrawn. It counts for nothing." in sheet.text
    assert "No laboratory result is recorded yet." in sheet.text


def test_another_patient_s_result_does_not_open(site: Site, sheet: Sheet) -> None:
    (stable_id,) = store(site, result("anc", 0.8, "10^9/L", 100))
    sheet.open(code=OTHER_CODE, r=stable_id)
    assert "The result of this link is not among this patient's results." in sheet.text


def test_a_death_is_said(site: Site, sheet: Sheet) -> None:
    site.record(110, death_due_to="other")
    sheet.open(code=CODE)
    assert "nothing after it can be recorded" in sheet.text


def test_a_corrected_date_of_infusion_moves_the_days(site: Site, sheet: Sheet) -> None:
    store(site, *neutrophils(0, 4, 0.4))
    moved = InfusionIn(patient_id=CODE, infusion_number=1, infused_at=at(-2 * DAY))
    correct_infusion(site.infusions[CODE], 1, moved, "wrong date", by=site.coordinator, now=NOW)
    sheet.open(code=CODE)
    assert "ANC <= 500 cells/uL for 5 days, day 2 to 6" in sheet.text
