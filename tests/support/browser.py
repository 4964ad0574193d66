"""The real server and a real browser: start the program on a free port, sign in, look, run axe.

    def test_something(vigil_server, browser):
        page = vigil_server.open(browser, Role.WARD, "/")
        expect(page.get_by_role("heading", name="Ward board")).to_be_visible()

Each test opens pages of its own. A test file begins on an empty database with one administrator; the server
itself goes from file to file.
"""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from sqlite3 import connect
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError

from actions import accounts, context
from actions.errors import Refused
from clock import utc_now
from db import session as database
from db.inputs import UserIn
from db.roles import SYSTEM, Actor, Role
from grading.colours import THEME_COLOURS
from pages.parts.access import SESSION_COOKIE
from settings import ROOT, Settings
from tests.support.chromium import keep
from tests.support.ports import find_free_port
from tests.support.settled import DRAWN_WITHIN_MS, settled, to_the_front, watch
from trial.protocol import load_protocol

TABLET = (820, 1180)
DESK = (1440, 900)
PHONE = (390, 844)
Theme = Literal["light", "dark"]
Screen = tuple[Theme, tuple[int, int]]
TABLET_AND_DESK: Final[Sequence[Screen]] = (("light", TABLET), ("light", DESK), ("dark", TABLET))
PASSWORD = "correct horse battery"
_NARROW_NAVIGATION: Final = '[data-testid="stSidebarNav"]'
KNOWN_FRAMEWORK_FAULTS: Final[Mapping[str, str]] = {
    "list": _NARROW_NAVIGATION,
    "listitem": _NARROW_NAVIGATION,
}
"""axe rules that Streamlit itself breaks and that we cannot mend, by id, each with the place where it does.

On a phone its navigation puts the pages of a section into a part of the list that is no item.
"""
_STANDS_IN = "([found, place]) => !!document.querySelector(found)?.closest(place)"

_STARTS_WITHIN_S = 60.0
# A busy machine is slow; nothing waits longer than it must.
expect.set_options(timeout=DRAWN_WITHIN_MS)


@dataclass
class VigilServer:
    """A running web process on a database of its own."""

    url: str
    database_url: str
    settings: Settings
    process: "subprocess.Popen[str]"
    log: Path
    tokens: dict[str, str] = field(default_factory=dict)
    pages: "list[Pages]" = field(default_factory=list)

    def use_database(self) -> None:
        """Let this test process read and write the server's database, through actions or directly."""
        database.configure(self.database_url)
        context.configure(self.settings, load_protocol(self.settings.protocol_file))

    def account(self, role: Role, username: str | None = None, now: datetime | None = None) -> str:
        """The username of an account with this role; it is made, with PASSWORD, when it is not there yet."""
        self.use_database()
        return make_account(role, username, now)

    def actor(self, role: Role) -> Actor:
        """The signed-in person of this role, to call actions with."""
        actor = accounts.resume(self.token(role), now=utc_now(), touch=False)
        assert actor is not None
        return actor

    def token(self, role: Role, username: str | None = None) -> str:
        """A sign-in of this role, as its cookie holds it."""
        self.use_database()
        name = self.account(role, username)
        if name not in self.tokens:
            self.tokens[name] = accounts.sign_in(name, PASSWORD, now=utc_now())
        return self.tokens[name]

    def context(
        self, browser: Browser, *, size: tuple[int, int] = TABLET, theme: Theme = "light"
    ) -> BrowserContext:
        """A browser of its own, nobody signed in."""
        opened = browser.new_context(
            base_url=self.url, viewport={"width": size[0], "height": size[1]}, color_scheme=theme
        )
        opened.set_default_timeout(DRAWN_WITHIN_MS)
        return watch(opened)

    def open(
        self,
        browser: Browser,
        role: Role,
        path: str = "/",
        *,
        size: tuple[int, int] = TABLET,
        theme: Theme = "light",
        username: str | None = None,
    ) -> Page:
        """A page of the program with a person of this role signed in, when Streamlit has drawn it."""
        page = self._pages(browser, self.token(role, username)).lend()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=theme)
        to_the_front(page)
        page.goto(path)
        wait_until_drawn(page)
        return page

    def give_back(self) -> None:
        """The test is over: its pages may go to the next one."""
        for pages in self.pages:
            pages.give_back()

    def _pages(self, browser: Browser, token: str) -> "Pages":
        """Those of this sign-in, else ones that nobody has; their cookie is changed."""
        self.pages = [pages for pages in self.pages if pages.is_open_in(browser)]
        of_this = [pages for pages in self.pages if pages.token == token]
        unused = [pages for pages in self.pages if not pages.lent]
        found = next(iter(of_this + unused), None)
        if found is None:
            found = Pages(keep(self.context(browser)))
            self.pages.append(found)
        found.sign_in(self.url, token)
        return found


