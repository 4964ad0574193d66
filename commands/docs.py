"""`manage.py docs`: write the pages that are made from tables, or check that they are current."""

import argparse
import sys
from pathlib import Path

from failpoints import FAILPOINTS, VARIABLE
from grading.documents import render_pages
from settings import ROOT
from trial.ctcae_document import PATH as TERMS_PAGE
from trial.ctcae_document import render_terms
from trial.protocol import PROTOCOL_FILE, load_protocol
from trial.protocol_document import PATH as PROTOCOL_PAGE
from trial.protocol_document import protocol_page
from trial.treatment_document import PATH as TREATMENTS_PAGE
from trial.treatment_document import treatments_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--check`."""
    parser.add_argument(
        "--check", action="store_true", help="compare only; exit status 1 when a page is stale"
    )


def main(args: argparse.Namespace) -> int:
    """Write the pages, or name those that differ from the tables."""
    return check_pages(ROOT) if args.check else write_pages(ROOT)


def all_pages() -> dict[str, str]:
    """The text of every page that is made, by its path in the repository."""
    return {
        **render_pages(),
        TERMS_PAGE: render_terms(),
        TREATMENTS_PAGE: treatments_page(load_protocol().treatments),
        PROTOCOL_PAGE: protocol_page(PROTOCOL_FILE.read_text(encoding="utf-8")),
        "docs/failpoints.md": _failpoints(),
    }


def write_pages(root: Path) -> int:
    """Write every page below the given folder."""
    for path, text in all_pages().items():
        page = root / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    print(f"{len(all_pages())} pages written")
    return 0


def check_pages(root: Path) -> int:
    """Compare every page with its table; 1 when one is missing or stale."""
    stale = [path for path, text in all_pages().items() if not is_current(root / path, text)]
    for path in stale:
        print(
            f"{path} does not match the tables. Run `python manage.py docs` and commit it.", file=sys.stderr
        )
    return 1 if stale else 0


def _failpoints() -> str:
    rows = "\n".join(f"| `{name}` | {sentence} |" for name, sentence in FAILPOINTS.items())
    return f"""# Failpoints: where the tests of faults end a process

Made from `failpoints.py` by `manage.py docs`. With `{VARIABLE}=NAME` a process ends with SIGKILL the
first time it comes there, with `{VARIABLE}=NAME:3` the third time; without it nothing happens. What must
hold afterwards is in [reliability.md](reliability.md).

| Failpoint | What is true there |
|---|---|
{rows}
"""


def is_current(page: Path, text: str) -> bool:
    """True when the page exists and holds exactly this text."""
    return page.is_file() and page.read_text(encoding="utf-8") == text
