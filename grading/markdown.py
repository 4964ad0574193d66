"""The parts that every generated page of `docs/grading/` shares."""

from collections.abc import Iterable, Sequence
from typing import Final

GENERATED: Final = (
    "This page is written by `python manage.py docs` from the tables that grade. Do not edit it."
)

SIGNATURE: Final = (
    "## Read and agreed\n\nI compared the tables above with the publication and agree with the readings.\n\n"
    + "| Name | Role | Date | Signature |\n| --- | --- | --- | --- |\n"
    + "\n".join(["| | | | |"] * 2)
)


def page(title: str, *parts: str) -> str:
    """A page with its heading and the line that says who writes it."""
    return "\n\n".join((f"# {title}", GENERATED, *parts)) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def numbered(sentences: Iterable[str]) -> str:
    """A numbered list."""
    return "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(sentences, 1))