@dataclass
class Pages:
    """The pages of one browser context, each lent to one test at a time, all of one sign-in.

    A test that opens an address on a page of an earlier one gets a new document, and Streamlit's 60 files
    from the browser's memory: a new context would compile them all again, which takes 2 s.
    """

    context: BrowserContext
    token: str = ""
    lent: list[Page] = field(default_factory=list)
    free: list[Page] = field(default_factory=list)

    def is_open_in(self, browser: Browser) -> bool:
        return browser.is_connected() and self.context in browser.contexts

    def sign_in(self, url: str, token: str) -> None:
        """Let the pages be those of this sign-in."""
        if token == self.token:
            return
        cookie = {"name": SESSION_COOKIE, "value": token, "url": url}
        self.context.clear_cookies()
        self.context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Strict"}])  # type: ignore[typeddict-item]
        self.token = token

    def lend(self) -> Page:
        page = self.free.pop() if self.free else self.context.new_page()
        self.lent.append(page)
        return page

    def give_back(self) -> None:
        """Keep what the next test may have: no page that was closed, no context whose clock was changed."""
        left = [page for page in self.lent if not page.is_closed()]
        self.lent.clear()
        if any(_has_another_clock(page) for page in left):
            self.context.close()
        else:
            self.free += left

    def leave(self) -> None:
        """Stand on an empty page, which asks no server for anything."""
        self.free = [page for page in self.free if not page.is_closed()]
        for page in self.free:
            page.goto("about:blank")


def _has_another_clock(page: Page) -> bool:
    try:
        return bool(page.evaluate("'__pwClock' in globalThis"))
    except PlaywrightError:  # it is on its way to another page
        return True


def make_account(role: Role, username: str | None = None, now: datetime | None = None) -> str:
    """The same, in the database this process has open."""
    name, at = username or role.value, now or utc_now()
    entry = UserIn(username=name, display_name=f"{name.capitalize()} Example", role=role)
    try:
        code = accounts.create_user(entry, by=SYSTEM, now=at)
    except Refused:
        return name
    accounts.set_password_with_code(name, code, PASSWORD, now=at)
    return name


def wait_until_drawn(page: Page) -> None:
    """Wait until Streamlit has finished a run of the page."""
    settled(page)
    signed_in = page.get_by_text("Signed in as", exact=False).first
    if not signed_in.is_visible():  # it is on its way to another page
        expect(signed_in).to_be_visible()
        settled(page)


def axe_violations(page: Page) -> list[str]:
    """Serious and critical findings of axe on the page as it stands, one line each."""
    found: dict[str, Any] = Axe().run(page).response
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    ours = {
        one["id"]: [node for node in one["nodes"] if not _is_known(page, one["id"], node)] for one in serious
    }
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'][:200] for node in ours[one['id']]]}"
        for one in serious
        if ours[one["id"]]
    ]


def findings_on_screens(page: Page, name: str, screens: Sequence[Screen] = TABLET_AND_DESK) -> list[str]:
    """What axe finds on the page as it stands, in each theme and size, with a picture of each (`screenshot`).

    The themes differ in their colours alone, so the dark one is looked at in one size.
    """
    found = []
    for theme, size in screens:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        expect(page.locator(".stApp")).to_have_css("background-color", rgb(THEME_COLOURS[theme].background))
        settled(page)
        screenshot(page, f"{name}-{size[0]}-{theme}")
        found += [f"{theme}, {size[0]} px: {one}" for one in axe_violations(page)]
    return found


