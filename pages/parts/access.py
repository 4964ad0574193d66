"""Who is using this page. Every page begins with `require_role`; every action asks again by itself.

Import from `pages.parts.access` only: the folder of router.py stands first on sys.path, so that
`parts.access` would be a second module with enums of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NoReturn
from urllib.parse import quote, urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from actions import accounts
from actions.permissions import ROLE_WORDS, Page, first_page, may_see
from clock import utc_now
from db.roles import Actor
from pages.parts import tiles

SESSION_COOKIE = "vigil_session"
"""The cookie with the random token of a sign-in; `web.sign_in` sets it, HttpOnly."""

REPORT_FILES = "/report-file"
REPORT_SIGNATURES = "/report-signatures"
SAE_REPORTS = "/sae-report"
"""Where `web.report_files` gives files, by number: those of the committee's reports, the sheets with the
signatures of one, the versions of the reports of serious events.
"""

_LINK = "vigil-link vigil-link-block"
_USER_KEY = "_signed_in_user_id"
_of_this_run: Final[ContextVar[Actor | None]] = ContextVar("actor_of_this_run", default=None)


def current_actor(*, touch: bool = True) -> Actor:
    """The person signed in, or the page ends with the sentence that says why nobody is.

    Asks the database once in each run of a page or fragment, so that a sign-out, a changed role or
    15 minutes without use count at once. `touch=False` in fragments with `run_every`: a timer is not
    a person's use.
    """
    known = _of_this_run.get()
    if known is not None:
        return known
    now = utc_now()
    token = session_token()
    actor = accounts.resume(token, now=now, touch=touch)
    if actor is None:
        _end_signed_out(accounts.why_signed_out(token, now=now))
    _keep_state_of_one_person(actor)
    return actor


@contextmanager
def known_in_this_run(actor: Actor) -> Iterator[None]:
    """What is drawn inside the block has the person just asked for; nothing of it outlives the run.

    A page asks in its router, at its start and in each fragment: a moment apart, with the same answer.
    """
    before = _of_this_run.set(actor)
    try:
        yield
    finally:
        _of_this_run.reset(before)


def require_role(page: Page, *, touch: bool = True) -> Actor:
    """The person signed in, if the role may see this page; otherwise the page ends with a sentence."""
    actor = current_actor(touch=touch)
    if not may_see(actor.role, page):
        st.title(f"{page.value.capitalize()}: not open to your role")
        st.text(f"Your role ({ROLE_WORDS[actor.role]}) does not have this page.")
        home = first_page(actor.role)
        st.html(tiles.link(f"Open {home.value}", page_address(home), classes=_LINK))
        st.stop()
    return actor


def page_address(page: Page) -> str:
    """The path of a page: the board stands at "/"."""
    return "/" if page is Page.BOARD else f"/{page.value}"


def is_fragment_run() -> bool:
    """Whether only a fragment is drawn again, so that the page above it has not asked who is signed in."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def session_token() -> str | None:
    """The token that came with this browser's connection, or None."""
    return st.context.cookies.get(SESSION_COOKIE)


def sign_in_link() -> str:
    """The address of the sign-in page that leads back to the page now shown."""
    return f"/sign-in?next={quote(current_path(), safe='')}"


def current_path() -> str:
    """Path and query of the page now shown, such as "/patient?code=CART-007"."""
    path = urlsplit(st.context.url or "/").path or "/"
    query = "&".join(
        f"{quote(name)}={quote(value)}" for name in st.query_params for value in st.query_params.get_all(name)
    )
    return f"{path}?{query}" if query else path


def _end_signed_out(reason: str) -> NoReturn:
    if is_fragment_run():
        # Only this fragment would end: the whole page, with its patients, must go from the screen.
        st.rerun()
    kept = " Your entry is kept as a draft." if "/assess" in current_path() else ""
    st.title("Signed out")
    st.text(f"{reason}{kept} Sign in again.")
    st.html(tiles.link("Sign in again", sign_in_link(), classes=_LINK))
    st.stop()


def _keep_state_of_one_person(actor: Actor) -> None:
    """Forget what another person left in this browser tab before it is shown to the new one."""
    if st.session_state.get(_USER_KEY, actor.user_id) != actor.user_id:
        st.session_state.clear()
    st.session_state[_USER_KEY] = actor.user_id
