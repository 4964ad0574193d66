"""The commands of the house: make's targets, the locks, what a machine that lacks something is told."""

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def run(command: list[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[\S+\])?==(\S+)", text, flags=re.MULTILINE))


def named(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if line[:1].isalpha())
    return {match.group().lower().replace("_", "-") for match in found if match}


def test_plain_make_lists_every_command() -> None:
    listed = run(["make"], ROOT, PATH=os.environ["PATH"]).stdout
    commands = [line.split()[1] for line in listed.splitlines()]
    assert commands == ["help", "run", "demo", "test", "check", "bench", "soak", "lock", "clean"]
    assert all(len(line.split(maxsplit=2)) == 3 for line in listed.splitlines())


@pytest.mark.parametrize("script", ["tools/setup", "tools/check", "tools/test", "tools/lock", ".ci/run"])
def test_each_script_can_be_started_and_parsed(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    shell = (ROOT / script).read_text(encoding="utf-8").splitlines()[0].split()[-1].removeprefix("#!/bin/")
    assert run([shell, "-n", script], ROOT, PATH=os.environ["PATH"]).returncode == 0


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_with_hashes_and_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z])", text.split("\n", 2)[2].strip())
    assert all(re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==", entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|--index|--find-links|(^|\s)/", text)


def test_the_locks_hold_everything_that_is_required() -> None:
    assert named("requirements.txt") <= pins("requirements.lock").keys()
    assert named("requirements-dev.txt") <= pins("requirements-dev.lock").keys()


def test_the_lock_names_the_extras_that_a_locked_package_asks_for() -> None:
    locked = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    asked = {
        match.group(1).lower().replace("_", "-")
        for package in metadata.distributions()
        if package.name.lower().replace("_", "-") in pins("requirements-dev.lock")
        for line in package.requires or []
        if "extra ==" not in line and (match := re.match(r"([A-Za-z0-9._-]+) ?\[", line))
    }
    # pip with hashes refuses an extra of a package that has a newer release than the pinned one.
    assert asked
    assert {name for name in asked if f"\n{name}[" not in locked} == set()


def test_the_tests_run_on_the_versions_that_are_installed() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def machine_with(folder: Path, python3: str) -> tuple[Path, dict[str, str]]:
    """A copy of tools/setup on a machine whose only Python is the shell script given."""
    programs = folder / "bin"
    programs.mkdir()
    for program in ("sh", "id", "dirname", "cmp", "cp"):
        (programs / program).symlink_to(shutil.which(program) or program)
    (programs / "python3").write_text(f"#!/bin/sh\n{python3}\n")
    (programs / "python3").chmod(0o755)
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup", folder / "tools" / "setup")
    return folder / "tools" / "setup", {"PATH": str(programs)}


def test_a_missing_venv_module_gets_the_command_that_mends_it(tmp_path: Path) -> None:
    python = f'case $2 in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    setup, environment = machine_with(tmp_path, python)
    done = run([str(setup)], tmp_path, **environment)
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Python's venv module is missing: run '{sudo}apt-get install python3-venv' and try again.\n"
    )
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("python", ["[ $1 = --version ] && echo Python 3.9.2 || exit 1", "exit 127"])
def test_an_old_or_absent_python_gets_the_command_that_mends_it(tmp_path: Path, python: str) -> None:
    setup, environment = machine_with(tmp_path, python)
    done = run([str(setup)], tmp_path, **environment)
    assert done.returncode == 1
    assert done.stderr.startswith("Vigil needs Python 3.11, 3.12 or 3.13 and found ")
    assert done.stderr.endswith("apt-get install python3.11 python3.11-venv' and try again.\n")
    assert done.stderr.count("\n") == 1
