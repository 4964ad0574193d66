"""The pages of `docs/grading/` on what the laboratory grades: ICAHT, CTCAE v5.0 and the scores."""

from collections.abc import Iterable
from itertools import pairwise

from grading import ctcae_tables, icaht, scores_tables
from grading.ctcae_tables import (
    COUNTS,
    CREATININE_ABOVE_BASELINE,
    CREATININE_ABOVE_ULN,
    FEVER_ABOVE_C,
    FEVER_FROM_C,
    FEVER_GRADE_4_HOURS,
    FIBRINOGEN_BELOW_G_PER_L,
    FIBRINOGEN_BELOW_LLN,
    FIBRINOGEN_FALL,
    INFECTION,
    NEUTROPENIA_BELOW,
    RATIOS,
    SEPSIS_FROM,
    SINGLE_FEVER_ABOVE_C,
    SUSTAINED_FEVER_FROM_C,
    SUSTAINED_FEVER_HOURS,
    Limits,
    Term,
)
from grading.markdown import SIGNATURE, numbered, page, table
from grading.scores_tables import (
    CAR_HEMATOTOX,
    CAR_HEMATOTOX_HIGH_FROM,
    IEC_HS_FERRITIN_TIMES,
    IEC_HS_FIBRINOGEN_BELOW_G_PER_L,
    IEC_HS_TRANSAMINASE_TIMES,
    NEWS2,
    NEWS2_NOT_ALERT,
    NEWS2_ON_OXYGEN,
    Item,
)
from grading.units import MEASURES, Analyte, write_decimal

_GRADES = (1, 2, 3, 4)
_HEAD = ("", *(f"Grade {grade}" for grade in _GRADES))


def icaht_page() -> str:
    """Early and late ICAHT."""
    early = [
        [f"Early (day {icaht.EARLY_DAYS[0]}-{icaht.EARLY_DAYS[1]}), ANC <= {limit}/uL", *_early_row(limit)]
        for limit in (500, 100)
    ]
    late = [f"Late (day {icaht.LATE_DAYS[0]}-{icaht.LATE_DAYS[1]}), ANC in cells/uL"]
    late += [f"<= {icaht.LATE[grade]}" for grade in _GRADES]
    return page(
        "Immune effector cell-associated hematotoxicity (ICAHT)",
        f"{icaht.REFERENCE} Rule set: {icaht.RULESET}. Days count from the infusion the counts "
        "belong to; early and late are reported apart.",
        table(_HEAD, [*early, late]),
        "## Readings of this project",
        numbered(icaht.READINGS),
        SIGNATURE,
    )


def _early_row(limit: int) -> list[str]:
    cells = (*icaht.EARLY, icaht.NEVER_ABOVE)
    return [
        next((cell.published for cell in cells if (cell.limit, cell.grade) == (limit, grade)), "")
        for grade in _GRADES
    ]


def ctcae_page() -> str:
    """The terms of CTCAE v5.0 that are graded here, and the units of the laboratory."""
    return page(
        "CTCAE v5.0, the part this trial needs",
        f"{ctcae_tables.REFERENCE} Rule set: {ctcae_tables.RULESET}.",
        "A range is written as in CTCAE: from the milder limit to the worse, which belongs to the milder "
        "grade.",
        table(
            _HEAD, [*_count_rows(), *_ratio_rows(), *_creatinine_rows(), *_fibrinogen_rows(), *_fever_rows()]
        ),
        "Anemia: transfusion indicated is grade 3 and life-threatening grade 4, whatever the number.",
        "## Infection",
        table(
            ("Grade", "By site or agent"), [[str(cell.grade), cell.published] for cell in INFECTION.values()]
        ),
        f"Sepsis starts at grade {SEPSIS_FROM}.",
        "## Units",
        "A result in another unit, or without one, is refused. Outside of the plausible range it is asked "
        "about.",
        table(("Analyte", "Units", "Kept in", "Plausible"), _unit_rows()),
        "## Readings of this project",
        numbered(ctcae_tables.READINGS),
        SIGNATURE,
    )


def _count_rows() -> list[list[str]]:
    rows = []
    for analyte, row in COUNTS.items():
        steps = ["LLN", *(write_decimal(limit) for limit in row.below.values())]
        cells = [f"< {upper} - {lower}" for upper, lower in pairwise(steps)]
        last = f"< {steps[-1]}"
        rows.append([f"{row.term} ({MEASURES[analyte].unit})", *cells, last, *[""] * (3 - len(cells))])
    return rows


def _ratio_rows() -> list[list[str]]:
    rows = []
    for row in RATIOS.values():
        rows.append([f"{row.term} (x ULN, baseline normal)", *_rising(row.above)])
        abnormal = _rising(row.above)
        if row.from_baseline is not None:
            abnormal[0] = f"{row.from_baseline} - {row.above[2]}"
        rows.append([f"{row.term} (x baseline, baseline abnormal)", *abnormal])
    return rows


