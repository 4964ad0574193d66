"""Results and their grades in the words and tiles of the screen."""

from collections.abc import Iterable
from typing import Final

from actions.permissions import Page
from grading.icaht import Icaht
from grading.scale import Grade
from grading.units import Analyte
from pages.parts import tiles
from pages.parts.wording import sentence_case, when
from pages.ward.laboratory_parts.loaded import Laboratory
from pages.ward.record_parts.choosing import address_of
from trial.laboratory import GradedRow, LabRow

MISSING_WORDS: Final = {
    "lln": "the lower limit of normal",
    "uln": "the upper limit of normal",
    "baseline": "the value before treatment",
    "ferritin_uln": "the upper limit of normal of ferritin",
    "ferritin_baseline": "ferritin before treatment",
    "alt_uln": "the upper limit of normal of ALT",
    "alt_baseline": "ALT before treatment",
    "ast_uln": "the upper limit of normal of AST",
    "ast_baseline": "AST before treatment",
    "fibrinogen_lln": "the lower limit of normal of fibrinogen",
    "ferritin_rising_fast": "whether ferritin is rising fast (clinician)",
    "grade_4_cytopenia": "whether a grade 4 cytopenia is new or refractory (clinician)",
}


def name_of(analyte: Analyte) -> str:
    """The analyte with a capital at its start."""
    return sentence_case(analyte.label)


def value_words(row: LabRow) -> str:
    """ "0.8 10^9/L", unrounded."""
    return f"{row.value:.15g} {row.unit}"


def limits_words(row: LabRow) -> str:
    """ "1.8 to 6.3", "from 1.8", "up to 8", or nothing."""
    if row.lln is None:
        return "" if row.uln is None else f"up to {row.uln:.15g}"
    return f"from {row.lln:.15g}" if row.uln is None else f"{row.lln:.15g} to {row.uln:.15g}"


def missing_words(missing: Iterable[str]) -> str:
    """What would settle a grade or a score, in words."""
    analytes = {analyte.value: analyte.label for analyte in Analyte}
    return ", ".join(MISSING_WORDS.get(name) or analytes.get(name) or name for name in missing)


def tile_of(graded: GradedRow, *, small: bool = False) -> str:
    """The tile of a CTCAE grade; nothing for an analyte that has none."""
    grade = graded.grade
    if grade is None:
        return ""
    return tiles.grade_tile(grade.grade, grade.at_least, toxicity=grade.scale.value, small=small)


def icaht_tile(grade: Grade[Icaht]) -> str:
    """The tile of an ICAHT grade."""
    return tiles.grade_tile(grade.grade, grade.at_least, toxicity=grade.scale.label)


def result_link(laboratory: Laboratory, row: LabRow, words: str) -> str:
    """A link that opens one result."""
    address = address_of(Page.LABORATORY, laboratory.patient.study_code, r=row.stable_id)
    return tiles.link(words, address, classes="vigil-link vigil-link-row")


def taken_words(laboratory: Laboratory, row: LabRow) -> str:
    """When the sample was taken."""
    return when(row.taken_at, laboratory.now, laboratory.zone)
