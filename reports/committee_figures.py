"""The tables of a committee report, pure: frozen rows and the protocol in, numbers out.

Counts come first; every rate names its denominator and its exact interval. The closed part holds efficacy and
nothing else does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from alerts.words.short import short_words
from grading.scale import Toxicity
from reports.committee_rows import AlertRow, ReportRows
from trial.completeness import SlotCount
from trial.endpoints import (
    EndpointRow,
    ResponseCount,
    count_month_3_cr,
    count_objective_response,
    endpoint_rows,
    survival_of,
)
from trial.protocol import Protocol
from trial.safety_rows import Course
from trial.safety_times import incidence_of, time_course
from trial.safety_worst import RATE_GRADES, first_to_second, worst_grades
from trial.stopping_reading import Count
from trial.stopping_rules import boundary_of, codes_with_event, read
from trial.survival import Median, SurvivalCurve

_ORDINALS: Final = ("first", "second")
_INFUSIONS: Final = (1, 2)
_FIRST: Final = ("overview", "completeness", "rule_", "grade_3_events", "deaths")
_SHOWN_DAYS: Final = (3, 7, 14, 28)
Cell = str | int | float | None


class Part(StrEnum):
    """The open part is for everyone on the committee's list; the closed part holds efficacy."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """One table. `name` is short enough for a sheet of a workbook; None in a row is "not recorded"."""

    name: str
    title: str
    part: Part
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def comes_first(self) -> bool:
        """Whether it is of the numbers that a member reads before any picture."""
        return self.name.startswith(_FIRST)


_ADAPTER: Final = TypeAdapter(tuple[ReportTable, ...])


def tables_to_json(tables: Sequence[ReportTable]) -> Any:  # noqa: ANN401 -- JSON
    """The tables as JSON values."""
    return _ADAPTER.dump_python(tuple(tables), mode="json")


def tables_from_json(stored: Any) -> tuple[ReportTable, ...]:  # noqa: ANN401 -- JSON
    """The tables again, equal to what was stored."""
    return _ADAPTER.validate_python(stored)


def figures_of(rows: ReportRows, protocol: Protocol, zone: ZoneInfo) -> tuple[ReportTable, ...]:
    """Every table of the report, the open part first."""
    courses = [spell.course for spell in rows.spells]
    on = rows.cutoff_at.astimezone(zone).date()
    return (
        _overview(rows),
        _completeness(rows),
        *_stopping(rows, protocol),
        _events(rows, zone),
        _deaths(rows),
        _worst(courses, protocol),
        _times(rows),
        _incidence(courses, protocol),
        *(_shift(courses, toxicity, protocol) for toxicity in Toxicity),
        _adverse(rows, "adverse", "Adverse events of grade 3 or more, and serious ones", infections=False),
        _adverse(rows, "infections", "Infections", infections=True),
        _treatments(rows),
        _corrections(rows, zone),
        _alerts(rows, zone),
        *_efficacy(rows, protocol, on),
    )


def _table(
    name: str, title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], **more: Any
) -> ReportTable:
    part = more.pop("part", Part.OPEN)
    return ReportTable(
        name=name, title=title, part=part, heads=tuple(heads), rows=tuple(tuple(row) for row in rows), **more
    )


def _overview(rows: ReportRows) -> ReportTable:
    infused = [sum(len(one.infused_at) >= number for one in rows.patients) for number in _INFUSIONS]
    return _table(
        "overview",
        "The trial at the cut-off",
        ("What", "Patients"),
        (
            ("Enrolled", len(rows.patients)),
            ("Infused at least once", infused[0]),
            ("Infused twice", infused[1]),
            ("Withdrawn", sum(one.withdrawn for one in rows.patients)),
            ("Died", sum(one.died_on is not None for one in rows.patients)),
        ),
    )


def _completeness(rows: ReportRows) -> ReportTable:
    def line(number: int) -> tuple[Cell, ...]:
        found = sum((one.count for one in rows.completeness if one.number == number), SlotCount())
        return (f"{_ORDINALS[number - 1]} infusion", found.due, found.done, found.skipped, found.missing)

    heads = ("After the", "Due", "Done", "Not done, with a reason", "Missing")
    return _table("completeness", "Assessments due", heads, (line(number) for number in _INFUSIONS))


