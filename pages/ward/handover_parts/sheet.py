"""One patient on the handover sheet, as pieces of HTML; everything in black on white when printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from alerts.wording import reference
from db.inputs_alerts import ActionTaken
from db.queries.board import BoardPatient, Missing
from db.queries.board_alerts import BoardAlert
from db.queries.handover import AlertAnswer, Version
from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.wording import clock_time, columns_words, infusion_and_day, listed, sentence_case, when
from pages.ward.board_parts.cards import Place, overdue_words
from pages.ward.board_parts.standing import Standing, course_of, open_columns
from pages.ward.handover_parts.changes import (
    KIND_WORDS,
    STAY_WORDS,
    changes_since,
    short_grade,
    standing_versions,
    worst_since,
)
from trial.calendar import Recorded, Slot
from trial.due import coming_slots
from trial.protocol import Protocol

_SLOTS: Final[Mapping[str, str]] = {
    "crs": "CRS",
    "icans": "ICANS",
    "vital_signs": "vital signs",
    "ice": "ICE",
}
_SIGNALS: Final[Mapping[str, str]] = {
    "rise2": "{slot} risen by 2 grades or more",
    "support_ungraded": "pressure or oxygen supported without a CRS grade",
    "unsettled": "{slot} not settled, could be grade 3 or more",
    "missed": "{slot} overdue",
    "barred": "second infusion barred",
    "boundary": "stopping rule reached",
    "sae_clock": "serious adverse event to report",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one sheet is about: from when it tells, as of when, and until when it names what is due."""

    since: datetime
    now: datetime
    due_until: datetime
    protocol: Protocol
    zone: ZoneInfo

    def time(self, at: datetime) -> str:
        """ "07:52", with its day where that is not today."""
        return when(at, self.now, self.zone)


def patient_section(
    sheet: Sheet,
    place: Place,
    versions: Sequence[Version],
    answers: Mapping[int, AlertAnswer],
    missing: Missing,
) -> str:
    """Everything the next shift must know of one patient."""
    patient = place.patient
    head = tiles.piece(
        "div",
        tiles.piece("h2", text=patient.code),
        tiles.piece("span", text=sentence_case(infusion_and_day(patient.number, place.day))),
        tiles.piece("span", text=where_words(sheet, patient)),
        classes="vigil-sheet-head",
    )
    now_part = tiles.piece("div", *_now_lines(sheet, place, versions, missing))
    since_part = tiles.piece("div", *_since_lines(sheet, place, versions, answers))
    columns = tiles.piece("div", now_part, since_part, classes="vigil-sheet-columns")
    return tiles.piece("section", head, columns, classes="vigil-sheet-patient", aria_label=patient.code)


def where_words(sheet: Sheet, patient: BoardPatient) -> str:
    """ "Intensive care since 11:40"."""
    stay = next((one for one in reversed(patient.stays) if one.covers(sheet.now)), None)
    if stay is None:
        return "Where: not recorded"
    return f"{sentence_case(STAY_WORDS[stay.kind])} since {sheet.time(stay.from_at)}"


def now_words(sheet: Sheet, standing: Standing) -> str:
    """ "grade 2 at 14:05", "at least grade 3 at 14:05", "not graded since 06:02"."""
    if standing.at is None or (standing.grade is None and not standing.at_least):
        return standing.words
    return f"{tiles.grade_words(standing.grade, standing.at_least)} at {sheet.time(standing.at)}"


def worst_words(sheet: Sheet, versions: Sequence[Version]) -> str:
    """ "CRS at least 3 at 11:20, ICANS 1 at 10:00", or that nobody looked."""
    standing = standing_versions(versions)
    words = []
    for scale in Toxicity:
        worst = worst_since(standing, scale, sheet.since)
        if worst is not None:
            version, grade = worst
            at = f" at {sheet.time(version.assessed_at)}" if grade.grade is not None or grade.at_least else ""
            words.append(f"{scale.label} {short_grade(grade.grade, grade.at_least)}{at}")
    return ", ".join(words) if words else "no assessment in this time"


def due_words(sheet: Sheet, patient: BoardPatient) -> str:
    """ "18:00 vital signs; 22:00 vital signs and ICE"."""
    recorded = [
        Recorded(point.at, point.vital_signs, point.ice, point.ice_asked_again_at) for point in patient.points
    ]
    course = course_of(patient, sheet.now)
    slots = coming_slots(course, recorded, sheet.now, sheet.due_until, sheet.protocol, zone=sheet.zone)
    times = [_due_at(sheet, at, list(together)) for at, together in groupby(slots, lambda slot: slot.due_at)]
    return "; ".join(times) if times else "nothing"


