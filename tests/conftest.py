"""Fixtures every room may use. Servers start on first use and end with the run, the file or the test."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings
from playwright.sync_api import Browser

from tests.support.browser import shared_server, vigil_server  # noqa: F401 -- fixtures
from tests.support.chromium import SharedBrowser
from tests.support.databases import (  # noqa: F401 -- fixtures
    database,
    postgres_database,
    postgres_template,
    sqlite_database,
    sqlite_template,
)
from tests.support.engines import remember_statements
from tests.support.not_run import NotRunReporter, not_run
from tests.support.order import SlowestFiles, long_files_first
from tests.support.passwords import hash_cheaply
from tests.support.ports import find_free_port
from tests.support.postgres import PostgresCluster, running_cluster
from tests.support.programs import find_chromium, find_postgres_bin
from tests.support.protocols import read_protocols_once
from tests.support.scratch import write_to_memory
from tests.support.smtp import SmtpServer, running_smtp_server

write_to_memory()
remember_statements()
hash_cheaply()
read_protocols_once()
# A busy machine is slow; no test fails because of the time it took.
settings.register_profile("vigil", deadline=None)
settings.load_profile("vigil")

ROOT = Path(__file__).resolve().parents[1]
shared_browser = SharedBrowser()

COVERING_ROOMS = frozenset({"grading", "trial"})
COVERING_FILES = frozenset(
    {
        "test_difference.py",
        "test_difference_of_latched.py",
        "test_difference_of_standing.py",
        "test_escalation.py",
        "test_latched_signals.py",
        "test_rises_and_support.py",
        "test_signals.py",
        "test_standing.py",
        "test_support.py",
    }
)
"""The tests that must reach every line of grading, trial and the pure part of the alerts.

The others run without the tracer of coverage, which is a third of a test's time; so do those marked
`untraced`, which repeat in many examples what a few have reached.
"""

IN_BROWSER_S = 400
"""A browser test of thirty touches takes 15 s alone and ten times that on a machine with other work."""

_browser_files: set[Path] = set()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # xdist's workers send their reports to the one that prints
        config.pluginmanager.register(NotRunReporter(), "not_run_reporter")
        config.pluginmanager.register(SlowestFiles(), "slowest_files")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    for item in items:
        if item.get_closest_marker("postgresql_in_soak") and _on_postgresql(item):
            item.add_marker(pytest.mark.soak)
    yield  # what the command line leaves out goes
    long_files_first(items)
    in_browser = [item for item in items if "browser" in getattr(item, "fixturenames", ())]
    _browser_files.update(item.path for item in in_browser)
    for item in in_browser:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(IN_BROWSER_S))


def _on_postgresql(item: pytest.Item) -> bool:
    return "postgresql" in getattr(getattr(item, "callspec", None), "params", {}).values()


def pytest_collection_finish() -> None:
    # What is loaded now stays for good: without it a collection is much shorter.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.path not in _browser_files:
        shared_browser.close()


def pytest_unconfigure() -> None:
    shared_browser.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Give a browser test a second go, and say so: a net under `tests.support.settled`, not instead of it.

    What fails twice has failed.
    """
    _trace(item.config, _covers(item))
    if "browser" not in getattr(item, "fixturenames", ()):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        for report in reports:
            if report.failed:
                print(f"SECOND GO: {item.nodeid}\n{report.longreprtext[-2000:]}", file=sys.stderr)
        item._initrequest()  # type: ignore[attr-defined]
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _trace(config: pytest.Config, wanted: bool) -> None:
    """Let coverage watch the tests from here on, or let it rest, fixtures included."""
    controller = getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if controller is not None and controller.started != wanted:
        (controller.resume if wanted else controller.pause)()


def _covers(item: pytest.Item) -> bool:
    if item.get_closest_marker("untraced"):
        return False
    return item.path.parent.name in COVERING_ROOMS or item.path.name in COVERING_FILES


@pytest.fixture
def free_port() -> int:
    """A free TCP port of 127.0.0.1."""
    return find_free_port()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser installed on this machine."""
    return find_chromium() or not_run("chromium was not found on PATH (apt-get install chromium)")


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """A running browser; each test opens its own context: `browser.new_context(...)`."""
    yield shared_browser.get(chromium_path)
    shared_browser.tidy()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A PostgreSQL server of this run's own."""
    bin_folder = find_postgres_bin()
    if bin_folder is None:
        not_run("PostgreSQL was not found (apt-get install postgresql)")
    with running_cluster(bin_folder) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """The address of a fresh, empty PostgreSQL database."""
    with postgres_cluster.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'vigil.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, empty database, once for each engine."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real charting (REAL_DATA), which no clone brings along."""
    folder = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        not_run("no real data in the folder that REAL_DATA names, by default ../shared/data", may_lack=True)
    return folder.resolve()


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """A mail server without encryption that takes everything and keeps it."""
    with running_smtp_server() as server:
        yield server
