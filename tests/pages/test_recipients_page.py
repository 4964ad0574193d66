"""The page of recipients as a coordinator has it, run in memory: who is told, from when, until when."""

from pathlib import Path

import pytest
from sqlmodel import select

from actions import context
from db.models import AuditEvent, Recipient
from db.roles import Group, Role
from db.session import reading
from pages.parts.sheet import unmarked
from settings import Settings
from tests.actions.conftest import NOW, add_person
from tests.pages.at_the_bedside import Sheet
from trial.protocol import load_protocol

ODD_NAME = "*Ward* :red[7] <b>d</b> $x$"


@pytest.fixture
def sheet(sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    """The page while nobody is on the list; NOW is 10:00 at the hospital."""
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    coordinator = add_person(Role.COORDINATOR, "coordinator")
    return Sheet("office/recipients.py", coordinator, NOW, monkeypatch).open()


def add(sheet: Sheet, name: str, address: str, group: Group) -> Sheet:
    sheet.write("Name", name).write("E-mail address", address).choose("Group", group)
    return sheet.press("Add recipient")


def headers(sheet: Sheet) -> list[str]:
    return [one.value for one in sheet.page.header]


def stored() -> dict[str, Recipient]:
    with reading() as session:
        return {one.name: one for one in session.exec(select(Recipient))}


def test_a_recipient_is_added_under_the_very_name_that_was_typed(sheet: Sheet) -> None:
    assert "Nobody is told of alerts. Add a recipient." in sheet.text
    add(sheet, ODD_NAME, "ward@hospital.org, other@hospital.org", Group.WARD)
    assert "Address must be one e-mail address" in sheet.text
    assert (sheet.typed("Name"), stored()) == (ODD_NAME, {})
    sheet.write("E-mail address", "ward@hospital.org").press("Add recipient")
    assert "Told now (1)" in headers(sheet)
    assert ODD_NAME in sheet.frame().headings
    assert stored()[ODD_NAME].address == "ward@hospital.org"


def test_a_recipient_is_ended_unless_it_is_the_last(sheet: Sheet) -> None:
    add(sheet, ODD_NAME, "ward@hospital.org", Group.WARD)
    end = f"End {unmarked(ODD_NAME)}"
    sheet.press(end).press("End now")
    assert f"{ODD_NAME} is the last recipient. Add another first" in sheet.text
    assert stored()[ODD_NAME].valid_to is None
    add(sheet, "Dr Wu", "wu@hospital.org", Group.PI)
    assert "Told now (2)" in headers(sheet)
    sheet.press(end).press("End now")
    assert f"{ODD_NAME} is told of no new alert." in sheet.text
    assert headers(sheet)[-1] == "Told before (1)"
    assert (stored()[ODD_NAME].valid_to, stored()["Dr Wu"].valid_to) == (NOW, None)
    with reading() as session:
        assert len(session.exec(select(AuditEvent).where(AuditEvent.action == "end_recipient")).all()) == 1


def test_a_recipient_begins_later_and_the_steps_say_whom_they_reach(sheet: Sheet) -> None:
    add(sheet, "Dr Li", "li@hospital.org", Group.TREATING)
    assert "Dr Li is told of every alert from now on." in sheet.text
    sheet.write("Told from, date", "2026-03-05").write("Told from, time", "10:00")
    add(sheet, "Dr Sun", "sun@hospital.org\u00a0x", Group.DEPUTY)
    assert "Address must be one e-mail address without spaces" in sheet.text
    sheet.write("E-mail address", "sun@hospital.org").press("Add recipient")
    assert "Told from must not be in the past." in sheet.text
    sheet.write("Told from, date", "2026-03-09").press("Add recipient")
    assert "Dr Sun is told of alerts from 9 Mar 2026 10:00 on." in sheet.text
    assert "Told from later on (1)" in headers(sheet)
    steps = sheet.frame().table("P3: a problem of the program")
    assert len(steps.cells("Deputy investigator: nobody")) == 2
    (groups,) = [one for one in sheet.frame().sentences if one.startswith("Groups with nobody: ")]
    assert "deputy investigator" in groups
    assert "treating investigator" not in groups
