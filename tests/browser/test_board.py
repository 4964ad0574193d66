"""The ward board in a real browser on a real server."""

import contextlib
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import delete

from alerts.health import record_heartbeat
from clock import utc_now
from db.models import Heartbeat
from db.roles import Role
from db.session import writing
from tests.browser.ward import end_sign_in, patient
from tests.support import made_up
from tests.support.browser import (
    DESK,
    VigilServer,
    findings_on_screens,
    wait_until_drawn,
)
from tests.support.made_up import WELL
from tests.support.settled import settled, touch

SHOCK = {**WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine", "oxygen_device": None}


def card(page: Page, code: str) -> Locator:
    return page.locator('[class*="st-key-board-card"]', has=page.get_by_role("heading", name=code, level=3))


def test_an_empty_board_says_who_will_stand_there(vigil_server: VigilServer, browser: Browser) -> None:
    page = vigil_server.open(browser, Role.WARD, "/")
    expect(page.get_by_role("heading", name="Ward board", level=1)).to_be_visible()
    words = "Nobody is in monitoring. A patient appears here from the day of infusion."
    expect(page.get_by_text(words)).to_be_visible()


def test_the_buttons_lead_to_the_patients_pages(vigil_server: VigilServer, browser: Browser) -> None:
    urgent, _, _ = patient(vigil_server, [(6, WELL), (0.5, SHOCK)])
    well, _, _ = patient(vigil_server, [(2, WELL)])
    page = vigil_server.open(browser, Role.INVESTIGATOR, "/")
    expect(page.get_by_role("heading", name="Needs you now (1)", level=2)).to_be_visible()
    expect(page.get_by_role("heading", name="On schedule (1)", level=2)).to_be_visible()
    expect(card(page, urgent)).to_contain_text("CRS at least 3 since")
    expect(card(page, urgent).get_by_role("img", name="CRS at least grade 3")).to_be_visible()
    filled = page.get_by_test_id("stBaseButton-primary")
    expect(filled).to_have_text([f"Assess {urgent}"])
    touch(card(page, urgent).get_by_role("button", name="Acknowledge"))
    page.wait_for_url(re.compile(r"/alerts\?a=\d+"))
    page.goto("/")
    touch(card(page, well).get_by_role("button", name="Open"))
    page.wait_for_url(re.compile(rf"/patient\?code={well}"))
    page.goto("/")
    touch(card(page, well).get_by_role("button", name=f"Assess {well}"))
    expect(page.get_by_role("heading", name=f"Assess {well}", level=1)).to_be_visible()


def test_a_wall_display_shows_the_board_without_buttons(vigil_server: VigilServer, browser: Browser) -> None:
    code, _, _ = patient(vigil_server, [(6, WELL), (0.5, SHOCK)])
    page = vigil_server.open(browser, Role.DISPLAY, "/", size=DESK)
    expect(card(page, code)).to_be_visible()
    expect(card(page, code).get_by_role("button")).to_have_count(0)
    expect(card(page, code).get_by_role("link")).to_have_count(0)


def test_the_board_draws_itself_again_and_stops_when_the_sign_in_has_ended(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(vigil_server, [(2, WELL)])
    page = vigil_server.open(browser, Role.WARD, "/", username="watcher")
    page.clock.install()  # the browser's timers, so that nobody waits for half a minute
    page.reload()
    wait_until_drawn(page)
    expect(card(page, code).get_by_role("img", name="CRS grade 0")).to_be_visible()
    patient_id = int((card(page, code).get_attribute("class") or "").split("board-card-")[1].split()[0])
    made_up.assess(patient_id, infusion_id, [(utc_now() - timedelta(minutes=6), SHOCK)])
    page.clock.fast_forward(31_000)
    expect(card(page, code).get_by_role("img", name="CRS at least grade 3")).to_be_visible()
    end_sign_in(vigil_server, "watcher")
    page.clock.fast_forward(31_000)
    expect(page.get_by_role("heading", name=re.compile("^Sign(ed out| in)$"))).to_be_visible()
    expect(card(page, code)).to_have_count(0)


BANNER = "Alerts are not being sent: the worker has not reported since"


def beat(server: VigilServer, *, ago: timedelta) -> None:
    """The worker has reported so long ago, and never since."""
    server.use_database()
    with writing() as session:
        session.exec(delete(Heartbeat))
        record_heartbeat(session, worker="one", now=utc_now() - ago, sends_mail=True)


@pytest.mark.parametrize("path", ["/", "/assess?code={}", "/alerts"])
def test_an_open_page_hears_that_no_alert_goes_out(
    vigil_server: VigilServer, browser: Browser, path: str
) -> None:
    code, _, _ = patient(vigil_server, [(2, WELL)])
    beat(vigil_server, ago=timedelta(0))
    page = vigil_server.open(browser, Role.WARD, "/", username="open")
    page.clock.install()
    page.goto(path.format(code))
    wait_until_drawn(page)
    banner = page.get_by_role("status").filter(has_text=BANNER)
    expect(banner).to_have_count(0)
    typed = page.get_by_label("Temperature (°C)", exact=True) if "assess" in path else None
    if typed is not None:
        typed.press_sequentially("38.")  # and the box is not left
    beat(vigil_server, ago=timedelta(minutes=5))
    _refresh_until(page, banner, shown=True)
    banner.evaluate("line => { line.isStillTheSame = true; }")
    page.clock.fast_forward(31_000)
    settled(page)
    assert banner.evaluate("line => line.isStillTheSame === true"), "the same words were drawn anew"
    if typed is not None:
        expect(typed).to_be_focused()
        typed.press_sequentially("4")
        expect(typed).to_have_value("38.4")
    beat(vigil_server, ago=timedelta(0))
    _refresh_until(page, banner, shown=False)


def _refresh_until(page: Page, banner: Locator, *, shown: bool) -> None:
    """Let the page's clock run; on a busy machine its timer may be set only after the first push."""
    for _ in range(6):
        page.clock.fast_forward(31_000)
        with contextlib.suppress(AssertionError):
            expect(banner).to_have_count(int(shown), timeout=5_000)
            return
    expect(banner).to_have_count(int(shown))


def test_a_page_without_a_refresh_of_its_own_goes_when_the_sign_in_has_ended(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server, [(2, WELL)])
    page = vigil_server.open(browser, Role.WARD, "/", username="leaver")
    page.clock.install()
    page.goto(f"/patient?code={code}")
    wait_until_drawn(page)
    expect(page.get_by_text(code).first).to_be_visible()
    end_sign_in(vigil_server, "leaver")
    page.clock.fast_forward(31_000)
    expect(page.get_by_role("heading", name=re.compile("^Sign(ed out| in)$"))).to_be_visible()
    expect(page.get_by_text(code)).to_have_count(0)


def test_the_board_has_no_serious_axe_violation(vigil_server: VigilServer, browser: Browser) -> None:
    patient(vigil_server, [(6, WELL), (0.5, SHOCK)])
    patient(vigil_server, [(30, WELL)])
    patient(vigil_server)
    page = vigil_server.open(browser, Role.INVESTIGATOR, "/")
    assert findings_on_screens(page, "board") == []
