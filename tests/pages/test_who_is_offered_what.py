"""What a ward page offers to whom: asked of the server's page itself, as the offer is made there."""

from typing import Final

import pytest

from db.roles import Role
from tests.actions.conftest import CODE, NOW, SHOCK, Site
from tests.pages.at_the_bedside import Sheet

AN_HOUR_BEFORE: Final = 119.0
"""Hours after the infusion."""


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    """A patient in grade 3 an hour before NOW, entered by an investigator."""
    sqlite_site.record(AN_HOUR_BEFORE, by=sqlite_site.investigator, **SHOCK)
    return sqlite_site


def open_as(site: Site, monkeypatch: pytest.MonkeyPatch, script: str, role: Role, **address: str) -> Sheet:
    return Sheet(f"ward/{script}", site.people[role], NOW, monkeypatch).open(**address)


@pytest.mark.parametrize(
    ("role", "asked"),
    [(Role.INVESTIGATOR, True), (Role.WARD, False), (Role.COMMITTEE, False), (Role.ADMIN, False)],
)
def test_only_an_investigator_is_asked_what_was_done(
    site: Site, monkeypatch: pytest.MonkeyPatch, role: Role, asked: bool
) -> None:
    (alert,) = site.rows("alert", signal="grade3")
    sheet = open_as(site, monkeypatch, "alerts.py", role, a=str(alert["id"]))
    answers = [group for group in sheet.page.button_group if "Drug given" in group.options]
    assert f"{CODE} has grade 3 CRS" in sheet.text
    assert ("An investigator acknowledges it." in sheet.text) is not asked
    assert bool(answers) is asked


@pytest.mark.parametrize(
    ("role", "offered"), [(Role.INVESTIGATOR, True), (Role.WARD, False), (Role.COMMITTEE, False)]
)
def test_only_who_may_correct_is_offered_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, role: Role, offered: bool
) -> None:
    (entry,) = site.rows("assessment")
    sheet = open_as(site, monkeypatch, "patient.py", role, code=CODE, a=entry["stable_id"])
    assert "Close this entry" in sheet.text
    assert ("Correct this entry" in sheet.buttons) is offered


@pytest.mark.parametrize(("role", "offered"), [(Role.INVESTIGATOR, True), (Role.WARD, False)])
def test_only_an_investigator_is_offered_not_crs(
    site: Site, monkeypatch: pytest.MonkeyPatch, role: Role, offered: bool
) -> None:
    sheet = open_as(site, monkeypatch, "assess.py", role, code=CODE)
    judgement = next(one for one in sheet.page.button_group if one.label == "**Judgement on CRS**")
    assert "These signs are CRS" in judgement.options
    assert ("These signs are not CRS" in judgement.options) is offered
