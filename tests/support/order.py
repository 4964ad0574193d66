"""In what order the files are run, and which took longest.

A worker takes a file as a whole, so a long one that begins last keeps the whole run waiting. How long a file
will take is read off what its tests ask for.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Final

import pytest

SLOWEST: Final = 15
_SECONDS_BY_FIXTURE: Final = {"browser": 4.0, "machine": 1.5, "database": 0.3, "sqlite_database": 0.2}
_SECONDS_OF_MANY_EXAMPLES: Final = 0.5
_STARTERS: Final = frozenset(
    {"db.migrate", "subprocess", "tests.faults.crashes", "tests.support.command", "tests.support.worker"}
)
"""Modules that begin a process, or a database from nothing."""

_SECONDS_OF_A_START: Final = 2.0
_OF_ITS_OWN_TIME_LIMIT: Final = 1 / 6
_AT_LEAST: Final = 0.02


def long_files_first(items: list[pytest.Item]) -> None:
    """Sort the tests by file, those that will take long first; within a file they keep their order.

    The browser goes from file to file, so what needs one comes before all else.
    """
    seconds: dict[str, float] = defaultdict(float)
    in_browser: set[str] = set()
    for item in items:
        file = _file(item.nodeid)
        seconds[file] += expected_seconds(item)
        if "browser" in _fixtures(item):
            in_browser.add(file)

    def place(item: pytest.Item) -> tuple[bool, float, str]:
        file = _file(item.nodeid)
        return file not in in_browser, -seconds[file], file

    items.sort(key=place)


def expected_seconds(item: pytest.Item) -> float:
    """A guess: by the time limit a test sets itself, by its fixtures, by what its file starts."""
    limit = item.get_closest_marker("timeout")
    fixtures = _fixtures(item)
    guesses = [_AT_LEAST] + [cost for name, cost in _SECONDS_BY_FIXTURE.items() if name in fixtures]
    if limit is not None and limit.args:
        guesses.append(limit.args[0] * _OF_ITS_OWN_TIME_LIMIT)
    if hasattr(getattr(item, "obj", None), "hypothesis"):
        guesses.append(_SECONDS_OF_MANY_EXAMPLES)
    if not _STARTERS.isdisjoint(_origins(item)):
        guesses.append(_SECONDS_OF_A_START)
    return max(guesses)


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


def _origins(item: pytest.Item) -> set[str]:
    """The modules of everything that the test's file names."""
    named = vars(item.module).values() if isinstance(item, pytest.Function) else ()
    return {
        one.__name__ if isinstance(one, ModuleType) else str(getattr(one, "__module__", "")) for one in named
    }


class SlowestFiles:
    """Adds up the time of each file, from xdist's workers too, and lists the longest at the end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[_file(report.nodeid)] += report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if len(self.seconds) > SLOWEST:
            terminalreporter.section(f"slowest {SLOWEST} files")
            for line in self.lines():
                terminalreporter.write_line(line)

    def lines(self) -> Iterable[str]:
        """Seconds and name of each, the longest first."""
        longest = sorted(self.seconds.items(), key=lambda one: -one[1])[:SLOWEST]
        return (f"{seconds:7.1f} s  {name}" for name, seconds in longest)


def _file(nodeid: str) -> str:
    return nodeid.split("::", maxsplit=1)[0]
