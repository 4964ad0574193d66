"""The records of a patient's whole course as rows of its picture, with words for the hover."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import escape, unescape
from textwrap import shorten, wrap
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from charts.course_rows import Bar, CourseRows, DayTile, LabPoint, LabSeries, Lane, Mark
from charts.figure import local
from db.queries.patient_course import CourseGrade, CourseRecords
from grading.scale import Toxicity
from grading.units import MEASURES, Analyte, convert
from pages.parts.tiles import grade_words
from pages.parts.wording import infusion_words, sentence_case
from trial.follow_up_facts import CAUSE_WORDS, KIND_WORDS, DeathCause, FollowUpKind
from trial.laboratory import LabRow
from trial.treatments import Treatment

Link = Callable[[str], str]
"""The name of a page -> the address of this patient's records on it, "" where the reader may not go."""

_SERIES: Final[Mapping[Analyte, tuple[tuple[float, ...], bool]]] = {
    Analyte.ANC: ((0.5, 1.0), True),
    Analyte.PLATELETS: ((25, 50), True),
    Analyte.HEMOGLOBIN: ((80,), False),
    Analyte.CRP: ((), True),
    Analyte.FERRITIN: ((), True),
    Analyte.LDH: ((), True),
    Analyte.FIBRINOGEN: ((1.5,), False),
    Analyte.IL_6: ((), True),
    Analyte.CREATININE: ((), False),
    Analyte.ALT: ((), True),
    Analyte.AST: ((), True),
    Analyte.BILIRUBIN: ((), True),
    Analyte.WBC: ((), True),
    Analyte.LYMPHOCYTES: ((), True),
}
"""In the picture's order: lines drawn dotted, in the unit of `MEASURES`, and whether the scale is log."""

_NOTE_CHARACTERS: Final = 200
_HOVER_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True)
class Wording:
    """How moments are written, and where records are found."""

    zone: ZoneInfo
    study_code: str
    address: Link

    def clock(self, at: datetime) -> datetime:
        """The hospital's clock, as Plotly takes it."""
        return local(at, self.zone)

    def moment(self, at: datetime) -> str:
        """ "4 Mar 2026 07:52"."""
        clock = self.clock(at)
        return f"{clock.day} {clock:%b %Y %H:%M}"

    def entry(self, stable_id: str) -> str:
        """The address of an entry on the patient's page."""
        return f"/patient?code={quote(self.study_code)}&a={stable_id}"


def course_rows(records: CourseRecords, words: Wording, now: datetime, monitoring_days: int) -> CourseRows:
    """The rows of the picture and of the table under it."""
    return CourseRows(
        study_code=words.study_code,
        infusions=tuple(
            (sentence_case(infusion_words(number)), words.clock(at)) for number, at in records.infusions
        ),
        windows=tuple(_window(words.clock(at), monitoring_days) for _, at in records.infusions),
        tiles=tuple(_tiles(records.grades, words)),
        bars=(*_event_bars(records.events, words), *_drug_bars(records.treatments, words, now)),
        marks=(
            *_scan_marks(records.scans, words),
            *_sample_marks(records.samples, words),
            *_follow_up_marks(records.follow_up, words),
            *_dose_marks(records.treatments, words),
        ),
        labs=tuple(_lab_series(records.labs, words)),
        now=words.clock(now),
    )


def plain_words(words: str) -> str:
    """The words of a hover in one line, without marks."""
    return unescape(words.replace("<br>", ". ").replace("<b>", "").replace("</b>", ""))


def _window(infused_at: datetime, days: int) -> tuple[datetime, datetime]:
    first = datetime.combine(infused_at.date(), time())
    return first, first + timedelta(days=days + 1)


def _tiles(grades: Iterable[CourseGrade], words: Wording) -> Iterator[DayTile]:
    """The worst proved grade of each day; 0 only where an assessment of the day is settled at 0."""
    days: dict[tuple[Toxicity, date], list[CourseGrade]] = {}
    for one in grades:
        days.setdefault((one.scale, words.clock(one.assessed_at).date()), []).append(one)
    for (scale, on), found in days.items():
        worst = max(found, key=lambda one: (one.at_least, one.grade is not None))
        settled = any(one.grade == worst.at_least for one in found)
        shown = grade_words(worst.at_least if settled else None, worst.at_least)
        reasons = "<br>".join(worst.reasons.splitlines()[:2])
        yield DayTile(
            day=datetime.combine(on, time()),
            scale=scale,
            at_least=worst.at_least,
            settled=settled,
            words=f"<b>{scale.label} {shown}</b><br>{words.moment(worst.assessed_at)}, "
            f"{infusion_words(worst.infusion_number)}<br>{reasons}",
            link=words.entry(worst.stable_id),
        )


def _event_bars(events: Iterable[RowMapping], words: Wording) -> Iterator[Bar]:
    for row in sorted(events, key=lambda one: (one["onset_on"], one["id"])):
        ended = row["ended_on"]
        until = f"to {_day(ended)}" if ended else "ongoing"
        cause = ", ".join(_causes(row)) or "causality not recorded"
        serious = "; serious" if row["is_serious"] else ""
        term = escape(row["term"])  # any word a person typed; Plotly reads marks in it
        yield Bar(
            lane=Lane.EVENTS,
            name=term,
            from_at=datetime.combine(row["onset_on"], time()),
            to_at=None if ended is None else datetime.combine(ended, time()) + timedelta(days=1),
            words=f"<b>{term} grade {row['grade']}</b>{serious}<br>{_day(row['onset_on'])} {until}"
            f"<br>{cause}",
            link=words.address("events"),
            grade=row["grade"],
        )


