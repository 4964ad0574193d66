"""The patient page: who, where and how graded, every version of an entry, and the ways on."""

from datetime import timedelta

import pytest

from db.roles import Actor
from pages.ward.patient_parts import picture
from tests.actions.conftest import CODE, NOW, OTHER_CODE, SHOCK, WELL, Site
from tests.pages.at_the_bedside import Sheet
from tests.support import made_up

SIGNS_ONLY = dict.fromkeys(
    ("ice_score", "consciousness", "seizure", "motor_weakness", "edema_or_raised_icp"), None
)
FEVER = {**WELL, "temperature_c": 38.6}


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    return sqlite_site


@pytest.fixture
def sheet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return page_of(site.investigator, monkeypatch)


def page_of(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return Sheet("ward/patient.py", actor, NOW, monkeypatch)


def test_the_page_says_who_where_and_both_grades(site: Site, sheet: Sheet) -> None:
    site.record(116)
    site.record(119, **SIGNS_ONLY)
    page = sheet.open(code=CODE).frame()
    assert page.headings[0] == CODE
    assert "First infusion, day 5. Last assessment 09:00, 1 h ago." in sheet.text
    # ICE was not due at the last entry: the grade settled before it stands, with its time.
    assert page.images[:2] == ["CRS grade 0", "ICANS grade 0"]
    assert ", settled " in sheet.text
    assert f"Assess {CODE}" in sheet.buttons


def test_every_version_stands_with_its_reason(site: Site, sheet: Sheet) -> None:
    site.record(100)
    (entry,) = site.rows("assessment")
    reason = "The line of another patient was read"
    made_up.correct(entry["stable_id"], NOW - timedelta(hours=2), reason, temperature_c=36.2)
    sheet.open(code=CODE, a=entry["stable_id"])
    opened = sheet.frame("patient-entry")
    assert any("Version 2 entered 7 Mar 2026 08:00" in line for line in opened.sentences)
    assert opened.table("Values").cells("Temperature")[1:] == ["36.2 °C", "36.8 °C"]
    assert any(reason in remark for remark in opened.remarks)
    assert sheet.frame().table("1 of 1 entry").rows[0][-1].text == "2, corrected"


def test_a_comment_is_shown_as_it_was_typed(site: Site, sheet: Sheet) -> None:
    comment = "=1+1 <b>bold</b> *stars* 患者 مريض"
    saved = site.record(100, comment=comment)
    remarks = sheet.open(code=CODE, a=saved.stable_id).frame("patient-entry").remarks
    assert f"Comment in version 1: {comment}" in remarks


def test_a_point_is_touched_while_another_entry_stands_open(
    site: Site, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, touched = site.record(100), site.record(104)
    monkeypatch.setattr(picture, "_chosen_id", lambda _chosen: touched.stable_id)
    sheet.open(code=CODE, a=opened.stable_id)
    for frame, hour in (("patient-entry", "14:00"), ("patient-point", "18:00")):
        (header,) = sheet.frame(frame).block.header
        assert header.value == f"Entry of 6 Mar 2026 {hour}"
    assert sheet.buttons.count("Correct this entry") == 2


def test_the_entry_that_stands_open_does_not_stand_there_twice(
    site: Site, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = site.record(100)
    monkeypatch.setattr(picture, "_chosen_id", lambda _chosen: opened.stable_id)
    sheet.open(code=CODE, a=opened.stable_id)
    assert "The entry of this point stands open above the picture." in sheet.text
    assert sheet.buttons.count("Correct this entry") == 1


def test_the_grid_says_done_missing_and_to_come_in_words(site: Site, sheet: Sheet) -> None:
    saved = site.record(112.1, **SIGNS_ONLY)  # 02:06 on day 5
    grid = sheet.open(code=CODE).frame().table("Signs: temperature, systolic pressure and SpO2.")
    assert grid.cells("5 7 Mar")[1:5] == [
        "Signs done",
        "Signs missing ICE missing",
        "Signs due now",
        "Signs to come ICE to come",
    ]
    assert sheet.link_with("done") == f"/patient?code={CODE}&a={saved.stable_id}"


def test_an_open_alert_leads_to_its_answer_and_reminders_are_no_orders(
    site: Site, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.record(114)
    site.record(119, **SHOCK)
    (alert,) = site.rows("alert", signal="grade3")
    sheet.open(code=CODE)
    assert "not acknowledged" in sheet.text.lower()
    assert "Reminder, not an order" in [header.value for header in sheet.page.header]
    assert "dexamethasone 10 mg every 6 h" in sheet.text
    # The second link is that of the bar.
    assert sheet.link_with("Open the alert") == f"/alerts?a={alert['id']}"
    alerts = Sheet("ward/alerts.py", site.investigator, NOW, monkeypatch).open(a=str(alert["id"]))
    (heading,) = alerts.frame(f"alert-card-{alert['id']}").headings
    assert heading.startswith(f"{CODE} has grade 3 CRS")


def test_a_second_infusion_has_a_course_of_its_own(site: Site, sheet: Sheet) -> None:
    patient_id = made_up.enrol("CART-121", NOW - timedelta(days=40))
    for number, days_ago, values in ((1, 30, FEVER), (2, 2, WELL)):
        infusion_id = made_up.infuse(patient_id, number, NOW - timedelta(days=days_ago))
        made_up.assess(patient_id, infusion_id, [(NOW - timedelta(days=days_ago - 1), values)])
    sheet.open(code="CART-121")
    assert "Second infusion, day 2" in sheet.text
    sheet.touch("Infusion", 1)
    assert "monitoring has ended" in sheet.text
    assert "CRS grade 1" in sheet.frame().table("1 of 1 entry").cells()


def test_a_patient_without_an_entry_is_told_what_comes_first(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(site.nurse, monkeypatch).open(code=CODE).frame()
    assert any(words.startswith("No assessment yet. First one due 2 Mar 10:00") for words in page.remarks)


def test_an_unknown_code_is_answered_with_the_ones_there_are(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = page_of(site.nurse, monkeypatch).open(code="<b>CART-999")
    words = "There is no patient with the study code <b>CART-999. Choose one of these."
    assert words in sheet.frame().remarks
    assert sheet.frame().links() == {code: f"/patient?code={code}" for code in (CODE, OTHER_CODE)}
    assert sheet.open(code=CODE).frame().headings[0] == CODE
