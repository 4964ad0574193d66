"""Safety: the daily worst grade of everyone, the share of grades by day, every event of grade 3 or more."""

from datetime import datetime

import streamlit as st

from actions import context
from actions.permissions import Page
from charts.heat_rows import completeness
from clock import utc_now
from db.session import reading
from grading.scale import Toxicity
from pages.committee.safety_parts import tables
from pages.committee.safety_parts.loaded import Loaded, load
from pages.committee.safety_parts.opened import Day, show_day
from pages.committee.safety_parts.pictures import show_pictures
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import counted, date_and_time, date_words, zone_words


def main() -> None:
    """One run of the page. The address may name `toxicity`, and one day by `code`, `infusion` and `day`."""
    require_role(Page.SAFETY)
    st.title("Worst grade by day", anchor=False)
    head = st.empty()
    scale = _choose_toxicity()
    zone = context.settings().zone
    with reading() as session:
        loaded = load(session, scale, cut_off=_minute(utc_now()), protocol=context.protocol(), zone=zone)
    head.html(tiles.piece("p", text=_header_words(loaded), classes="vigil-text"))
    if not any(patient.infusions for patient in loaded.patients):
        on = date_words(loaded.cut_off.astimezone(zone).date())
        st.text(f"No infusion recorded before the cut-off of {on}.")
        return
    st.html(tables.key())
    named = _named_day()
    if named:
        show_day(loaded, named)
    show_pictures(loaded)
    _show_events(loaded)


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def _choose_toxicity() -> Toxicity:
    asked = st.query_params.get("toxicity")
    default = Toxicity(asked) if asked in set(Toxicity) else Toxicity.CRS
    return st.segmented_control(
        "Toxicity",
        list(Toxicity),
        default=default,
        required=True,
        format_func=lambda scale: scale.label,
        key="safety-toxicity",
    )


def _header_words(loaded: Loaded) -> str:
    """ "Data up to 8 Mar 2026 06:00 (UTC+08:00). 13 of 15 patients infused, 8 of them twice. ..."."""
    count = completeness(loaded.patients, loaded.rows)
    cut_off = f"{date_and_time(loaded.cut_off, loaded.zone)} {zone_words(loaded.cut_off, loaded.zone)}"
    infused = f"{count.infused} of {counted(count.enrolled, 'patient', 'patients')} infused"
    words = [f"Data up to {cut_off}.", f"{infused}, {count.infused_twice} of them twice."]
    if count.days_due:
        share = 100 * count.days_assessed / count.days_due
        words.append(f"{count.days_assessed} of {count.days_due} patient-days assessed ({share:.0f} %).")
    if count.days_ungraded:
        words.append(f"No {loaded.scale.label} grade is proved yet on {count.days_ungraded} of them.")
    return " ".join(words)


def _named_day() -> Day | None:
    code, number, day = (st.query_params.get(name, "") for name in ("code", "infusion", "day"))
    if code and number in ("1", "2") and day.isascii() and day.isdigit():
        return Day(code, int(number), int(day))
    return None


def _show_events(loaded: Loaded) -> None:
    st.header(f"Events of grade 3 or more ({len(loaded.events)})", anchor=False)
    if loaded.events:
        st.html(tables.event_table(loaded))
    else:
        st.text("No CRS or ICANS of grade 3 or more is recorded.")


main()
