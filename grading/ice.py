"""The Immune Effector Cell-Associated Encephalopathy (ICE) score.

Lee DW et al., Biol Blood Marrow Transplant 2019;25(4):625-638, table 4. Five items, 10 points.
A patient who is awake and cannot answer scores 0; that is never "not done".
"""

from dataclasses import dataclass
from typing import Final

from grading.charted import Charted


@dataclass(frozen=True, slots=True)
class IceItem:
    """One item of the score: its column, its points and the published words."""

    column: str
    points: int
    published: str

    @property
    def name(self) -> str:
        """The item in one word, as in "orientation 3 of 4"."""
        return self.column.removeprefix("ice_")


ICE_ITEMS: Final[tuple[IceItem, ...]] = (
    IceItem("ice_orientation", 4, "Orientation to year, month, city, hospital: 4 points"),
    IceItem("ice_naming", 3, "Naming 3 objects (point to clock, pen, button): 3 points"),
    IceItem("ice_commands", 1, "Following simple commands (show me 2 fingers, close your eyes): 1 point"),
    IceItem("ice_writing", 1, "Writing a standard sentence: 1 point"),
    IceItem("ice_attention", 1, "Attention, counting backwards from 100 by 10: 1 point"),
)

FULL_SCORE: Final = sum(item.points for item in ICE_ITEMS)

ICE_COLUMNS: Final[tuple[str, ...]] = (*(item.column for item in ICE_ITEMS), "ice_score")


@dataclass(frozen=True, slots=True)
class IceScore:
    """The scores that what is recorded allows, and the blank columns that would settle it."""

    worst: int
    best: int
    missing: tuple[str, ...]

    @property
    def recorded(self) -> bool:
        """True when at least one item or the total is recorded."""
        return self.missing != ICE_COLUMNS


def item_points(charted: Charted) -> tuple[int | None, ...]:
    """The points of the five items, in the paper's order."""
    return (
        charted.ice_orientation,
        charted.ice_naming,
        charted.ice_commands,
        charted.ice_writing,
        charted.ice_attention,
    )


def ice_score(items: tuple[int | None, ...], total: int | None) -> IceScore:
    """Add the items up; a total given beside items is the score."""
    if total is not None:
        return IceScore(total, total, ())
    blank = [item for item, points in zip(ICE_ITEMS, items, strict=True) if points is None]
    worst = sum(points for points in items if points is not None)
    if not blank:
        return IceScore(worst, worst, ())
    missing = (*(item.column for item in blank), "ice_score")
    return IceScore(worst, worst + sum(item.points for item in blank), missing)


def write_items(items: tuple[int | None, ...]) -> str:
    """The recorded items with their points: "orientation 3 of 4, naming 2 of 3"."""
    recorded = zip(ICE_ITEMS, items, strict=True)
    return ", ".join(
        f"{item.name} {points} of {item.points}" for item, points in recorded if points is not None
    )