def rgb(colour: str) -> str:
    """ "#F7D36B" as the browser writes it."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


def _is_known(page: Page, rule: str, node: Mapping[str, Any]) -> bool:
    place = KNOWN_FRAMEWORK_FAULTS.get(rule)
    return place is not None and bool(page.evaluate(_STANDS_IN, [node["target"][0], place]))


def screenshot(page: Page, name: str) -> Path | None:
    """Keep a picture of the whole page in the folder SCREENSHOTS names; nothing without it."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return None
    path = Path(folder) / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
    return path


@contextmanager
def running_server(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    port: int | None = None,
    app: Path = ROOT / "app.py",
) -> Iterator[VigilServer]:
    """The web process alone (`streamlit run app.py`) with its data in `folder`; ended at the end."""
    chosen = port or find_free_port()
    url = f"http://127.0.0.1:{chosen}"
    own = {"DATA_DIR": str(folder), "PORT": str(chosen), **(environment or {})}
    log = folder / "web.log"
    settings = _settings(own)
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(chosen)],
            cwd=ROOT,
            env={**clean_environment(), **own},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
    server = VigilServer(url, settings.database_url, settings, process, log)
    try:
        _wait_for_health(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class SharedServer:
    """The server of one process of tests, which gives every file the database of a fresh start."""

    def __init__(self, folder: Path, empty: Path) -> None:
        self._folder = folder
        self._empty = empty
        self._numbers = count(1)
        self._open = ExitStack()
        self._server: VigilServer | None = None
        self._fresh = Path()

    def get(self) -> VigilServer:
        """The running server on a database that nobody used but one administrator."""
        if self._server is None or self._server.process.poll() is not None:
            self.close()
            self._start()
        else:
            self._restore(self._server)
        assert self._server is not None
        self._server.use_database()
        return self._server

    def close(self) -> None:
        """End the server, if it runs."""
        self._server = None
        self._open.close()

    def _start(self) -> None:
        folder = self._folder / f"start-{next(self._numbers)}"
        folder.mkdir()
        shutil.copy(self._empty, folder / "vigil.db")
        self._server = self._open.enter_context(running_server(folder))
        self._server.account(Role.ADMIN)
        self._fresh = folder / "fresh.db"
        with closing(connect(folder / "vigil.db")) as used, closing(connect(self._fresh)) as fresh:
            used.backup(fresh)

    def _restore(self, server: VigilServer) -> None:
        """SQLite writes the whole database anew in one transaction, so the server may keep it open."""
        server.give_back()
        for pages in server.pages:
            pages.leave()
        server.tokens.clear()
        with (
            closing(connect(self._fresh)) as fresh,
            closing(connect(self._fresh.parent / "vigil.db")) as used,
        ):
            fresh.backup(used)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[SharedServer]:
    """The server that `vigil_server` hands out."""
    shared = SharedServer(tmp_path_factory.mktemp("server"), sqlite_template)
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def vigil_server(shared_server: SharedServer) -> VigilServer:
    """A server on an empty database with one administrator, for the tests of one file."""
    return shared_server.get()


@pytest.fixture(autouse=True)
def give_back_pages(request: pytest.FixtureRequest) -> Iterator[None]:
    """The pages of `vigil_server` go from test to test; import this beside it."""
    server = request.getfixturevalue("vigil_server") if "vigil_server" in request.fixturenames else None
    yield
    if server is not None:
        server.give_back()


def clean_environment() -> dict[str, str]:
    """The environment without settings of this program that a developer may have set."""
    ours = {name.upper() for name in Settings.model_fields} | {"VIGIL_DEMO"}
    return {name: value for name, value in os.environ.items() if name.upper() not in ours}


def _settings(own: Mapping[str, str]) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(clean_environment()):
            patch.delenv(name)
        for name, value in own.items():
            patch.setenv(name, value)
        return Settings()


def _wait_for_health(server: VigilServer) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")
