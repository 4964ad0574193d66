"""The answer to a test mail: its link opens a page with one button, and only the button confirms."""

from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from actions.errors import Refused
from actions.permissions import Action, may
from actions.recipients import confirm_test_mail
from clock import utc_now
from db.queries.test_mails import RecipientTestMails, SentTestMail, find_test_mail
from db.roles import Actor
from db.session import SaveRefused, reading
from pages.parts import tiles
from pages.parts.access import current_actor
from pages.parts.wording import when

PARAMETER: Final = "t"
"""The name of the code in a page's address."""

_PROBLEM: Final = "test-mail-problem"


def show_confirmation(actor: Actor) -> None:
    """The question of the test mail whose code stands in the address; nothing without one."""
    code = st.query_params.get(PARAMETER, "").strip().lower()
    if not code or not may(actor.role, Action.CONFIRM_TEST_MAIL):
        return
    now, zone = utc_now(), context.settings().zone
    with reading() as session:
        mail = find_test_mail(session, code)
    with st.container(border=True, key="test-mail"):
        st.header("Test mail", anchor=False)
        if mail is None:
            st.text("No test mail has the code of this link. Open the link of the mail once more.")
            return
        st.text(f"To {mail.name}, {mail.address}, of {when(mail.created_at, now, zone)}. Code {mail.code}.")
        if mail.confirmed_at is not None:
            at = when(mail.confirmed_at, now, zone)
            st.html(tiles.piece("p", text=f"Confirmed by {mail.confirmed_by} at {at}.", role="status"))
            return
        if problem := st.session_state.pop(_PROBLEM, None):
            st.html(tiles.problem(problem))
        if st.button("This mail arrived", type="primary", key=f"test-mail-{mail.code}"):
            _confirm(mail)


def _confirm(mail: SentTestMail) -> None:
    try:
        confirm_test_mail(mail.code, by=current_actor(), now=utc_now())
    except (Refused, SaveRefused) as error:
        st.session_state[_PROBLEM] = error.sentence if isinstance(error, Refused) else str(error)
    st.rerun()


def mail_check_words(mails: RecipientTestMails | None, now: datetime) -> tuple[str, bool]:
    """How the test mails of a recipient stand, and whether that asks for a look."""
    if mails is None:
        return "No test mail yet.", False
    newest, confirmed = mails.newest, mails.confirmed
    zone = context.settings().zone
    if newest.state == "failed":
        return f"The test mail of {when(newest.created_at, now, zone)} was refused by the mail server.", True
    if newest.sent_at is None:
        return f"A test mail of {when(newest.created_at, now, zone)} has not left yet.", False
    sent = f"Last test mail sent {when(newest.sent_at, now, zone)}"
    if newest.confirmed_at is not None:
        return f"{sent}, confirmed {when(newest.confirmed_at, now, zone)} by {newest.confirmed_by}.", False
    if confirmed is None or confirmed.confirmed_at is None:
        return f"{sent}, not confirmed; none was ever confirmed.", True
    return f"{sent}, not confirmed since {when(confirmed.confirmed_at, now, zone)}.", True
