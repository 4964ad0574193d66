"""What the import linter cannot see: clock.py, settings.py and failpoints.py stand below every room."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def house() -> set[str]:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    return rooms | {path.stem for path in ROOT.glob("*.py")}


def test_the_house_has_its_rooms() -> None:
    assert {"grading", "trial", "db", "alerts", "actions", "pages", "clock", "settings"} <= house()


@pytest.mark.parametrize("name", ["clock", "settings", "failpoints"])
def test_what_stands_below_every_room_imports_none(name: str) -> None:
    assert imported_names(ROOT / f"{name}.py") & house() == set()
