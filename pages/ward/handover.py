"""The handover sheet: what the next shift must know of everyone on the board, on the screen and on paper."""

from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.queries.board import load_board, load_missing
from db.queries.board_alerts import load_board_alerts
from db.queries.handover import load_answers, load_versions_since
from db.session import reading
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import clock_time, counted, date_and_time, zone_words
from pages.ward.board_parts.cards import in_order
from pages.ward.handover_parts.sheet import Sheet, patient_section
from trial.shifts import Shift, shift_after, shift_at, shift_before

REFRESH_S: Final = 30
STILL_HANDING_OVER: Final = timedelta(hours=1)
"""So long after a shift began, the sheet is still about the last one unless somebody chooses."""

_THIS: Final = "This shift so far"
_LAST: Final = "Last shift"
# The server draws the sheet; only the browser can print it.
_PRINT: Final = """<script>
if (!window.vigilPrint) {
  window.vigilPrint = true;
  document.addEventListener("click", (event) => {
    if (event.target.closest(".vigil-print-button")) window.print();
  });
}
</script>"""


def main() -> None:
    """One run of the page."""
    require_role(Page.HANDOVER)
    st.html(_PRINT, unsafe_allow_javascript=True)
    show_sheet()


@st.fragment(run_every=REFRESH_S)
def show_sheet() -> None:
    """The whole sheet, read again every 30 s, so that what is printed is never older than the screen."""
    require_role(Page.HANDOVER, touch=False)
    now = utc_now()
    protocol, zone = context.protocol(), context.settings().zone
    current = shift_at(now, protocol.shift_starts, zone)
    last = shift_before(current, protocol.shift_starts, zone)
    chosen = _choose(current, last, now)
    due_until = current.to_at
    if chosen is current:
        due_until = shift_after(current, protocol.shift_starts, zone).to_at
    sheet = Sheet(chosen.from_at, now, due_until, protocol, zone)
    sections = _sections(sheet)
    parts = [_head(sheet, chosen, len(sections))]
    parts += sections or [
        tiles.piece(
            "p", text="Nobody is in monitoring, so there is nobody to hand over.", classes="vigil-text"
        )
    ]
    if sections:
        parts.append(_signatures())
    st.html(tiles.Ready(tiles.piece("div", *parts, classes="vigil-sheet")))


def _choose(current: Shift, last: Shift, now: datetime) -> Shift:
    zone = context.settings().zone
    words = {
        _THIS: f"This shift so far, since {clock_time(current.from_at, zone)}",
        _LAST: f"Last shift, since {clock_time(last.from_at, zone)}",
    }
    first = _LAST if now - current.from_at < STILL_HANDING_OVER else _THIS
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="handover-ways"):
        chosen = st.segmented_control(
            "Handing over",
            list(words),
            default=first,
            required=True,
            format_func=lambda name: words[name],
            key="handover-shift",
        )
        button = tiles.piece("button", text="Print", type="button", classes="vigil-print-button")
        st.html(button, width="content")
    return last if chosen == _LAST else current


def _sections(sheet: Sheet) -> list[str]:
    """Each patient of the board, in the board's order."""
    with reading() as session:
        patients = load_board(session, sheet.now, sheet.protocol, zone=sheet.zone)
        alerts = load_board_alerts(session, sheet.now)
        places = in_order(patients, alerts, sheet.now, sheet.protocol, zone=sheet.zone)
        versions = load_versions_since(session, [one.infusion_id for one in patients], sheet.since)
        answers = load_answers(session, [alert.alert_id for place in places for alert in place.alerts])
        latest = [place.patient.points[-1].assessment_id for place in places if place.patient.points]
        missing = load_missing(session, latest)
    return [
        patient_section(sheet, place, versions.get(place.patient.infusion_id, ()), answers, missing)
        for place in places
    ]


def _head(sheet: Sheet, chosen: Shift, patients: int) -> str:
    ended = "" if chosen.covers(sheet.now) else f" to {clock_time(chosen.to_at, sheet.zone)}, and since"
    words = (
        f"Shift of {date_and_time(chosen.from_at, sheet.zone)}{ended}. "
        f"As of {clock_time(sheet.now, sheet.zone)} {zone_words(sheet.now, sheet.zone)}. "
        f"{counted(patients, 'patient', 'patients')} in monitoring."
    )
    lines = [tiles.piece("span", text=words, classes="vigil-soft")]
    if context.settings().demo:
        # The banner says it on the screen and is left out on paper.
        demo = "Demonstration: made-up patients."
        lines.append(tiles.piece("span", text=demo, classes="vigil-paper-only"))
    return tiles.piece("div", tiles.piece("h1", text="Shift handover"), *lines, classes="vigil-page-head")


def _signatures() -> str:
    """Lines for two names; on paper only."""
    names = [tiles.piece("span", text=f"{who}:") for who in ("Handed over by", "Taken over by", "Time")]
    return tiles.piece("div", *names, classes="vigil-sheet-signatures")


main()
