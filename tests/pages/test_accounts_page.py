"""The page of accounts as an administrator has it, run in memory: codes, roles, switching off and on."""

import pytest

from actions import accounts
from db.roles import Role
from tests.actions.conftest import NOW, Site
from tests.pages.at_the_bedside import Sheet

NAME = "Nurse 李 <b>light</b>"
PASSWORD = "four words are enough"


@pytest.fixture
def sheet(sqlite_site: Site, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return Sheet("office/accounts.py", sqlite_site.people[Role.ADMIN], NOW, monkeypatch).open()


def press(sheet: Sheet, key: str) -> Sheet:
    """Press a button by its key; others have the same words."""
    return sheet.run(lambda: sheet.page.button(key=key).click().run())


def test_a_person_is_added_and_what_was_refused_stays_as_typed(sqlite_site: Site, sheet: Sheet) -> None:
    sheet.write("Username", "nurse li").write("Name shown to others", NAME).press("Add account")
    assert "Choose the role." in sheet.text
    sheet.choose("Role", Role.WARD).press("Add account")
    assert "Username must be 2 to 64" in sheet.text
    assert (sheet.typed("Username"), sheet.typed("Name shown to others")) == ("nurse li", NAME)
    assert sqlite_site.rows("user", display_name=NAME) == []
    sheet.write("Username", "nurse.li").press("Add account")
    assert f"{NAME}, ward. No password yet." in sheet.text
    assert (sheet.typed("Username"), sheet.typed("Name shown to others")) == ("", "")
    (stored,) = sqlite_site.rows("user", username="nurse.li")
    assert (stored["display_name"], stored["role"]) == (NAME, "ward")


def test_a_code_stands_there_until_it_is_noted_and_sets_a_password(sqlite_site: Site, sheet: Sheet) -> None:
    sheet.press("One-time code for ward")
    assert "One-time code for ward" in [one.value for one in sheet.page.header]
    assert "ward is given a one-time code." in sheet.text
    code = sheet.page.code[0].value
    sheet.press("I have noted it")
    assert not sheet.page.code
    assert code not in sheet.text
    accounts.set_password_with_code("ward", code, PASSWORD, now=NOW)
    assert "Ward Example, ward. Never signed in." in sheet.open().text


def test_a_role_is_changed_and_an_account_switched_off_and_on(sqlite_site: Site, sheet: Sheet) -> None:
    nurse = sqlite_site.nurse.user_id
    press(sheet, f"role_{nurse}_coordinator")
    assert "ward is now coordinator." in sheet.text
    assert sqlite_site.rows("user", id=nurse)[0]["role"] == "coordinator"
    press(sheet, f"off_{nurse}")
    assert "ward is switched off." in sheet.text
    assert not sqlite_site.rows("user", id=nurse)[0]["is_active"]
    sheet.press("Switch on ward")
    assert "ward is switched on." in sheet.text
    assert sqlite_site.rows("user", id=nurse)[0]["is_active"]
