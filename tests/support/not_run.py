"""Tests that cannot run here say so at the very end, and fail the run under REQUIRE_ALL=1."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import NoReturn

import pytest

PREFIX = "NOT RUN: "
MAY_LACK = " (allowed to be absent)"


def not_run(reason: str, *, may_lack: bool = False) -> NoReturn:
    """Skip the present test or fixture and have `reason` listed last.

    `may_lack`: the run passes all the same under REQUIRE_ALL=1.
    """
    pytest.skip(PREFIX + reason + (MAY_LACK if may_lack else ""))


class NotRunReporter:
    """Collects the reasons from the reports, which also arrive from xdist's workers, and prints them last."""

    def __init__(self) -> None:
        self.tests_by_reason: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        if self.fails_the_run() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        yield
        for line in self.lines():
            print(line)

    def fails_the_run(self) -> bool:
        """Whether something lacks that REQUIRE_ALL=1 asks for."""
        required = [reason for reason in self.tests_by_reason if not reason.endswith(MAY_LACK)]
        return bool(required) and os.environ.get("REQUIRE_ALL") == "1"

    def lines(self) -> list[str]:
        """One line a reason, with the number of tests it kept from running."""
        lines = [
            f"{PREFIX}{reason}: {tests} {'test' if tests == 1 else 'tests'}"
            for reason, tests in sorted(self.tests_by_reason.items())
        ]
        if self.fails_the_run():
            lines.append("REQUIRE_ALL=1 is set, so what was not run is a failure.")
        return lines

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or not isinstance(report.longrepr, tuple):
            return
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith(PREFIX):
            self.tests_by_reason[reason.removeprefix(PREFIX)] += 1
