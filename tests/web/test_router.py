"""The navigation: every screen has its script, and every script its guard first."""

import ast
from pathlib import Path

import pytest

from actions.permissions import Page
from settings import ROOT

FOLDER = ROOT / "pages"


def screens() -> dict[str, str]:
    """Page name -> script, read from the source: importing router.py would run it."""
    tree = ast.parse((FOLDER / "router.py").read_text())
    (table,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id == "SCREENS"
    )
    assert isinstance(table, ast.Dict)
    found = {}
    for key, value in zip(table.keys, table.values, strict=True):
        assert isinstance(key, ast.Attribute)
        assert isinstance(value, ast.Call)
        assert isinstance(value.args[0], ast.Constant)
        found[key.attr] = str(value.args[0].value)
    return found


def test_every_page_has_a_script_and_an_entry() -> None:
    assert set(screens()) == {page.name for page in Page}
    assert all((FOLDER / script).is_file() for script in screens().values())


def test_no_script_is_reachable_beside_the_router() -> None:
    # A folder `pages` beside the script given to Streamlit would be served without it: no guard.
    assert not (FOLDER / "pages").exists()
    assert {path.name for path in FOLDER.glob("*.py")} == {"__init__.py", "router.py"}


@pytest.mark.parametrize("page", Page)
def test_every_script_begins_with_the_guard_of_its_own_page(page: Page) -> None:
    source = Path(FOLDER / screens()[page.name]).read_text()
    assert f"require_role(Page.{page.name}" in source
    before = source.split(f"require_role(Page.{page.name}")[0]
    drawn = [line for line in before.splitlines() if line.strip().startswith("st.")]
    assert drawn == [], "nothing may be drawn before the guard"


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_pages_import_their_parts_by_one_name_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in ("parts", "ward", "committee", "office", "router")
            assert node.module != "pages.router"


def test_only_pages_with_a_script_stand_behind_a_word_of_the_navigation() -> None:
    tree = ast.parse((FOLDER / "router.py").read_text())
    (table,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id == "SECTIONS"
    )
    assert isinstance(table, ast.Dict)
    named = {key.attr for key in table.keys if isinstance(key, ast.Attribute)}
    at_the_bedside = {Page.BOARD, Page.ASSESS, Page.PATIENT, Page.ALERTS, Page.HANDOVER}
    assert named == {page.name for page in Page} - {page.name for page in at_the_bedside}
