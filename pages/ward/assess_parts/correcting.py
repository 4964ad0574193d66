"""Correcting an entry: what stands, why it changes, both sides where two changed it, move, withdraw."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Any, Final

import streamlit as st

from actions.corrections import Withdrawn, move_assessment, void_assessment
from actions.errors import Refused
from actions.versions import Saved
from clock import utc_now
from db.queries.assess import EntryToCorrect, Place
from db.roles import Actor
from db.session import SaveRefused
from grading.charted import COLUMN_WORDS
from pages.parts import tiles
from pages.parts.wording import date_and_time, infusion_words, sentence_case, when
from pages.ward.assess_parts.answers import answers_of
from pages.ward.assess_parts.fields import Sheet, problem_line
from pages.ward.assess_parts.form import EARLIER, Form, close_form
from pages.ward.board_parts.saved import SavedNote, remember

_MOVE, _VOID = "move", "withdraw"
_NO_REASON: Final = {_MOVE: "Say why the entry is moved.", _VOID: "Say why the entry is withdrawn."}


def fill_from(form: Form, entry: EntryToCorrect, now: datetime, zone: tzinfo) -> None:
    """Start a correction from what was typed: the values of the entry in their boxes, once."""
    if form.filled:
        return
    local, today = entry.assessed_at.astimezone(zone), now.astimezone(zone).date()
    day = local.date()
    is_recent = day in (today, today - timedelta(days=1))
    form.filled, form.version, form.stored_at = True, entry.version, entry.assessed_at
    form.slot_at = entry.assessed_at.replace(microsecond=1)  # no due time has one: never the slot of an entry
    form.fill(
        {
            **answers_of(entry.columns),
            "observed": EARLIER,
            **(
                {"observed_day": day.isoformat()}
                if is_recent
                else {"observed_day": "other", "observed_date": day.isoformat()}
            ),
            "observed_time": f"{local:%H:%M}",
        }
    )


def correct_head(sheet: Sheet, entry: EntryToCorrect) -> None:
    """What stands now, in one table, and the reason for the correction."""
    observed = date_and_time(entry.assessed_at, sheet.zone)
    entered = when(entry.entered_at, sheet.now, sheet.zone)
    version = f", version {entry.version}" if entry.version > 1 else ""
    with st.container(border=True, key="assess-correct"):
        st.text(f"Entry of {observed}, entered {entered} by {entry.entered_by}{version}.")
        with st.expander("All values of this entry"):
            st.html(_values(entry))
        st.text_input(
            "Reason for the correction, such as: wrong line filled",
            key=sheet.form.key("reason"),
            on_change=sheet.form.left,
        )
        problem_line(sheet, "reason")


def show_both_sides(form: Form, again: Callable[[], None]) -> None:
    """Somebody else changed the entry first: both values, side by side."""
    if not form.theirs and not form.yours:
        return
    rows = [
        [tiles.cell(sentence_case(COLUMN_WORDS.get(name, name))), *map(tiles.cell, _sides(form, name))]
        for name in COLUMN_WORDS
        if name in form.theirs or name in form.yours
    ]
    with st.container(border=True, key="assess-both"):
        st.html(tiles.problem(form.refusal))
        st.html(tiles.table("Both values", ["Question", "Theirs, now stored", "Yours, not saved"], rows))
        st.button("Start again from theirs", key="assess-again", on_click=again)


def move_or_withdraw(
    form: Form, entry: EntryToCorrect, places: Sequence[Place], actor: Actor, zone: tzinfo
) -> None:
    """The two ways out for an entry that should not stand here at all."""
    with st.expander("Wrong patient, or should not have been entered"):
        st.text_input("Reason, such as: wrong patient chosen", key=_key(form, "other-reason"))
        st.text_input("Study code of the right patient", key=_key(form, "move-to"))
        place = _right_place(form, entry, places)
        asked = st.session_state.get(_key(form, "asked"))
        if asked is None:
            with st.container(horizontal=True, gap="small"):
                for what, words in ((_MOVE, "Move to the right patient"), (_VOID, "Withdraw this entry")):
                    ask = partial(_ask, form, entry, places, what)
                    st.button(words, key=_key(form, what), on_click=ask)
        else:
            _confirm(form, entry, asked, place, actor, zone)
        problem = st.session_state.get(_key(form, "problem"))
        if problem:
            st.html(tiles.problem(problem))


def _confirm(
    form: Form,
    entry: EntryToCorrect,
    what: str,
    place: tuple[str, int] | None,
    actor: Actor,
    zone: tzinfo,
) -> None:
    at = date_and_time(entry.assessed_at, zone)
    told = "Whoever was told of it is told of this too."
    if what == _MOVE and place is not None:
        words = f"Move the entry of {at} from {entry.code} to {place[0]}, {infusion_words(place[1])}? {told}"
    else:
        words = f"Withdraw the entry of {at}? It stays listed and counts for nothing any more. {told}"
    st.html(tiles.piece("p", text=words, role="alert"))
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Move" if what == _MOVE else "Withdraw",
            type="primary",
            key=_key(form, f"yes-{what}"),
            on_click=partial(_do, form, entry, what, place, actor),
        )
        st.button("Go back", key=_key(form, "no"), on_click=partial(_stop, form))


def _ask(form: Form, entry: EntryToCorrect, places: Sequence[Place], what: str) -> None:
    reason = str(st.session_state.get(_key(form, "other-reason")) or "").strip()
    problem = _NO_REASON[what] if not reason else ""
    if what == _MOVE and _right_place(form, entry, places) is None:
        typed = _typed_code(form)
        problem = (
            f"No patient {typed} was infused before this entry was observed. Correct the study code."
            if typed
            else "Enter the study code of the right patient."
        )
    st.session_state[_key(form, "problem")] = problem
    if not problem:
        st.session_state[_key(form, "asked")] = what


def _right_place(form: Form, entry: EntryToCorrect, places: Sequence[Place]) -> tuple[str, int] | None:
    """The patient typed, and the infusion that came last before the entry was observed."""
    typed = _typed_code(form).casefold()
    before = [one for one in places if one.code.casefold() == typed and one.infused_at <= entry.assessed_at]
    if not before:
        return None
    latest = max(before, key=lambda one: one.infused_at)
    return latest.code, latest.number


def _typed_code(form: Form) -> str:
    return str(st.session_state.get(_key(form, "move-to")) or "").strip()


def _stop(form: Form) -> None:
    st.session_state.pop(_key(form, "asked"), None)


def _do(form: Form, entry: EntryToCorrect, what: str, place: tuple[str, int] | None, actor: Actor) -> None:
    """Move or withdraw; the board says what was done."""
    _stop(form)
    now = utc_now()
    reason = st.session_state.get(_key(form, "other-reason"))
    done: Saved | Withdrawn
    try:
        if what == _MOVE and place is not None:
            done = move_assessment(entry.stable_id, entry.version, *place, reason, by=actor, now=now)
        else:
            done = void_assessment(entry.stable_id, entry.version, reason, by=actor, now=now)
    except (Refused, SaveRefused) as refused:
        st.session_state[_key(form, "problem")] = str(refused)
        return
    is_saved = isinstance(done, Saved)
    remember(
        SavedNote(
            code=place[0] if what == _MOVE and place else entry.code,
            at=entry.assessed_at,
            saved_at=now,
            verb=f"Moved from {entry.code}" if what == _MOVE else "Withdrawn",
            stable_id=entry.stable_id if is_saved else None,
            crs=done.crs if isinstance(done, Saved) else None,
            icans=done.icans if isinstance(done, Saved) else None,
            told=done.told,
        )
    )
    close_form()
    st.session_state[LEAVE] = True


LEAVE: Final = "assess_leave"
"""Set by a callback, which cannot change the page itself: the page then goes to the board."""


def _values(entry: EntryToCorrect) -> str:
    rows = [
        [tiles.cell(sentence_case(words)), tiles.cell(_shown(entry.columns[name]))]
        for name, words in COLUMN_WORDS.items()
        if name in entry.columns
    ]
    return tiles.table("As it stands", ["Question", "Answer"], rows)


def _sides(form: Form, name: str) -> tuple[str, str]:
    return _shown(form.theirs.get(name)), _shown(form.yours.get(name))


def _shown(value: Any) -> str:  # noqa: ANN401 - any column
    if value is None:
        return "not recorded"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return text.replace(";", ", ").replace("_", " ") if len(text) < 200 else text


def _key(form: Form, name: str) -> str:
    return f"assess-correcting-{form.token}-{name}"
