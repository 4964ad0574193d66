"""In what order the files are run, and which took longest.

A worker takes a file as a whole, so a long one that begins last keeps the whole run waiting. How long a file
will take is read off what its tests ask for.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import pytest

SLOWEST: Final = 15
_SECONDS_BY_FIXTURE: Final = {"browser": 4.0, "database": 0.3, "sqlite_database": 0.2}
_STARTERS: Final = frozenset(
    {"running", "running_children", "running_server", "running_worker", "subprocess", "upgrade"}
)
_SECONDS_OF_A_START: Final = 2.0
_OF_ITS_OWN_TIME_LIMIT: Final = 1 / 6
_AT_LEAST: Final = 0.02


def long_files_first(items: list[pytest.Item]) -> None:
    """Sort the tests by file, those that will take long first; within a file they keep their order."""
    seconds: dict[str, float] = defaultdict(float)
    for item in items:
        seconds[_file(item.nodeid)] += expected_seconds(item)
    items.sort(key=lambda item: (-seconds[_file(item.nodeid)], _file(item.nodeid)))


def expected_seconds(item: pytest.Item) -> float:
    """A guess: by the time limit a test sets itself, by its fixtures, by what its file starts."""
    limit = item.get_closest_marker("timeout")
    fixtures = set(getattr(item, "fixturenames", ()))
    guesses = [_AT_LEAST] + [cost for name, cost in _SECONDS_BY_FIXTURE.items() if name in fixtures]
    if limit is not None and limit.args:
        guesses.append(limit.args[0] * _OF_ITS_OWN_TIME_LIMIT)
    if not _STARTERS.isdisjoint(vars(getattr(item, "module", object))):
        guesses.append(_SECONDS_OF_A_START)
    return max(guesses)


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
