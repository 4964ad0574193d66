"""The assess page: what is asked, answered at its box, graded before Save, stored, and said on the board."""

from datetime import datetime, timedelta

import pytest

from actions import context
from db.roles import Actor
from tests.actions.conftest import CODE, NOW, OTHER_CODE, Site
from tests.pages.assess_page import SAVE, AssessPage

TEMPERATURE, SYSTOLIC, SPO2 = "Temperature (°C)", "Systolic (mmHg)", "SpO2 (%)"
FLOW, ICE_TOTAL, TIME = (
    "Oxygen flow (L/min)",
    "Total, where only the total is known",
    "Time (24 h, such as 02:30)",
)
GIVEN = "Given since the last assessment"


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    return sqlite_site


@pytest.fixture
def page(site: Site, monkeypatch: pytest.MonkeyPatch) -> AssessPage:
    """The form of a patient without any entry, opened by a nurse at 10:00."""
    return page_of(site.nurse, monkeypatch).open(code=CODE)


def page_of(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> AssessPage:
    return AssessPage(actor, NOW, monkeypatch)


def test_nothing_clinical_stands_in_a_box_before_it_is_touched(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.record(116, temperature_c=37.96)
    page = page_of(site.investigator, monkeypatch).open(code=CODE)
    assert {box.value for box in page.page.number_input} == {None}
    assert {box.value for box in [*page.page.text_input, *page.page.text_area]} == {""}
    chosen = {group.label: group.formatted_values for group in page.page.button_group}
    assert {label: words for label, words in chosen.items() if words} == {
        "Observed (UTC+08:00)": ["Now (10:00)"]
    }
    assert "Last: 37.96 at 06:00" in page.lines


def test_fever_and_a_vasopressor_are_at_least_3_before_save_and_people_are_told(page: AssessPage) -> None:
    page.fill(TEMPERATURE, 38.6)
    page.tap("Support for blood pressure", "Vasopressor")
    page.tap("Which vasopressors are running?", "norepinephrine")
    assert page.bar[:3] == [
        "CRS at least grade 3",
        "Temperature 38.6 °C; norepinephrine (one vasopressor).",
        "To settle it: oxygen device",
    ]
    said = page.press(SAVE).said_on_the_board()
    assert said.startswith("Saved. CART-007 at 10:00: CRS at least 3, ICANS not graded yet.")
    assert "1 person is being told now. Record the oxygen device to settle CRS." in said


def test_a_value_that_cannot_be_is_answered_at_its_box_and_above_save(site: Site, page: AssessPage) -> None:
    page.fill(TEMPERATURE, 100.4).fill(SPO2, 200)
    assert "Temperature must be 25 to 45 °C; 100.4 °F is 38.0 °C." in page.lines
    assert "SpO2 must be 1 to 100 %." in page.lines
    assert page.bar[0] == "CRS not graded yet"
    page.press(SAVE)
    assert page.bar[0] == "Two things to put right: Temperature, SpO2"
    assert page.box(TEMPERATURE).value == 100.4
    assert site.rows("assessment") == []
    page.press("Yes, 38")
    assert page.box(TEMPERATURE).value == 38
    assert page.bar[0] == "One thing to put right: SpO2"


def test_values_that_cannot_be_are_each_answered_and_none_is_saved(site: Site, page: AssessPage) -> None:
    for label, typed, answer in (
        (SPO2, 970, "SpO2 must be 1 to 100 %."),
        (SYSTOLIC, 82, ""),
        ("Diastolic (mmHg)", 86, "Diastolic must be below systolic (82)."),
        ("Heart rate (per min)", -5, "Heart rate must be 0 to 300 per minute."),
        ("Respiratory rate (per min)", 1e9, "Respiratory rate must be 0 to 100 per minute."),
    ):
        assert answer not in page.lines
        page.fill(label, typed)
        assert not answer or answer in page.lines
    page.tap("ICE score", "Score the items").fill(ICE_TOTAL, 11)
    assert "ICE score must be 0 to 10." in page.lines
    page.press(SAVE)
    assert page.bar[0] == (
        "Five things to put right: Diastolic pressure, Heart rate, Respiratory rate, SpO2, ICE score"
    )
    assert page.box(SPO2).value == 970
    assert site.rows("assessment") == []


def test_none_of_these_excludes_the_others_and_the_others_exclude_it(page: AssessPage) -> None:
    for choice, left in (
        ("tocilizumab", ["tocilizumab"]),
        ("dexamethasone", ["tocilizumab", "dexamethasone"]),
        ("None of these", ["None of these"]),
        ("ibuprofen", ["ibuprofen"]),
        ("ibuprofen", []),
    ):
        page.tap(GIVEN, choice)
        assert page.chosen(GIVEN) == left


def test_a_tick_in_a_block_says_nothing_of_the_other_signs(site: Site, page: AssessPage) -> None:
    page.tap("Seizure, weakness", "Seizure").press(SAVE)
    assert page.bar[0] == "One thing to put right: which seizure"
    assert "Choose which kind of seizure it was." in page.lines
    page.tap("Which kind of seizure?", "Seizure that resolves rapidly")
    assert "ICANS at least grade 3" in page.bar
    page.tap("And looked for, but not there?", "No weakness").press(SAVE)
    assert page.said_on_the_board().startswith("Saved. ")
    (row,) = site.rows("assessment")
    assert (row["seizure"], row["motor_weakness"], row["edema_or_raised_icp"]) == ("brief", "none", None)


def test_a_rare_value_and_a_cannula_without_flow_are_asked_once_more(site: Site, page: AssessPage) -> None:
    page.fill(TEMPERATURE, 31.4).tap("Oxygen", "Nasal cannula")
    assert page.box(FLOW).value is None
    page.press(SAVE)
    asked = " ".join(page.bar[:2])
    assert "31.4" in asked
    assert "Enter the oxygen flow in L/min" in asked
    assert site.rows("assessment") == []
    page.press("Yes, save").said_on_the_board()
    (row,) = site.rows("assessment")
    assert (row["temperature_c"], row["oxygen_device"], row["oxygen_l_per_min"]) == (
        31.4,
        "nasal_cannula",
        None,
    )


def test_oxygen_flow_goes_with_its_device(site: Site, page: AssessPage) -> None:
    page.tap("Oxygen", "Nasal cannula").fill(FLOW, 3)
    page.tap("Oxygen", "Room air")
    assert FLOW not in [box.label for box in page.page.number_input]
    page.press(SAVE).said_on_the_board()
    (row,) = site.rows("assessment")
    assert (row["oxygen_device"], row["oxygen_l_per_min"]) == ("room_air", None)


def test_the_ice_is_scored_item_by_item_with_what_it_could_still_be(page: AssessPage) -> None:
    page.tap("ICE score", "Score the items").tap("Orientation", "0")
    assert "Sum of the items: 0 of 10, 4 items open." in page.lines
    assert "ICANS at least grade 2" in page.bar
    page.fill(ICE_TOTAL, 7)
    assert any(line.startswith("ICE score is 7, ") for line in page.lines)
    page.tap("ICE score", "Not done").tap("Why was the ICE not done?", "Sedated")
    assert "ICANS not graded yet" in page.bar
    assert not any("ICE score is 7" in line for line in page.lines)


def test_an_earlier_time_is_stored_as_observed_and_the_future_is_refused(
    site: Site, page: AssessPage
) -> None:
    page.touch("Observed (UTC+08:00)", "earlier").tap("Day", "Today, 7 Mar 2026")
    page.say(TIME, "11:30")
    assert any("must not be in the future" in line for line in page.lines)
    page.say(TIME, "soon")
    assert "Enter the time as 02:30, on the 24 h clock." in page.lines
    page.tap("Day", "Yesterday, 6 Mar 2026").say(TIME, "0230")
    assert not any("24 h clock" in line for line in page.lines)
    page.fill(TEMPERATURE, 37.2).press(SAVE)
    assert page.said_on_the_board().startswith("Saved. CART-007 at 6 Mar 02:30")
    (row,) = site.rows("assessment")
    assert row["assessed_at"] == datetime(2026, 3, 6, 2, 30, tzinfo=context.settings().zone)


def test_an_entry_without_any_observation_is_not_stored(site: Site, page: AssessPage) -> None:
    page.press(SAVE)
    assert page.bar[0].startswith("Nothing is recorded yet. Record what was observed, or say below why")
    assert site.rows("assessment") == []
    page.fill(TEMPERATURE, 36.8)
    assert page.bar[0] == "CRS grade 0"


def test_a_comment_too_long_is_kept_and_refused(site: Site, page: AssessPage) -> None:
    page.say("Comment", "x" * 10_000)
    assert any(line.startswith("Comment must ") and "2,000" in line for line in page.lines)
    page.press(SAVE)
    assert page.bar[0] == "One thing to put right: Comment"
    assert page.words_in("Comment") == "x" * 10_000
    assert site.rows("assessment") == []


def test_save_takes_the_draft_with_it_and_the_next_form_is_empty(site: Site, page: AssessPage) -> None:
    page.fill(TEMPERATURE, 37.2)
    assert len(site.rows("draft")) == 1
    page.press(SAVE).said_on_the_board()
    assert site.rows("draft") == []
    page.now += timedelta(minutes=1)
    assert page.open(code=CODE).box(TEMPERATURE).value is None


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"code": "CART-999"}, "No patient CART-999 is enrolled."),
        ({"code": "CART-999", "correct": "nothing"}, "No patient CART-999 is enrolled."),
        ({"code": "<b>x</b>"}, "No patient <b>x</b> is enrolled."),
        ({"code": CODE, "correct": "nothing"}, "This entry is not known."),
    ],
)
def test_an_address_that_leads_nowhere_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch, address: dict[str, str], sentence: str
) -> None:
    page = page_of(site.nurse, monkeypatch).open(**address).frame()
    assert [words[: len(sentence)] for words in page.remarks] == [sentence]
    assert page.links() == {"To the board": "/"}


def test_without_a_patient_the_page_lets_choose_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(site.nurse, monkeypatch).open()
    assert page.buttons == [f"{code}, first infusion, day 5" for code in (CODE, OTHER_CODE)]
    page.press(page.buttons[1])
    assert page.frame().headings == [f"Assess {OTHER_CODE}"]