def _creatinine_rows() -> list[list[str]]:
    return [
        [f"{Term.CREATININE} (x ULN)", *_rising(CREATININE_ABOVE_ULN)],
        [f"{Term.CREATININE} (or x baseline)", "", *_rising(CREATININE_ABOVE_BASELINE), ""],
    ]


def _rising(above: Limits) -> list[str]:
    steps = [write_decimal(limit) for limit in above.values()]
    return [f"> {low} - {high}" for low, high in pairwise(steps)] + [f"> {steps[-1]}"]


def _fibrinogen_rows() -> list[list[str]]:
    steps = [write_decimal(limit) for limit in FIBRINOGEN_BELOW_LLN.values()]
    ratios = [f"< {upper} - {lower}" for upper, lower in pairwise(steps)]
    falls = [write_decimal(100 * part) for part in FIBRINOGEN_FALL.values()]
    between = [f"{low} to < {high} %" for low, high in pairwise(falls[1:])]
    return [
        [
            f"{Term.FIBRINOGEN} (x LLN, baseline normal)",
            *ratios,
            f"< {steps[-1]}, or < {FIBRINOGEN_BELOW_G_PER_L} g/L",
        ],
        [
            f"{Term.FIBRINOGEN} (fall from baseline, baseline abnormal)",
            f"< {falls[1]} %",
            *between,
            f">= {falls[-1]} %, or < {FIBRINOGEN_BELOW_G_PER_L} g/L",
        ],
    ]


def _fever_rows() -> list[list[str]]:
    second, third = FEVER_ABOVE_C.values()
    return [
        [
            f"{Term.FEVER} (°C)",
            f"{FEVER_FROM_C} - {second}",
            f"> {second} - {third}",
            f"> {third} for <= {FEVER_GRADE_4_HOURS} h",
            f"> {third} for > {FEVER_GRADE_4_HOURS} h",
        ],
        [
            str(Term.FEBRILE_NEUTROPENIA),
            "",
            "",
            f"ANC < {NEUTROPENIA_BELOW} x 10^9/L with one temperature > {SINGLE_FEVER_ABOVE_C} °C, or >= "
            f"{SUSTAINED_FEVER_FROM_C} °C for over {SUSTAINED_FEVER_HOURS} h",
            "life-threatening",
        ],
    ]


def _unit_rows() -> list[list[str]]:
    rows = []
    for analyte, measure in MEASURES.items():
        units = ", ".join(f"`{spelling}`" for spelling in measure.spellings)
        if measure.umol_per_l is not None:
            units = f"{units} (1 mg/dL = {measure.umol_per_l} umol/L)"
        rows.append([f"`{analyte}`", units, measure.unit, f"{measure.lowest} to {measure.highest}"])
    return rows


def scores_page() -> str:
    """The bedside scores."""
    tables = scores_tables
    reference = tables.REFERENCES
    return page(
        "Bedside scores",
        "Shown as numbers and trends, never as alerts.",
        "## EASIX and m-EASIX",
        f"{reference['EASIX']} {reference['m-EASIX']}",
        "* EASIX = LDH (U/L) x creatinine (mg/dL) / platelets (10^9/L)\n"
        "* m-EASIX = LDH (U/L) x CRP (mg/dL) / platelets (10^9/L)\n"
        f"* Creatinine: umol/L / {MEASURES[Analyte.CREATININE].umol_per_l} = mg/dL",
        "## CAR-HEMATOTOX, before lymphodepletion",
        reference["CAR-HEMATOTOX"],
        table(("", "Points", "Unit"), _point_rows(CAR_HEMATOTOX.values())),
        f"High from {CAR_HEMATOTOX_HIGH_FROM} points.",
        "## NEWS2",
        reference["NEWS2"],
        table(("", "Points", "Unit"), [*_point_rows(NEWS2.values()), *_answers()]),
        "## IEC-HS: a suspicion flag, never a diagnosis",
        reference["IEC-HS"],
        f"Ferritin > {IEC_HS_FERRITIN_TIMES} x ULN or baseline and/or rising fast, usually with or after "
        "resolving CRS, not better explained by CRS, infection or lymphoma, with any of:",
        f"* transaminases > {IEC_HS_TRANSAMINASE_TIMES} x ULN or baseline\n"
        f"* fibrinogen < {IEC_HS_FIBRINOGEN_BELOW_G_PER_L} g/L or < LLN\n"
        "* new or refractory grade 4 cytopenia",
        "## Readings of this project",
        numbered(tables.READINGS),
        SIGNATURE,
    )


def _point_rows(items: Iterable[Item]) -> list[list[str]]:
    return [
        [item.label, "; ".join(f"{band.published}: {band.points}" for band in item.bands), item.unit]
        for item in items
    ]


def _answers() -> list[list[str]]:
    return [
        ["oxygen", f"yes: {NEWS2_ON_OXYGEN}; no: 0", ""],
        ["consciousness", f"alert: 0; not alert or newly confused: {NEWS2_NOT_ALERT}", ""],
    ]
