"""The tables of a committee report, pure: frozen rows and the protocol in, numbers out.

Counts come first; every rate names its denominator and its exact interval. The closed part holds efficacy and
nothing else does.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from grading.scale import Toxicity
from reports.committee_later import grade_table, later_tables
from reports.committee_oversight import moment, oversight_tables
from reports.committee_rows import PatientRow, ReportRows
from reports.committee_rules import rule_tables
from reports.committee_table import (
    INFUSIONS,
    ORDINALS,
    Cell,
    Part,
    ReportTable,
    table_of,
    tables_from_json,
    tables_to_json,
)
from trial.completeness import SlotCount
from trial.efficacy import EfficacySet, Survival, efficacy_set
from trial.endpoints import EndpointRow, ResponseCount
from trial.patient_flow import FlowPatient, patient_flow, worst_after_the_first
from trial.protocol import Protocol
from trial.safety_rows import Course
from trial.safety_times import TimeCourse, incidence_of, time_course
from trial.safety_worst import first_to_second, worst_grades
from trial.survival import Median, SurvivalCurve

__all__ = ["Cell", "Part", "ReportTable", "figures_of", "tables_from_json", "tables_to_json"]

_SHOWN_DAYS: Final = (3, 7, 14, 28)
_SURVIVAL_DAYS: Final = (90, 180, 365)


def figures_of(rows: ReportRows, protocol: Protocol, zone: ZoneInfo) -> tuple[ReportTable, ...]:
    """Every table of the report, the open part first."""
    courses = [spell.course for spell in rows.spells]
    on = rows.cutoff_at.astimezone(zone).date()
    return (
        _overview(rows, courses, protocol),
        _completeness(rows),
        *rule_tables(rows, protocol, zone),
        _events(rows, zone),
        _deaths(rows, zone),
        _patients(rows, courses, zone),
        _worst(courses, protocol),
        _times(rows),
        _incidence(courses, protocol),
        *(_shift(courses, toxicity, protocol) for toxicity in Toxicity),
        _adverse(rows, "adverse", "Adverse events of grade 3 or more, and serious ones", infections=False),
        _adverse(rows, "infections", "Infections", infections=True),
        *later_tables(rows, protocol),
        *oversight_tables(rows, zone),
        *_efficacy(rows, protocol, on),
    )


def _overview(rows: ReportRows, courses: Sequence[Course], protocol: Protocol) -> ReportTable:
    """The flow of the patients: the lines of a level add up to the one above."""
    worst = worst_after_the_first(courses)
    patients = (
        FlowPatient(
            code=one.code,
            infusions=len(one.infused_at),
            worst=worst.get(one.code),
            died=one.died_on is not None,
            left=one.left_on is not None,
        )
        for one in rows.patients
    )
    flow = patient_flow(patients, protocol.eligibility.barring_grade)
    lines = ((line.label, len(line.codes), ", ".join(line.codes) if line.level else "") for line in flow)
    return table_of("overview", "The trial at the cut-off", ("What", "Patients", "Who"), lines)


def _completeness(rows: ReportRows) -> ReportTable:
    def line(number: int) -> tuple[Cell, ...]:
        found = sum((one.count for one in rows.completeness if one.number == number), SlotCount())
        return (f"{ORDINALS[number]} infusion", found.due, found.done, found.skipped, found.missing)

    heads = ("After the", "Due", "Done", "Not done, with a reason", "Missing")
    return table_of("completeness", "Assessments due", heads, (line(number) for number in INFUSIONS))


def _worst(courses: Sequence[Course], protocol: Protocol) -> ReportTable:
    last = protocol.monitoring_days
    found = [worst_grades(courses, toxicity, number, last) for toxicity in Toxicity for number in INFUSIONS]
    note = f"Rates are of the patients whose window of day 0 to {last} has closed,"
    return grade_table("worst_grade", "Worst grade by infusion", found, note=note)


def _patients(rows: ReportRows, courses: Sequence[Course], zone: ZoneInfo) -> ReportTable:
    """Who is behind the numbers, one line each."""
    worst = {(one.code, one.number, one.toxicity): one.worst for one in courses}
    lines = [
        (
            one.code,
            one.sex,
            one.age_years,
            *(_infused_on(one, number, zone) for number in INFUSIONS),
            *(
                _worst_words(one, worst.get((one.code, number, toxicity)), number)
                for toxicity in Toxicity
                for number in INFUSIONS
            ),
            _end_words(one),
        )
        for one in rows.patients
    ]
    infused = (f"{ORDINALS[number].capitalize()} infusion" for number in INFUSIONS)
    grades = (f"{toxicity.label}, {ORDINALS[number]}" for toxicity in Toxicity for number in INFUSIONS)
    heads = ("Patient", "Sex", "Age", *infused, *grades, "Then")
    return table_of("patients", "Every patient, with the worst grade of each infusion", heads, lines)


def _infused_on(patient: PatientRow, number: int, zone: ZoneInfo) -> str:
    at = patient.infused_at[number - 1 : number]
    return f"{at[0].astimezone(zone):%Y-%m-%d}" if at else "none"


def _worst_words(patient: PatientRow, worst: int | None, number: int) -> Cell:
    if len(patient.infused_at) < number:
        return "not infused"
    return "not graded" if worst is None else worst


def _end_words(patient: PatientRow) -> str:
    if patient.died_on is not None:
        return f"died {_day(patient.died_on)}"
    return f"left {_day(patient.left_on)}" if patient.left_on else "followed"


def _times(rows: ReportRows) -> ReportTable:
    lines: list[tuple[Cell, ...]] = []
    for toxicity in Toxicity:
        for number in INFUSIONS:
            found = time_course(rows.spells, toxicity, number)
            lines.append(
                (
                    f"{toxicity.label}, {ORDINALS[number]} infusion",
                    len(found.affected),
                    len(found.spells),
                    *_days_words(found),
                    found.duration.ongoing,
                    found.duration.died,
                )
            )
    heads = ("", "Affected", "Infused", "Onset, day", "Peak, day", "Duration, days", "Ongoing", "Died")
    note = "Medians among those affected; the infusion is day 0. Ongoing and death never count as ended."
    return table_of("onset_duration", "Onset, peak and duration", heads, lines, note=note)


def _days_words(found: TimeCourse) -> tuple[Cell, ...]:
    """Median onset, peak and duration; of nobody there is none."""
    if not found.affected:
        return ("nobody affected",) * 3
    return (found.onset.median, found.peak.median, _median_words(found.duration.median))


def _incidence(courses: Sequence[Course], protocol: Protocol) -> ReportTable:
    lines: list[tuple[Cell, ...]] = []
    for toxicity in Toxicity:
        for number in INFUSIONS:
            for at_least in (2, 3):
                found = incidence_of(courses, toxicity, number, at_least, protocol.monitoring_days)
                label = f"{toxicity.label} {at_least} or more, {ORDINALS[number]} infusion"
                lines.append(
                    (label, len(found.times), *(_incidence_words(found.curve.at(day)) for day in _SHOWN_DAYS))
                )
    heads = ("First grade", "At risk", *(f"by day {day}" for day in _SHOWN_DAYS))
    note = "Aalen-Johansen; death, second infusion and new lymphoma therapy compete; log-log 95 % limits."
    return table_of("incidence", "Cumulative incidence", heads, lines, note=note)


def _incidence_words(step: Any) -> str:  # noqa: ANN401 -- an IncidenceStep or None
    if step is None:
        return "not followed so long"
    share = f"{100 * step.incidence:.0f} %"
    return share if step.low is None else f"{share} ({100 * step.low:.0f} to {100 * step.high:.0f} %)"


def _shift(courses: Sequence[Course], toxicity: Toxicity, protocol: Protocol) -> ReportTable:
    shift = first_to_second(courses, toxicity, protocol.eligibility.barring_grade)
    columns = list(dict.fromkeys(cell.second for cell in shift.cells))
    lines: list[tuple[Cell, ...]] = []
    for first, waiting in shift.waiting:
        cells = [cell for cell in shift.cells if cell.first == first]
        counts = [
            "barred" if cell.is_barred and not cell.codes else len(cell.codes)
            for column in columns
            for cell in cells
            if cell.second == column
        ]
        lines.append((_grade_words(first), *counts, len(waiting)))
    heads = ("After the first", *(f"second: {_grade_words(column)}" for column in columns), "infused once")
    bar = protocol.eligibility.barring_grade
    note = f"{shift.twice} infused twice. Grade {bar} or more after the first bars a second infusion."
    title = f"{toxicity.label}: worst grade after the first and after the second infusion"
    return table_of(f"shift_{toxicity.value}", title, heads, lines, note=note)


def _grade_words(grade: int | None) -> str:
    return "not graded" if grade is None else f"grade {grade}"


def _events(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [
        (
            one.code,
            f"{one.toxicity.label} {one.grade}",
            ORDINALS[one.number],
            moment(one.first_at, zone),
            moment(one.ended_at, zone) if one.ended_at else one.state,
            one.reasons,
        )
        for one in rows.events
    ]
    heads = ("Patient", "Grade", "Infusion", "From", "Until", "Why")
    return table_of("grade_3_events", "CRS and ICANS of grade 3 or more", heads, lines)


def _deaths(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    """The earliest first, each with its days after both infusions."""
    dead = sorted((one.died_on, one.code, one) for one in rows.patients if one.died_on is not None)
    lines = [
        (code, _day(on), *(_day_after(one, on, number, zone) for number in INFUSIONS), one.death_cause)
        for on, code, one in dead
    ]
    heads = ("Patient", "On", "Days after the first infusion", "Days after the second", "Cause")
    return table_of("deaths", "Deaths of any cause", heads, lines)


def _day_after(patient: PatientRow, on: date, number: int, zone: ZoneInfo) -> Cell:
    at = patient.infused_at[number - 1 : number]
    return (on - at[0].astimezone(zone).date()).days if at else "no infusion"


def _adverse(rows: ReportRows, name: str, title: str, *, infections: bool) -> ReportTable:
    chosen = [
        one
        for one in rows.adverse
        if (one.infection if infections else not one.infection and (one.grade >= 3 or one.serious))
    ]
    lines = [
        (
            one.code,
            one.term,
            one.grade,
            _day(one.onset_on),
            _day(one.ended_on) if one.ended_on else "ongoing",
            "yes" if one.serious else "no",
            _words(one.car_t),
            _words(one.outcome),
            *((one.site, one.organism) if infections else ()),
        )
        for one in chosen
    ]
    heads = ("Patient", "Term", "Grade", "Onset", "End", "Serious", "By CAR-T cells", "Outcome")
    return table_of(name, title, (*heads, *(("Site", "Organism") if infections else ())), lines)


def _words(value: str | None) -> str | None:
    return None if value is None else value.replace("_", " ")


def _efficacy(rows: ReportRows, protocol: Protocol, on: date) -> Iterator[ReportTable]:
    """The closed part: response and survival; from the second infusion a set of its own."""
    sets = [efficacy_set(rows.followed, protocol.endpoints, on, number) for number in INFUSIONS]
    heads = ("Endpoint", "Reached", "Pending", "of them so far", "Not counted")
    note = "Of the patients counted, with exact 95 % intervals. Infused twice is a set of its own."
    responses = (line for one in sets for line in _response_lines(one))
    yield table_of("response", "Response", heads, responses, note=note, part=Part.CLOSED)
    yield table_of(
        "survival",
        "Progression-free and overall survival",
        ("Endpoint", "Patients", "Events", "Median, days", *(f"at day {day}" for day in _SURVIVAL_DAYS)),
        (_survival_line(one, what) for one in sets for what in Survival),
        note="Kaplan-Meier with log-log 95 % limits; NR is not reached.",
        part=Part.CLOSED,
    )
    for one in sets:
        yield table_of(
            f"endpoints_{one.number}",
            f"Endpoints of each patient from the {ORDINALS[one.number]} infusion, with the reason",
            ("Patient", "3-month CR", "Why", "Best", "PFS", "Why", "OS", "Why"),
            (_endpoint_line(row) for row in one.rows),
            part=Part.CLOSED,
        )


def _response_lines(one: EfficacySet) -> Iterator[tuple[Cell, ...]]:
    since = f"from the {ORDINALS[one.number]} infusion"
    yield _response_line(f"3-month complete remission, {since}", one.month_3_cr)
    yield _response_line(f"Objective response, {since}", one.response)


def _response_line(label: str, count: ResponseCount) -> tuple[Cell, ...]:
    return (label, count.rate.in_words, len(count.pending), len(count.early), len(count.not_counted))


def _survival_line(one: EfficacySet, what: Survival) -> tuple[Cell, ...]:
    curve = one.curve(what)
    shares = [_survival_words(curve, day) for day in _SURVIVAL_DAYS]
    label = f"{what.name}, from the {ORDINALS[one.number]} infusion"
    return (label, curve.patients, curve.events, _median_words(curve.median), *shares)


def _median_words(median: Median) -> str:
    limits = [f"{value:g}" if value is not None else "NR" for value in (median.low, median.high)]
    return f"{'NR' if median.day is None else f'{median.day:g}'} ({limits[0]} to {limits[1]})"


def _survival_words(curve: SurvivalCurve, day: int) -> str:
    step = curve.at(day)
    if step is None:
        return "not followed so long"
    share = f"{100 * step.survival:.0f} %"
    if step.low is None or step.high is None:
        return share
    return f"{share} ({100 * step.low:.0f} to {100 * step.high:.0f} %)"


def _endpoint_line(row: EndpointRow) -> tuple[Cell, ...]:
    def survived(found: Any) -> str:  # noqa: ANN401 -- a Survived
        return f"day {found.day}, {'event' if found.event else 'censored'}"

    return (
        row.study_code,
        row.month_3_cr.status.value.replace("_", " "),
        row.month_3_cr.why,
        row.best.value if row.best else "none read",
        survived(row.pfs),
        row.pfs.why,
        survived(row.os),
        row.os.why,
    )


def _day(on: date | None) -> str | None:
    return None if on is None else f"{on:%Y-%m-%d}"
