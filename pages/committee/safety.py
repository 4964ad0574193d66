"""Safety: the daily worst grade of everyone, the share of grades by day, every event of grade 3 or more."""

from datetime import datetime
from typing import Any, Final

import streamlit as st

from actions import context
from actions.permissions import Page
from charts.figure import CONFIG, Drawn
from charts.grade_shares import draw_grade_shares
from charts.heat_map import draw_heat_map
from charts.heat_rows import INFUSIONS, completeness, day_shares
from clock import utc_now
from db.session import reading
from grading.scale import Toxicity
from pages.committee.safety_parts import tables
from pages.committee.safety_parts.loaded import Loaded, load
from pages.committee.safety_parts.opened import Bar, Day, patient_address, show_bar, show_day
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.kept import Kept
from pages.parts.theme import theme_now
from pages.parts.wording import counted, date_and_time, date_words, zone_words

_kept: Final[Kept[Drawn]] = Kept()


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
    _show_pictures(loaded)
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


@st.fragment
def _show_pictures(loaded: Loaded) -> None:
    """Both figures; what is touched opens below its figure, and only this part is drawn again."""
    require_role(Page.SAFETY)
    theme, last_day = theme_now(), loaded.protocol.monitoring_days
    key = (loaded.version, loaded.scale, loaded.rows, theme, last_day)
    chosen = _chosen(
        st.plotly_chart(
            _kept.get(("heat", *key), lambda: draw_heat_map(loaded.rows, last_day, theme)),
            theme=None,
            config=CONFIG,
            alt=f"{loaded.scale.label}: worst grade of each patient by day. The table below holds the same.",
            key=f"safety-heat-{loaded.scale}",
            on_select="rerun",
            selection_mode="points",
        )
    )
    _open_cell(loaded, chosen)
    _show_table(loaded)
    _show_shares(loaded, key, theme, last_day)


def _open_cell(loaded: Loaded, chosen: list[Any]) -> None:
    if not chosen:
        st.html(tiles.soft("Select a day to open its entries, or a study code to open the patient."))
    elif chosen[1] is None:
        words = f"Open {chosen[0]}"
        address = patient_address(str(chosen[0]))
        st.html(tiles.link(words, address, classes="vigil-link vigil-link-block"))
    else:
        show_day(loaded, Day(str(chosen[0]), int(chosen[1]), int(chosen[2])))


def _show_table(loaded: Loaded) -> None:
    folded = st.expander("Show as table", key="safety-table", on_change="rerun")
    if folded.open:
        with folded:
            for number in INFUSIONS:
                st.html(tables.grid_table(loaded, number))


def _show_shares(loaded: Loaded, key: tuple[Any, ...], theme: str, last_day: int) -> None:
    st.header("Share of grades by day", anchor=False)
    st.html(tiles.soft("Of the patients assessed on the day; how many they were stands above each bar."))
    shares = day_shares(loaded.rows, last_day)
    chosen = _chosen(
        st.plotly_chart(
            _kept.get(("shares", *key), lambda: draw_grade_shares(shares, last_day, theme)),
            theme=None,
            config=CONFIG,
            alt=f"{loaded.scale.label}: share of patients at each worst grade by day, as in the table below.",
            key=f"safety-shares-{loaded.scale}",
            on_select="rerun",
            selection_mode="points",
        )
    )
    if chosen:
        show_bar(loaded, loaded.rows, Bar(int(chosen[0]), int(chosen[1]), str(chosen[2])))
    folded = st.expander("Show the shares as table", key="safety-share-table", on_change="rerun")
    if folded.open:
        with folded:
            st.html(tables.share_table(loaded, shares))


def _chosen(selection: Any) -> list[Any]:  # noqa: ANN401 - Streamlit's selection
    points = selection["selection"]["points"] if selection else []
    data = points[0].get("customdata") if points else None
    return list(data.values()) if isinstance(data, dict) else list(data or [])


def _show_events(loaded: Loaded) -> None:
    st.header(f"Events of grade 3 or more ({len(loaded.events)})", anchor=False)
    if loaded.events:
        st.html(tables.event_table(loaded))
    else:
        st.text("No CRS or ICANS of grade 3 or more is recorded.")


main()
