"""The lists of the oversight page as tables; every row leads to its record."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from actions import context
from alerts.model import SignalKind
from alerts.wording import reference
from alerts.words.short import short_words
from db.queries.oversight import AnsweredAlert, Correction, LateEntry, Override
from pages.parts import tiles
from pages.parts.values import column_label, value_words
from pages.parts.wording import date_and_time, infusion_words, late_words, sentence_case, span
from trial.completeness import CourseCount


def overrides_table(rows: Sequence[Override]) -> str:
    """Judgements above signs or rules."""
    body = [
        [
            _patient(one.study_code, one.stable_id),
            _at(one.at),
            tiles.cell(sentence_case(one.what)),
            _by(one.by),
        ]
        for one in rows
    ]
    return tiles.table("Overrides", ("Patient", "When", "What", "By"), body)


def corrections_table(rows: Sequence[Correction]) -> str:
    """What each correction changed, and why."""
    body = [
        [
            _patient(one.study_code, one.stable_id),
            _at(one.observed_at),
            tiles.cell(_changes(one)),
            tiles.cell(one.reason),
            _at(one.entered_at),
            _by(one.by),
        ]
        for one in rows
    ]
    heads = ("Patient", "Observed", "Old, then new", "Reason", "Entered", "By")
    return tiles.table("Corrected and withdrawn entries", heads, body)


def late_table(rows: Sequence[LateEntry]) -> str:
    """Entries made long after they were observed."""
    body = [
        [
            _patient(one.study_code, one.stable_id),
            _at(one.observed_at),
            _at(one.entered_at),
            tiles.cell(late_words(one.observed_at, one.entered_at)),
            _by(one.by),
        ]
        for one in rows
    ]
    return tiles.table("Late entries", ("Patient", "Observed", "Entered", "Late", "By"), body)


def missing_table(rows: Sequence[CourseCount]) -> str:
    """Due assessments that nobody made and nobody explained."""
    body = [
        [
            _patient(one.code, None),
            tiles.cell(sentence_case(infusion_words(one.number))),
            *(
                tiles.cell(str(number))
                for number in (one.count.due, one.count.done, one.count.skipped, one.count.missing)
            ),
        ]
        for one in rows
    ]
    heads = ("Patient", "After the", "Due", "Done", "Not done, with a reason", "Missing")
    return tiles.table("Missing assessments", heads, body, numbers=True)


def alerts_table(rows: Sequence[AnsweredAlert]) -> str:
    """Every alert and how long it waited for its first answer."""
    body = [
        [
            tiles.link(reference(one.id), f"/alerts?a={one.id}", classes="vigil-link vigil-link-row"),
            tiles.cell(one.study_code or _subject(one)),
            tiles.cell(_signal(one)),
            _at(one.opened_at),
            tiles.cell(_answered(one)),
            tiles.cell(one.state),
        ]
        for one in rows
    ]
    heads = ("Alert", "Patient", "Signal", "Opened", "Acknowledged after", "State")
    return tiles.table("Alerts and the time to acknowledgement", heads, body)


def _subject(one: AnsweredAlert) -> str:
    """Whom an alert is about that belongs to no patient."""
    return "the program" if one.signal == SignalKind.SYSTEM else "the trial"


def _signal(one: AnsweredAlert) -> str:
    return sentence_case(short_words(one.signal, one.slot, one.level).rstrip(","))


def _answered(one: AnsweredAlert) -> str:
    return "not acknowledged" if one.acknowledged_at is None else span(one.acknowledged_at - one.opened_at)


def _changes(one: Correction) -> str:
    if one.withdrawn:
        return "withdrawn"
    return "; ".join(
        f"{column_label(name)}: {value_words(name, before)}, then {value_words(name, after)}"
        for name, before, after in one.changes
        if name != "comment"
    )


def _patient(code: str, stable_id: str | None) -> str:
    entry = f"&a={stable_id}" if stable_id else ""
    return tiles.link(code, f"/patient?code={quote(code)}{entry}", classes="vigil-link vigil-link-row")


def _at(at: datetime) -> str:
    return tiles.cell(date_and_time(at, context.settings().zone))


def _by(name: str | None) -> str:
    return tiles.cell(name or "the program")
