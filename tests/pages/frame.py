"""What stands in a frame of a page run in memory, found as a person finds it: by kind and words."""

from collections.abc import Iterator
from xml.etree import ElementTree

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

Piece = ElementTree.Element
_LINES = ("div", "p", "h1", "h3", "li")


class Frame:
    """A container of a page, or all of it, as it was drawn last."""

    def __init__(self, page: AppTest, key: str | None = None) -> None:
        self.block = page.main
        if key is not None:
            found = page.main.get_by_key(key)
            assert isinstance(found, Block), key
            self.block = found

    @property
    def questions(self) -> list[str]:
        """The words over the groups of choices."""
        return [one.label for one in self.block.button_group]

    @property
    def folds(self) -> list[str]:
        """The words of what is folded away, and of what was unfolded."""
        return [one.label for one in self.block.expander]

    @property
    def remarks(self) -> list[str]:
        """What stands there as plain text, which nothing makes anything else of."""
        return [one.value for one in self.block.text]

    @property
    def images(self) -> list[str]:
        """The names of the tiles and other pictures in HTML."""
        return [one.attrib["aria-label"] for one in self._pieces() if one.get("role") == "img"]

    @property
    def sentences(self) -> list[str]:
        """Every line of its own in HTML: bands, headings, paragraphs, lines of a list."""
        return [words_of(one) for one in self._pieces() if one.tag in _LINES and not any(map(_is_line, one))]

    @property
    def headings(self) -> list[str]:
        """The headings in HTML, which are those of cards and of the page."""
        return [words_of(one) for one in self._pieces() if one.tag in ("h1", "h3")]

    def links(self) -> dict[str, str]:
        """The words of each link, and where it leads."""
        return {words_of(one): one.attrib["href"] for one in self._pieces("a")}

    def table(self, caption: str) -> "Table":
        """The only table whose caption begins with these words."""
        found = [one for one in self._pieces("table") if words_of(one[0]).startswith(caption)]
        assert len(found) == 1, (caption, [words_of(one) for one in self._pieces("caption")])
        return Table(found[0])

    def _pieces(self, tag: str = "*") -> Iterator[Piece]:
        for element in self.block.get("html"):
            # Of trusted make: every piece is written by `pages.parts.tiles`, which closes and escapes it.
            yield from ElementTree.fromstring(f"<html>{element.proto.body}</html>").iter(tag)


class Table:
    """A table: its caption, and the cells of its rows, the heading of each row first."""

    def __init__(self, table: Piece) -> None:
        self.caption = words_of(table[0])
        self.rows = [list(row) for row in table[2]]

    def row(self, *words: str) -> list[Piece]:
        """The cells of the only row in which all of these words stand."""
        found = [row for row in self.rows if all(one in " ".join(map(words_of, row)) for one in words)]
        assert len(found) == 1, (words, [[words_of(cell) for cell in row] for row in self.rows])
        return found[0]

    def cells(self, *words: str) -> list[str]:
        """The words of that row's cells."""
        return [words_of(cell) for cell in self.row(*words)]


def words_of(piece: Piece) -> str:
    """The words in a piece, and the names of the pictures among them."""
    return " ".join(" ".join(_words(piece)).split())


def _words(piece: Piece) -> Iterator[str]:
    if piece.get("role") == "img":
        yield piece.attrib["aria-label"]
        return
    yield piece.text or ""
    for inside in piece:
        yield from _words(inside)
        yield inside.tail or ""


def in_red(piece: Piece) -> list[str]:
    """The words within a piece that stand in red."""
    return [words_of(one) for one in piece.iter() if "vigil-problem" in one.get("class", "").split()]


def _is_line(piece: Piece) -> bool:
    return piece.tag in _LINES
