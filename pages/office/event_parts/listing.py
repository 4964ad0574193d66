"""The list of events, infections and derived episodes, with its filters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import streamlit as st

from actions import context
from actions.words import date_words
from db.queries.derived_episodes import DerivedEpisode
from db.queries.events import EventRecord
from db.queries.office import PatientRecord
from pages.office.event_parts.loaded import Loaded, episode_link, event_link, event_words
from pages.parts import tiles
from pages.parts.wording import date_and_time, infusion_and_day
from trial.day_episodes import Ending
from trial.sae_clock import ClockState

_DERIVED: Final = "from the assessments"
_STATES: Final = {
    ClockState.RUNNING: "to be reported",
    ClockState.OVERDUE: "overdue",
    ClockState.REPORTED: "reported",
    ClockState.REPORTED_LATE: "reported late",
}


class Show(StrEnum):
    """What the list is narrowed to."""

    SERIOUS = "Serious"
    INFECTIONS = "Infections"
    EPISODES = "CRS and ICANS"
    GOING_ON = "Going on"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, with what the filters ask and what it is sorted by."""

    began: datetime | date
    began_on: date
    code: str
    kinds: frozenset[Show]
    cells: list[str]


def draw_list(loaded: Loaded, patient: PatientRecord | None, now: datetime) -> None:
    """The list, of one patient or of all."""
    whose = "" if patient is None else f" of {patient.study_code}"
    rows = [row for row in list_rows(loaded, now) if patient is None or row.code == patient.study_code]
    chosen = _filter()
    shown = [row for row in rows if chosen is None or chosen in row.kinds]
    st.header(f"Events{whose} ({len(shown)})", anchor=False)
    if not rows:
        st.text("No adverse event is recorded, and the assessments show no episode of CRS or ICANS.")
        return
    if not shown:
        st.text("None of these. Take the filter back to see all.")
        return
    heads = ["Event", "Patient", "Grade", "Onset", "End", "Serious", "Caused by CAR-T", "Outcome"]
    st.html(tiles.table(f"Events{whose}, newest first", heads, [row.cells for row in shown]))


def draw_orphans(loaded: Loaded) -> None:
    """What was added to episodes that the assessments no longer show."""
    for event in loaded.derived.orphans:
        code = loaded.code_of(event.patient_id)
        words = (
            f"{code}: {event_words(event)}, was judged, and the assessments show no such episode any more. "
            "Correct the assessments, or withdraw what was added."
        )
        st.html(tiles.outlined_band(words))
        st.html(tiles.line(event_link(event, code, f"Open what was added to {event.term} of {code}")))


def list_rows(loaded: Loaded, now: datetime) -> list[Row]:
    """Every line, the newest onset first."""
    events = [_event_row(loaded, event, now) for event in loaded.events if event.toxicity is None]
    episodes = [_episode_row(loaded, derived, now) for derived in loaded.derived.episodes]
    return sorted([*events, *episodes], key=lambda row: (row.began_on, row.code), reverse=True)


def _filter() -> Show | None:
    return st.pills("Show only", list(Show), format_func=lambda one: one.value, key="events_show")


def _event_row(loaded: Loaded, event: EventRecord, now: datetime) -> Row:
    code = loaded.code_of(event.patient_id)
    kinds = {
        Show.SERIOUS: event.is_serious,
        Show.INFECTIONS: event.is_infection,
        Show.GOING_ON: event.ended_on is None,
    }
    what = event.term if event.organism is None else f"{event.term}, {event.organism}"
    cells = [
        event_link(event, code, what),
        tiles.cell(code),
        tiles.grade_tile(event.grade, event.grade, small=True),
        tiles.cell(_onset(loaded, event)),
        tiles.cell("goes on" if event.ended_on is None else date_words(event.ended_on)),
        tiles.cell(_serious(loaded, event, now)),
        *_judged(event),
    ]
    return Row(event.onset_on, event.onset_on, code, _kinds(kinds), cells)


def _episode_row(loaded: Loaded, derived: DerivedEpisode, now: datetime) -> Row:
    episode, added, zone = derived.episode, derived.added, context.settings().zone
    kinds = {
        Show.SERIOUS: added is not None and added.is_serious,
        Show.EPISODES: True,
        Show.GOING_ON: episode.ending is Ending.ONGOING,
    }
    day = infusion_and_day(derived.infusion_number, derived.day_of(episode.first_at, zone))
    name = episode.toxicity.label
    grade = episode.worst if episode.worst_settled else None
    cells = [
        episode_link(derived, name) + tiles.soft(_DERIVED),
        tiles.cell(derived.study_code),
        tiles.grade_tile(grade, episode.worst, toxicity=name, small=True),
        tiles.cell(f"{date_and_time(episode.first_at, zone)}, {day}"),
        tiles.cell(episode_end(derived)),
        tiles.cell("not judged" if added is None else _serious(loaded, added, now)),
        *(["", ""] if added is None else _judged(added)),
    ]
    return Row(
        episode.first_at, episode.first_at.astimezone(zone).date(), derived.study_code, _kinds(kinds), cells
    )


def episode_end(derived: DerivedEpisode) -> str:
    """When an episode ended, or how it stands."""
    episode, zone = derived.episode, context.settings().zone
    if episode.ended_at is not None:
        return date_and_time(episode.ended_at, zone)
    if episode.ending is Ending.DIED:
        return "died"
    if episode.clear_at is not None:
        return f"goes on; clear since {date_and_time(episode.clear_at, zone)}, not yet long enough"
    return "goes on"


def _kinds(found: dict[Show, bool]) -> frozenset[Show]:
    return frozenset(kind for kind, holds in found.items() if holds)


def _onset(loaded: Loaded, event: EventRecord) -> str:
    """The date, with the day after the infusion that it is counted under."""
    patient = next(one for one in loaded.patients if one.id == event.patient_id)
    infusion = None if event.infusion_number is None else patient.infusion(event.infusion_number)
    if infusion is None:
        return f"{date_words(event.onset_on)}, before the first infusion"
    infused_on = infusion.infused_at.astimezone(context.settings().zone).date()
    day = infusion_and_day(infusion.number, (event.onset_on - infused_on).days)
    return f"{date_words(event.onset_on)}, {day}"


def _serious(loaded: Loaded, event: EventRecord, now: datetime) -> str:
    reading = loaded.clock(event, now)
    return "no" if reading is None else f"yes, {_STATES[reading.state]}"


def _judged(event: EventRecord) -> Iterable[str]:
    cause = "not judged" if event.causality_car_t is None else event.causality_car_t.phrase
    outcome = "not recorded" if event.outcome is None else event.outcome.phrase
    return tiles.cell(cause), tiles.cell(outcome)
