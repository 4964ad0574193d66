"""The safety page: its numbers and where they lead, its filters, and every empty case."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.roles import Role
from pages.committee.safety_parts import view
from tests.pages.safety_page import (
    FEVER,
    GRADE_3,
    Show,
    admit,
    charts,
    day,
    drawn,
    infuse,
    opened,
    record,
    show,
    trial_file,
    words,
)
from tests.support import made_up
from tests.support.made_up import WELL

__all__ = ["show"]


def make_trial() -> None:
    """Three patients infused, one of them twice; one with a grade 3, one dead; one not infused."""
    first = admit("CART-001", WELL, FEVER, GRADE_3, FEVER, WELL, WELL, sex="F", age_years=70)
    infuse(first, WELL, FEVER, days_ago=4, number=2)
    dead = admit("CART-002", WELL, FEVER, WELL, sex="M", age_years=50)
    record("follow_up_event", dead, kind="death", occurred_on=day(10).date(), cause="lymphoma")
    record("treatment", dead, drug="tocilizumab", started_at=day(33))
    infection = {"term": "Lung infection", "grade": 3, "is_infection": True, "infusion_number": 1}
    record("adverse_event", first, onset_on=day(30).date(), **infection)
    admit("CART-003", FEVER, days_ago=1, sex="F", age_years=64)
    made_up.enrol("CART-004", day(3), sex="M", age_years=66)


@pytest.fixture(scope="module")
def trial_url(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> str:
    return trial_file(tmp_path_factory.mktemp("trial"), sqlite_template, make_trial)


@pytest.fixture
def trial(trial_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    with opened(trial_url, tmp_path, monkeypatch) as run:
        yield run


def test_the_first_page_says_where_the_trial_stands(trial: Show) -> None:
    said = words(trial())
    assert "Data up to 20 Apr 2026 09:00 (UTC+08:00)." in said
    assert "of 4 patients infused, 1 of them twice" in said
    assert "events in 1 patient" not in said
    assert "event in 1 patient" in said
    assert "1 lymphoma" in said
    assert said.count("Stopping rule: not reached") == 2
    assert "Events of grade 3 or more (1)" in said
    assert "CRS grade 3: temperature 38.6 °C, norepinephrine (one vasopressor)." in said
    assert "Deaths (1)" in said
    assert "10 Apr 2026" in said


def test_every_number_of_the_first_page_has_its_patients_behind_it(trial: Show) -> None:
    said = words(trial())
    for opens in ("Who was infused?", "Missing where?", "Who had them?", "Who died?", "Who is counted?"):
        behind = said.partition(f"<summary>{opens}</summary>")[2].partition("</details>")[0]
        assert "/patient?code=CART-00" in behind or opens == "Who is counted?"
    assert (
        'Pending: <a class="vigil-link vigil-link-row" href="/patient?code=CART-001&amp;infusion=2"' in said
    )


@pytest.mark.parametrize(
    ("query", "line", "codes"),
    [
        ({}, "Infused twice, still in the trial", ["CART-001"]),
        ({}, "Infused once, died", ["CART-002"]),
        ({}, "Infused once, grade 3 or more after the first", []),
        ({}, "Not infused, still in the trial", ["CART-004"]),
        ({"cutoff": "2026-04-09"}, "Infused once, died", []),
        ({"cutoff": "2026-04-09"}, "Infused once, grade 3 or more after the first", ["CART-001"]),
        ({"sex": "M"}, "Infused twice", []),
    ],
)
def test_the_flow_of_the_patients_obeys_cut_off_and_filter(
    trial: Show, query: dict[str, str], line: str, codes: list[str]
) -> None:
    flow = words(trial(**query)).partition("Patient flow")[2].partition("</table>")[0]
    cell = flow.partition(f">{line}</th>")[2].partition("</tr>")[0]
    assert re.findall(r"/patient\?code=(CART-\d+)", cell) == codes
    if codes:
        assert f"<summary>{len(codes)}</summary>" in cell


def test_only_the_open_tab_is_drawn(trial: Show) -> None:
    assert charts(trial()) == [
        "Patients by worst grade for each toxicity and infusion, with exact rates, as in the table."
    ]
    shown = charts(trial(tab="days"))
    assert [alt.partition(":")[0] for alt in shown] == ["CRS", "CRS", "ICANS", "ICANS"]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"sex": "F"}, {"CART-001", "CART-003"}),
        ({"age": "65-and-over"}, {"CART-001", "CART-004"}),
        ({"age": "under-65", "sex": "M"}, {"CART-002"}),
    ],
)
def test_a_filter_of_patients_is_obeyed_by_numbers_pictures_and_tables(
    trial: Show, query: dict[str, str], kept: set[str]
) -> None:
    for tab in ("overview", "days", "course"):
        app = trial(tab=tab, **query)
        said = without_rules(words(app)) + drawn(app)
        assert {code for code in ("CART-001", "CART-002", "CART-003", "CART-004") if code in said} <= kept
    assert f"{len(kept)} of 4 patients" in words(trial(**query))


def without_rules(said: str) -> str:
    """Under a stopping rule stand all patients, whatever the filter."""
    return re.sub(r"Stopping rule: .*?</details>", "", said)


def test_toxicity_and_infusion_leave_only_their_pictures(trial: Show) -> None:
    app = trial(tab="days", toxicity="icans", infusion="1")
    assert [alt.partition(":")[0] for alt in charts(app)] == ["ICANS", "ICANS"]
    assert "Second infusion" not in drawn(app)
    assert "Events of grade 3 or more (0)" in words(trial(toxicity="icans"))
    assert "Events of grade 3 or more (0)" in words(trial(infusion="2"))


def test_the_cut_off_hides_what_came_later(trial: Show) -> None:
    said = words(trial(cutoff=str(day(30).date())))
    assert "Data up to 21 Mar 2026 23:59 (UTC+08:00), as known now." in said
    assert "of 2 patients infused, 0 of them twice" in said
    assert "Deaths (0)" in said


def test_an_impossible_filter_gets_a_sentence_and_shows_everything(trial: Show) -> None:
    said = words(trial(toxicity="fever", cutoff="yesterday", tab="all"))
    assert "The toxicity “fever” is not known. Use crs or icans; all are shown now." in said
    assert "The data cut-off “yesterday” is not a date." in said
    assert "There is no part “all” of this page. The overview is shown." in said
    assert "of 4 patients infused" in said


def test_what_is_chosen_stands_in_the_address(trial: Show) -> None:
    app = trial()
    app.button_group(key="safety-filter-toxicity").set_value("crs").run()
    assert app.query_params["toxicity"] == "crs"
    app.button_group(key="safety-filter-toxicity").set_value("both").run()
    assert "toxicity" not in app.query_params


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"disease": "pmbcl"}, "Nobody of 4 patients fits this choice."),
        ({"cutoff": "2026-01-01"}, "No infusion recorded before the cut-off of 1 Jan 2026."),
        (
            {"infusion": "2", "cutoff": "2026-03-31"},
            "No second infusion recorded before the cut-off of 31 Mar 2026.",
        ),
    ],
)
def test_nobody_has_a_sentence_and_a_way_back(trial: Show, query: dict[str, str], sentence: str) -> None:
    app = trial(**query)
    assert sentence in words(app)
    assert "Show everyone" in words(app)
    assert charts(app) == []


def test_nobody_enrolled_and_nobody_infused(show: Show) -> None:
    assert "No infusion recorded before the cut-off of 20 Apr 2026." in words(show())
    made_up.enrol("CART-001", day(3))
    assert "No infusion recorded before the cut-off of 20 Apr 2026." in words(show())


def test_whoever_is_enrolled_in_this_minute_is_shown(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    patient_id = made_up.enrol("CART-001", day(0) + timedelta(seconds=5))
    infuse(patient_id, FEVER, days_ago=2, number=1)
    monkeypatch.setattr("pages.committee.safety_parts.top.utc_now", lambda: day(0) + timedelta(seconds=40))
    assert "of 1 patient infused" in words(show())


def every_tab(**query: str) -> None:
    """A page that draws all tabs at once."""
    import streamlit as st

    from actions import context
    from clock import utc_now
    from db.session import reading
    from pages.committee.safety_parts.tabs import TABS
    from pages.committee.safety_parts.view import load_view
    from trial.safety_filter import read_filter

    zone, now = context.settings().zone, utc_now()
    asked = read_filter(query, now.astimezone(zone).date())
    with reading() as session:
        view = load_view(session, asked, now=now, protocol=context.protocol(), zone=zone)
    for tab in TABS.values():
        st.subheader(tab.words)
        tab.show(view)


def all_at_once(**query: str) -> str:
    app = AppTest.from_function(every_tab, kwargs=query, default_timeout=60).run()
    assert not app.exception
    return words(app) + drawn(app)


def test_without_a_second_infusion_every_tab_is_drawn(show: Show) -> None:
    admit("CART-001", WELL, FEVER, WELL)
    said = all_at_once()
    assert "of 1 patient infused, 0 of them twice" in said
    assert "no second infusion" in said


def test_a_death_on_day_0_is_drawn(show: Show) -> None:
    admit("CART-001", {**FEVER, "death_due_to": "other"})
    said = all_at_once()
    assert "1 another cause" in said
    assert "<td>0</td><td>no infusion</td><td>another cause</td>" in said


def test_everyone_censored_is_drawn(show: Show) -> None:
    admit("CART-001", WELL, WELL)
    admit("CART-002", WELL, days_ago=2)
    assert "Events of grade 3 or more (0)" in all_at_once()


def test_infused_and_not_assessed_yet_is_drawn(show: Show) -> None:
    patient_id = admit("CART-001", WELL)
    infuse(patient_id, days_ago=1, number=2)
    said = all_at_once(infusion="2")
    assert "0 complete, 1 open" in said


def test_rates_and_course_show_counts_first_and_obey_the_filter(trial: Show) -> None:
    app = trial(tab="rates", toxicity="crs")
    assert "<b>CRS</b>, 1 infused twice: 1 lower, 0 same, 0 higher" in drawn(app)
    assert "ICANS" not in drawn(app)
    assert "This trial, second infusion" in drawn(app)
    app = trial(tab="course", infusion="1")
    assert "<b>CRS</b>, first infusion: 3 of 3 affected" in drawn(app)
    assert "second infusion" not in drawn(app)


def test_the_tables_hold_what_the_pictures_show(trial: Show) -> None:
    app = trial(tab="course", toxicity="crs")
    for name in ("table-time-course-1", "table-incidence"):
        app.session_state[name] = True
    said = words(app.run())
    assert "CRS, first infusion: 3 of 3 affected; median onset day 1 (0 to 1)" in said
    assert "day 1 to 3 (3 d)" in said
    assert "CRS grade 3 or more, first infusion: cumulative incidence" in said
    assert "<td>day 2, the grade</td>" in said
    app = trial(tab="rates", toxicity="crs")
    for name in ("table-shift", "table-reference"):
        app.session_state[name] = True
    said = words(app.run())
    assert "CRS: 1 infused twice; a number opens its patients" in said
    assert "barred" in said
    assert "YESCARTA, US prescribing information of October 2017" in said


def test_infections_counts_and_treatments_name_their_denominators(trial: Show) -> None:
    app = trial(tab="infections")
    assert "Infections, first infusion" in drawn(app)
    assert "After the first infusion: 1 infection in 60 patient-days: 1.67 per 100" in words(app)
    assert "Every infection (1)" in words(app)
    assert "Lung infection" in words(app)
    assert "0 infections in" in words(trial(tab="infections", infusion="2"))
    assert "Early ICAHT, first infusion" in drawn(trial(tab="counts"))
    said = drawn(trial(tab="treatments", infusion="1"))
    assert "2 complete, 1 open" in said
    assert "1 of 2 (50 %; 1 to 99 %)" in said


def test_a_named_day_is_opened_with_its_entries(trial: Show) -> None:
    said = words(trial(tab="days", code="CART-001", opened="crs", number="1", day="2"))
    assert "CART-001, first infusion, day 2, 18 Mar 2026" in said
    assert "CRS grade 3: temperature 38.6 °C" in said
    missing = words(trial(tab="days", code="CART-009", opened="crs", number="1", day="2"))
    assert "No such patient or infusion in this view." in missing


def test_many_patients_come_in_sheets(trial: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.committee.safety_parts.sheets.PATIENTS_ON_A_SHEET", 2)
    first, second = trial(tab="days"), trial(tab="days", sheet="2")
    assert "Patients 1 to 2 of 4 by study code." in words(first)
    assert "Later patients" in words(first)
    assert "Patients 3 to 4 of 4" in words(second)
    assert "CART-001" not in second.get("plotly_chart")[0].proto.spec
    assert "Patients 3 to 4 of 4" in words(trial(tab="days", sheet="99"))


def test_many_affected_patients_come_in_sheets(trial: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.committee.safety_parts.sheets.PATIENTS_ON_A_SHEET", 2)
    app = trial(tab="course", sheet="2", toxicity="crs")
    assert "Affected patients 3 to 3 of 3 by study code." in words(app)
    lanes = app.get("plotly_chart")[0].proto.spec
    assert "CART-003" in lanes
    assert "CART-001" not in lanes
    assert "3 of 3 affected" in lanes
    app.session_state["table-time-course-2"] = True
    table = words(app.run()).partition("<table")[2].partition("</table>")[0]
    assert "CART-003" in table
    assert "CART-001" not in table


def test_another_sheet_stays_in_the_tab_that_is_open(trial: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.committee.safety_parts.sheets.PATIENTS_ON_A_SHEET", 2)

    def opened_with_another(*args: Any, **more: Any) -> view.View:
        """A tab that is touched is drawn alone, with what was loaded when another was open."""
        return replace(view.load_view(*args, **more), at=(("tab", "days"),))

    monkeypatch.setattr("pages.committee.safety_parts.top.load_view", opened_with_another)
    assert "/safety?tab=patients&amp;sheet=2" in words(trial(tab="patients"))


def test_the_same_data_are_read_once(trial: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    trial(tab="days")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    for name in ("load_people", "load_committee", "load_courses"):
        monkeypatch.setattr(view, name, never)
    trial(tab="days")


@pytest.mark.parametrize("role", [Role.WARD, Role.COORDINATOR, Role.ADMIN, Role.DISPLAY])
def test_the_page_is_closed_to_other_roles(trial: Show, role: Role) -> None:
    app = trial(role=role)
    assert "does not have this page" in words(app)
    assert "CART-001" not in words(app)
