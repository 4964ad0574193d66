"""What every page says first: whether alerts go out, whether this is a demonstration, who is signed in."""

from datetime import datetime

import streamlit as st
from alerts.health import worker_state

from actions import context
from actions.permissions import ROLE_WORDS
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.wording import when


def show_banner(now: datetime) -> None:
    """Outlined lines above the page, each only when it is true."""
    for words in banner_lines(now):
        st.html(tiles.piece("div", text=words, classes="vigil-banner", role="status"))


def banner_lines(now: datetime) -> list[str]:
    """The lines that hold now."""
    settings = context.settings()
    with reading() as session:
        worker = worker_state(session, now)
    lines = ["Demonstration: made-up patients"] if settings.demo else []
    if not worker.alive:
        since = (
            "" if worker.last_seen_at is None else f" since {when(worker.last_seen_at, now, settings.zone)}"
        )
        lines.append(
            f"Alerts are not being sent: the worker has not reported{since}. Tell the administrator."
        )
    if worker.mails_off:
        folder = "data/demo/mailbox" if settings.demo else "data/mailbox"
        lines.append(f"Mails are not being sent. They are kept in {folder}.")
    return lines


def show_person(actor: Actor) -> None:
    """Who is signed in; change of user and sign-out, one touch each.

    Both are forms that post to the web process, because only it can set the browser's cookie.
    """
    who = tiles.piece("span", text=f"Signed in as {actor.display_name} ({ROLE_WORDS[actor.role]})")
    st.html(
        tiles.piece(
            "div",
            who,
            _button("/change-user", "Change user"),
            _button("/sign-out", "Sign out"),
            classes="vigil-person",
        )
    )


def _button(address: str, words: str) -> str:
    button = tiles.piece("button", text=words, type="submit")
    return tiles.piece("form", button, method="post", action=address)
