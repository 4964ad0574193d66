"""The assess page: a draft is offered to its writer, gone on with for 2 hours, after that only read."""

from datetime import timedelta

import pytest

from tests.actions.conftest import CODE, NOW, Site
from tests.pages.assess_page import SAVE, AssessPage

TEMPERATURE = "Temperature (°C)"


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    return sqlite_site


@pytest.fixture
def left(site: Site, monkeypatch: pytest.MonkeyPatch) -> AssessPage:
    """A form begun at 10:00 and never saved."""
    page = AssessPage(site.nurse, NOW, monkeypatch).open(code=CODE)
    return page.fill(TEMPERATURE, 38.7).tap("Oxygen", "Face mask")


def opened_after(left: AssessPage, minutes: float, monkeypatch: pytest.MonkeyPatch) -> AssessPage:
    """The same patient in another tab of the same person, so much later."""
    return AssessPage(left.actor, NOW + timedelta(minutes=minutes), monkeypatch).open(code=CODE)


def test_an_unsaved_entry_is_offered_and_goes_on_where_it_stopped(
    site: Site, left: AssessPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Draft saved 10:00:00." in left.text
    page = opened_after(left, 120, monkeypatch)
    assert "Unsaved entry from 10:00 by you" in page.text
    assert [box.label for box in page.page.number_input] == []
    assert SAVE not in page.buttons
    page.press("Go on")
    assert (page.box(TEMPERATURE).value, page.chosen("Oxygen")) == (38.7, ["Face mask"])
    page.press(SAVE).press("Yes, save")
    assert page.said_on_the_board().startswith("Saved. CART-007 at 10:00")
    assert [row["temperature_c"] for row in site.rows("assessment")] == [38.7]
    assert opened_after(left, 121, monkeypatch).box(TEMPERATURE).value is None


def test_a_draft_is_nobody_elses(site: Site, left: AssessPage, monkeypatch: pytest.MonkeyPatch) -> None:
    other = AssessPage(site.investigator, NOW + timedelta(minutes=1), monkeypatch).open(code=CODE)
    assert "Unsaved entry" not in other.text
    assert other.box(TEMPERATURE).value is None


def test_after_2_hours_a_draft_is_only_read_or_discarded(
    site: Site, left: AssessPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened_after(left, 121, monkeypatch)
    assert (
        "It is more than 2 hours old and can only be read. Nothing of it was saved." in page.frame().remarks
    )
    assert page.frame().table("What was entered").cells("Temperature") == ["Temperature", "38.7"]
    assert "Go on" not in page.buttons
    page.press("Discard")
    assert page.box(TEMPERATURE).value is None
    assert site.rows("draft") == []
