"""The real server and a real browser: the ways in, the ways out, and what a person reads when signed out."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from sqlite3 import connect as open_sqlite

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlmodel import update
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from actions import accounts
from clock import utc_now
from db import session as database
from db.inputs import UserIn
from db.models import LoginSession
from db.roles import SYSTEM, Role
from db.session import writing
from pages.parts.access import SESSION_COOKIE
from tests.support.browser import (
    DESK,
    PASSWORD,
    TABLET,
    Theme,
    VigilServer,
    axe_violations,
    findings_on_screens,
    screenshot,
    wait_until_drawn,
)
from tests.support.settled import fill_form, to_the_front, touch

THEMES: list[Theme] = ["light", "dark"]
NUMBERS = count(1)
ODD_NAME = "Nurse 李 <b>light</b>"


@pytest.fixture(autouse=True)
def _on_the_database_of_the_server(vigil_server: VigilServer) -> Iterator[None]:
    vigil_server.use_database()
    yield
    database.close()


def fill_sign_in(page: Page, username: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="module")
def _device(vigil_server: VigilServer, browser: Browser) -> Iterator[BrowserContext]:
    context = vigil_server.context(browser)
    yield context
    context.close()


@pytest.fixture
def device(_device: BrowserContext) -> Iterator[Page]:
    """A page on a device on which nobody has signed in."""
    page = _device.new_page()
    to_the_front(page)
    yield page
    page.close()
    _device.clear_cookies()


def sign_in_by_hand(page: Page, username: str, path: str) -> None:
    page.goto(path)
    fill_sign_in(page, username)
    wait_until_drawn(page)


def end_all_sign_ins() -> None:
    """Let the sign-ins of everybody run out of their twelve hours."""
    long_ago = utc_now() - timedelta(hours=12)
    with writing() as session:
        session.exec(
            update(LoginSession).values(created_at=long_ago, expires_at=long_ago + timedelta(hours=12))
        )


def take_back_the_first_start(server: VigilServer, sqlite_template: Path) -> None:
    """Leave the server without any account; SQLite writes its whole database anew in one transaction."""
    server.tokens.clear()
    stored = server.database_url.removeprefix("sqlite:///")
    with closing(open_sqlite(sqlite_template)) as empty, closing(open_sqlite(stored)) as used:
        empty.backup(used)


def handshake(server: VigilServer, cookie: str | None, origin: str) -> int:
    """The status of a websocket handshake: 101 when it was accepted."""
    headers = {"Cookie": f"{SESSION_COOKIE}={cookie}"} if cookie else {}
    try:
        address = f"{server.url.replace('http', 'ws')}/_stcore/stream"
        with connect(address, origin=Origin(origin), additional_headers=headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_the_websocket_is_refused_to_nobody_and_to_foreign_pages(vigil_server: VigilServer) -> None:
    token = vigil_server.token(Role.ADMIN)
    assert handshake(vigil_server, token, vigil_server.url) == 101
    assert handshake(vigil_server, None, vigil_server.url) == 403
    assert handshake(vigil_server, "planted", vigil_server.url) == 403
    assert handshake(vigil_server, token, "https://evil.example") == 403


def test_a_sign_in_counts_for_a_link_in_webmail_until_it_ends_with_sign_out(
    vigil_server: VigilServer, device: Page
) -> None:
    def webmail(route: Route) -> None:
        link = f'<a href="{vigil_server.url}/accounts?a=1">Open the alert</a>'
        route.fulfill(body=link, content_type="text/html")

    vigil_server.account(Role.ADMIN)
    sign_in_by_hand(device, "admin", "/accounts")
    device.route("http://mail.example/", webmail)
    device.goto("http://mail.example/")
    device.get_by_role("link", name="Open the alert").click()
    wait_until_drawn(device)
    assert device.url == f"{vigil_server.url}/accounts?a=1"
    device.get_by_role("button", name="Sign out").click()
    expect(device.get_by_role("heading", name="Sign in")).to_be_visible()
    device.goto("http://mail.example/")
    device.get_by_role("link", name="Open the alert").click()
    expect(device.get_by_label("Username")).to_be_visible()


def test_change_of_user_comes_back_to_the_page_which_may_not_be_the_next_person_s(
    vigil_server: VigilServer, device: Page
) -> None:
    vigil_server.account(Role.ADMIN)
    vigil_server.account(Role.WARD)
    sign_in_by_hand(device, "admin", "/accounts")
    device.get_by_role("button", name="Change user").click()
    device.get_by_role("link", name="admin").click()
    expect(device.get_by_label("Username")).to_have_value("admin")
    expect(device.get_by_label("Password", exact=True)).to_be_focused()
    fill_sign_in(device, "ward")
    wait_until_drawn(device)
    assert device.url == f"{vigil_server.url}/accounts"
    expect(device.get_by_text("Signed in as Ward Example")).to_be_visible()
    expect(device.get_by_text("Your role (ward) does not have this page.")).to_be_visible()
    expect(device.get_by_text("Alerts are not being sent: the worker has not reported.")).to_be_visible()
    expect(device.get_by_role("link", name="Accounts")).to_have_count(0)
    assert axe_violations(device) == []


def test_an_ended_sign_in_is_said_in_a_sentence_leads_back_and_is_noticed_when_the_tablet_wakes(
    vigil_server: VigilServer, device: Page
) -> None:
    vigil_server.account(Role.ADMIN)
    sign_in_by_hand(device, "admin", "/accounts")
    end_all_sign_ins()
    device.get_by_role("button", name="One-time code for admin").click()
    expect(device.get_by_text(re.compile("signed out 12 hours after .* Sign in again."))).to_be_visible()
    expect(device.get_by_role("heading", name="Accounts", exact=True)).to_have_count(0)
    device.get_by_role("link", name="Sign in again").click()
    expect(device.get_by_text("You were signed out 12 hours after")).to_be_visible()
    fill_sign_in(device, "admin")
    wait_until_drawn(device)
    assert device.url == f"{vigil_server.url}/accounts"
    end_all_sign_ins()
    device.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(device.get_by_role("heading", name="Sign in")).to_be_visible()
    assert device.url == f"{vigil_server.url}/sign-in?next=%2Faccounts"
    vigil_server.tokens.clear()


def test_the_pages_before_sign_in_have_no_axe_violation(
    vigil_server: VigilServer, device: Page, sqlite_template: Path
) -> None:
    vigil_server.account(Role.ADMIN)
    look_at(device, "/sign-in", "Sign in")
    look_at(device, "/set-password", "Set a password")
    take_back_the_first_start(vigil_server, sqlite_template)
    look_at(device, "/first-start", "First start")


def look_at(device: Page, path: str, heading: str) -> None:
    """A page before sign-in, in both themes."""
    device.goto(path)
    expect(device.get_by_role("heading", name=heading)).to_be_visible()
    for theme in THEMES:
        device.emulate_media(color_scheme=theme)
        assert axe_violations(device) == []
        screenshot(device, f"{path[1:]}-{theme}")
    device.get_by_role("button").click()
    assert device.url.endswith(path), "an empty box is pointed out by the browser"


def test_the_first_start_leads_any_way_to_its_page_and_goes_on_once_the_code_is_right(
    vigil_server: VigilServer, device: Page, sqlite_template: Path
) -> None:
    take_back_the_first_start(vigil_server, sqlite_template)
    code = accounts.start_setup(utc_now())
    assert code is not None
    device.goto("/alerts?a=1")
    assert device.url == f"{vigil_server.url}/first-start"
    passwords = {"Password": PASSWORD, "Password once more": PASSWORD}
    typed = {"Set-up code": "WRONG", "Username": "chief", "Name shown to others": "Chief Wu"}
    fill_form(device.locator("form"), typed | passwords)
    device.get_by_role("button", name="Make the administrator").click()
    expect(device.get_by_text("This is not the code printed on the console")).to_be_visible()
    expect(device.get_by_label("Name shown to others")).to_have_value("Chief Wu")
    fill_form(device.locator("form"), {"Set-up code": code} | passwords)
    device.get_by_role("button", name="Make the administrator").click()
    expect(device.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_accounts_show_a_code_and_a_problem_on_the_tablet_and_on_the_desk(
    vigil_server: VigilServer, browser: Browser
) -> None:
    vigil_server.account(Role.ADMIN)
    nurse = f"nurse{next(NUMBERS)}"
    known = UserIn(username=nurse, display_name=ODD_NAME, role=Role.WARD)
    accounts.create_user(known, by=SYSTEM, now=utc_now())
    page = vigil_server.open(browser, Role.ADMIN, "/accounts")
    touch(page.get_by_text("Add an account"))
    typed = {"Username": "nurse li", "Name shown to others": ODD_NAME}
    fill_form(page.get_by_test_id("stForm"), typed, [page.get_by_role("radio", name="Ward")])
    touch(page.get_by_role("button", name="Add account"))
    expect(page.get_by_text("Username must be 2 to 64")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("nurse li")
    touch(page.get_by_role("button", name=f"One-time code for {nurse}"))
    expect(page.get_by_role("heading", name=f"One-time code for {nurse}")).to_be_visible()
    expect(page.get_by_text(f"{ODD_NAME}, ward. No password yet.").first).to_be_visible()
    assert findings_on_screens(page, "accounts", (("light", TABLET), ("dark", DESK))) == []
    touch(page.get_by_role("button", name=f"Switch off {nurse}"))
    touch(page.get_by_role("button", name="Switch off", exact=True))
    expect(page.get_by_text(f"{nurse} is switched off.")).to_be_visible()
