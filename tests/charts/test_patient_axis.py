"""The patient's picture: what is drawn, what is not, and what a touch of a point names."""

from typing import Any

import pytest

from charts.axis_rows import AxisRows
from charts.figure import Drawn
from charts.patient_axis import draw_patient_axis
from db.queries.charted_entries import Entry
from grading.colours import GRADE_COLOURS, THEME_COLOURS
from tests.charts.courses import INFUSED_AT, PROTOCOL, ZONE, entry, hours

WELL: dict[str, Any] = {
    "temperature_c": 36.8,
    "systolic_mmhg": 118.0,
    "diastolic_mmhg": 74.0,
    "spo2_percent": 97.0,
}


def draw(entries: list[Entry], until: float = 24, theme: str = "light") -> dict[str, Any]:
    rows = AxisRows("First infusion", INFUSED_AT, tuple(entries), hours(until), ZONE, PROTOCOL)
    figure = draw_patient_axis(rows, theme)
    assert isinstance(figure, Drawn)
    return figure.to_dict()


def traces(figure: dict[str, Any], axis: str) -> list[dict[str, Any]]:
    return [
        trace for trace in figure["data"] if trace.get("yaxis", "y") == axis and trace["type"] == "scatter"
    ]


def full_course() -> list[Entry]:
    return [
        entry(hours(1), **WELL, ice_score=10),
        entry(
            hours(4), 1, **WELL | {"temperature_c": 38.25}, fever_masking_drugs="acetaminophen;tocilizumab"
        ),
        entry(
            hours(8), 3, 3, **WELL, vasopressors="norepinephrine", oxygen_device="nasal_cannula", ice_score=2
        ),
        entry(hours(12), None, crs_at_least=2, **WELL, oxygen_device="nasal_cannula", oxygen_l_per_min=2.0),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_whole_course_takes_few_traces(theme: str) -> None:
    figure = draw(full_course(), theme=theme)
    assert len(figure["data"]) <= 12  # the browser pays for each
    assert sum(trace["type"] == "heatmap" for trace in figure["data"]) == 1


def test_no_line_is_drawn_through_silence() -> None:
    figure = draw([entry(hours(0), **WELL), entry(hours(4), **WELL), entry(hours(14), **WELL)])
    (temperature,) = traces(figure, "y2")
    assert temperature["y"] == [36.8, 36.8, None, 36.8]
    assert temperature["connectgaps"] is False


def test_a_corrected_entry_is_a_ring_and_every_point_names_its_entry() -> None:
    figure = draw([entry(hours(0), **WELL), entry(hours(4), version=2, stable_id="corrected", **WELL)])
    (spo2,) = traces(figure, "y4")
    assert spo2["marker"]["symbol"] == ["circle", "circle-open"]
    assert [point[0] for point in spo2["customdata"]] == ["id-020300", "corrected"]
    assert "Corrected, version 2" in spo2["customdata"][1][1]


def test_the_hover_holds_the_stored_value_and_the_hospitals_time() -> None:
    figure = draw([entry(hours(0), **WELL | {"temperature_c": 37.96})])
    (temperature,) = traces(figure, "y2")
    assert temperature["customdata"][0][1].startswith("<b>Temperature 37.96 °C</b><br>2 Mar 11:00, day 0")


def test_where_nobody_looked_is_hatched_and_no_grade_is_drawn() -> None:
    figure = draw([entry(hours(0), **WELL)], until=24)
    (tiles,) = [trace for trace in figure["data"] if trace["type"] == "heatmap"]
    assert {value for line in tiles["z"] for value in line} == {0}
    (hatched,) = [trace for trace in figure["data"] if "fillpattern" in trace]
    assert hatched["x"][1] == "2026-03-03T11:00:00"  # up to the end of what is shown


def test_an_unsettled_grade_says_at_least() -> None:
    figure = draw([entry(hours(0), None, crs_at_least=3, **WELL)], until=5)
    texts = [
        text for trace in figure["data"] if trace.get("mode") == "markers+text" for text in trace["text"]
    ]
    assert "<b>≥3</b>" in texts


def test_the_grade_that_stands_now_has_its_numeral_however_short_its_stretch() -> None:
    every_12_h = [entry(hours(12 * place), **WELL) for place in range(28)]
    figure = draw([*every_12_h, entry(hours(335.9), 4, **WELL)], until=336)
    written = [
        (text, trace["textfont"]["color"])
        for trace in figure["data"]
        if trace.get("mode") == "markers+text"
        for text in trace["text"]
    ]
    assert ("<b>4</b>", THEME_COLOURS["light"].text) in written


def test_a_grade_entered_this_minute_is_no_gap() -> None:
    figure = draw([entry(hours(0), **WELL), entry(hours(4), 3, **WELL)], until=4)
    (tiles,) = [trace for trace in figure["data"] if trace["type"] == "heatmap"]
    crs = tiles["z"][1]
    assert crs[-1] == 3
    assert tiles["x"][-2:] == ["2026-03-02T15:00:00", "2026-03-02T17:00:00"]
    assert not [trace for trace in figure["data"] if "fillpattern" in trace]
    hovers = [
        data[1]
        for trace in figure["data"]
        if trace.get("mode") == "markers+text"
        for data in trace["customdata"]
    ]
    assert "<b>CRS 3</b><br>since 2 Mar 15:00, day 0" in hovers


def test_a_grade_entered_just_before_midnight_has_its_width_inside_the_picture() -> None:
    figure = draw([entry(hours(12.9), 2, **WELL)], until=12.9)
    assert figure["layout"]["xaxis"]["range"][1] == "2026-03-04T00:00:00"


def test_drugs_and_oxygen_have_a_row_each() -> None:
    figure = draw(full_course())
    names = figure["layout"]["yaxis6"]["ticktext"]
    assert names == ["acetaminophen", "tocilizumab", "norepinephrine", "oxygen"]
    (bar,) = [trace for trace in traces(figure, "y6") if trace["mode"] == "lines"]
    assert "nasal cannula 2 L/min" in "".join(bar["text"])


def test_room_air_is_no_oxygen() -> None:
    figure = draw([entry(hours(0), **WELL, oxygen_device="room_air", oxygen_l_per_min=0.0)])
    assert figure["layout"]["yaxis6"]["ticktext"] == []


def test_a_value_far_out_is_still_inside_its_row() -> None:
    low, high = draw([entry(hours(0), **WELL | {"spo2_percent": 61.0})])["layout"]["yaxis4"]["range"]
    assert low < 61 < high


def test_a_thumb_scrolls_the_page() -> None:
    layout = draw(full_course())["layout"]
    axes = [axis for name, axis in layout.items() if name.startswith(("xaxis", "yaxis"))]
    assert len(axes) == 7
    assert all(axis["fixedrange"] for axis in axes)
    assert layout["dragmode"] is False


def test_the_picture_is_860_high_and_grows_only_for_many_drugs() -> None:
    assert draw(full_course())["layout"]["height"] == 860
    drugs = "acetaminophen;ibuprofen;metamizole;tocilizumab;anakinra;dexamethasone;methylprednisolone"
    assert draw([entry(hours(0), **WELL, fever_masking_drugs=drugs)])["layout"]["height"] > 860


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_comes_from_the_house(theme: str) -> None:
    ours = {colour for pair in GRADE_COLOURS[theme].values() for colour in pair}
    ours |= {*THEME_COLOURS[theme], "#7F8C99"}
    assert _colours(draw(full_course(), theme=theme)) <= ours


def _colours(part: Any) -> set[str]:
    if isinstance(part, dict):
        return set().union(*(_colours(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(_colours(value) for value in part))
    return {part} if isinstance(part, str) and part.startswith("#") else set()
