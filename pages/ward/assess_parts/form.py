"""One open form: its boxes in the browser tab, and the draft that follows them on the server.

The boxes are plain widgets whose values live in the tab's state under `key(question)`. The form's token
goes with the entry, so that sending twice stores once; a form begun anew has a new token and empty boxes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import streamlit as st

from actions import drafts
from actions.errors import Refused
from clock import utc_now
from db.queries.drafts import StoredDraft
from db.roles import Actor
from db.session import SaveRefused
from pages.ward.assess_parts.answers import NONE

_FORM: Final = "assess_form"
_RETRY_AFTER: Final = timedelta(seconds=30)
NOW, EARLIER = "now", "earlier"
CORRECTS, VERSION, STORED_AT = "_correct", "_version", "_stored_at"
"""The questions under which the draft of a correction keeps the entry it corrects, as it was read."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the form is for: one infusion of one patient, and the entry to correct, if it is one."""

    code: str
    patient_id: int
    infusion_id: int
    infusion_number: int
    correct: str | None = None


@dataclass
class Form:
    """The form of one browser tab.

    opened_at   when it was opened, or first touched: what "Now" means
    version, stored_at  of the entry being corrected
    redraw      the page must be drawn anew: a fragment cannot add the bar to a page without one
    checked     Save was tried: what it asks for is shown from then on
    asking      Save was tried and asks something once more
    confirmed   rare values the person has already confirmed (question -> value)
    theirs, yours  both sides, where somebody else changed the entry first
    """

    target: Target
    actor: Actor
    opened_at: datetime
    slot_at: datetime
    token: str = field(default_factory=lambda: uuid4().hex)
    touched: bool = False
    version: int = 0
    stored_at: datetime | None = None
    filled: bool = False
    redraw: bool = False
    checked: bool = False
    save_pressed: bool = False
    asking: bool = False
    confirmed: dict[str, Any] = field(default_factory=dict)
    refusal: str = ""
    theirs: dict[str, Any] = field(default_factory=dict)
    yours: dict[str, Any] = field(default_factory=dict)
    draft_started_at: datetime | None = None
    draft_saved_at: datetime | None = None
    draft_problem: str = ""
    draft_retry_at: datetime | None = None
    last_answers: dict[str, Any] = field(default_factory=dict)

    def key(self, question: str) -> str:
        """The widget's key; it holds the token, so that a new form begins with empty boxes."""
        return f"assess-{self.token}-{question}"

    def answer(self, question: str) -> Any:  # noqa: ANN401 - text, number or list, by question
        """What stands in the box, or None."""
        return st.session_state.get(self.key(question))

    def answers(self) -> dict[str, Any]:
        """Every question on the screen with what stands in its box; empty ones are left out."""
        prefix = self.key("")
        found = {
            str(name).removeprefix(prefix): value
            for name, value in st.session_state.items()
            if str(name).startswith(prefix) and value not in (None, "", [])
        }
        return dict(sorted(found.items()))

    def fill(self, answers: Mapping[str, Any]) -> None:
        """Put answers into the boxes; only before they are drawn."""
        for question, answer in answers.items():
            st.session_state[self.key(question)] = answer
        self.last_answers = dict(answers)

    def clear(self, *questions: str) -> None:
        """Empty boxes that no longer belong to the answers above them."""
        for question in questions:
            if self.key(question) in st.session_state:
                del st.session_state[self.key(question)]

    def left(self) -> None:
        """A box was left or a choice touched: remember when it began and keep the draft."""
        now = utc_now()
        if not self.touched:
            self.touched = True
            self.opened_at = now
        self.refusal, self.asking = "", False
        self._exclude_none()
        answers = self.answers()
        if answers != self.last_answers:
            self.last_answers = answers
            self._keep_draft(answers, now)

    def _exclude_none(self) -> None:
        """ "None of these" excludes the others: whichever was touched last stays."""
        for question, chosen in self.answers().items():
            if not isinstance(chosen, list) or NONE not in chosen or len(chosen) == 1:
                continue
            before = self.last_answers.get(question) or []
            rest = [word for word in chosen if word != NONE]
            st.session_state[self.key(question)] = rest if NONE in before else [NONE]

    def _corrected(self) -> dict[str, Any]:
        if self.target.correct is None or self.stored_at is None:
            return {}
        return {
            CORRECTS: self.target.correct,
            VERSION: self.version,
            STORED_AT: self.stored_at.isoformat(),
        }

    def take_up(self, draft: StoredDraft) -> None:
        """Go on with a draft: its boxes, its token, its beginning."""
        content = draft_answers(draft)
        if CORRECTS in content:
            self.version = int(content[VERSION])
            self.stored_at = datetime.fromisoformat(content[STORED_AT])
        self.token = draft.form_token
        self.fill({name: value for name, value in content.items() if not name.startswith("_")})
        self.touched = self.filled = self.redraw = True
        self.opened_at, self.slot_at = draft.started_at, draft.slot_at
        self.draft_started_at, self.draft_saved_at = draft.started_at, draft.saved_at

    def _keep_draft(self, answers: Mapping[str, Any], now: datetime) -> None:
        if self.draft_retry_at and now < self.draft_retry_at:
            return
        try:
            self.draft_started_at = drafts.save_draft(
                patient_id=self.target.patient_id,
                infusion_id=self.target.infusion_id,
                slot_at=self.slot_at,
                content=json.dumps({**answers, **self._corrected()}),
                form_token=self.token,
                by=self.actor,
                now=now,
            )
        except (SaveRefused, Refused) as error:
            # The boxes keep what was typed; a busy database must not hold up every touch.
            self.draft_problem, self.draft_retry_at = str(error), now + _RETRY_AFTER
        else:
            self.draft_saved_at, self.draft_problem, self.draft_retry_at = now, "", None


def open_form(target: Target, actor: Actor, slot_at: datetime, now: datetime) -> Form:
    """The tab's form for this target: the one already open, or a new one.

    Boxes die when their page is left; such a form is not taken up again, its draft is offered instead.
    """
    form: Form | None = st.session_state.get(_FORM)
    same = form is not None and form.target == target and form.actor.user_id == actor.user_id
    if form is not None and same and (form.answers() or not form.touched):
        form.actor = actor
        return form
    return begin_form(target, actor, slot_at, now)


def begin_form(target: Target, actor: Actor, slot_at: datetime, now: datetime) -> Form:
    """A new form with empty boxes."""
    form = Form(target, actor, now, slot_at)
    st.session_state[_FORM] = form
    return form


def close_form() -> None:
    """Forget the tab's form: it was saved or discarded."""
    st.session_state.pop(_FORM, None)


def draft_answers(draft: StoredDraft) -> dict[str, Any]:
    """What a draft holds; nothing where its text cannot be read any more."""
    try:
        content = json.loads(draft.content)
    except ValueError:
        return {}
    return dict(content) if isinstance(content, dict) else {}
