"""One row of charting against the CRS table, once it is known whether a course is open.

The functions take the few codes of a row, not the charting, so that the single assessment
and the bulk grader share them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from grading.astct_crs import COUNTED_AS, DEATH, KEEPS_COURSE_OPEN, Counting, FeverCell
from grading.cells import Answer, Finding, Gap, Reading, deciding
from grading.charted import COLUMN_WORDS, USUAL_RANGES, Charted, CrsJudgement, DeathDueTo, Sign
from grading.findings import (
    FeverFound,
    classify_flow,
    count_agents,
    fever_found,
    group_device,
    hypotension_finding,
    hypoxia_finding,
)
from grading.settings import GradingSettings


class Fever(StrEnum):
    """Fever as the course sees it. MASKED: a course is open and fever is waived."""

    PRESENT = "present"
    MASKED = "masked"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class CrsRow(NamedTuple):
    """The codes of one row: everything about it that can matter to CRS."""

    temperature: Reading
    fever_attributed: bool
    hypotension: Finding
    hypoxia: Finding
    judgement: CrsJudgement | None
    died_of_crs: bool
    keeps_course_open: bool

    @property
    def fever(self) -> FeverFound:
        """Fever in this row alone."""
        return fever_found(self.temperature, self.fever_attributed)

    @property
    def signs(self) -> tuple[Finding, Finding]:
        """The two rows of the table that decide the grade."""
        return self.hypotension, self.hypoxia


class RowNotes(NamedTuple):
    """What the notes of a row depend on beyond its codes."""

    recurrence: bool = False
    late: bool = False
    confirmed: bool = True
    refused_earlier: bool = False
    dobutamine: bool = False
    rare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The bounds of a CRS grade.

    outranked  what a blank column must exceed to raise the grade; above `at_least` only while
               the temperature is missing, because nothing counts without it
    """

    fever: Fever
    at_least: int
    at_most: int
    outranked: int


def read_crs_row(charted: Charted, settings: GradingSettings) -> CrsRow:
    """Turn one assessment into its codes."""
    elsewhere = charted.attributed_elsewhere or frozenset()
    drugs = charted.fever_masking_drugs or frozenset()
    return CrsRow(
        temperature=Reading.of(charted.temperature_c, settings.fever_c),
        fever_attributed=Sign.FEVER in elsewhere,
        hypotension=hypotension_finding(
            Reading.of(charted.systolic_mmhg, settings.low_systolic_mmhg),
            count_agents(charted.vasopressors),
            Answer.of(charted.iv_fluid_bolus),
            Answer.of(charted.hypotension),
            Sign.HYPOTENSION in elsewhere,
        ),
        hypoxia=hypoxia_finding(
            group_device(charted.oxygen_device),
            classify_flow(charted.oxygen_l_per_min),
            Reading.of(charted.spo2_percent, settings.low_spo2_percent),
            Answer.of(charted.hypoxia),
            Sign.HYPOXIA in elsewhere,
        ),
        judgement=charted.crs_judgement,
        died_of_crs=charted.death_due_to is DeathDueTo.CRS,
        keeps_course_open=any(KEEPS_COURSE_OPEN[drug] for drug in drugs),
    )


def rare_columns(charted: Charted) -> tuple[str, ...]:
    """Columns whose value is possible but rare, in file order."""

    def is_rare(column: str) -> bool:
        value = getattr(charted, column)
        return value is not None and not USUAL_RANGES[column].low <= value <= USUAL_RANGES[column].high

    return tuple(column for column in USUAL_RANGES if is_rare(column))


def lists_uncounted_agent(charted: Charted) -> bool:
    """True when dobutamine is charted, which is recorded and not counted."""
    return any(COUNTED_AS[agent] is Counting.NEVER for agent in charted.vasopressors or ())


def crs_verdict(fever: FeverFound, in_course: bool, least: int, most: int) -> Verdict:
    """Combine fever with the worse of hypotension and hypoxia, given as least and most grade.

    Fever is needed until a course is open; from then on it is waived and counts 0 where absent.
    """
    with_fever = FeverCell.PRESENT.grade
    if fever is FeverFound.PRESENT:
        floor = max(with_fever, least)
        return Verdict(Fever.PRESENT, floor, max(with_fever, most), floor)
    if in_course:
        could_be_fever = with_fever if fever is FeverFound.NOT_RECORDED else 0
        return Verdict(Fever.MASKED, least, max(could_be_fever, most), least)
    if fever is FeverFound.NOT_RECORDED:
        return Verdict(Fever.UNKNOWN, 0, max(with_fever, most), max(with_fever, least))
    return Verdict(Fever.ABSENT, 0, 0, 0)