def _stopping(rows: ReportRows, protocol: Protocol) -> Iterator[ReportTable]:
    patients = {row.key: row.patients for row in rows.rules}
    for rule in protocol.stopping:
        reading = read(rule, patients.get(rule.key, ()))
        events = reading.path[-1] if reading.path else 0
        yield _table(
            f"rule_{rule.key}"[:31],
            rule.words,
            ("Reading", "Events", "Patients", "Limit", "Pauses"),
            (
                (
                    "formal: windows closed",
                    events,
                    len(reading.complete),
                    *_limit(reading.stopped, reading.looks),
                ),
                (
                    "immediate: all events so far",
                    reading.immediate.events,
                    reading.immediate.n,
                    _limit_words(reading.immediate.stop_at),
                    "yes" if reading.immediate.stops else "no",
                ),
            ),
            note=f"Pending: {', '.join(reading.pending) or 'nobody'}. With an event: "
            f"{', '.join(codes_with_event(reading)) or 'nobody'}. Limits: "
            + ", ".join(f"{stop} of {n}" for n, stop in boundary_of(rule) if stop is not None)
            + ". A rule pauses the trial for review; it never stops it by itself.",
        )


def _limit(stopped: Count | None, looks: Sequence[Count]) -> tuple[Cell, Cell]:
    if stopped is not None:
        return stopped.stop_at, "yes"
    return (_limit_words(looks[-1].stop_at) if looks else "no look yet"), "no"


def _limit_words(stop_at: int | None) -> Cell:
    """The limit; where even an event of everybody does not pause the trial there is none."""
    return "none" if stop_at is None else stop_at


def _worst(courses: Sequence[Course], protocol: Protocol) -> ReportTable:
    lines: list[tuple[Cell, ...]] = []
    for toxicity in Toxicity:
        for number in _INFUSIONS:
            row = worst_grades(courses, toxicity, number, protocol.monitoring_days)
            counts = [len(codes) for codes in row.by_grade]
            rates = [row.rate(grade).in_words for grade in RATE_GRADES]
            lines.append((row.label, *counts, len(row.not_graded), len(row.pending), *rates))
    heads = (
        "Worst grade",
        *(str(grade) for grade in range(6)),
        "not graded",
        "pending",
        *(f"grade {grade} or more" for grade in RATE_GRADES),
    )
    note = (
        f"Rates are of the patients whose window of day 0 to {protocol.monitoring_days} has closed, with "
        "exact 95 % intervals (Clopper-Pearson)."
    )
    return _table("worst_grade", "Worst grade by infusion", heads, lines, note=note)


def _times(rows: ReportRows) -> ReportTable:
    lines: list[tuple[Cell, ...]] = []
    for toxicity in Toxicity:
        for number in _INFUSIONS:
            found = time_course(rows.spells, toxicity, number)
            lines.append(
                (
                    f"{toxicity.label}, {_ORDINALS[number - 1]} infusion",
                    len(found.affected),
                    len(found.spells),
                    found.onset.median,
                    found.peak.median,
                    _median_words(found.duration.median),
                    found.duration.ongoing,
                    found.duration.died,
                )
            )
    heads = ("", "Affected", "Infused", "Onset, day", "Peak, day", "Duration, days", "Ongoing", "Died")
    note = "Medians among those affected; the infusion is day 0. Ongoing and death never count as ended."
    return _table("onset_duration", "Onset, peak and duration", heads, lines, note=note)


def _incidence(courses: Sequence[Course], protocol: Protocol) -> ReportTable:
    lines: list[tuple[Cell, ...]] = []
    for toxicity in Toxicity:
        for number in _INFUSIONS:
            for at_least in (2, 3):
                found = incidence_of(courses, toxicity, number, at_least, protocol.monitoring_days)
                label = f"{toxicity.label} {at_least} or more, {_ORDINALS[number - 1]} infusion"
                lines.append(
                    (label, len(found.times), *(_incidence_words(found.curve.at(day)) for day in _SHOWN_DAYS))
                )
    heads = ("First grade", "At risk", *(f"by day {day}" for day in _SHOWN_DAYS))
    note = "Aalen-Johansen; death, second infusion and new lymphoma therapy compete; log-log 95 % limits."
    return _table("incidence", "Cumulative incidence", heads, lines, note=note)


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
    return _table(f"shift_{toxicity.value}", title, heads, lines, note=note)


def _grade_words(grade: int | None) -> str:
    return "not graded" if grade is None else f"grade {grade}"


