"""The board as a page: who stands under which heading, and what it offers to whom."""

from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from actions import context
from db.roles import Role
from settings import Settings
from tests.actions.conftest import CODE, NOW, OTHER_CODE, SHOCK, Site, add_person, at
from tests.pages.at_the_bedside import Sheet
from tests.support import made_up
from trial.protocol import load_protocol


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    """One patient in shock for half an hour; the other is well, and had an alert that was a mistake."""
    mistake = sqlite_site.record(100, code=OTHER_CODE, **SHOCK)
    made_up.correct(mistake.stable_id, at(101), "Charted for another patient", status="voided")
    for hours in (114, 118):
        sqlite_site.record(hours, code=OTHER_CODE)
    sqlite_site.record(114)
    sqlite_site.record(119.5, **{**SHOCK, "oxygen_device": None})
    return sqlite_site


def board(site: Site, monkeypatch: pytest.MonkeyPatch, role: Role) -> Sheet:
    return Sheet("ward/board.py", site.people[role], NOW, monkeypatch).open()


def test_who_needs_somebody_stands_first_and_only_there_a_button_is_filled(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = board(site, monkeypatch, Role.INVESTIGATOR)
    assert [header.value for header in page.page.header] == ["Needs you now (1)", "On schedule (1)"]
    card = page.frame(f"board-card-{site.patients[CODE]}")
    assert card.headings == [CODE]
    assert card.images[0] == "CRS at least grade 3"
    assert any("CRS at least 3 since" in line for line in card.sentences)
    filled = [button.label for button in page.page.button if button.proto.type == "primary"]
    assert filled == [f"Assess {CODE}"]


def test_each_button_leads_to_the_page_of_its_patient(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    led_to: list[Any] = []
    monkeypatch.setattr(st, "switch_page", lambda script, query_params: led_to.append((script, query_params)))
    page = board(site, monkeypatch, Role.INVESTIGATOR)
    (alert,) = site.rows("alert", signal="grade3", infusion_id=site.infusions[CODE])
    for button, code, script, query in (
        ("assess", OTHER_CODE, "ward/assess.py", {"code": OTHER_CODE}),
        ("open", OTHER_CODE, "ward/patient.py", {"code": OTHER_CODE}),
        ("acknowledge", CODE, "ward/alerts.py", {"a": str(alert["id"])}),
    ):
        key = f"board-{button}-{site.patients[code]}"
        page.run(page.page.button(key=key).click().run)
        assert led_to.pop() == (script, query)


def test_a_wall_display_shows_the_board_without_buttons(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    page = board(site, monkeypatch, Role.DISPLAY)
    assert page.frame(f"board-card-{site.patients[CODE]}").images[0] == "CRS at least grade 3"
    assert page.buttons == []
    assert page.frame().links() == {}


def test_an_empty_board_says_who_will_stand_there(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    nurse = add_person(Role.WARD, "nurse")
    page = Sheet("ward/board.py", nurse, NOW, monkeypatch).open().frame()
    assert page.headings == ["Ward board"]
    assert page.remarks == ["Nobody is in monitoring. A patient appears here from the day of infusion."]