def verdict_of(row: CrsRow, in_course: bool) -> Verdict:
    """The verdict on the signs alone, before a judgement or a death."""
    least = max(finding.least for finding in row.signs)
    most = max(finding.most for finding in row.signs)
    return crs_verdict(row.fever, in_course, least, most)


def final_bounds(row: CrsRow, verdict: Verdict) -> tuple[int, int]:
    """At least and at most, after death due to CRS (5) and a judgement `not_crs` (0)."""
    if row.died_of_crs:
        return DEATH, DEATH
    if row.judgement is CrsJudgement.NOT_CRS:
        return 0, 0
    return verdict.at_least, verdict.at_most


def open_columns(row: CrsRow, verdict: Verdict) -> Iterator[str]:
    """Blank columns that could still raise the grade, alone or with others."""
    at_least, at_most = final_bounds(row, verdict)
    if at_least == at_most:
        return
    temperature = Gap("temperature_c", FeverCell.PRESENT.grade)
    if row.fever is FeverFound.NOT_RECORDED and temperature.reach > at_least:
        yield temperature.column
    for finding in row.signs:
        yield from (gap.column for gap in finding.gaps if gap.reach > verdict.outranked)


def crs_reasons(row: CrsRow, verdict: Verdict) -> tuple[str, ...]:
    """Say which signs decided, as templates: first the fever, then the worse of the two rows."""
    proved = max(finding.least for finding in row.signs)
    signs = (_fever_reason(row, verdict), *deciding(row.signs, proved))
    if row.died_of_crs:
        return ("death due to CRS", *signs)
    if row.judgement is CrsJudgement.NOT_CRS:
        settled = verdict.at_least == verdict.at_most
        alone = f"grade {verdict.at_least}" if settled else f"at least grade {verdict.at_least}"
        return ("judged not CRS", f"the signs alone would give {alone}", *signs)
    return ("judged CRS", *signs) if row.judgement is CrsJudgement.CRS else signs


def _fever_reason(row: CrsRow, verdict: Verdict) -> str:
    found = {
        Reading.NOT_RECORDED: "temperature not recorded",
        Reading.BELOW: "temperature {temperature_c} °C",
        Reading.REACHED: "temperature {temperature_c} °C",
    }[row.temperature]
    if row.temperature is Reading.REACHED and row.fever_attributed:
        found += " attributed to another cause"
    if verdict.fever is Fever.MASKED:
        return f"fever waived in an open course ({found})"
    if verdict.fever is Fever.ABSENT and row.temperature is Reading.BELOW:
        return f"no fever ({found})"
    return found


def crs_notes(row: CrsRow, verdict: Verdict, extra: RowNotes) -> tuple[str, ...]:
    """Full sentences for the clinician, as templates."""
    at_least, at_most = final_bounds(row, verdict)
    return (
        *_course_notes(row, verdict, extra),
        *(note for finding in row.signs for note in finding.notes),
        *(finding.to_settle for finding in row.signs if finding.to_settle and at_most > at_least),
        *_charting_notes(row, extra),
    )


def _course_notes(row: CrsRow, verdict: Verdict, extra: RowNotes) -> Iterator[str]:
    if verdict.fever is Fever.ABSENT and not row.died_of_crs and any(sign.least for sign in row.signs):
        yield "Not CRS by rule: no fever; look for the cause."
    if row.judgement is CrsJudgement.NOT_CRS and not extra.confirmed:
        yield "The judgement is not confirmed by an investigator: it closes no alert."
    if extra.recurrence:
        yield "Recurrence under treatment: a new episode in a course still open."
    if extra.late:
        yield "CRS that began after day {late_after_day}: look for infection."


def _charting_notes(row: CrsRow, extra: RowNotes) -> Iterator[str]:
    if row.fever_attributed and row.temperature is Reading.NOT_RECORDED:
        yield "Another cause is named for fever, which is not recorded: it stays open."
    if extra.dobutamine:
        yield "Dobutamine is recorded and not counted."
    for column in extra.rare:
        words = COLUMN_WORDS[column]
        yield f"{words[0].upper()}{words[1:]} {{{column}}} {USUAL_RANGES[column].unit} is rare: check it."
    if extra.refused_earlier:
        yield "Read with care: an earlier assessment was refused."
