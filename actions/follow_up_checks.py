"""What the actions on visits and on events of the follow-up check alike: the day."""

from collections.abc import Iterator
from datetime import date, datetime

from sqlmodel import Session

from actions import context
from actions.errors import Refused, RefusedField
from actions.words import date_words, on_day
from db.queries.follow_up import EventVersion, load_events
from db.queries.office import PatientRecord
from trial.follow_up_facts import KIND_WORDS, FollowUpKind

LEFT = (FollowUpKind.WITHDRAWAL, FollowUpKind.LOST)
"""After these nothing but a death is recorded any more."""


def infused_on(patient: PatientRecord) -> list[date]:
    """The hospital's dates of the infusions, the first one first."""
    zone = context.settings().zone
    return [infusion.infused_at.astimezone(zone).date() for infusion in patient.infusions]


def today(now: datetime) -> date:
    """The hospital's date."""
    return now.astimezone(context.settings().zone).date()


def future_problem(field: str, on: date, now: datetime) -> Iterator[RefusedField]:
    """A day that has not come yet."""
    if on > today(now):
        sentence = f"The date must not be in the future; today is {date_words(today(now))}."
        yield RefusedField(field, on, sentence)


def after_the_end(
    session: Session, patient: PatientRecord, field: str, on: date, what: str, *, besides: str | None = None
) -> Iterator[RefusedField]:
    """A day after a death, a withdrawal or a loss to follow-up.

    what     such as "the visit", for the sentence
    besides  the stable id of the event that is being corrected
    """
    code = patient.study_code
    if patient.died_at is not None and on > patient.died_at.astimezone(context.settings().zone).date():
        sentence = f"The death of {code} is recorded at {on_day(patient.died_at)}; nothing comes after it."
        yield RefusedField(field, on, sentence)
    yield from after_leaving(session, patient, field, on, what, besides=besides)


def after_leaving(
    session: Session, patient: PatientRecord, field: str, on: date, what: str, *, besides: str | None = None
) -> Iterator[RefusedField]:
    """A day after a withdrawal or a loss to follow-up; as `after_the_end`."""
    code = patient.study_code
    for event in load_events(session, patient.id):
        left = event.stands and event.kind in LEFT and event.stable_id != besides
        if left and on > event.occurred_on:
            yield RefusedField(field, on, f"{event_words(code, event)}, before {what}. Correct one of them.")


def refuse_who_left(session: Session, patient: PatientRecord, done: str) -> None:
    """Refuse what only somebody in the trial can be signed for; safety is recorded all the same.

    done  what did not happen, such as "nothing was signed"
    """
    code = patient.study_code
    if patient.died_at is not None:
        raise Refused(f"The death of {code} is recorded at {on_day(patient.died_at)}; {done}.")
    for event in load_events(session, patient.id):
        if event.stands and event.kind in LEFT:
            raise Refused(
                f"{event_words(code, event)}; {done}. Where that is wrong, withdraw it on the page Visits."
            )


def event_words(code: str, event: EventVersion) -> str:
    """ "CART-007 has withdrawal recorded on 8 Mar 2026"."""
    return f"{code} has {KIND_WORDS[event.kind]} recorded on {date_words(event.occurred_on)}"
