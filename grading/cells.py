"""The parts that the two scales share: a cell of a published table, and what was found.

Texts here are templates: a name in braces stands for a stored value, such as
`{temperature_c}`, so that one template serves every assessment with the same findings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Self

from grading.charted import Word, YesNo


class Cell(Enum):
    """One cell of a published table: its grade, the published words, and the charted words it covers."""

    def __init__(self, grade: int, published: str, *charted: Word) -> None:
        """Keep the parts of the cell under their names."""
        self.grade = grade
        self.published = published
        self.charted = charted

    @classmethod
    def of(cls, word: Word) -> Self:
        """Find the cell that covers a charted word."""
        return next(cell for cell in cls if word in cell.charted)


class Reading(IntEnum):
    """A number against its limit."""

    NOT_RECORDED = 0
    BELOW = 1
    REACHED = 2

    @classmethod
    def of(cls, value: float | None, limit: float) -> "Reading":
        """Compare the stored value, never a rounded one."""
        if value is None:
            return cls.NOT_RECORDED
        return cls.REACHED if value >= limit else cls.BELOW


class Answer(IntEnum):
    """A yes-or-no column."""

    NOT_RECORDED = 0
    YES = 1
    NO = 2

    @classmethod
    def of(cls, value: YesNo | None) -> "Answer":
        """Read a column of the file."""
        return {None: cls.NOT_RECORDED, YesNo.YES: cls.YES, YesNo.NO: cls.NO}[value]


@dataclass(frozen=True, slots=True)
class Gap:
    """A blank column, and the highest grade its row could reach if it were recorded."""

    column: str
    reach: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one row of a table.

    least, most  grades of the lowest and the highest cell that what is recorded allows
    gaps         blank columns that leave the row open
    phrase       what was found, as a template; empty where nothing was
    attributed   counted 0 because the clinician names another cause
    notes        full sentences, as templates
    to_settle    a sentence shown while the row leaves the grade open and no blank column is to blame
    """

    least: int
    most: int
    gaps: tuple[Gap, ...] = ()
    phrase: str = ""
    attributed: bool = False
    notes: tuple[str, ...] = ()
    to_settle: str = ""


def attribute_elsewhere(finding: Finding, sign: str, has_finding: bool) -> Finding:
    """Count a sign 0 because it has another cause; without a finding it stays not recorded."""
    if not has_finding:
        return replace(
            finding, notes=(f"Another cause is named for {sign}, which is not recorded: it stays open.",)
        )
    found = f" ({finding.phrase})" if finding.least else ""
    return Finding(0, 0, phrase=f"{sign} attributed to another cause{found}", attributed=True)


def deciding(findings: tuple[Finding, ...], proved: int) -> tuple[str, ...]:
    """Phrases of the rows that give the proved grade, and of every row with another cause.

    At grade 0 the rows that were examined and found well are the ones that decide.
    """

    def decides(finding: Finding) -> bool:
        return finding.least == proved if proved else finding.most == 0

    return tuple(finding.phrase for finding in findings if finding.attributed or decides(finding))


def fill(templates: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """Put the stored values into templates."""
    return tuple(template.format_map(values) for template in templates)


def write_number(value: float) -> str:
    """Write a stored number unrounded: 38.6, 120, 37.96."""
    return repr(float(value)).removesuffix(".0")
