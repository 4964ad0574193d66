"""README names the settings and commands that exist, and only those."""

import re
from pathlib import Path

from settings import setting_names

ROOT = Path(__file__).resolve().parents[2]


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_table_names_exactly_the_settings() -> None:
    rows = re.findall(r"^\|\s*`([A-Z_]+)`", readme(), flags=re.MULTILINE)
    assert sorted(rows) == sorted(setting_names())


def test_every_make_command_it_names_exists() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = set(re.findall(r"(?:`|^\s*)make ([a-z]+)", readme(), flags=re.MULTILINE))
    assert {"run", "demo"} <= named <= set(targets)


def test_it_names_the_packages_a_bare_system_lacks() -> None:
    first_command = readme().partition("make run")[0]
    for package in ("git", "make", "python3-venv"):
        assert package in first_command
