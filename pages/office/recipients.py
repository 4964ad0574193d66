"""Recipients: who is told of alerts now, adding one, ending one (coordinators and administrators)."""

from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from actions.errors import Refused
from actions.permissions import Page
from actions.recipients import add_recipient, end_recipient
from clock import utc_now
from db.inputs import RecipientIn
from db.queries.office import RecipientRecord, load_recipients
from db.roles import Actor, Group
from db.session import SaveRefused, reading
from pages.office.office_parts.sheet import Sheet, say, show_said, unmarked
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import counted, date_and_time, zone_words

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
    """One run of the page."""
    actor = require_role(Page.RECIPIENTS)
    now = utc_now()
    with reading() as session:
        listed = load_recipients(session)
    told = [one for one in listed if one.is_told(now)]
    st.title("Recipients of alerts", anchor=False)
    st.html(tiles.soft(f"Times of the hospital {zone_words(now, context.settings().zone)}."))
    show_said()
    _draw_new(actor, expanded=not told)
    st.header(f"Told now ({len(told)})", anchor=False)
    if not told:
        st.html(tiles.problem("Nobody is told of alerts. Add a recipient."))
    for recipient in told:
        _draw_told(recipient, actor)
    _draw_ended([one for one in listed if not one.is_told(now)])


def _draw_new(actor: Actor, *, expanded: bool) -> None:
    sheet = Sheet("recipients_new")
    with st.expander("Add a recipient", expanded=expanded or sheet.is_open), sheet.form():
        name = sheet.text("name", "Name", "As others know this recipient, such as Ward 7 duty phone.")
        address = sheet.text("address", "E-mail address", "One address, such as ward7@hospital.org.")
        group = sheet.choice("group", "Group", "Whom it stands for.", list(Group), GROUP_WORDS.__getitem__)

        def add(form: Sheet) -> str:
            entry = form.read(RecipientIn, {"name": name, "address": address, "group": group})
            add_recipient(entry, by=actor, now=utc_now())
            return f"{entry.name} is told of every alert from now on."

        sheet.submit("Add recipient", add)


def _draw_told(recipient: RecipientRecord, actor: Actor) -> None:
    since = date_and_time(recipient.valid_from, context.settings().zone)
    heading = tiles.piece("h3", text=recipient.name, classes="vigil-alert-sentence")
    about = f"{recipient.address}. {GROUP_WORDS[recipient.group]}. Told since {since}."
    with st.container(border=True, key=f"recipient_{recipient.id}"):
        st.html(tiles.line(heading) + tiles.piece("p", text=about, classes="vigil-text"))
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
