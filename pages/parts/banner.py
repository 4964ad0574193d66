"""What every page says first: whether alerts go out, whether this is a demonstration, who is signed in."""

from datetime import datetime
from pathlib import Path
from typing import Final

import streamlit as st

from actions import context
from actions.permissions import ROLE_WORDS
from alerts.health import worker_state
from alerts.posting import active_recipients
from alerts.words.short import PROGRAM_ADVICE, PROGRAM_WORDS
from clock import utc_now
from db.queries.board_alerts import load_program_alerts
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.access import current_actor
from pages.parts.wording import counted, sentence_case, when
from settings import ROOT

REFRESH_S: Final = 30


def show_head(actor: Actor, *, in_header: bool) -> None:
    """Who is signed in and, each only when it is true, the outlined lines above every page.

    in_header  whether the page has a navigation, beside which the person's name stands
    """
    st.html(tiles.piece("div", _person(actor, in_header), classes="vigil-head"))
    show_banner()


@st.fragment(run_every=REFRESH_S)
def show_banner() -> None:
    """The lines alone, read again every 30 s: a page that stays open must hear that no alert goes out.

    Asks each time who is signed in, which a timer does not prolong: a page whose sign-in has ended goes
    from the screen. What is typed below stays as it is, and lines that stay the same are not drawn anew.
    """
    current_actor(touch=False)
    lines = banner_lines(utc_now())
    shown = [tiles.piece("div", text=words, classes="vigil-banner", role="status") for words in lines]
    classes = "vigil-head" if lines else "vigil-head vigil-no-banner"
    st.html(tiles.piece("div", *shown, classes=classes))


def banner_lines(now: datetime) -> list[str]:
    """The lines that hold now."""
    settings = context.settings()
    with reading() as session:
        worker = worker_state(session, now)
        somebody_is_told = bool(active_recipients(session, now))
        problems = load_program_alerts(session)
    lines = ["Demonstration: made-up patients"] if settings.demo else []
    if not worker.alive:
        since = (
            "" if worker.last_seen_at is None else f" since {when(worker.last_seen_at, now, settings.zone)}"
        )
        lines.append(
            f"Alerts are not being sent: the worker has not reported{since}. Tell the administrator."
        )
    if not somebody_is_told:
        lines.append("Nobody is told of alerts: the list of recipients is empty. Tell the coordinator.")
    if worker.mails_off:
        lines.append(f"Mails are not being sent. They are kept in {_shown(settings.mail_dir)}.")
    if worker.urgent_waiting:
        mails = counted(worker.urgent_waiting, "urgent mail has", "urgent mails have")
        lines.append(f"{mails} waited for more than 2 minutes. Telephone the people on the Alerts page.")
    if worker.failed:
        mails = counted(worker.failed, "mail was", "mails were")
        lines.append(f"{mails} refused by the mail server. The Alerts page says which.")
    said = {"worker": not worker.alive, "queue": worker.urgent_waiting, "delivery": worker.failed}
    return [*lines, *(_problem(slot, since, now) for slot, since in problems if not said.get(slot))]


def _problem(slot: str, since: datetime, now: datetime) -> str:
    """A problem that the worker has raised an alert of, in words and with what to do."""
    what = sentence_case(PROGRAM_WORDS.get(slot, f"the program has a problem ({slot})"))
    at = when(since, now, context.settings().zone)
    return f"{what} since {at}. {PROGRAM_ADVICE.get(slot, 'Tell the administrator.')}"


def _shown(folder: Path) -> str:
    return str(folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder)


def _person(actor: Actor, in_header: bool) -> str:
    """The name, change of user and sign-out, one touch each.

    Both are forms that post to the web process, because only it can set the browser's cookie.
    """
    role = tiles.piece("span", text=f" ({ROLE_WORDS[actor.role]})", classes="vigil-role")
    return tiles.piece(
        "div",
        tiles.piece(
            "span",
            role,
            text=f"Signed in as {actor.display_name}",
        ),
        _button("/change-user", "Change user"),
        _button("/sign-out", "Sign out"),
        classes="vigil-person vigil-in-header" if in_header else "vigil-person",
    )


def _button(address: str, words: str) -> str:
    button = tiles.piece("button", text=words, type="submit")
    return tiles.piece("form", button, method="post", action=address)
