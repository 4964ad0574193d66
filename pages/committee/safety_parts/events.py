"""Every event of grade 3 or more: the episodes with their reasons and times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlmodel import Session

from pages.committee.safety_parts.links import patient_address, patient_link
from pages.committee.safety_parts.view import View, days, part
from pages.parts import tiles
from pages.parts.wording import date_and_time, infusion_words
from reports.events import STATE_WORDS, Event, load_events
from trial.calendar import day_of

SHOWN_AT_ONCE: Final = 30


def shown_events(session: Session, view: View) -> tuple[Event, ...]:
    """The events of the patients, toxicities and infusions that are shown, the first first."""

    def read() -> tuple[Event, ...]:
        patients = days(session, view)
        found = load_events(session, patients, view.cut_off, view.protocol, view.zone)
        return tuple(
            one
            for one in found
            if one.scale in view.filter.toxicities and one.number in view.filter.infusions
        )

    return part(view, "events", read)


def event_table(view: View, events: Sequence[Event]) -> str:
    """The events, the newest first where there are very many; the reasons are those of the worst entry."""
    shown = events if len(events) <= SHOWN_AT_ONCE else events[: -SHOWN_AT_ONCE - 1 : -1]
    left = f"; the newest {len(shown)} of {len(events)}" if len(shown) < len(events) else ""
    return tiles.table(
        f"The grade is the highest of the episode. A time opens the entry{left}",
        ("Patient", "Event", "First at 3 or more", "Last", "Why, at its worst", "Now"),
        [_event(view, event) for event in shown],
    )


def _event(view: View, event: Event) -> list[str]:
    entry = event.worst
    grade = entry.grades[event.scale]
    settled = event.grade if grade.grade is not None else None
    day = day_of(event.first_at, event.infused_at, view.zone)
    where = tiles.piece("div", text=f"{infusion_words(event.number)}, day {day}", classes="vigil-soft")
    opens = tiles.link(
        date_and_time(entry.assessed_at, view.zone),
        f"{patient_address(event.study_code)}&a={entry.stable_id}",
        classes="vigil-link vigil-link-row",
    )
    over = _time(event.ended_at, view) if event.ended_at else ""
    return [
        patient_link(event.study_code) + where,
        tiles.line(
            tiles.grade_tile(settled, event.grade, toxicity=event.scale.label, small=True),
            tiles.piece("span", text=event.scale.label),
        ),
        _time(event.first_at, view),
        _time(event.last_at, view),
        opens + tiles.piece("div", text=grade.sentence()),
        tiles.piece("div", text=STATE_WORDS[event.state]) + over,
    ]


def _time(at: datetime, view: View) -> str:
    return tiles.piece("span", text=date_and_time(at, view.zone), classes="vigil-nowrap")
