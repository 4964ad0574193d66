"""The report of a serious event as a PDF, drawn from its frozen content."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from actions.signatures import record_hash
from actions.words import date_words, on_day
from grading.charted import COLUMN_WORDS
from grading.ice import ICE_ITEMS
from grading.units import Analyte
from reports.pdf import (
    Cell,
    Flowable,
    Frame,
    grade_tile,
    heading,
    make_pdf,
    pairs,
    paragraph,
    soft,
    space,
    table,
    together,
)
from reports.sae_content import CAUSES

_NOT_RECORDED: Final = "not recorded"
_NOT_JUDGED: Final = "not judged yet"
_ORDINALS: Final = {1: "First", 2: "Second"}
_ICE_ITEMS: Final = frozenset(item.column for item in ICE_ITEMS)
_SEXES: Final = {"F": "female", "M": "male"}

Content = Mapping[str, Any]


def render_sae(content: Content, *, version: int, made_by: str, made_at: datetime) -> bytes:
    """The file of one version."""
    zone = ZoneInfo(content["zone"])
    code, term = content["patient"]["study_code"], content["event"]["term"]
    made = f"Version {version}, made {on_day(made_at, zone)} {_offset(made_at, zone)} by {made_by}"
    frame = Frame(
        title=f"Serious adverse event: {code}, {term}, version {version}",
        study=content["registration"],
        marks=(made, f"SHA-256 of the content: {record_hash(content)}"),
    )
    return make_pdf(frame, _parts(content, version, made, zone))


def _parts(content: Content, version: int, made: str, zone: ZoneInfo) -> Iterator[Flowable]:
    code = content["patient"]["study_code"]
    yield heading("Report of a serious adverse event", 1)
    yield soft(f"{content['registration']}, patient {code}. {made}. Times of the hospital.")
    if version > 1:
        yield soft(f"It replaces version {version - 1}, which is kept as it was.")
    yield from _event_parts(content, zone)
    yield from _patient_parts(content, zone)
    yield heading("Causality")
    judged = content["event"]["causality"]
    yield pairs([(CAUSES[name], judged[name] or _NOT_JUDGED) for name in CAUSES])
    yield heading("What happened")
    yield paragraph(content["narrative"] or _NOT_RECORDED)
    yield from _assessment_parts(content, zone)
    yield from _treatment_parts(content, zone)
    yield from _lab_parts(content, zone)
    yield from _version_parts(content, zone)


def _event_parts(content: Content, zone: ZoneInfo) -> Iterator[Flowable]:
    event = content["event"]
    rows: list[tuple[str, Cell]] = [
        ("Event", f"{event['term']} ({event['scale']})"),
        ("Grade", grade_tile(event["grade"], event["at_least"])),
    ]
    if event["words"]:
        rows.append(("In the words of CTCAE", event["words"]))
    if event["judged_grade"] != event["at_least"]:
        rows.append(("Judged at", f"grade {event['judged_grade']}; the assessments show another grade now"))
    rows += [
        ("Onset", _when(event["onset"], zone)),
        ("End", _when(event["end"], zone) if event["end"] else "goes on, or not known to have ended"),
        ("Serious because", "; ".join(event["criteria"]) or _NOT_RECORDED),
        ("The site learned of it", _when(event["aware_at"], zone)),
        ("To be reported by", _when(event["due_at"], zone)),
        ("Action taken", event["action_taken"] or _NOT_RECORDED),
        ("Outcome", event["outcome"] or _NOT_RECORDED),
    ]
    if event["infection"]:
        rows += _infection_rows(event["infection"])
    if event["note"]:
        rows.append(("Note", event["note"]))
    yield heading("The event")
    yield pairs(rows)


def _infection_rows(infection: Content) -> list[tuple[str, Cell]]:
    neutropenic = {True: "yes", False: "no", None: _NOT_RECORDED}[infection["neutropenic"]]
    return [
        ("Site of the infection", infection["site"] or _NOT_RECORDED),
        ("Organism", infection["organism"] or _NOT_RECORDED),
        ("How it was proved", infection["proof"] or _NOT_RECORDED),
        ("Neutropenic", neutropenic),
        ("Treatment of the infection", infection["treatment"] or _NOT_RECORDED),
    ]


def _patient_parts(content: Content, zone: ZoneInfo) -> Iterator[Flowable]:
    patient = content["patient"]
    age = patient["age_years"]
    yield heading("The patient")
    yield pairs(
        [
            ("Study code", patient["study_code"]),
            ("Sex", _SEXES.get(patient["sex"], _NOT_RECORDED)),
            ("Age at enrolment", _NOT_RECORDED if age is None else f"{age} years"),
        ]
    )
    rows = [
        [
            _ORDINALS[one["number"]],
            _when(one["infused_at"], zone),
            _dose(one["dose_cells_per_kg"]),
            _NOT_RECORDED if one["weight_kg"] is None else f"{one['weight_kg']:g} kg",
            one["lot"] or _NOT_RECORDED,
            f"day {one['onset_on_day']}" if one["onset_on_day"] >= 0 else "before it",
        ]
        for one in content["infusions"]
    ]
    heads = ["Infusion", "Given", "Dose", "Weight", "Lot", "Onset of the event"]
    yield space()
    yield table(heads, rows, [2, 4, 4, 2.5, 3, 3.5]) if rows else paragraph("Not infused.")


def _assessment_parts(content: Content, zone: ZoneInfo) -> Iterator[Flowable]:
    first, last = (date_words(date.fromisoformat(content["days"][name])) for name in ("from_on", "to_on"))
    yield heading(f"Assessments, {first} to {last}")
    rows = [_assessment_row(one, zone) for one in content["assessments"]]
    if not rows:
        yield paragraph("None is recorded in these days.")
        return
    yield table(["Observed", "Infusion", "CRS", "ICANS", "Which signs decided"], rows, [3, 1.7, 1.2, 1.3, 9])


def _assessment_row(one: Content, zone: ZoneInfo) -> Sequence[Cell]:
    observed = _when(one["at"], zone)
    if one["version"] > 1:
        observed += f"\ncorrected, version {one['version']}"
    crs, icans = one["crs"], one["icans"]
    why = "\n".join(_why(label, grade) for label, grade in (("CRS", crs), ("ICANS", icans)) if grade)
    day = f"{one['infusion_number']}, day {one['day']}"
    return [observed, day, _tile(crs), _tile(icans), why or _NOT_RECORDED]


def _tile(grade: Content | None) -> Flowable:
    return grade_tile(None, None) if grade is None else grade_tile(grade["grade"], grade["at_least"])


def _why(label: str, grade: Content) -> str:
    reasons = ", ".join(grade["reasons"]) or "no sign"
    if grade["grade"] is not None or not grade["missing"]:
        return f"{label}: {reasons}."
    return f"{label}: {reasons}. To settle it: {_missing(grade['missing'])}."


def _missing(columns: Sequence[str]) -> str:
    """The columns in words; the ICE is one thing to do, not its five items."""
    whole = "ice_score" in columns
    named = [column for column in columns if not (whole and column in _ICE_ITEMS)]
    return ", ".join(COLUMN_WORDS[column] for column in named)


def _treatment_parts(content: Content, zone: ZoneInfo) -> Iterator[Flowable]:
    rows = [
        [
            one["drug"],
            _given(one),
            _when(one["started_at"], zone),
            "goes on" if one["is_ongoing"] else _when(one["ended_at"], zone) if one["ended_at"] else "once",
        ]
        for one in content["treatments"]
    ]
    yield heading("Treatments in these days")
    heads = ["Drug", "Dose", "Begun", "Ended"]
    yield table(heads, rows, [4, 4, 4, 4]) if rows else paragraph("None is recorded.")


def _given(one: Content) -> str:
    if one["dose"] is None:
        return _NOT_RECORDED
    again = "" if one["every_hours"] is None else f" every {one['every_hours']:g} h"
    return f"{one['dose']:g} {one['dose_unit']}{again}"


def _lab_parts(content: Content, zone: ZoneInfo) -> Iterator[Flowable]:
    by_kind = groupby(content["lab_results"], key=lambda one: (one["analyte"], one["unit"]))
    rows = [_lab_row(name, unit, list(results), zone) for (name, unit), results in by_kind]
    yield heading("Laboratory results in these days")
    heads = ["Test", "Unit", "Limits of normal", "Results"]
    yield table(heads, rows, [3, 2, 2.5, 9]) if rows else paragraph("None is recorded.")


def _lab_row(name: str, unit: str, results: Sequence[Content], zone: ZoneInfo) -> Sequence[Cell]:
    label = Analyte(name).label
    values = "\n".join(f"{_when(one['taken_at'], zone)}: {one['value']:g}" for one in results)
    return [label[0].upper() + label[1:], unit, _limits(results[-1]), values]


def _limits(result: Content) -> str:
    """The laboratory's limits as they came with the last result."""
    low, high = result["lln"], result["uln"]
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is None and high is None:
        return _NOT_RECORDED
    return f"up to {high:g}" if low is None else f"from {low:g}"


def _version_parts(content: Content, zone: ZoneInfo) -> Iterator[Flowable]:
    rows = [
        [
            str(one["version"]),
            _when(one["entered_at"], zone),
            one["entered_by"] or "the program",
            f"grade {one['grade']}",
            one["reason"] or "",
        ]
        for one in content["versions"]
    ]
    heads = ["Version", "Entered", "By", "Grade", "Why corrected"]
    yield together(heading("How the event was recorded"), table(heads, rows, [1.5, 3.5, 4, 2, 6]))


def _when(iso: str | None, zone: ZoneInfo) -> str:
    """A date, or a moment of the hospital, as people read it."""
    if iso is None:
        return _NOT_RECORDED
    if len(iso) == len("2026-03-08"):
        return date_words(date.fromisoformat(iso))
    return on_day(datetime.fromisoformat(iso), zone)


def _dose(cells_per_kg: float | None) -> str:
    return _NOT_RECORDED if cells_per_kg is None else f"{cells_per_kg / 1e6:g} x 10^6 cells/kg"


def _offset(at: datetime, zone: ZoneInfo) -> str:
    words = at.astimezone(zone).strftime("%z")
    return f"(UTC{words[:3]}:{words[3:5]})"
