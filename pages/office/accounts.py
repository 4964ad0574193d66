"""Accounts: who may sign in, with which role; one-time codes for passwords (administrators)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import streamlit as st
from pydantic import ValidationError

from actions import accounts, context
from actions.errors import Refused
from actions.permissions import ROLE_WORDS, Page
from clock import utc_now
from db.inputs import UserIn, problems
from db.queries.accounts import Account, load_accounts
from db.roles import Actor, Role
from db.session import SaveRefused, reading
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import date_and_time, sentence_case, when_and_ago, zone_words

_CODE: Final = "accounts_code"
_SAID: Final = "accounts_said"
_PROBLEMS: Final = "accounts_problems"
_NEW: Final = "accounts_new"


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A one-time code on the screen until the administrator has noted it."""

    display_name: str
    username: str
    code: str
    until: str


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.ACCOUNTS)
    now = utc_now()
    with reading() as session:
        listed = load_accounts(session, now)
    st.title("Accounts")
    st.html(tiles.soft(f"Times of the hospital {zone_words(now, context.settings().zone)}."))
    _show_code()
    _show_said()
    _draw_new(actor)
    st.header(f"Accounts ({len(listed)})")
    for account in listed:
        _draw_account(account, actor, now)


def _show_code() -> None:
    shown: ShownCode | None = st.session_state.get(_CODE)
    if shown is None:
        return
    with st.container(border=True):
        st.header(f"One-time code for {shown.username}")
        st.code(shown.code, language=None)
        st.text(
            f"Give it to {shown.display_name} by hand or by telephone. It sets a password once, until "
            f"{shown.until}, at {context.settings().app_url}/set-password. It is not shown again."
        )
        if st.button("I have noted it"):
            del st.session_state[_CODE]
            st.rerun()


def _show_said() -> None:
    said = st.session_state.pop(_SAID, None)
    if said:
        st.html(tiles.piece("div", text=said, classes="vigil-banner vigil-said", role="status"))


def _draw_new(actor: Actor) -> None:
    wrong: dict[str, str] = st.session_state.get(_PROBLEMS, {})
    # A form of another name begins with empty boxes; what was refused stays as it was typed.
    form = f"{_NEW}_{st.session_state.setdefault(_NEW, 0)}"
    with st.expander("Add an account", expanded=bool(wrong)), st.form(form, border=False):
        if sentence := wrong.get(""):
            st.html(tiles.problem(sentence))
        username = st.text_input("Username", autocomplete="off", key=f"{form}_username")
        _note(
            wrong,
            "username",
            "2 to 64 letters, digits, dots and dashes, such as nurse.li. It cannot be changed later.",
        )
        display_name = st.text_input("Name shown to others", autocomplete="off", key=f"{form}_name")
        _note(wrong, "display_name", "As the ward knows this person, such as Dr Lin.")
        role = st.pills("Role", list(Role), format_func=_role_label, key=f"{form}_role")
        _note(wrong, "role", "What the person may see and do.")
        if st.form_submit_button("Add account", type="primary"):
            st.session_state[_PROBLEMS] = _add(actor, username, display_name, role)
            st.rerun()


def _role_label(role: Role) -> str:
    return sentence_case(ROLE_WORDS[role])


def _note(wrong: dict[str, str], field: str, hint: str) -> None:
    """What to put right takes the place of the hint, so nothing moves."""
    st.html(tiles.problem(wrong[field]) if field in wrong else tiles.soft(hint))


def _add(actor: Actor, username: str, display_name: str, role: Role | None) -> dict[str, str]:
    """Make the account; the sentence of each field to put right."""
    now = utc_now()
    if role is None:
        return {"role": "Choose the role."}
    try:
        entry = UserIn(username=username, display_name=display_name, role=role)
        code = accounts.create_user(entry, by=actor, now=now)
    except ValidationError as error:
        return {problem.field: problem.sentence for problem in problems(error)}
    except Refused as refusal:
        return {problem.field: problem.sentence for problem in refusal.problems}
    except SaveRefused as refusal:
        return {"": str(refusal)}
    _keep_code(entry.display_name, entry.username, code, now)
    st.session_state[_NEW] += 1
    return {}


def _draw_account(account: Account, actor: Actor, now: datetime) -> None:
    with st.container(border=True):
        st.subheader(account.username)
        st.text(f"{account.display_name}, {ROLE_WORDS[account.role]}. {_state(account, now)}")
        with st.container(horizontal=True):
            if account.is_active:
                _draw_active(account, actor)
            elif st.button(f"Switch on {account.username}", key=f"on_{account.user_id}"):
                _do(
                    lambda: accounts.set_active(account.user_id, True, by=actor, now=utc_now()),
                    "switched on",
                    account,
                )


def _draw_active(account: Account, actor: Actor) -> None:
    if st.button(f"One-time code for {account.username}", key=f"code_{account.user_id}"):
        _do(lambda: _issue(account, actor), "given a one-time code", account)
    with st.popover(f"Change role of {account.username}"):
        for role in Role:
            if role is not account.role and st.button(
                _role_label(role), key=f"role_{account.user_id}_{role.value}"
            ):
                change = partial(accounts.change_role, account.user_id, role, by=actor, now=utc_now())
                _do(change, f"now {ROLE_WORDS[role]}", account)
    with st.popover(f"Switch off {account.username}"):
        st.text(f"{account.display_name} is signed out at once and cannot sign in. Entries stay.")
        if st.button("Switch off", key=f"off_{account.user_id}"):
            _do(
                lambda: accounts.set_active(account.user_id, False, by=actor, now=utc_now()),
                "switched off",
                account,
            )


def _issue(account: Account, actor: Actor) -> None:
    now = utc_now()
    code = accounts.issue_reset_code(account.user_id, by=actor, now=now)
    _keep_code(account.display_name, account.username, code, now)


def _keep_code(display_name: str, username: str, code: str, now: datetime) -> None:
    until = date_and_time(now + accounts.CODE_VALID_FOR, context.settings().zone)
    st.session_state[_CODE] = ShownCode(display_name, username, code, until)


def _do(action: Callable[[], None], done: str, account: Account) -> None:
    """Do one thing to an account, say what came of it, and draw the page anew."""
    try:
        action()
        st.session_state[_SAID] = f"{account.username} is {done}."
    except (Refused, SaveRefused) as refusal:
        st.session_state[_SAID] = str(refusal)
    st.rerun()


def _state(account: Account, now: datetime) -> str:
    zone = context.settings().zone
    if not account.is_active:
        return "Switched off."
    code = account.code_expires_at
    open_code = "" if code is None else f" A one-time code is open until {date_and_time(code, zone)}."
    if not account.has_password:
        return f"No password yet.{open_code}"
    if account.last_seen_at is None:
        return f"Never signed in.{open_code}"
    return f"Last used {when_and_ago(account.last_seen_at, now, zone)}.{open_code}"


main()
