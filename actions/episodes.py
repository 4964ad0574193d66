"""What a person adds to a derived episode of CRS or ICANS: seriousness, causality, action, outcome.

It is kept as an adverse event, with the grade and the days that the episode had then. The episode itself
stays what the assessments show.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from actions import context
from actions.errors import Refused, RefusedField
from actions.event_alerts import reconcile_events
from actions.event_checks import (
    JUDGED,
    WHY_CORRECTED,
    criteria,
    impossible_awareness,
    known_patient,
    refuse_other_patient,
)
from actions.permissions import Action, require
from actions.records import correct_record, plain, standing_version, store_record
from actions.versions import read_reason
from alerts.outbox import wake_worker
from db.inputs_event import EpisodeIn
from db.queries.derived_episodes import DerivedEpisode, load_derived
from db.queries.events import EVENTS, load_events
from db.queries.office import PatientRecord
from db.roles import Actor
from db.session import writing
from trial.adverse_events import DERIVED_VERSION


def judge_episode(entry: EpisodeIn, *, by: Actor, now: datetime) -> str:
    """Add seriousness, causality, action and outcome to a derived episode; returns the stable id.

    The grade, the onset and the end that are kept are the episode's own, as the assessments now show it.
    Raises Refused where there is no such episode any more, or something was added to it already.
    """
    require(by, Action.RECORD_EVENT)
    with writing() as session:
        patient = known_patient(session, entry.patient_id)
        episode = _episode(session, patient, entry)
        if episode.added is not None:
            raise Refused("This episode is judged already. Correct what was added instead.")
        values = _episode_values(session, patient, episode, entry, now)
        stable_id = store_record(session, EVENTS, patient.id, values, by=by, now=now, action="judge_episode")
        reconcile_events(session, patient.id, by=by, now=now)
    wake_worker(context.settings())
    return stable_id


def correct_judgement(
    stable_id: str, version: int, entry: EpisodeIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct what was added to a derived episode, for a reason; returns the new version.

    Grade, onset and end are read from the episode again. Raises as `correct_event`.
    """
    require(by, Action.CORRECT_EVENT)
    why = read_reason(reason, WHY_CORRECTED)
    with writing() as session:
        patient = known_patient(session, entry.patient_id)
        episode = _episode(session, patient, entry)
        values = _episode_values(session, patient, episode, entry, now)
        stored = standing_version(session, EVENTS, stable_id, version, values, now)
        refuse_other_patient(stored, patient)
        if episode.added is None or episode.added.stable_id != stable_id:
            raise Refused("This was not added to the episode chosen. Reload the page and choose again.")
        new_version = correct_record(
            session, EVENTS, stored, values, why, by=by, now=now, action="correct_episode"
        )
        reconcile_events(session, patient.id, by=by, now=now)
    wake_worker(context.settings())
    return new_version


def _episode_values(
    session: Session, patient: PatientRecord, derived: DerivedEpisode, entry: EpisodeIn, now: datetime
) -> dict[str, Any]:
    zone, episode = context.settings().zone, derived.episode
    if episode.worst == 0:
        raise Refused("No grade of this episode is proved yet; nothing can be added to it.")
    if episode.worst != entry.grade:
        sentence = f"The episode is grade {episode.worst} now. Reload the page and judge it again."
        raise Refused([RefusedField("grade", entry.grade, sentence)])
    onset_on = episode.first_at.astimezone(zone).date()
    if problems := impossible_awareness(entry.aware_at, onset_on, now):
        raise Refused(problems)
    ended_at = episode.ended_at
    values = {name: getattr(entry, name) for name in JUDGED}
    return plain(
        values
        | {
            "term": entry.toxicity.label,
            "ctcae_version": DERIVED_VERSION,
            "grade": episode.worst,
            "infusion_number": derived.infusion_number,
            "onset_on": onset_on,
            "ended_on": None if ended_at is None else ended_at.astimezone(zone).date(),
            "is_infection": False,
            "serious_criteria": criteria(entry.serious_criteria),
        }
    )


def _episode(session: Session, patient: PatientRecord, entry: EpisodeIn) -> DerivedEpisode:
    events = load_events(session, patient.id)
    clear_hours = context.protocol().grading.clear_hours
    derived = load_derived(session, events, clear_hours, context.settings().zone, patient.id)
    for one in derived.episodes:
        named = (one.infusion_number, one.episode.toxicity, one.episode.first_at)
        if named == (entry.infusion_number, entry.toxicity, entry.first_at):
            return one
    raise Refused("The assessments show no such episode any more. Reload the page and choose again.")
