"""The pictures of README and docs: each that is named is there, and small enough to open over a slow line."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_BYTES = 150_000


def pictures_of(document: Path) -> list[Path]:
    named = re.findall(r"\[[^\]]*\]\(([^)#]+\.(?:png|svg))\)", document.read_text(encoding="utf-8"))
    return [document.parent / name for name in named]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_picture_that_is_named_is_there_and_small(document: Path) -> None:
    sizes = {path.name: path.stat().st_size if path.is_file() else None for path in pictures_of(document)}
    assert {name: size for name, size in sizes.items() if size is None or size > MOST_BYTES} == {}


def test_the_committee_s_page_shows_every_picture_that_is_taken_for_it() -> None:
    shown = [path.name for path in pictures_of(ROOT / "docs" / "committee.md")]
    taken = [path.name for path in (ROOT / "docs" / "screens" / "committee").glob("*.png")]
    assert len(taken) > 15
    assert sorted(shown) == sorted(taken)
