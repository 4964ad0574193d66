"""What could not be run is listed last, and fails the run where everything is asked for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from tests.support.not_run import NotRunReporter

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(NotRunReporter())
"""
TESTS = """
import pytest
from tests.support.not_run import not_run

@pytest.fixture
def lacking():
    not_run("a browser was not found", may_lack={may_lack})

def test_one(lacking): pass
def test_two(lacking): pass
def test_three(): pass
"""


def run_tests(folder: Path, *options: str, may_lack: bool, require_all: str) -> tuple[int, list[str]]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(TESTS.replace("{may_lack}", str(may_lack)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        *options,
        ".",
    ]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "REQUIRE_ALL": require_all}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_what_lacks_is_listed_after_the_closing_line(tmp_path: Path, options: list[str]) -> None:
    status, lines = run_tests(tmp_path, *options, may_lack=False, require_all="")
    assert status == 0
    assert lines[-1] == "NOT RUN: a browser was not found: 2 tests"
    assert re.search(r"\b1 passed, 2 skipped\b", lines[-2])


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_what_lacks_is_a_failure_where_all_is_required(tmp_path: Path, options: list[str]) -> None:
    status, lines = run_tests(tmp_path, *options, may_lack=False, require_all="1")
    assert status == 1
    assert lines[-2:] == [
        "NOT RUN: a browser was not found: 2 tests",
        "REQUIRE_ALL=1 is set, so what was not run is a failure.",
    ]


def test_what_may_be_absent_is_listed_and_does_not_fail_the_run(tmp_path: Path) -> None:
    status, lines = run_tests(tmp_path, may_lack=True, require_all="1")
    assert status == 0
    assert lines[-1] == "NOT RUN: a browser was not found (allowed to be absent): 2 tests"
