"""The table of entries: the same values as the picture, each row a link, for the keyboard and for paper."""

from typing import Final
from urllib.parse import quote

import streamlit as st

from db.queries.charted_entries import Entry
from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.values import value_words
from pages.parts.wording import counted, late_words, when
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import day_of

ROWS_AT_ONCE: Final = 30
_COLUMNS: Final = ("temperature_c", "spo2_percent")


def show_entries(loaded: Loaded) -> None:
    """Newest first; the rest on demand."""
    st.header(f"Entries ({len(loaded.entries)})", anchor=False)
    newest_first = list(reversed(loaded.entries))
    key = f"patient-all-entries-{loaded.infusion.id}"
    shown = newest_first if st.session_state.get(key) else newest_first[:ROWS_AT_ONCE]
    if shown:
        # The words of a time change with the hospital's date.
        key_of_table = ("entries", len(shown), loaded.now.astimezone(loaded.zone).date())
        st.html(tiles.Ready(loaded.facts.once(key_of_table, lambda: _table(loaded, shown))))
    if len(shown) < len(newest_first):
        left = len(newest_first) - len(shown)
        st.button(f"Show {left} earlier", key=f"{key}-button", on_click=_show_all, args=(key,))
    if loaded.facts.voided:
        st.html(_withdrawn(loaded))


def entry_link(study_code: str, entry: Entry, words: str) -> str:
    """A link that opens an entry on this page."""
    address = f"/patient?code={quote(study_code)}&a={entry.stable_id}"
    return tiles.link(words, address, classes="vigil-link vigil-link-row")


def late_of(entry: Entry) -> str:
    """ "late by 1 h 20 min", or "". What came from a file was never entered at the bedside."""
    if entry.corrected or entry.source == "file":
        return ""
    return late_words(entry.assessed_at, entry.entered_at)


def late_piece(entry: Entry) -> str:
    """The same as a line under the time of the entry."""
    late = late_of(entry)
    return tiles.piece("div", text=late, classes="vigil-soft") if late else ""


def _show_all(key: str) -> None:
    st.session_state[key] = True


def _table(loaded: Loaded, entries: list[Entry]) -> str:
    heads = ("Observed", "Day", "CRS", "ICANS", "Temp.", "Pressure", "SpO2", "Oxygen", "ICE", "Version")
    return tiles.table(
        f"{len(entries)} of {counted(len(loaded.entries), 'entry', 'entries')}, newest first; "
        "a time opens its entry",
        heads,
        [_row(loaded, entry) for entry in entries],
        numbers=True,
    )


def _row(loaded: Loaded, entry: Entry) -> list[str]:
    tile = [
        tiles.grade_tile(grade.grade, grade.at_least, toxicity=scale.label, small=True)
        if (grade := entry.grades.get(scale))
        else ""
        for scale in Toxicity
    ]
    words = [
        _short(entry, "temperature_c"),
        _pressure(entry),
        _short(entry, "spo2_percent"),
        _oxygen(entry),
        "" if entry.ice_total is None else str(entry.ice_total),
        f"{entry.version}, corrected" if entry.corrected else "1",
    ]
    return [
        entry_link(loaded.patient.study_code, entry, when(entry.assessed_at, loaded.now, loaded.zone))
        + late_piece(entry),
        tiles.cell(str(day_of(entry.assessed_at, loaded.infusion.infused_at, loaded.zone))),
        *tile,
        *(tiles.cell(word or "–") for word in words),
    ]


def _short(entry: Entry, column: str) -> str:
    return "" if column not in entry.values else value_words(column, entry.values[column]).split(" ")[0]


def _pressure(entry: Entry) -> str:
    if "systolic_mmhg" not in entry.values and "diastolic_mmhg" not in entry.values:
        return ""
    return f"{_short(entry, 'systolic_mmhg') or '–'}/{_short(entry, 'diastolic_mmhg') or '–'}"


def _oxygen(entry: Entry) -> str:
    if "oxygen_device" not in entry.values:
        return ""
    device = value_words("oxygen_device", entry.values["oxygen_device"])
    flow = entry.values.get("oxygen_l_per_min")
    return device if not flow else f"{device} {value_words('oxygen_l_per_min', flow)}"


def _withdrawn(loaded: Loaded) -> str:
    links = [
        entry_link(loaded.patient.study_code, entry, when(entry.assessed_at, loaded.now, loaded.zone))
        for entry in loaded.facts.voided
    ]
    words = tiles.piece("span", text="Withdrawn, not counted:")
    return tiles.line(words, *links)