def _due_at(sheet: Sheet, at: datetime, slots: Sequence[Slot]) -> str:
    return f"{clock_time(at, sheet.zone)} {listed([KIND_WORDS[slot.kind] for slot in slots])}"


def alert_words(sheet: Sheet, alert: BoardAlert, answer: AlertAnswer) -> str:
    """ "A-0142: ICANS 3 since 07:52. Acknowledged by Dr Chen at 08:02: drug given."."""
    slot = _SLOTS.get(alert.slot, alert.slot)
    pattern = _SIGNALS.get(answer.signal)
    if pattern is not None:
        what = sentence_case(pattern.format(slot=slot).strip())
    else:
        what = f"{slot} {'' if alert.is_settled else 'at least '}{alert.level}"
    since = f"{reference(alert.alert_id)}: {what} since {sheet.time(alert.first_observed_at)}."
    if answer.by is None or answer.at is None or answer.action_taken is None:
        return f"{since} Not acknowledged."
    done = f"by {answer.by} at {sheet.time(answer.at)}: {ActionTaken(answer.action_taken).label}."
    if alert.is_acknowledged:
        return f"{since} Acknowledged {done}"
    return f"{since} Not acknowledged now; last {done}"


def _now_lines(sheet: Sheet, place: Place, versions: Sequence[Version], missing: Missing) -> list[str]:
    patient = place.patient
    lines = [_grade_line(sheet, scale, place.standings[scale]) for scale in Toxicity]
    lines.append(_line(f"Worst since {sheet.time(sheet.since)}: ", f"{worst_words(sheet, versions)}."))
    if place.due.overdue:
        lines.append(tiles.outlined_band(overdue_words(place.due.overdue, sheet.now, sheet.zone)))
    # Less than a day ahead: a clock time says it all.
    until = clock_time(sheet.due_until, sheet.zone)
    lines.append(_line(f"Due until {until}: ", f"{due_words(sheet, patient)}."))
    for scale, columns in open_columns(patient, place.due, missing).items():
        lines.append(_line(f"To record, to settle {scale.label}: ", f"{columns_words(columns)}."))
    return lines


def _since_lines(
    sheet: Sheet, place: Place, versions: Sequence[Version], answers: Mapping[int, AlertAnswer]
) -> list[str]:
    patient = place.patient
    changes = changes_since(versions, patient.skipped, patient.stays, sheet.since, sheet.now, sheet.zone)
    head = tiles.piece("h3", text=f"Changes since {sheet.time(sheet.since)}")
    items = [
        tiles.piece(
            "li",
            tiles.piece("b", text=f"{sheet.time(at)} "),
            tiles.piece("span", text=f"{'. '.join(change.words for change in together)}."),
        )
        for at, together in groupby(changes, lambda change: change.at.replace(second=0, microsecond=0))
    ]
    listed_changes = (
        tiles.piece("ul", *items) if items else tiles.piece("p", text=_no_change(sheet, versions))
    )
    alerts = [
        tiles.piece("li", text=alert_words(sheet, alert, answers.get(alert.alert_id, AlertAnswer("grade3"))))
        for alert in sorted(place.alerts, key=lambda one: (one.is_acknowledged, -one.level, one.opened_at))
    ]
    open_alerts = tiles.piece("ul", *alerts) if alerts else tiles.piece("p", text="None.")
    return [head, listed_changes, tiles.piece("h3", text="Open alerts"), open_alerts]


def _no_change(sheet: Sheet, versions: Sequence[Version]) -> str:
    """Silence is no steady state."""
    if any(version.assessed_at >= sheet.since for version in standing_versions(versions)):
        return "No change."
    return "No change is known: no assessment in this time."


def _grade_line(sheet: Sheet, scale: Toxicity, standing: Standing) -> str:
    return tiles.piece(
        "div",
        tiles.grade_tile(standing.grade, standing.at_least, toxicity=scale.label, small=True),
        tiles.piece("b", text=scale.label, aria_hidden="true"),
        tiles.piece("span", text=now_words(sheet, standing)),
        classes="vigil-sheet-grade",
    )


def _line(label: str, words: str) -> str:
    return tiles.piece("p", tiles.piece("b", text=label), tiles.piece("span", text=words))
