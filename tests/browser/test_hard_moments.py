"""The assess page when things are not as they should be: no mouse, a touch too soon, a locked database."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from db.roles import Role
from tests.browser.ward import Hand, bar, choice_of, fill, group, patient, stored
from tests.support.browser import DESK, VigilServer, wait_until_drawn
from tests.support.made_up import WELL
from tests.support.settled import settled, touch

SAVE = "Save assessment"
_MOST_STOPS = 60


def focused(page: Page) -> str:
    """What stands on, or names, the element that has the focus."""
    return str(
        page.evaluate("(e => e.innerText || e.getAttribute('aria-label') || '')(document.activeElement)")
    ).strip()


def tab_to(page: Page, words: str) -> int:
    """Press Tab until the focus is on what is called so; returns how often."""
    seen: list[str] = []
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        if not seen:
            settled(page)  # the first Tab may have left a box
        seen.append(focused(page))
        if seen[-1] == words:
            return len(seen)
    raise AssertionError(f"{words!r} is not reached by Tab: {seen}")


def press_on(page: Page, words: str) -> None:
    """Touch the button or choice of these words with the keyboard."""
    tab_to(page, words)
    page.keyboard.press("Enter")
    settled(page)


def choose(page: Page, group_begins_at: str, choice: str) -> None:
    """Tab to a block's first choice, go to `choice` with the arrow, and take it."""
    tab_to(page, group_begins_at)
    for _ in range(12):
        if focused(page) == choice:
            break
        page.keyboard.press("ArrowRight")
    assert focused(page) == choice
    page.keyboard.press("Space")
    settled(page)


def test_an_assessment_needs_no_mouse_and_few_tab_stops(vigil_server: VigilServer, browser: Browser) -> None:
    code, infusion_id, _ = patient(vigil_server, [(4, WELL)])
    page = vigil_server.open(browser, Role.WARD, "/", size=DESK)
    press_on(page, f"Assess {code}")
    expect(page.get_by_role("heading", name=f"Assess {code}", level=1)).to_be_visible()
    wait_until_drawn(page)
    group(page, "Observed").locator("button").first.focus()
    assert tab_to(page, SAVE) <= 15
    for label, value in (("Temperature (°C)", "38.4"), ("Systolic (mmHg)", "112"), ("SpO2 (%)", "97")):
        tab_to(page, label)
        page.keyboard.type(value)
    choose(page, "None of these", "None of these")
    choose(page, "Room air", "Nasal cannula")
    expect(page.get_by_label("Oxygen flow (L/min)", exact=True)).to_be_visible()
    tab_to(page, "Oxygen flow (L/min)")
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    expect(bar(page).get_by_text("CRS grade 2")).to_be_visible()
    press_on(page, SAVE)
    expect(page.get_by_text(re.compile(rf"^Saved\. {code} at .*CRS 2"))).to_be_visible()
    row = stored(infusion_id)[-1]
    assert (row.temperature_c, row.systolic_mmhg, row.spo2_percent) == (38.4, 112, 97)
    assert (row.vasopressors, row.oxygen_device, row.oxygen_l_per_min) == ("none", "nasal_cannula", 2)


def hold(page: Page, target: Locator) -> None:
    """Put a finger on `target` right from a box, and lift it when the box's answer is drawn."""
    at = target.bounding_box()
    assert at is not None
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.down()
    settled(page)
    page.mouse.up()


def test_a_touch_right_from_a_box_is_taken_though_the_page_is_drawn_meanwhile(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = vigil_server.open(browser, Role.WARD, f"/assess?code={code}")
    hand = Hand(page)
    hand.type("Temperature (°C)", "37.2")
    hold(page, choice_of(page, "Oxygen", "Room air"))
    hand.type("Systolic (mmHg)", "112")
    hold(page, page.get_by_role("button", name=SAVE))
    expect(page.get_by_text(re.compile(rf"^Saved\. {code} at "))).to_be_visible()
    (row,) = stored(infusion_id)
    assert (row.temperature_c, row.oxygen_device, row.systolic_mmhg) == (37.2, "room_air", 112)


@contextmanager
def another_process_writes(database_url: str) -> Iterator[None]:
    """Somebody holds the database's only place for writing until the block ends."""
    path = Path(database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_locked_database_is_said_in_a_sentence_and_nothing_typed_is_lost(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server)
    page = vigil_server.open(browser, Role.WARD, f"/assess?code={code}")
    fill(page, "Temperature (°C)", "38.4")
    expect(page.get_by_text(re.compile("Draft saved"))).to_be_visible()
    with another_process_writes(vigil_server.database_url):
        touch(page.get_by_role("button", name=SAVE))
        expect(bar(page).get_by_text("Nothing was saved: the database is busy", exact=False)).to_be_visible()
        assert stored(infusion_id) == []
    expect(page.get_by_label("Temperature (°C)", exact=True)).to_have_value("38.4")
    touch(page.get_by_role("button", name=SAVE))
    expect(page.get_by_text(re.compile(rf"^Saved\. {code} at "))).to_be_visible()
    assert [row.temperature_c for row in stored(infusion_id)] == [38.4]