def _causes(row: RowMapping) -> Iterator[str]:
    for column, cause in (
        ("causality_car_t", "CAR-T cells"),
        ("causality_lymphodepletion", "lymphodepletion"),
        ("causality_disease", "disease"),
        ("causality_other", "other cause"),
    ):
        if row[column] is not None:
            yield f"{cause} {row[column]}"


def _drug_bars(treatments: Iterable[Treatment], words: Wording, now: datetime) -> Iterator[Bar]:
    for one in sorted(treatments, key=lambda each: each.started_at):
        if one.is_one_dose:
            continue
        ended = "ongoing" if one.ended_at is None else f"to {words.moment(one.ended_at)}"
        every = "" if one.every_hours is None else f" every {one.every_hours:g} h"
        yield Bar(
            lane=Lane.DRUGS,
            name=_drug(one),
            from_at=words.clock(one.started_at),
            to_at=None if one.ended_at is None else words.clock(min(one.ended_at, now)),
            words=f"<b>{_drug(one)}</b>{_dose(one)}{every}<br>{words.moment(one.started_at)} {ended}",
            link=words.address("treatments"),
        )


def _dose_marks(treatments: Iterable[Treatment], words: Wording) -> Iterator[Mark]:
    for one in treatments:
        if one.is_one_dose:
            yield Mark(
                lane=Lane.DRUGS,
                name=_drug(one),
                at=words.clock(one.started_at),
                symbol="line-ns",
                words=f"<b>{_drug(one)}</b>{_dose(one)}<br>{words.moment(one.started_at)}",
                link=words.address("treatments"),
            )


def _drug(one: Treatment) -> str:
    return escape(sentence_case(one.words))


def _dose(one: Treatment) -> str:
    return "" if one.dose is None or one.dose_unit is None else f" {one.dose:g} {one.dose_unit.value}"


def _scan_marks(scans: Iterable[RowMapping], words: Wording) -> Iterator[Mark]:
    for row in scans:
        read = row["response"] or "not read yet"
        score = f"Deauville {row['deauville'] or 'not recorded'}"
        yield Mark(
            lane=Lane.DISEASE,
            name="PET/CT",
            at=_noon(row["scanned_on"]),
            symbol="square" if row["response"] else "square-open",
            words=f"<b>PET/CT: {read}</b><br>{_day(row['scanned_on'])}, {score}",
            link=words.address("response"),
            text=row["response"] or "?",
        )


_SAMPLE_SIGNS: Final = {
    "positive": ("circle", "+"),
    "negative": ("circle-open", "-"),
    "not_done": ("x-thin", ""),
}


def _sample_marks(samples: Iterable[RowMapping], words: Wording) -> Iterator[Mark]:
    for row in samples:
        symbol, text = _SAMPLE_SIGNS.get(row["result"], ("circle-open-dot", "?"))
        read = (row["result"] or "awaited").replace("_", " ")
        value = "" if row["value"] is None else f", {row['value']:g} {escape(row['unit'])}"
        yield Mark(
            lane=Lane.DISEASE,
            name="ctDNA",
            at=_noon(row["sampled_on"]),
            symbol=symbol,
            words=f"<b>ctDNA: {read}</b>{value}<br>{_day(row['sampled_on'])}",
            link=words.address("response"),
            text=text,
        )


def _follow_up_marks(events: Iterable[RowMapping], words: Wording) -> Iterator[Mark]:
    for row in events:
        what = sentence_case(KIND_WORDS[FollowUpKind(row["kind"])])
        cause = f" of {CAUSE_WORDS[DeathCause(row['cause'])]}" if row["cause"] else ""
        yield Mark(
            lane=Lane.DISEASE,
            name=what,
            at=_noon(row["occurred_on"]),
            symbol="diamond",
            words="<br>".join((f"<b>{what}{cause}</b>", _day(row["occurred_on"]), *_note_lines(row["note"]))),
            link=words.address("visits"),
        )


def _note_lines(note: str | None) -> list[str]:
    """The beginning of a note (which therapy, which lesion), in lines that a hover can hold."""
    said = shorten(note or "", _NOTE_CHARACTERS, placeholder=" ...")
    return [escape(line) for line in wrap(said, _HOVER_CHARACTERS)]


def _lab_series(labs: Iterable[LabRow], words: Wording) -> Iterator[LabSeries]:
    by_analyte: dict[Analyte, list[LabRow]] = {}
    for row in labs:
        by_analyte.setdefault(row.analyte, []).append(row)
    for analyte, (limits, is_log) in _SERIES.items():
        found = sorted(by_analyte.get(analyte, ()), key=lambda row: row.taken_at)
        if found:
            points = tuple(_point(row, words) for row in found)
            label = sentence_case(analyte.label)
            yield LabSeries(label, MEASURES[analyte].unit, points, limits, is_log)


def _point(row: LabRow, words: Wording) -> LabPoint:
    limits = [f"limits {row.lln:g} to {row.uln:g}"] if row.lln is not None and row.uln is not None else []
    said = f"<b>{sentence_case(row.analyte.label)} {row.value:g} {escape(row.unit)}</b>"
    value = float(convert(row.analyte, row.value, row.unit))
    return LabPoint(
        words.clock(row.taken_at), value, "<br>".join([said, words.moment(row.taken_at), *limits])
    )


def _noon(on: date) -> datetime:
    return datetime.combine(on, time(12))


def _day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"
