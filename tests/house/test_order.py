"""Long files begin first, and the longest are named at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT
from tests.support.order import SLOWEST

CONFTEST = """
import pytest
from tests.support.order import SlowestFiles, long_files_first

def pytest_configure(config):
    config.pluginmanager.register(SlowestFiles())

def pytest_collection_modifyitems(items):
    long_files_first(items)

@pytest.fixture
def browser(): pass

@pytest.fixture
def database(): pass
"""
FILES = {
    "test_a_plain.py": "def test_1(): pass\ndef test_2(): pass",
    "test_b_stored.py": "def test_1(database): pass",
    "test_c_shown.py": "def test_2(browser): pass\ndef test_1(browser): pass",
    "test_d_starts.py": "import subprocess\ndef test_1(): pass",
    "test_f_examples.py": "from hypothesis import given, strategies as s\n@given(s.none())\ndef test_1(_): 0",
    "test_e_long.py": "import pytest\n@pytest.mark.timeout(300)\ndef test_1(): pass",
}


def run_tests(folder: Path, files: dict[str, str]) -> list[str]:
    (folder / "conftest.py").write_text(CONFTEST)
    for name, text in files.items():
        (folder / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), "-v", "."]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def test_what_needs_the_browser_or_asks_for_much_comes_first_and_a_file_keeps_its_order(
    tmp_path: Path,
) -> None:
    lines = run_tests(tmp_path, FILES)
    assert [line.split(" ")[0] for line in lines if "PASSED" in line] == [
        "test_c_shown.py::test_2",
        "test_c_shown.py::test_1",
        "test_e_long.py::test_1",
        "test_d_starts.py::test_1",
        "test_f_examples.py::test_1",
        "test_b_stored.py::test_1",
        "test_a_plain.py::test_1",
        "test_a_plain.py::test_2",
    ]


@pytest.mark.parametrize(("more", "listed"), [(0, 0), (1, SLOWEST)])
def test_the_longest_are_listed_after_a_run_of_many_files(tmp_path: Path, more: int, listed: int) -> None:
    slow = {"test_slow.py": "import threading\ndef test_1(): threading.Event().wait(0.3)"}
    others = {f"test_{number:02}.py": "def test_1(): pass" for number in range(SLOWEST - 1 + more)}
    lines = run_tests(tmp_path, slow | others)
    named = [line for line in lines if " s  test_" in line]
    assert len(named) == listed
    assert named[:1] == [line for line in named if line.endswith("test_slow.py")]
