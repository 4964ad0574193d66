"""A second grader, written from the rules alone, to disagree with the product where either is wrong.

It reads rows as the assessment file has them (text; lists with `;`; blank = None) and knows nothing of the
product. Plain and slow: a sign's bounds and its missing columns are found by trying values, not by reasoning.

Readings: where the rules leave room, this is how they are read here.

 1. A clear stretch of 24 h is measured as closing is: it is complete at a row whose grade is a settled 0,
    24 h or more after the last sign. Time alone, with no row to attest it, clears nothing. `recurrence` marks
    only the row of the sign that follows, and only while the course is still open.
 2. `missing` counts what a column adds beside other blank columns. Without an open course and without a
    temperature, `temperature_c` is missing, and so is each column that would raise the grade further were
    there fever; what the signs already recorded would outrank in fever is not.
 3. Each blank ICE item and a blank `ice_score` are columns of their own: with ICE not done all six are
    missing, with ICE partly done the blank items that matter and `ice_score`. A reason in `ice_not_done` does
    not take them off the list. `ice_not_done`, `hypoxia`, `hypotension`, `crs_judgement`,
    `attributed_elsewhere` and `death_due_to` are never missing: reasons and judgements.
 4. Blank consciousness could be unarousable whatever the ICE score, though the file would refuse that beside
    a score above 0: the domains are bounded apart, and an unknown state is not taken for a safe one.
 5. `other` among the fever-masking drugs may be a steroid, so it prolongs the course as one.
 6. Another device (`other`) leaves low flow to positive pressure, and no blank column settles that: the
    grade is not settled and `missing` may be empty.
 7. A row judged `not_crs` is a settled 0 and not masked; its drugs do not prolong the course, its signs do
    not count, it neither completes nor breaks a clear stretch. The fever it reports is the thermometer's.
 8. `ice_not_done: unarousable` with blank consciousness is a recorded finding: attributing consciousness
    elsewhere then counts 0.
 9. `hypotension: no` settles the row with vasopressors and bolus blank. A bolus of `yes` still beats it, and
    then blank vasopressors leave "present, no vasopressor" to several.
10. Beside a systolic of 90 or more a blank bolus counts as no bolus, also while vasopressors are blank; with
    the systolic blank, a blank bolus matters.
11. A sign attributed elsewhere with no finding is read as if it were not attributed: it stays missing.
12. Dobutamine alone means vasopressors are recorded, and none counts.
13. A cannula without a charted flow is at least low flow; 0 L/min is known only when it is written down.
14. A closed course opens again with a new fever or a new `crs` judgement. A death due to CRS is grade 5 and
    opens nothing by itself: no row follows it.
15. `crs_judgement: crs` opens the course at its own row, so that row's own fever is masked too.
16. An earlier temperature that was not recorded opens nothing; only a recorded fever does.
17. Blank fever-masking drugs list no drug, and never make a grade unsettled.
18. A death row is settled, with nothing missing, for the scale the death belongs to; for the other scale it
    is a row like any other.
19. A steroid or anticytokine drug recorded as a treatment delays the closing of the course like a row that
    lists it: by its last dose up to the row in question, by that row itself while it runs. It does no more.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.second_opinion import tables
from tests.second_opinion.signs import (
    NO_SIGN,
    Bounds,
    Row,
    attributed,
    domain_bounds,
    fever,
    hypotension_bounds,
    hypoxia_bounds,
    ice_bounds,
    listed,
)

CLEAR = timedelta(hours=tables.CLEAR_HOURS)

Given = tuple[datetime, datetime | None, float | None]
"""A treatment: first dose, end (None while it goes on), hours between doses (None: it runs, or one dose)."""
SETTLED_ZERO = {"grade": 0, "at_least": 0, "missing": []}


def grade_course(rows: list[Row], treatments: list[Given] | None = None) -> list[dict[str, Any]]:
    """The grades of one patient after one infusion.

    Args:
        rows: Valid rows in any order, keyed by the columns of the assessment file; blank or absent is None.
        treatments: Steroids and anticytokine drugs recorded beside the rows.

    Returns:
        For each row in time order `assessed_at`, `crs` (`grade`, `at_least`, `missing`, `masked`,
        `course_open` after the row, `fever`, `recurrence`) and `icans` (`grade`, `at_least`, `missing`).
    """
    course = Course(treatments=treatments or [])
    in_time_order = sorted(rows, key=assessed_at)
    return [
        {"assessed_at": row["assessed_at"], "crs": course.grade(row), "icans": icans(row)}
        for row in in_time_order
    ]


def assessed_at(row: Row) -> datetime:
    """The instant of the assessment."""
    return datetime.fromisoformat(str(row["assessed_at"]))


def in_file_order(columns: list[str]) -> list[str]:
    """The columns in the order of the assessment file, each once."""
    return sorted(set(columns), key=tables.COLUMNS.index)


def verdict(at_least: int, at_most: int, missing: list[str]) -> dict[str, Any]:
    """A grade, or none while the most and the least differ."""
    return {
        "grade": at_least if at_least == at_most else None,
        "at_least": at_least,
        "missing": in_file_order(missing),
    }


# --- CRS -------------------------------------------------------------------------------------------------


def hypotension(row: Row) -> Bounds:
    """The bounds of the hypotension row."""
    if attributed(row, "hypotension"):
        return NO_SIGN
    return hypotension_bounds(
        row.get("systolic_mmhg"), row.get("vasopressors"), row.get("iv_fluid_bolus"), row.get("hypotension")
    )


def hypoxia(row: Row) -> Bounds:
    """The bounds of the hypoxia row."""
    if attributed(row, "hypoxia"):
        return NO_SIGN
    return hypoxia_bounds(
        row.get("spo2_percent"), row.get("oxygen_device"), row.get("oxygen_l_per_min"), row.get("hypoxia")
    )


def crs_with_course(row: Row) -> dict[str, Any]:
    """The grade of a row in an open course: fever adds 1, and is not required."""
    pressure, oxygen = hypotension(row), hypoxia(row)
    fever_least = 1 if fever(row) == "present" else 0
    fever_most = 0 if fever(row) == "absent" else 1
    at_least = max(fever_least, pressure.least, oxygen.least)
    at_most = max(fever_most, pressure.most, oxygen.most)
    missing = pressure.raised_above(at_least) + oxygen.raised_above(at_least)
    if fever(row) == "unknown" and at_least == 0:
        missing.append("temperature_c")
    return verdict(at_least, at_most, missing)


def crs_without_course(row: Row) -> dict[str, Any]:
    """The grade of a row without CRS so far and without fever that is proved."""
    if fever(row) == "absent":
        return verdict(0, 0, [])
    pressure, oxygen = hypotension(row), hypoxia(row)
    with_fever = max(1, pressure.least, oxygen.least)
    missing = pressure.raised_above(with_fever) + oxygen.raised_above(with_fever)
    return verdict(0, max(with_fever, pressure.most, oxygen.most), ["temperature_c", *missing])


def prolongs(row: Row) -> bool:
    """Whether the row lists a drug under which fever cannot show, antipyretics aside."""
    classes = {tables.FEVER_MASKING_DRUG.get(drug) for drug in listed(row.get("fever_masking_drugs"))}
    return bool(classes & {"steroid", "anticytokine", "unknown"})


def latest_dose(treatments: list[Given], until: datetime) -> list[datetime]:
    """The last moment up to `until` at which each treatment was being given, found dose by dose."""
    latest = []
    for first, end, hours in treatments:
        if first > until:
            continue
        if hours is None:
            latest.append(until if end is None or end > until else end)
            continue
        dose = first
        following = dose + timedelta(hours=hours)
        while following <= until and (end is None or following <= end):
            dose, following = following, following + timedelta(hours=hours)
        latest.append(dose)
    return latest


@dataclass
class Course:
    """What must be remembered from row to row."""

    treatments: list[Given] = field(default_factory=list)
    is_open: bool = False
    last_sign_at: datetime | None = None
    last_drug_at: datetime | None = None
    clear_for_24_h: bool = False

    def grade(self, row: Row) -> dict[str, Any]:
        """Grade the next row and move on."""
        if row.get("crs_judgement") == "not_crs":
            return {
                **SETTLED_ZERO,
                "missing": [],
                "masked": False,
                "course_open": self.is_open,
                "fever": fever(row),
                "recurrence": False,
            }
        if fever(row) == "present" or row.get("crs_judgement") == "crs":
            self._open()
        masked = self.is_open and fever(row) != "present"
        result = crs_with_course(row) if self.is_open else crs_without_course(row)
        if row.get("death_due_to") == "crs":
            result = verdict(tables.DEATH, tables.DEATH, [])
        recurrence = self._remember(row, result)
        return {
            **result,
            "masked": masked,
            "course_open": self.is_open,
            "fever": fever(row),
            "recurrence": recurrence,
        }

    def _open(self) -> None:
        if not self.is_open:
            self.is_open = True
            self.clear_for_24_h = False

    def _remember(self, row: Row, result: dict[str, Any]) -> bool:
        """Take the graded row into the course; True where it is a recurrence."""
        now = assessed_at(row)
        if prolongs(row):
            self.last_drug_at = now
        if not self.is_open:
            return False
        sign = fever(row) == "present" or result["at_least"] >= 1 or row.get("crs_judgement") == "crs"
        if sign:
            recurrence = self.clear_for_24_h
            self.last_sign_at = now
            self.clear_for_24_h = False
            return recurrence
        if result["grade"] == 0 and self.last_sign_at is not None and now - self.last_sign_at >= CLEAR:
            self.clear_for_24_h = True
            charted = [] if self.last_drug_at is None else [self.last_drug_at]
            if all(now - given >= CLEAR for given in charted + latest_dose(self.treatments, now)):
                self.is_open = False
        return False


# --- ICANS -----------------------------------------------------------------------------------------------


def ice(row: Row) -> Bounds:
    """The bounds of the ICE row."""
    if attributed(row, "ice"):
        return NO_SIGN
    return ice_bounds(tuple(row.get(column) for column in tables.ICE_MAXIMUM), row.get("ice_score"))


def domain(row: Row, column: str) -> Bounds:
    """The bounds of one of the four other domains."""
    if attributed(row, column):
        return NO_SIGN
    cell = row.get(column)
    if column == "consciousness" and cell is None and row.get("ice_not_done") == "unarousable":
        cell = "unarousable"
    return domain_bounds(column, cell)


def icans(row: Row) -> dict[str, Any]:
    """The ICANS grade of one row: the worst domain decides, and each row stands alone."""
    if row.get("death_due_to") == "icans":
        return verdict(tables.DEATH, tables.DEATH, [])
    domains = [ice(row), *(domain(row, column) for column in tables.ICANS)]
    at_least = max(bounds.least for bounds in domains)
    at_most = max(bounds.most for bounds in domains)
    return verdict(at_least, at_most, [c for bounds in domains for c in bounds.raised_above(at_least)])
