"""Recipients: who is told of alerts, now and later, and who would be told of what.

Coordinators and administrators add one and end one here, and see how the test mails of each stand.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from actions.errors import Refused
from actions.permissions import Page
from actions.recipients import add_recipient, end_recipient
from alerts.posting import active_recipients
from clock import utc_now
from db.inputs import RecipientIn
from db.queries.office import RecipientRecord, load_recipients
from db.queries.test_mails import RecipientTestMails, load_test_mails
from db.roles import Actor, Group
from db.session import SaveRefused, reading
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.mail_check import mail_check_words, show_confirmation
from pages.parts.sheet import Sheet, say, show_said, unmarked
from pages.parts.who_is_told import would_be_told
from pages.parts.wording import counted, date_and_time, listed, zone_words

_ENDING: Final = "recipients_ending"
GROUP_WORDS: Final = {
    Group.WARD: "Ward",
    Group.TREATING: "Treating investigator",
    Group.PI: "Principal investigator",
    Group.DEPUTY: "Deputy investigator",
    Group.COMMITTEE_CHAIR: "Committee chair",
    Group.SPONSOR_SAFETY: "Sponsor safety",
}


def main() -> None:
    """One run of the page. `t` in the address is the code of a test mail, to be confirmed."""
    actor = require_role(Page.RECIPIENTS)
    now, zone = utc_now(), context.settings().zone
    with reading() as session:
        known = load_recipients(session)
        people = active_recipients(session, now)
        mails = load_test_mails(session)
    listed_now = _by_group([one for one in known if one.is_told(now)])
    later = _by_group([one for one in known if _begins_later(one, now)])
    st.title("Recipients of alerts", anchor=False)
    st.html(tiles.soft(f"Times of the hospital {zone_words(now, zone)}."))
    show_confirmation(actor)
    show_said()
    _draw_new(actor, expanded=not listed_now)
    st.header(f"Told now ({len(listed_now)})", anchor=False)
    if not listed_now:
        st.html(tiles.problem("Nobody is told of alerts. Add a recipient."))
    elif missing := _groups_without(listed_now):
        st.html(tiles.piece("p", text=f"Groups with nobody: {missing}.", classes="vigil-problem"))
    for recipient in listed_now:
        _draw_told(recipient, actor, mails, now)
    if later:
        st.header(f"Told from later on ({len(later)})", anchor=False)
    for recipient in later:
        _draw_told(recipient, actor, mails, now)
    st.header("Who would be told now", anchor=False)
    st.html(would_be_told(people, context.protocol(), now, zone))
    _draw_ended([one for one in known if one not in listed_now and one not in later])


def _by_group(recipients: Sequence[RecipientRecord]) -> list[RecipientRecord]:
    return sorted(recipients, key=lambda one: (list(Group).index(one.group), one.name, one.id))


def _begins_later(recipient: RecipientRecord, now: datetime) -> bool:
    return recipient.valid_from > now and (
        recipient.valid_to is None or recipient.valid_to > recipient.valid_from
    )


def _groups_without(recipients: Sequence[RecipientRecord]) -> str:
    present = {one.group for one in recipients}
    return listed([GROUP_WORDS[group].lower() for group in Group if group not in present])


def _draw_new(actor: Actor, *, expanded: bool) -> None:
    sheet = Sheet("recipients_new")
    with st.expander("Add a recipient", expanded=expanded or sheet.is_open), sheet.form():
        name = sheet.text("name", "Name", "As others know this recipient, such as Ward 7 duty phone.")
        address = sheet.text("address", "E-mail address", "One address, such as ward7@hospital.org.")
        group = sheet.choice("group", "Group", "Whom it stands for.", list(Group), GROUP_WORDS.__getitem__)
        hint = "Leave both empty to begin now. Date as 2026-03-08, time as 08:00."
        begins = sheet.moment("valid_from", "Told from", hint)

        def add(form: Sheet) -> str:
            typed = {"name": name, "address": address, "group": group}
            entry, now = form.read(RecipientIn, typed, {"valid_from": begins}), utc_now()
            add_recipient(entry, by=actor, now=now)
            if entry.valid_from is None or entry.valid_from <= now:
                return f"{entry.name} is told of every alert from now on."
            return f"{entry.name} is told of alerts from {_shown(entry.valid_from)} on."

        sheet.submit("Add recipient", add)


def _draw_told(
    recipient: RecipientRecord, actor: Actor, mails: Mapping[int, RecipientTestMails], now: datetime
) -> None:
    begins = "Told since" if recipient.valid_from <= now else "Told from"
    until = f" until {_shown(recipient.valid_to)}" if recipient.valid_to else ""
    heading = tiles.piece("h3", text=recipient.name, classes="vigil-alert-sentence")
    told = f"{begins} {_shown(recipient.valid_from)}{until}"
    about = f"{recipient.address}. {GROUP_WORDS[recipient.group]}. {told}."
    words, asks = mail_check_words(mails.get(recipient.id), now)
    with st.container(border=True, key=f"recipient_{recipient.id}"):
        check = tiles.piece("p", text=words, classes="vigil-problem" if asks else "vigil-text")
        st.html(tiles.line(heading) + tiles.piece("p", text=about, classes="vigil-text") + check)
        if st.session_state.get(_ENDING) != recipient.id:
            if st.button(f"End {unmarked(recipient.name)}", key=f"ask_{recipient.id}"):
                st.session_state[_ENDING] = recipient.id
                st.rerun()
            return
        st.text("No new alert goes to this address. Corrections of what was sent still do.")
        with st.container(horizontal=True):
            if st.button("End now", key=f"end_{recipient.id}", type="primary"):
                _end(recipient, actor)
            if st.button("Go back", key=f"keep_{recipient.id}"):
                del st.session_state[_ENDING]
                st.rerun()


def _end(recipient: RecipientRecord, actor: Actor) -> None:
    st.session_state.pop(_ENDING, None)
    try:
        end_recipient(recipient.id, by=actor, now=utc_now())
        say(f"{recipient.name} is told of no new alert.")
    except (Refused, SaveRefused) as refusal:
        say(str(refusal))
    st.rerun()


def _draw_ended(ended: list[RecipientRecord]) -> None:
    if not ended:
        return
    st.header(f"Told before ({len(ended)})", anchor=False)
    rows = [
        [
            tiles.cell(one.name),
            tiles.cell(one.address),
            tiles.cell(GROUP_WORDS[one.group]),
            tiles.cell(_shown(one.valid_from)),
            tiles.cell(_shown(one.valid_to) if one.valid_to else "not yet"),
        ]
        for one in ended
    ]
    caption = f"{counted(len(ended), 'recipient', 'recipients')} no longer told"
    st.html(tiles.table(caption, ["Name", "Address", "Group", "From", "To"], rows))


def _shown(at: datetime) -> str:
    return date_and_time(at, context.settings().zone)


main()
