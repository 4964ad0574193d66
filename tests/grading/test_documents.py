"""The generated pages: current, complete, and checked by the command."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from commands import docs
from grading.astct_crs import Hypotension, Hypoxia
from grading.astct_icans import DOMAINS
from grading.documents import render_pages
from grading.settings import GradingSettings

ROOT = Path(__file__).parents[2]


def test_the_pages_in_the_repository_match_the_tables() -> None:
    assert docs.check_pages(ROOT) == 0


def test_every_published_cell_and_every_charted_word_stands_on_a_page() -> None:
    pages = render_pages()
    for page, scales in (("crs", (Hypotension, Hypoxia)), ("icans", tuple(DOMAINS.values()))):
        text = pages[f"docs/grading/{page}.md"]
        cells = [cell for scale in scales for cell in scale if cell.grade]
        assert all(cell.published in text for cell in cells)
        assert all(f"`{word}`" in text for cell in cells for word in cell.charted)


def test_a_setting_that_a_site_moves_is_printed() -> None:
    page = render_pages(GradingSettings(low_systolic_mmhg=95))["docs/grading/crs.md"]
    assert "below 95 mmHg" in page
    assert "{" not in page


def test_a_stale_or_absent_page_is_named_and_writing_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs.write_pages(tmp_path)
    assert docs.check_pages(tmp_path) == 0
    (tmp_path / "docs/grading/crs.md").write_text("altered", encoding="utf-8")
    (tmp_path / "docs/grading/icans.md").unlink()
    assert docs.check_pages(tmp_path) == 1
    told = capsys.readouterr().err
    assert "docs/grading/crs.md does not match the tables." in told
    assert "docs/grading/icans.md does not match the tables." in told


def test_the_command_checks_this_repository() -> None:
    parser = ArgumentParser()
    docs.add_arguments(parser)
    assert docs.main(parser.parse_args(["--check"])) == 0
