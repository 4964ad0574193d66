"""A death can stand in an assessment and in the follow-up: the two must agree, and nothing comes after it."""

from collections.abc import Iterator
from datetime import date

from sqlmodel import Session

from actions import context
from actions.errors import Refused, RefusedField
from actions.words import date_words, on_day
from db.inputs import AssessmentIn
from db.queries.deaths import BedsideDeath, FollowedDeath, load_death
from db.queries.follow_up import latest_after
from grading.charted import DeathDueTo
from trial.follow_up_facts import CAUSE_WORDS, DeathCause, cause_agrees


def refuse_other_death(session: Session, entry: AssessmentIn, patient_id: int) -> None:
    """Refuse an assessment whose death contradicts the follow-up, or lies before something recorded."""
    if entry.death_due_to is None:
        return
    problems = [*_bedside_problems(session, entry, entry.death_due_to, patient_id)]
    if problems:
        raise Refused(problems)


def _bedside_problems(
    session: Session, entry: AssessmentIn, due_to: DeathDueTo, patient_id: int
) -> Iterator[RefusedField]:
    zone, at = context.settings().zone, entry.assessed_at
    on = at.astimezone(zone).date()
    death = load_death(session, patient_id)
    if death is not None and death.followed is not None:
        yield from _against_followed(entry.patient_id, due_to, on, death.followed)
    later = latest_after(session, patient_id, on, zone, at=at)
    if later is not None:
        sentence = f"{entry.patient_id} has {later.words} of {date_words(later.on)}, after this death."
        yield RefusedField("assessed_at", at, f"{sentence} Correct one of them.")


def followed_problems(
    code: str, on: date, cause: DeathCause, bedside: BedsideDeath
) -> Iterator[RefusedField]:
    """What a death of the follow-up contradicts in the assessment that records it too."""
    charted_on = bedside.assessed_at.astimezone(context.settings().zone).date()
    charted = f"The assessment of {on_day(bedside.assessed_at)} records the death of {code}"
    if charted_on != on:
        sentence = f"{charted}. Enter {date_words(charted_on)}, or correct the assessment first."
        yield RefusedField("occurred_on", on, sentence)
    if not cause_agrees(bedside.due_to, cause):
        sentence = f"{charted} due to {bedside.due_to.phrase}, not {CAUSE_WORDS[cause]}."
        yield RefusedField("cause", cause, f"{sentence} Correct one of them.")


def _against_followed(
    code: str, due_to: DeathDueTo, on: date, followed: FollowedDeath
) -> Iterator[RefusedField]:
    died = f"The follow-up records the death of {code}"
    if followed.on != on:
        sentence = f"{died} on {date_words(followed.on)}. Correct one of the two."
        yield RefusedField("assessed_at", on, sentence)
    if not cause_agrees(due_to, followed.cause):
        sentence = f"{died} of {CAUSE_WORDS[followed.cause]}, not of {due_to.phrase}. Correct one of the two."
        yield RefusedField("death_due_to", due_to, sentence)
