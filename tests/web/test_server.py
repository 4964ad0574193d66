"""The real server and a real browser: the ways in, the ways out, and what a person reads when signed out."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlmodel import update
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from actions import context
from clock import utc_now
from db import session as database
from db.migrate import upgrade
from db.models import LoginSession
from db.roles import Role
from db.session import writing
from pages.parts.access import SESSION_COOKIE
from settings import Settings
from tests.support.browser import (
    DESK,
    PASSWORD,
    TABLET,
    Theme,
    VigilServer,
    axe_violations,
    make_account,
    running_server,
    screenshot,
    wait_until_drawn,
)
from tests.support.settled import to_the_front, touch
from trial.protocol import load_protocol

THEMES: list[Theme] = ["light", "dark"]


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


def handshake(server: VigilServer, cookie: str | None, origin: str) -> int:
    """The status of a websocket handshake: 101 when it was accepted."""
    headers = {"Cookie": f"{SESSION_COOKIE}={cookie}"} if cookie else {}
    try:
        address = f"{server.url.replace('http', 'ws')}/_stcore/stream"
        with connect(address, origin=Origin(origin), additional_headers=headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_a_deep_link_as_the_first_request_of_a_fresh_server_leads_to_sign_in_and_then_there(
    browser: Browser, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'vigil.db'}"
    upgrade(url)
    database.configure(url)
    context.configure(Settings.model_construct(database_url=url), load_protocol())
    make_account(Role.ADMIN, "chief")
    with running_server(tmp_path) as server:
        page = server.context(browser).new_page()
        page.goto("/accounts?a=1")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.url.startswith(f"{server.url}/sign-in?next=")
        fill_sign_in(page, "chief")
        expect(page.get_by_role("heading", name="Accounts", exact=True)).to_be_visible()
        assert page.url == f"{server.url}/accounts?a=1"
        page.context.close()


def test_a_link_in_webmail_opens_the_page_without_a_password_while_signed_in(
    vigil_server: VigilServer, browser: Browser
) -> None:
    def webmail(route: Route) -> None:
        route.fulfill(
            body=f'<a href="{vigil_server.url}/accounts?a=1">Open the alert</a>', content_type="text/html"
        )

    page = vigil_server.open(browser, Role.ADMIN, "/accounts")
    page.context.route("http://mail.example/", webmail)
    page.goto("http://mail.example/")
    page.get_by_role("link", name="Open the alert").click()
    wait_until_drawn(page)
    assert page.url == f"{vigil_server.url}/accounts?a=1"
    page.context.clear_cookies()
    page.goto("http://mail.example/")
    page.get_by_role("link", name="Open the alert").click()
    expect(page.get_by_label("Username")).to_be_visible()
    page.context.close()


def test_the_websocket_is_refused_to_nobody_and_to_foreign_pages(vigil_server: VigilServer) -> None:
    token = vigil_server.token(Role.ADMIN)
    assert handshake(vigil_server, token, vigil_server.url) == 101
    assert handshake(vigil_server, None, vigil_server.url) == 403
    assert handshake(vigil_server, "planted", vigil_server.url) == 403
    assert handshake(vigil_server, token, "https://evil.example") == 403


def test_a_sign_in_survives_a_reload_and_ends_with_sign_out(vigil_server: VigilServer, device: Page) -> None:
    vigil_server.account(Role.ADMIN)
    sign_in_by_hand(device, "admin", "/accounts")
    device.reload()
    wait_until_drawn(device)
    device.get_by_role("button", name="Sign out").click()
    expect(device.get_by_role("heading", name="Sign in")).to_be_visible()
    device.goto("/accounts")
    expect(device.get_by_role("heading", name="Sign in")).to_be_visible()


def test_change_of_user_is_one_touch_and_comes_back_to_the_page(
    vigil_server: VigilServer, device: Page
) -> None:
    vigil_server.account(Role.ADMIN)
    vigil_server.account(Role.ADMIN, "deputy")
    sign_in_by_hand(device, "admin", "/accounts")
    device.get_by_role("button", name="Change user").click()
    expect(device.get_by_role("link", name="admin")).to_be_visible()
    fill_sign_in(device, "deputy")
    wait_until_drawn(device)
    assert device.url == f"{vigil_server.url}/accounts"
    expect(device.get_by_text("Signed in as Deputy Example")).to_be_visible()
    device.get_by_role("button", name="Change user").click()
    device.get_by_role("link", name="admin").click()
    expect(device.get_by_label("Username")).to_have_value("admin")
    expect(device.get_by_label("Password", exact=True)).to_be_focused()


def test_an_ended_sign_in_is_said_in_a_sentence_and_leads_back(
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
    vigil_server.tokens.clear()


def test_a_tablet_that_wakes_after_the_sign_in_ended_leads_to_sign_in(
    vigil_server: VigilServer, browser: Browser
) -> None:
    page = vigil_server.open(browser, Role.WARD, "/assess?code=CART-007")
    end_all_sign_ins()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Your entry is kept as a draft.")).to_be_visible()
    assert page.url.endswith("/sign-in?next=%2Fassess%3Fcode%3DCART-007")
    page.context.close()
    vigil_server.tokens.clear()


def test_a_page_of_another_role_says_so(vigil_server: VigilServer, browser: Browser) -> None:
    page = vigil_server.open(browser, Role.WARD, "/accounts")
    expect(page.get_by_text("Your role (ward) does not have this page.")).to_be_visible()
    expect(page.get_by_role("link", name="Accounts")).to_have_count(0)
    assert axe_violations(page) == []


def test_without_a_worker_every_page_says_that_alerts_are_not_sent(
    vigil_server: VigilServer, browser: Browser
) -> None:
    page = vigil_server.open(browser, Role.ADMIN, "/accounts")
    expect(page.get_by_text("Alerts are not being sent: the worker has not reported.")).to_be_visible()


def test_the_pages_before_sign_in_have_no_axe_violation(device: Page) -> None:
    for theme in THEMES:
        device.emulate_media(color_scheme=theme)
        for path, heading in (("/sign-in", "Sign in"), ("/set-password", "Set a password")):
            device.goto(path)
            expect(device.get_by_role("heading", name=heading)).to_be_visible()
            assert axe_violations(device) == []
            screenshot(device, f"{path[1:]}-{theme}")
            device.get_by_role("button").click()
            assert device.url.endswith(path), "an empty box is pointed out by the browser"


def test_the_first_start_makes_the_administrator_with_the_code_of_the_console(
    browser: Browser, tmp_path: Path
) -> None:
    with running_server(tmp_path) as server:
        found = re.search(r"set-up code: (\S+)", server.log.read_text())
        assert found is not None
        page = server.context(browser, theme="dark").new_page()
        page.goto("/alerts?a=1")
        expect(page.get_by_role("heading", name="First start")).to_be_visible()
        assert axe_violations(page) == []
        screenshot(page, "first-start-dark")
        page.get_by_label("Set-up code").fill("WRONG")
        page.get_by_label("Username").fill("chief")
        page.get_by_label("Name shown to others").fill("Chief Wu")
        for box in ("Password", "Password once more"):
            page.get_by_label(box, exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make the administrator").click()
        expect(page.get_by_text("This is not the code printed on the console")).to_be_visible()
        page.get_by_label("Set-up code").fill(found[1])
        for box in ("Password", "Password once more"):
            page.get_by_label(box, exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make the administrator").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        fill_sign_in(page, "chief")
        expect(page.get_by_role("heading", name="Accounts", exact=True)).to_be_visible()
        page.context.close()


@pytest.mark.parametrize(("theme", "size"), [("light", TABLET), ("dark", DESK)])
def test_an_administrator_adds_a_person_and_hands_over_the_code(
    vigil_server: VigilServer, browser: Browser, theme: Theme, size: tuple[int, int]
) -> None:
    username, name = f"nurse.{theme}", f"Nurse 李 <b>{theme}</b>"
    page = vigil_server.open(browser, Role.ADMIN, "/accounts", theme=theme, size=size)
    touch(page.get_by_text("Add an account"))
    page.get_by_label("Username").fill("nurse li")
    page.get_by_label("Name shown to others").fill(name)
    touch(page.get_by_role("radio", name="Ward"))
    touch(page.get_by_role("button", name="Add account"))
    expect(page.get_by_text("Username must be 2 to 64")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("nurse li")
    page.get_by_label("Username").fill(username)
    touch(page.get_by_role("button", name="Add account"))
    expect(page.get_by_role("heading", name=f"One-time code for {username}")).to_be_visible()
    code = page.get_by_test_id("stCode").inner_text().strip()
    screenshot(page, f"accounts-{theme}")
    assert axe_violations(page) == []
    touch(page.get_by_role("button", name="I have noted it"))
    expect(page.get_by_text(code)).to_have_count(0)
    expect(page.get_by_text(f"{name}, ward. No password yet.")).to_be_visible()
    touch(page.get_by_role("button", name=f"Switch off {username}"))
    touch(page.get_by_role("button", name="Switch off", exact=True))
    expect(page.get_by_text(f"{username} is switched off.")).to_be_visible()
    touch(page.get_by_role("button", name=f"Switch on {username}"))
    expect(page.get_by_text(f"{username} is switched on.")).to_be_visible()