def _events(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [
        (
            one.code,
            f"{one.toxicity.label} {one.grade}",
            _ORDINALS[one.number - 1],
            _moment(one.first_at, zone),
            _moment(one.ended_at, zone) if one.ended_at else one.state,
            one.reasons,
        )
        for one in rows.events
    ]
    heads = ("Patient", "Grade", "Infusion", "From", "Until", "Why")
    return _table("grade_3_events", "CRS and ICANS of grade 3 or more", heads, lines)


def _deaths(rows: ReportRows) -> ReportTable:
    lines = [
        (one.code, _day(one.died_on), (one.death_cause or "").replace("_", " "))
        for one in rows.patients
        if one.died_on is not None
    ]
    return _table("deaths", "Deaths", ("Patient", "On", "Cause"), lines)


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
            one.car_t,
            (one.outcome or "").replace("_", " ") or None,
            *((one.site, one.organism) if infections else ()),
        )
        for one in chosen
    ]
    heads = ("Patient", "Term", "Grade", "Onset", "End", "Serious", "By CAR-T cells", "Outcome")
    return _table(name, title, (*heads, *(("Site", "Organism") if infections else ())), lines)


def _treatments(rows: ReportRows) -> ReportTable:
    lines = []
    for drug in ("tocilizumab", "dexamethasone", "methylprednisolone", "anakinra", "siltuximab"):
        given = [one for one in rows.treatments if one.drug == drug]
        lines.append((drug, len({one.code for one in given}), len(given)))
    return _table("treatments", "Treatment of toxicity", ("Drug", "Patients", "Records"), lines)


def _corrections(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [
        (
            one.code,
            _moment(one.observed_at, zone),
            _moment(one.entered_at, zone),
            "withdrawn" if one.withdrawn else f"version {one.version}",
            one.reason,
        )
        for one in rows.corrections
    ]
    heads = ("Patient", "Observed", "Entered", "What", "Reason")
    return _table("corrections", "Corrected and withdrawn entries", heads, lines)


def _alerts(rows: ReportRows, zone: ZoneInfo) -> ReportTable:
    lines = [
        (
            f"A-{one.number:04}",
            one.code or "the program",
            _signal_words(one),
            one.level or "no grade",
            _moment(one.opened_at, zone),
            _minutes(one.opened_at, one.acknowledged_at),
            one.state,
        )
        for one in rows.alerts
    ]
    heads = ("Alert", "Patient", "About", "Level", "Opened", "Minutes to the answer", "State")
    return _table("alerts", "Alerts and the time to acknowledgement", heads, lines)


def _signal_words(alert: AlertRow) -> str:
    signal, _, slot = alert.signal.partition(" ")
    return short_words(signal, slot, alert.level).rstrip(",")


def _minutes(opened_at: datetime, acknowledged_at: datetime | None) -> Cell:
    return (
        "none yet" if acknowledged_at is None else round((acknowledged_at - opened_at).total_seconds() / 60)
    )


def _efficacy(rows: ReportRows, protocol: Protocol, on: date) -> Iterator[ReportTable]:
    """The closed part: response, and survival without and with progression."""
    found = endpoint_rows(rows.followed, protocol.endpoints, on)
    lines = [
        _response_line("3-month complete remission", count_month_3_cr(found)),
        _response_line("Objective response", count_objective_response(found)),
    ]
    heads = ("Endpoint", "Reached", "Pending", "Not counted")
    note = "Of the patients counted, with exact 95 % intervals. Days from the first infusion."
    yield _table("response", "Response", heads, lines, note=note, part=Part.CLOSED)
    curves = (("PFS", [row.pfs for row in found]), ("OS", [row.os for row in found]))
    yield _table(
        "survival",
        "Progression-free and overall survival",
        ("Endpoint", "Patients", "Events", "Median, days", "at day 90", "at day 180", "at day 365"),
        (_survival_line(name, survival_of(times)) for name, times in curves),
        note="Kaplan-Meier with log-log 95 % limits; NR is not reached.",
        part=Part.CLOSED,
    )
    yield _table(
        "endpoints",
        "Endpoints of each patient, with the reason",
        ("Patient", "3-month CR", "Why", "Best", "PFS", "Why", "OS", "Why"),
        (_endpoint_line(row) for row in found),
        part=Part.CLOSED,
    )


def _response_line(label: str, count: ResponseCount) -> tuple[Cell, ...]:
    return (label, count.rate.in_words, len(count.pending), len(count.not_counted))


def _survival_line(name: str, curve: SurvivalCurve) -> tuple[Cell, ...]:
    shares = [_survival_words(curve, day) for day in (90, 180, 365)]
    return (name, curve.patients, curve.events, _median_words(curve.median), *shares)


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
        row.best.value if row.best else None,
        survived(row.pfs),
        row.pfs.why,
        survived(row.os),
        row.os.why,
    )


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _day(on: date | None) -> str | None:
    return None if on is None else f"{on:%Y-%m-%d}"
