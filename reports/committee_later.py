"""The committee's report beside CRS and ICANS: infections, blood counts, drugs, published rates."""

from collections.abc import Iterator, Sequence
from typing import Final

from grading.icaht import Icaht
from grading.scale import Toxicity
from reports.committee_rows import ReportRows
from reports.committee_table import INFUSIONS, ORDINALS, Cell, ReportTable, table_of
from trial.drug_days import DrugGroup
from trial.incidence import ExposureRate
from trial.later_toxicity import (
    WINDOW_DAYS,
    cytopenia_row,
    icaht_row,
    infection_rate,
    infection_row,
    treated_row,
)
from trial.protocol import Protocol
from trial.reference_rates import REFERENCE_RATES
from trial.safety_rows import GRADES
from trial.safety_worst import RATE_GRADES, GradedRow, worst_grades

_SEVERE: Final = (3, 4)
_EXACT: Final = "with exact 95 % intervals (Clopper-Pearson)."


def grade_table(
    name: str, title: str, rows: Sequence[GradedRow], grades: Sequence[int] = RATE_GRADES, *, note: str
) -> ReportTable:
    """Patients by worst grade: the counts, who is not graded or pending, what is seen early, the rates."""
    lines: list[tuple[Cell, ...]] = [
        (
            row.label,
            *(len(codes) for codes in row.by_grade),
            len(row.not_graded),
            len(row.pending),
            ", ".join(f"{code} grade {grade}" for code, grade in row.early) or "none",
            *(row.rate(grade).in_words for grade in grades),
        )
        for row in rows
    ]
    counts = (*(str(grade) for grade in GRADES), "not graded", "pending", "early, in an open window")
    rates = (f"grade {grade} or more" for grade in grades)
    return table_of(name, title, ("Worst grade", *counts, *rates), lines, note=f"{note} {_EXACT}")


def later_tables(rows: ReportRows, protocol: Protocol) -> Iterator[ReportTable]:
    """Infections, ICAHT and cytopenia, drugs, and published rates beside this trial's."""
    month = f"Complete: day {WINDOW_DAYS} is over. Rates are of the complete patients,"
    yield grade_table(
        "infections_worst",
        "Infections: worst grade by infusion",
        [infection_row(rows.infections, number) for number in INFUSIONS],
        note=f"Grade 0: none recorded. {month}",
    )
    yield _infection_rates(rows)
    yield grade_table(
        "icaht",
        "ICAHT, early (day 0 to 30) and late (day 31 to 100)",
        [icaht_row(rows.counts, number, part) for part in Icaht for number in INFUSIONS],
        (1, 3),
        note="EHA/EBMT 2023. Not graded: too few counts. Rates are of the complete patients,",
    )
    days = sorted({day for one in rows.counts for day in one.cytopenia})
    yield grade_table(
        "cytopenia",
        "Cytopenia at day 28 and day 90",
        [cytopenia_row(rows.counts, number, day) for day in days for number in INFUSIONS],
        _SEVERE,
        note="CTCAE v5.0, the worst of neutrophils, platelets and haemoglobin nearest to the day. Rates are "
        "of the complete patients,",
    )
    yield _treated(rows)
    yield _reference(rows, protocol)


def _infection_rates(rows: ReportRows) -> ReportTable:
    lines = [
        (f"{ORDINALS[number]} infusion", *_exposure(infection_rate(rows.infections, number)))
        for number in INFUSIONS
    ]
    heads = ("After the", "Infections", "Patient-days", "Per 100 patient-days")
    note = "With exact 95 % limits (Garwood); one patient may have several infections."
    return table_of("infections_rate", "Infections in patient-days", heads, lines, note=note)


def _exposure(rate: ExposureRate) -> tuple[Cell, ...]:
    counts = (rate.events, int(rate.patient_days))
    if rate.rate is None or rate.low is None or rate.high is None:
        return (*counts, "nobody was exposed")
    return (*counts, f"{rate.rate:.2f} ({rate.low:.2f} to {rate.high:.2f})")


def _treated(rows: ReportRows) -> ReportTable:
    lines = []
    for group in DrugGroup:
        for number in INFUSIONS:
            row = treated_row(rows.treated, number, group)
            label = f"{group.label}, {ORDINALS[number]} infusion"
            codes = ", ".join(row.treated) or "nobody"
            lines.append((label, row.rate.in_words, len(row.pending), codes))
    heads = ("Drugs", "Rate of the complete", "Pending", "Given to")
    note = f"Given at least once from day 0 to {WINDOW_DAYS}, or to the next infusion; rates {_EXACT}"
    return table_of("treatments", "Treatment of toxicity", heads, lines, note=note)


def _reference(rows: ReportRows, protocol: Protocol) -> ReportTable:
    courses = [spell.course for spell in rows.spells]
    lines: list[tuple[Cell, ...]] = []
    for toxicity in Toxicity:
        for number in INFUSIONS:
            own = worst_grades(courses, toxicity, number, protocol.monitoring_days)
            rates = (own.rate(1).in_words, own.rate(3).in_words)
            lines.append((own.label, *rates, "ASTCT 2019", "this trial, complete patients"))
        lines += [
            (
                f"{toxicity.label}, {one.study}",
                one.words(one.any_percent),
                one.words(one.from_3_percent),
                one.scale,
                one.source,
            )
            for one in REFERENCE_RATES
            if one.toxicity is toxicity
        ]
    heads = ("", "Any grade", "Grade 3 or more", "Scale", "Source")
    note = "Published after one infusion; the scales differ, no test is made. None of a second was found."
    return table_of("reference", "This trial beside published rates", heads, lines, note=note)
