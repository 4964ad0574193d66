"""The ward board in a real browser on a real server."""

import contextlib
import re
from datetime import timedelta

from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import delete

from alerts.health import record_heartbeat
from clock import utc_now
from db.models import Heartbeat
from db.roles import Role
from db.session import writing
from tests.browser.ward import end_sign_in, patient
from tests.support import made_up
from tests.support.browser import VigilServer, findings_on_screens, wait_until_drawn
from tests.support.made_up import WELL
from tests.support.settled import settled, touch

SHOCK = {**WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine", "oxygen_device": None}


def card(page: Page, code: str) -> Locator:
    return page.locator('[class*="st-key-board-card"]', has=page.get_by_role("heading", name=code, level=3))


def test_the_buttons_lead_on_and_axe_finds_nothing_on_the_board(
    vigil_server: VigilServer, browser: Browser
) -> None:
    urgent, _, _ = patient(vigil_server, [(6, WELL), (0.5, SHOCK)])
    patient(vigil_server, [(2, WELL)])
    patient(vigil_server)
    page = vigil_server.open(browser, Role.INVESTIGATOR, "/")
    assert findings_on_screens(page, "board") == []
    touch(card(page, urgent).get_by_role("button", name="Acknowledge"))
    page.wait_for_url(re.compile(r"/alerts\?a=\d+"))
    expect(page.get_by_role("heading", name=f"{urgent} has at least grade 3 CRS").first).to_be_visible()


BANNER = "Alerts are not being sent: the worker has not reported since"


def beat(server: VigilServer, *, ago: timedelta) -> None:
    """The worker has reported so long ago, and never since."""
    server.use_database()
    with writing() as session:
        session.exec(delete(Heartbeat))
        record_heartbeat(session, worker="one", now=utc_now() - ago, sends_mail=True)


def open_with_a_clock(server: VigilServer, browser: Browser, username: str, path: str) -> Page:
    """A page whose timers the test moves, so that nobody waits for half a minute; the worker reports."""
    beat(server, ago=timedelta(0))
    page = server.open(browser, Role.WARD, "/", username=username)
    page.clock.install()
    page.goto(path)
    wait_until_drawn(page)
    # It would load the page anew in the middle of a look; tests/web/test_server.py looks at it.
    page.evaluate("clearInterval(window.vigilWatch)")
    expect(banner_of(page)).to_have_count(0)
    return page


def banner_of(page: Page) -> Locator:
    """The line that no alert goes out."""
    return page.get_by_role("status").filter(has_text=BANNER)


def _refresh_until(page: Page, shown: Locator, count: int = 1) -> None:
    """Let the page's clock run; on a busy machine its timer may be set only after the first push."""
    for _ in range(6):
        page.clock.fast_forward(31_000)
        with contextlib.suppress(AssertionError):
            expect(shown).to_have_count(count, timeout=5_000)
            return
    expect(shown).to_have_count(count)


def _goes_when_the_sign_in_ends(server: VigilServer, page: Page, username: str) -> None:
    end_sign_in(server, username)
    _refresh_until(page, page.get_by_role("heading", name="Signed out"))


def test_the_board_draws_itself_again_and_stops_when_the_sign_in_has_ended(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server, [(2, WELL)])
    page = open_with_a_clock(vigil_server, browser, "watcher", "/")
    expect(card(page, code).get_by_role("img", name="CRS grade 0")).to_be_visible()
    patient_id = int((card(page, code).get_attribute("class") or "").split("board-card-")[1].split()[0])
    made_up.assess(patient_id, infusion_id, [(utc_now() - timedelta(minutes=6), SHOCK)])
    beat(vigil_server, ago=timedelta(minutes=5))
    _refresh_until(page, card(page, code).get_by_role("img", name="CRS at least grade 3"))
    _refresh_until(page, banner_of(page))
    _goes_when_the_sign_in_ends(vigil_server, page, "watcher")
    expect(card(page, code)).to_have_count(0)


def test_an_open_form_hears_that_no_alert_goes_out_and_goes_when_the_sign_in_has_ended(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server, [(2, WELL)])
    page = open_with_a_clock(vigil_server, browser, "typist", f"/assess?code={code}")
    banner = banner_of(page)
    typed = page.get_by_label("Temperature (°C)", exact=True)
    typed.press_sequentially("38.")  # and the box is not left
    beat(vigil_server, ago=timedelta(minutes=5))
    _refresh_until(page, banner)
    banner.evaluate("line => { line.isStillTheSame = true; }")
    page.clock.fast_forward(31_000)
    settled(page)
    assert banner.evaluate("line => line.isStillTheSame === true"), "the same words were drawn anew"
    expect(typed).to_be_focused()
    typed.press_sequentially("4")
    expect(typed).to_have_value("38.4")
    beat(vigil_server, ago=timedelta(0))
    _refresh_until(page, banner, 0)
    _goes_when_the_sign_in_ends(vigil_server, page, "typist")
    expect(page.get_by_text(code)).to_have_count(0)
