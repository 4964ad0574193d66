"""The page of infusions and stays as a coordinator has it, in memory, and which roles have none."""

import pytest

from actions.patients import enrol_patient
from actions.permissions import Page, may_see
from db.inputs import PatientIn
from db.roles import SYSTEM, Role
from tests.actions.conftest import CODE, NOW, Site, at
from tests.pages.at_the_bedside import Sheet
from trial.calendar import StayKind

NEW = "CART-012"
"""Enrolled and not infused."""


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    sqlite_site.patients[NEW] = enrol_patient(PatientIn(study_code=NEW), by=SYSTEM, now=at(-48))
    return sqlite_site


@pytest.fixture
def sheet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return Sheet("office/infusions.py", site.coordinator, NOW, monkeypatch)


def write_moment(sheet: Sheet, label: str, on: str, at_time: str) -> Sheet:
    return sheet.write(f"{label}, date", on).write(f"{label}, time", at_time)


def test_an_infusion_is_recorded_once_its_time_and_a_rare_weight_are_settled(
    site: Site, sheet: Sheet
) -> None:
    write_moment(sheet.open(code=NEW), "Infusion", "2026-03-05", "25:00")
    sheet.write("Dose in cells/kg", "2e6").press("Record the first infusion")
    assert "Enter the time as 02:30, on the 24 h clock." in sheet.text
    assert (sheet.typed("Infusion, time"), sheet.typed("Dose in cells/kg")) == ("25:00", "2e6")
    sheet.write("Infusion, time", "10:30").write("Weight in kg", "28").press("Record the first infusion")
    assert "Weight of 28 kg is rare. Is it right?" in sheet.text
    assert site.rows("infusion", patient_id=site.patients[NEW]) == []
    sheet.tick("Yes, this is right").press("Record the first infusion")
    assert f"The first infusion of {NEW} is recorded. The patient is on the board now." in sheet.text
    (stored,) = site.rows("infusion", patient_id=site.patients[NEW])
    assert (stored["dose_cells_per_kg"], stored["weight_kg"]) == (2e6, 28)


def test_going_home_early_needs_its_reason_and_ends_the_running_stay(site: Site, sheet: Sheet) -> None:
    write_moment(sheet.open(code=CODE).touch("Place", StayKind.WARD), "From", "2026-03-01", "08:00")
    sheet.press("Record stay")
    assert f"The stay of {CODE} is recorded." in sheet.text
    write_moment(sheet.touch("Place", StayKind.HOME), "From", "2026-03-07", "08:00")
    sheet.tick("It ends the running stay (ward from 1 Mar 2026 08:00)").press("Record stay")
    assert "Say why the patient goes home before day 14" in sheet.text
    assert sheet.typed("From, date") == "2026-03-07"
    assert len(site.rows("stay")) == 1
    sheet.write("Reason", "wish of the patient").press("Record stay")
    assert f"The stay of {CODE} is recorded." in sheet.text
    ward, home = sorted(site.rows("stay", superseded_at=None), key=lambda stay: stay["from_at"])
    assert (ward["kind"], home["kind"]) == ("ward", "home")
    assert ward["to_at"] == home["from_at"]


def test_an_infusion_is_corrected_with_a_reason(site: Site, sheet: Sheet) -> None:
    sheet.open(code=CODE).write("Lot", "=A1").press("Correct")
    assert "Say why the infusion is corrected" in sheet.text
    assert sheet.typed("Lot") == "=A1"
    sheet.write("Why is it corrected", "lot forgotten").press("Correct")
    assert f"The first infusion of {CODE} is corrected." in sheet.text
    table = sheet.frame().table(f"The first infusion of {CODE}")
    assert table.cells("Lot") == ["Lot", "=A1", "not recorded"]
    assert table.cells("Why corrected") == ["Why corrected", "lot forgotten", ""]
    (stored,) = site.rows("infusion", patient_id=site.patients[CODE])
    assert (stored["lot"], stored["version"]) == ("=A1", 2)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("page", [Page.INFUSIONS, Page.RECIPIENTS])
def test_a_page_of_the_office_shows_nothing_to_roles_without_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, page: Page, role: Role
) -> None:
    sheet = Sheet(f"office/{page.value}.py", site.people[role], NOW, monkeypatch).open(code=CODE)
    shown = "Ward 7" if page is Page.RECIPIENTS else f"Stays of {CODE}"
    assert ("does not have this page" in sheet.text) is not may_see(role, page)
    assert (shown in sheet.text) is may_see(role, page)
