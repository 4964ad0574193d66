"""The committee's review: what was looked at, reviewed, commented and asked; and the ward's answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import insert, update
from sqlmodel import Session

from actions.errors import ChangedMeanwhile, Refused, RefusedField
from actions.permissions import Action, require
from actions.rows import insert_row
from db.audit import append_event
from db.models import Record
from db.queries import review as reads
from db.queries.review import Question
from db.readers import FreeText, Unreadable, is_blank
from db.roles import Actor
from db.session import writing
from trial.review import ReviewItem

_TABLES: Final = Record.metadata.tables
_TEXT: Final = FreeText("Text", 2000, lines=True)


class Step(StrEnum):
    """What is done with a question."""

    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"


def mark_reviewed(key: str, data_hash: str, *, by: Actor, now: datetime) -> None:
    """Note that a member reviewed an item in the state that they saw.

    Raises:
        Refused: there is no such item any more.
        ChangedMeanwhile: its data have changed since the page was drawn.
    """
    require(by, Action.REVIEW)
    with writing() as session:
        item = _item(session, key)
        if item.data_hash != data_hash:
            raise ChangedMeanwhile(
                "The data of this item have changed since you opened the page. Look at it again.",
                theirs={"item": item.words},
                yours={"item": "as it was before"},
            )
        values = {"user_id": by.user_id, "item": key, "data_hash": data_hash, "at": now}
        row_id = insert_row(session, _TABLES["committee_review"], values)
        detail = {"item": key, "data_hash": data_hash}
        _audit(session, "mark_reviewed", "committee_review", row_id, item.patient_id, detail, by, now)


def note_look(seen_at: datetime, *, by: Actor, now: datetime) -> None:
    """Keep that a member has looked at everything as it was at `seen_at`, when the page was read."""
    require(by, Action.REVIEW)
    looks = _TABLES["last_look"]
    with writing() as session:
        before = reads.last_look_at(session, _person(by))
        if before is not None and before >= seen_at:
            return
        statement = (
            insert(looks).values(user_id=by.user_id, at=seen_at)
            if before is None
            else update(looks).where(looks.c.user_id == by.user_id).values(at=seen_at)
        )
        session.connection().execute(statement)
        detail = {"before": before, "after": seen_at}
        _audit(session, "note_look", "last_look", _person(by), None, detail, by, now)


def comment(key: str, text: str | None, *, by: Actor, now: datetime) -> None:
    """Comment on an item; it changes no state. Refused without words or item."""
    require(by, Action.REVIEW)
    words = _read(text, "text", "Write the comment.")
    with writing() as session:
        item = _item(session, key)
        values = {"item": key, "patient_id": item.patient_id, "text": words, "by": by.user_id, "at": now}
        row_id = insert_row(session, _TABLES["review_comment"], values)
        detail = {"item": key, "text": words}
        _audit(session, "comment", "review_comment", row_id, item.patient_id, detail, by, now)


def ask_ward(stable_id: str, text: str | None, *, by: Actor, now: datetime) -> int:
    """Ask the ward about an entry; returns the question's id. Refused without words or entry."""
    require(by, Action.ASK_WARD)
    words = _read(text, "question", "Write the question.")
    with writing() as session:
        patient_id = reads.assessment_of(session, stable_id)
        if patient_id is None:
            raise Refused("This entry is not known. Reload the page and choose again.")
        values = {"assessment_stable_id": stable_id, "patient_id": patient_id, "text": words}
        row_id = insert_row(session, _TABLES["ward_question"], values | {"by": by.user_id, "at": now})
        _audit(session, "ask_ward", "ward_question", row_id, patient_id, values, by, now)
        return row_id


def answer_question(question_id: int, text: str | None, *, by: Actor, now: datetime) -> None:
    """Answer a question that is not closed. Refused without words."""
    require(by, Action.ANSWER_QUESTION)
    words = _read(text, "answer", "Write the answer.")
    _add_step(question_id, Step.ANSWERED, words, ("open", "answered"), by, now)


def close_question(question_id: int, *, by: Actor, now: datetime) -> None:
    """The committee has what it needs."""
    require(by, Action.ASK_WARD)
    _add_step(question_id, Step.CLOSED, None, ("open", "answered"), by, now)


def reopen_question(question_id: int, text: str | None, *, by: Actor, now: datetime) -> None:
    """The committee asks on. Refused without words that say what is still missing."""
    require(by, Action.ASK_WARD)
    words = _read(text, "question", "Write what is still to be answered.")
    _add_step(question_id, Step.REOPENED, words, ("answered", "closed"), by, now)


def _add_step(
    question_id: int, kind: Step, text: str | None, states: tuple[str, ...], by: Actor, now: datetime
) -> None:
    with writing() as session:
        question = _question(session, question_id)
        if question.state not in states:
            sentence = f"This question is {question.state} by now. Reload the page and look again."
            raise ChangedMeanwhile(sentence, theirs={"state": question.state}, yours={"state": kind.value})
        values: dict[str, Any] = {"question_id": question_id, "kind": kind.value, "text": text}
        insert_row(session, _TABLES["ward_question_step"], values | {"by": by.user_id, "at": now})
        patient_id = reads.assessment_of(session, question.assessment_stable_id)
        _audit(session, f"question_{kind.value}", "ward_question", question_id, patient_id, values, by, now)


def _question(session: Session, question_id: int) -> Question:
    found = next((one for one in reads.load_questions(session) if one.id == question_id), None)
    if found is None:
        raise Refused("This question is not known. Reload the page.")
    return found


def _item(session: Session, key: str) -> ReviewItem:
    found = next((one for one in reads.load_items(session) if one.key == key), None)
    if found is None:
        raise Refused("This item is no longer there: what it rested on was corrected. Reload the page.")
    return found


def _read(text: str | None, field: str, sentence: str) -> str:
    if is_blank(text):
        raise Refused([RefusedField(field, text, sentence)])
    try:
        return str(_TEXT(text))
    except Unreadable as unreadable:
        raise Refused([RefusedField(field, text, str(unreadable))]) from unreadable


def _person(by: Actor) -> int:
    if by.user_id is None:
        raise Refused("Only a person reviews.")
    return by.user_id


def _audit(
    session: Session,
    action: str,
    subject: str,
    subject_id: int,
    patient_id: int | None,
    detail: dict[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    append_event(
        session,
        at=now,
        by=by,
        action=action,
        subject=subject,
        subject_id=subject_id,
        patient_id=patient_id,
        detail=detail,
    )
