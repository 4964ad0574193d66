"""Small pieces of HTML, built from escaped values only, for `st.html`.

Every value goes through `escape`; a caller joins pieces with `piece` and never writes free text into
HTML itself. Colours are classes of `style.css`, so a piece follows the theme by itself.
"""

from collections.abc import Iterable
from html import escape
from typing import Final

from grading.colours import tile_text

UP: Final = "up"
DOWN: Final = "down"
SAME: Final = "same"
_TRIANGLES: Final = {UP: "\u25b2", DOWN: "\u25bc"}


class Ready:
    """HTML for `st.html` to send as it stands.

    A plain string it first searches for indentation to take away, which takes longer than writing the piece.
    """

    __slots__ = ("_html",)

    def __init__(self, html: str) -> None:
        """`html` must be made of pieces."""
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


def piece(tag: str, *inside: str, text: str | None = None, classes: str = "", **attributes: str) -> str:
    """One HTML element. `text` is escaped; `inside` must already be pieces made here.

    An attribute is written with `_` for `-` (`aria_label="..."`) and is escaped.
    """
    written = f' class="{escape(classes)}"' if classes else ""
    for name, value in attributes.items():
        written += f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
    content = "".join(inside) if text is None else escape(text) + "".join(inside)
    return f"<{tag}{written}>{content}</{tag}>"


def grade_words(grade: int | None, at_least: int | None) -> str:
    """The grade in words: "grade 3", "at least grade 3", "not graded yet", "no assessment"."""
    if grade is not None:
        return f"grade {grade}"
    if at_least is None:
        return "no assessment"
    return f"at least grade {at_least}" if at_least > 0 else "not graded yet"


def grade_tile(grade: int | None, at_least: int | None, *, toxicity: str = "", small: bool = False) -> str:
    """The tile of a grade: numeral on its colour, dashed rim while unsettled, hatching for "nobody looked".

    grade     the settled grade, or None
    at_least  what is proved; None where there is no assessment at all
    toxicity  "CRS" or "ICANS", read aloud before the grade
    """
    text = tile_text(grade, at_least)
    classes = ["vigil-tile"]
    if grade is not None:
        classes.append(f"vigil-grade-{grade}")
    elif at_least:
        classes += [f"vigil-grade-{at_least}", "vigil-unsettled"]
    else:
        classes.append("vigil-gap")
    if small:
        classes.append("vigil-small")
    label = f"{toxicity} {grade_words(grade, at_least)}".strip()
    number = piece("span", text=text) if text else ""
    return piece("span", number, classes=" ".join(classes), role="img", aria_label=label)


def arrow(direction: str, words: str) -> str:
    """A change in words, with a triangle for up or down; never a colour."""
    triangle = _TRIANGLES.get(direction)
    mark = piece("span", text=f"{triangle} ", aria_hidden="true") if triangle else ""
    return piece("span", mark, piece("span", text=words), classes="vigil-change")


def alert_band(words: str) -> str:
    """The ink band over a card: an alert that nobody has acknowledged."""
    return piece("div", text=words, classes="vigil-band vigil-band-alert")


def outlined_band(words: str) -> str:
    """The outlined band over a card: overdue."""
    return piece("div", text=words, classes="vigil-band vigil-band-outlined")


def soft(words: str) -> str:
    """Secondary words ("Last: 37.0 at 07:52") in the soft colour that still has a contrast over 4.5."""
    return piece("p", text=words, classes="vigil-soft")


def problem(sentence: str) -> str:
    """What to put right, at its box; read aloud when it appears."""
    return piece("p", text=sentence, classes="vigil-problem", role="alert")


def line(*inside: str) -> str:
    """One line of a card, made of pieces."""
    return piece("div", *inside, classes="vigil-line")


def link(words: str, href: str, *, classes: str = "vigil-link") -> str:
    """A link to a page of this program; opens in the same window."""
    return piece("a", text=words, classes=classes, href=href, target="_self")


def download(words: str, href: str) -> str:
    """A link to an address that names its file and only gives it to be saved; the page stays as it is."""
    classes = "vigil-link vigil-link-block"
    return piece("a", text=words, classes=classes, href=href, download="")


def table(
    caption: str,
    heads: Iterable[str],
    rows: Iterable[Iterable[str]],
    *,
    numbers: bool = False,
) -> str:
    """A plain table. `caption` and `heads` are text, the cells are pieces (`cell` makes one from text).

    The first cell of each row is its heading.
    """
    head = piece("tr", *(piece("th", text=words, scope="col") for words in heads))
    body = "".join(_row(list(cells)) for cells in rows)
    made = piece(
        "table",
        piece("caption", text=caption),
        piece("thead", head),
        piece("tbody", body),
        classes="vigil-table vigil-numbers" if numbers else "vigil-table",
    )
    # A wide table scrolls inside its own box, which a keyboard must be able to reach.
    return piece("div", made, classes="vigil-scroll", tabindex="0", role="region", aria_label=caption)


def cell(words: str) -> str:
    """The text of one table cell, escaped."""
    return escape(words)


def _row(cells: list[str]) -> str:
    first, *rest = cells
    return piece("tr", piece("th", first, scope="row"), *(piece("td", inside) for inside in rest))
