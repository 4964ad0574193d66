"""The bar and its release: who has signed, for which grades, and the form of the next signature."""

from typing import Final

import streamlit as st

from actions.gate import proved_grades, release_bar
from clock import utc_now
from db.queries.gate import ReleaseRecord
from db.roles import Actor
from pages.office.second_infusion_parts.loaded import LoadedGate
from pages.parts import tiles
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import counted
from trial.second_infusion import RELEASES_NEEDED

_HEADS: Final = ("Signed by", "At", "For grades up to", "Reason")


def draw_bar(actor: Actor, loaded: LoadedGate, *, releases: bool) -> None:
    """Nothing where nothing ever barred."""
    barred = loaded.is_barred
    if not barred and not loaded.records.releases:
        return
    st.header("Release of the bar", anchor=False)
    st.text(_stand(loaded, barred))
    if loaded.records.releases:
        rows = [_row(one) for one in loaded.records.releases]
        st.html(tiles.table("Signed releases, oldest first", _HEADS, rows))
    if not barred or not loaded.is_asked:
        return
    if not releases:
        st.html(tiles.soft("An investigator releases a bar."))
    elif _has_released(actor, loaded):
        st.html(tiles.soft("You have signed. Another investigator has to sign, too."))
    else:
        _draw_form(actor, loaded)


def _stand(loaded: LoadedGate, barred: bool) -> str:
    crs, icans = proved_grades(loaded.records)
    grades = f"CRS {crs} and ICANS {icans} are proved after the first infusion"
    if not barred:
        return f"{grades}. The bar is released by two different investigators."
    signed = len({one.user_id for one in loaded.records.releases if _covers(one, crs, icans)})
    needed = f"A bar is released by {RELEASES_NEEDED} different investigators, each with a reason"
    return f"{grades}. {needed} and a signature. So far {counted(signed, 'has', 'have')} signed."


def _covers(one: ReleaseRecord, crs: int, icans: int) -> bool:
    return one.worst_crs >= crs and one.worst_icans >= icans


def _has_released(actor: Actor, loaded: LoadedGate) -> bool:
    crs, icans = proved_grades(loaded.records)
    return any(one.user_id == actor.user_id and _covers(one, crs, icans) for one in loaded.records.releases)


def _draw_form(actor: Actor, loaded: LoadedGate) -> None:
    code = loaded.patient.study_code
    crs, icans = proved_grades(loaded.records)
    sheet = Sheet(f"release_{loaded.patient.id}_{crs}_{icans}")
    with st.container(border=True), sheet.form():
        st.subheader(f"Release the bar on a second infusion of {code}", anchor=False)
        st.text(f"Your signature says: I release the bar after CRS {crs} and ICANS {icans}.")
        why = sheet.words("reason", "Reason", "Why a second infusion is right in spite of the bar.")
        password = sheet.secret("password", "Your password", "Given again, it is your signature.")

        def release(_form: Sheet) -> str:
            lifted = release_bar(code, why, password, by=actor, now=utc_now())
            more = "The bar is released." if lifted else "Another investigator has to sign, too."
            return f"You have signed. {more}"

        sheet.submit("Sign the release", release)


def _row(one: ReleaseRecord) -> list[str]:
    grades = f"CRS {one.worst_crs}, ICANS {one.worst_icans}"
    words = (f"{one.by}, {one.role}", shown_value(one.at), grades, one.reason)
    return [tiles.cell(word) for word in words]
