"""Drafts: what one person has typed for one patient and slot and not yet saved.

A draft is a convenience, not a clinical record: it leaves no audit event and is deleted when the entry is
saved or discarded. It can be continued for `EDITABLE_FOR`; after that it can only be read, because the values
were measured too long ago to be saved as new.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col

from actions.errors import Refused
from actions.permissions import Action, require
from db.models import Draft
from db.queries.drafts import StoredDraft, find_draft
from db.queries.entry import saved_by_form
from db.roles import Actor
from db.session import writing

EDITABLE_FOR: Final = timedelta(hours=2)
CONTENT_MOST: Final = 100_000

WAIT_S: Final = 1.0
"""How long keeping a draft waits for another write: the person is in the middle of a form."""

_OF_FORM: Final = delete(Draft).where(
    col(Draft.form_token) == bindparam("token"), col(Draft.user_id) == bindparam("whose")
)


def may_continue(draft: StoredDraft, now: datetime) -> bool:
    """Whether the draft may still be continued, rather than only read."""
    return now - draft.started_at <= EDITABLE_FOR


def save_draft(
    *,
    patient_id: int,
    infusion_id: int,
    slot_at: datetime,
    content: str,
    form_token: str,
    by: Actor,
    now: datetime,
) -> datetime:
    """Keep what was typed (`content`, JSON text), replacing the person's draft of the same slot.

    Returns when the draft was begun. Raises Refused when it is too old to be continued, or too long.
    """
    require(by, Action.KEEP_DRAFT)
    if len(content) > CONTENT_MOST:
        raise Refused("This entry is too long to be kept as a draft. Save it now.")
    user_id = _user_id(by)
    with writing(WAIT_S) as session:
        if saved_by_form(session, form_token) is not None:
            # A late keystroke of a form that was saved meanwhile would bring the entry back as unsaved.
            return now
        stored = find_draft(session, user_id=user_id, infusion_id=infusion_id, slot_at=slot_at)
        if stored is None:
            session.connection().execute(
                insert(Draft).values(
                    user_id=user_id,
                    patient_id=patient_id,
                    infusion_id=infusion_id,
                    slot_at=slot_at,
                    content=content,
                    form_token=form_token,
                    started_at=now,
                    saved_at=now,
                )
            )
            return now
        if not may_continue(stored, now):
            raise Refused(
                "This draft is more than 2 hours old and can only be read. Discard it to begin a new entry."
            )
        session.connection().execute(
            update(Draft)
            .where(col(Draft.id) == stored.id)
            .values(content=content, form_token=form_token, saved_at=now)
        )
        return stored.started_at


def discard_draft(*, draft_id: int, by: Actor) -> None:
    """Delete a draft of one's own. One that is already gone, or somebody else's, is left alone."""
    require(by, Action.KEEP_DRAFT)
    with writing() as session:
        session.connection().execute(
            delete(Draft).where(col(Draft.id) == draft_id, col(Draft.user_id) == _user_id(by))
        )


def drop_saved_draft(session: Session, form_token: str, by: Actor) -> None:
    """Delete the draft of an entry that is being saved, inside that entry's transaction."""
    if by.user_id is None:
        return
    session.connection().execute(_OF_FORM, {"token": form_token, "whose": by.user_id})


def _user_id(by: Actor) -> int:
    if by.user_id is None:
        raise ValueError("A draft belongs to a person; the program itself keeps none.")
    return by.user_id
