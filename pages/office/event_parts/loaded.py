"""What the page of adverse events shows, read once, and how each event is named and addressed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlmodel import Session

from actions import context
from actions.permissions import Page
from actions.words import date_words
from db.queries.derived_episodes import Derived, DerivedEpisode, load_derived
from db.queries.events import EventRecord, load_events
from db.queries.office import PatientRecord, load_everyone
from db.queries.sae import NotificationRecord, ReportRecord, load_notifications, load_reports
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.wording import infusion_words
from trial.sae_clock import ClockReading, read_clock


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything of every patient. `events` hold what was added to episodes too."""

    patients: Sequence[PatientRecord]
    events: Sequence[EventRecord]
    derived: Derived
    notifications: Mapping[str, Sequence[NotificationRecord]]
    reports: Mapping[str, Sequence[ReportRecord]]

    def code_of(self, patient_id: int) -> str:
        """The study code of a patient."""
        return next(patient.study_code for patient in self.patients if patient.id == patient_id)

    def clock(self, event: EventRecord, now: datetime) -> ClockReading | None:
        """The clock of a serious event; None of any other."""
        if event.aware_at is None:
            return None
        told = self.notifications.get(event.stable_id, ())
        reported = [one.reported_at for one in told if one.stands]
        return read_clock(event.aware_at, min(reported, default=None), now, context.protocol().sae)

    def episode(self, key: str) -> DerivedEpisode | None:
        """A derived episode by its key in the address."""
        return next((one for one in self.derived.episodes if episode_key(one) == key), None)


def load_all(session: Session) -> Loaded:
    """Read what the page shows."""
    events = load_events(session)
    clear_hours = context.protocol().grading.clear_hours
    return Loaded(
        patients=load_everyone(session),
        events=events,
        derived=load_derived(session, events, clear_hours, context.settings().zone),
        notifications=load_notifications(session),
        reports=load_reports(session),
    )


def episode_key(derived: DerivedEpisode) -> str:
    """Names an episode in an address: "crs-1-7-1772503200" (toxicity, infusion, patient, first sign)."""
    episode = derived.episode
    began = int(episode.first_at.timestamp())
    return f"{episode.toxicity.value}-{derived.infusion_number}-{derived.patient_id}-{began}"


def event_link(event: EventRecord, code: str, words: str) -> str:
    """A link that opens one event."""
    return _link(code, f"event={event.stable_id}", words)


def episode_link(derived: DerivedEpisode, words: str) -> str:
    """A link that opens one derived episode."""
    return _link(derived.study_code, f"episode={episode_key(derived)}", words)


def list_link(code: str | None) -> str:
    """The way back to the list."""
    query = f"?code={quote(code)}" if code else ""
    return tiles.link(
        "Back to the list", f"{page_address(Page.EVENTS)}{query}", classes="vigil-link vigil-link-block"
    )


def event_words(event: EventRecord) -> str:
    """ "Lung infection, grade 3, since 5 Mar 2026"."""
    return f"{event.term}, grade {event.grade}, since {date_words(event.onset_on)}"


def episode_words(derived: DerivedEpisode) -> str:
    """ "CRS after the first infusion"."""
    return f"{derived.episode.toxicity.label} after the {infusion_words(derived.infusion_number)}"


def _link(code: str, query: str, words: str) -> str:
    return tiles.link(words, f"{page_address(Page.EVENTS)}?code={quote(code)}&{query}")
