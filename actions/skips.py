"""Saying why a due assessment was not done. It is then not overdue, and proves nothing about the patient.

A refusal without an explanation counts for one hour (`trial.refusals`). It can be answered again at any time:
by the assessment, by another reason or an explanation, and once it has lapsed by a second refusal.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import RowMapping, select
from sqlmodel import Session

from actions import context
from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.words import on_day, when
from db.audit import append_event
from db.inputs import SkipIn
from db.models import Record
from db.queries import entry as reads
from db.queries.entry import InfusionFacts
from db.roles import Actor
from db.session import writing
from trial.calendar import SlotKind
from trial.protocol import Protocol
from trial.refusals import asked_again_at, still_counts

AHEAD: Final = timedelta(hours=4)
"""How long before it is due an assessment may be called off: one round of vital signs."""

_SKIPS: Final = Record.metadata.tables["skipped_assessment"]


def skip_assessment(entry: SkipIn, *, by: Actor, now: datetime) -> int:
    """Record why vital signs or ICE were not done when they were due; returns the row id.

    Recording the same reason again changes nothing while it counts.

    Raises:
        Refused: nothing of this kind is due then, or patient or infusion is not known.
        AlreadyRecorded: another reason stands for it for good.
    """
    require(by, Action.SKIP_ASSESSMENT)
    with writing() as session:
        place = _place(session, entry)
        _refuse_undue(entry, place, now)
        stored = _stored(session, entry, place.infusion_id)
        if stored is not None and not _is_asked_again(stored, entry, now):
            return _same(stored, entry, now)
        values = {
            "kind": entry.kind.value,
            "due_at": entry.due_at,
            "reason": entry.reason.value,
            "explanation": entry.explanation,
        }
        origin = {
            "patient_id": place.patient_id,
            "infusion_id": place.infusion_id,
            "entered_by": by.user_id,
            "entered_at": now,
        }
        row_id = insert_row(session, _SKIPS, values | origin)
        append_event(
            session,
            at=now,
            by=by,
            action="skip_assessment",
            subject="skipped_assessment",
            subject_id=row_id,
            patient_id=place.patient_id,
            detail={"infusion_id": place.infusion_id, "before": _values(stored), "after": values},
        )
    return row_id


def _place(session: Session, entry: SkipIn) -> InfusionFacts:
    place = reads.find_infusion(session, entry.patient_id, entry.infusion_number)
    if place is None:
        sentence = f"Infusion {entry.infusion_number} of {entry.patient_id} is not recorded."
        raise Refused([RefusedField("patient_id", entry.patient_id, sentence)])
    return place


def _refuse_undue(entry: SkipIn, place: InfusionFacts, now: datetime) -> None:
    sentence = None
    if not _is_hospital_time(entry, context.protocol()):
        sentence = f"Nothing of this kind is due at {on_day(entry.due_at)}. Choose a time of the plan."
    elif entry.due_at > now + AHEAD:
        sentence = f"This is due at {on_day(entry.due_at)}; it can be called off from 4 hours before."
    elif entry.due_at < place.infused_at:
        sentence = f"The time must not be before the infusion of {on_day(place.infused_at)}."
    elif place.died_at is not None and entry.due_at > place.died_at:
        died = on_day(place.died_at)
        sentence = f"The death of {entry.patient_id} is recorded at {died}; nothing is due after it."
    if sentence is not None:
        raise Refused([RefusedField("due_at", entry.due_at, sentence)])


def _is_hospital_time(entry: SkipIn, protocol: Protocol) -> bool:
    local = entry.due_at.astimezone(context.settings().zone).time()
    # ICE is due whenever vital signs are, from an ICANS grade on.
    ice = (*protocol.ice_times, *protocol.vital_sign_times)
    return local in (ice if entry.kind is SlotKind.ICE else protocol.vital_sign_times)


def _stored(session: Session, entry: SkipIn, infusion_id: int) -> RowMapping | None:
    """What was said of this due assessment last."""
    query = (
        select(_SKIPS)
        .where(
            _SKIPS.c.infusion_id == infusion_id,
            _SKIPS.c.kind == entry.kind.value,
            _SKIPS.c.due_at == entry.due_at,
        )
        .order_by(_SKIPS.c.id.desc())
    )
    return session.connection().execute(query).mappings().first()


def _values(stored: RowMapping | None) -> dict[str, object] | None:
    if stored is None:
        return None
    return {name: stored[name] for name in ("kind", "due_at", "reason", "explanation")}


def _is_asked_again(stored: RowMapping, entry: SkipIn, now: datetime) -> bool:
    """Whether what stands is an unexplained refusal that has lapsed, or that this entry says more than."""
    again_at = asked_again_at(stored["reason"], stored["explanation"], stored["entered_at"])
    if again_at is None:
        return False
    says_more = asked_again_at(entry.reason.value, entry.explanation, now) is None
    return says_more or not still_counts(again_at, now)


def _same(stored: RowMapping, entry: SkipIn, now: datetime) -> int:
    if (stored["reason"], stored["explanation"]) == (entry.reason.value, entry.explanation):
        return int(stored["id"])
    due = when(stored["due_at"], now)
    raise AlreadyRecorded(f"Not done at {due} is already recorded ({stored['reason']}); nothing was changed.")
