"""One time axis for one infusion: grade strips, signs, ICE, drugs and oxygen. Rows in, figure out.

Every point carries the stable id of its entry in `customdata`. A corrected entry is a ring. Nothing is drawn
through a time in which nobody looked: strips are hatched there and lines are broken.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts import patient_rows as place
from charts import patient_signs as signs
from charts.axis_rows import AxisRows
from charts.patient_strips import grade_strips
from db.queries.charted_entries import Entry
from grading.cells import write_number
from grading.colours import THEME_COLOURS, tile_text
from grading.stored_values import write_temperature

_DAY: Final = timedelta(days=1)
_Drawn = tuple[str, str, str, Callable[[datetime], datetime], dict[str, str], str]


def draw_patient_axis(rows: AxisRows, theme: str) -> look.Drawn:
    """The picture of one course, in the theme "light" or "dark"."""
    given = signs.drugs_given(rows.entries)
    oxygen = signs.oxygen_stretches(rows.entries, rows.vital_signs_stand_until, rows.until)
    names = signs.rows_of(given, oxygen)
    rooms = place.lay_out(len(names))
    traces = [*grade_strips(rows, theme), *_signs(rows, theme), *_drugs(rows, theme, given, oxygen, names)]
    layout = look.base_layout(theme, rooms.height) | {
        "margin": {"l": place.LEFT, "r": 14, "t": place.TOP, "b": place.BOTTOM},
        "xaxis": _time_axis(rows, theme),
        "annotations": _titles(rows, rooms, theme),
        "shapes": _lines(rows, rooms, theme),
        **_value_axes(rows, rooms, theme, names, signs.oxygen_label(oxygen)),
    }
    return look.finished(traces, layout)


def _signs(rows: AxisRows, theme: str) -> list[Any]:
    colours = THEME_COLOURS[theme]
    vital, ice = rows.vital_signs_stand_until, rows.ice_stands_until
    drawn: tuple[_Drawn, ...] = (
        (place.TEMPERATURE, "temperature_c", "Temperature {} °C", vital, {}, colours.text),
        (place.PRESSURE, "systolic_mmhg", "Systolic {} mmHg", vital, {}, colours.text),
        (place.PRESSURE, "diastolic_mmhg", "Diastolic {} mmHg", vital, {"dash": "dot"}, colours.soft_text),
        (place.SPO2, "spo2_percent", "SpO2 {} %", vital, {}, colours.text),
        (place.ICE, "ice_total", "ICE {} of 10", ice, {"shape": "hv"}, colours.text),
    )
    traces = []
    for row, column, words, lasts, style, colour in drawn:
        line = signs.line_of(
            rows.entries, partial(_value, column), rows.clock, lasts, partial(_hover, rows, words)
        )
        if line.x:
            traces.append(_line_trace(line, place.AXES[row], style, colour, theme))
    return traces


def _value(column: str, entry: Entry) -> float | None:
    found = entry.ice_total if column == "ice_total" else entry.values.get(column)
    return None if found is None else float(found)


def _line_trace(line: signs.Line, axis: str, style: dict[str, Any], colour: str, theme: str) -> go.Scatter:
    plain = "square" if axis == place.AXES[place.ICE] else "circle"
    return go.Scatter(
        x=line.x,
        y=line.y,
        yaxis=axis,
        mode="lines+markers",
        line={"color": colour, "width": 1.8} | style,
        marker={
            "color": colour,
            "size": [11 if ring else 6 for ring in line.corrected],
            "symbol": [f"{plain}-open" if ring else plain for ring in line.corrected],
            "line": {"width": [2 if ring else 0 for ring in line.corrected], "color": colour},
            "opacity": 1,
        },
        customdata=list(zip(line.ids, line.hovers, strict=True)),
        hovertemplate="%{customdata[1]}<extra></extra>",
        connectgaps=False,
        **_chosen_point(theme),
    )


def _chosen_point(theme: str) -> dict[str, Any]:
    """A chosen point grows and turns to the action colour; the others keep their looks."""
    return {
        "selected": {"marker": {"size": 13, "color": THEME_COLOURS[theme].action}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _drugs(
    rows: AxisRows,
    theme: str,
    given: Sequence[signs.Given],
    oxygen: Sequence[signs.OxygenStretch],
    names: Sequence[str],
) -> list[Any]:
    action, axis = THEME_COLOURS[theme].action, place.AXES[place.DRUGS]
    traces = []
    if given:
        traces.append(
            go.Scatter(
                x=[rows.clock(one.entry.assessed_at) for one in given],
                y=[names.index(one.name) for one in given],
                yaxis=axis,
                mode="markers",
                marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": action}, "opacity": 1},
                customdata=[[one.entry.stable_id, _drug_words(rows, one)] for one in given],
                hovertemplate="%{customdata[1]}<extra></extra>",
                selected={"marker": {"size": 26}},
                unselected={"marker": {"opacity": 1}},
            )
        )
    if oxygen:
        traces.append(_oxygen_bar(rows, oxygen, len(names) - 1, action, axis))
    return traces


def _oxygen_bar(
    rows: AxisRows, oxygen: Sequence[signs.OxygenStretch], level: int, colour: str, axis: str
) -> go.Scatter:
    x: list[datetime | None] = []
    words: list[str] = []
    for one in oxygen:
        x += [rows.clock(one.from_at), rows.clock(one.to_at), None]
        words += [f"<b>Oxygen</b>: {one.words}<br>from {rows.moment(one.from_at)}"] * 2 + [""]
    return go.Scatter(
        x=x,
        y=[None if at is None else level for at in x],
        yaxis=axis,
        mode="lines",
        line={"color": colour, "width": 10},
        text=words,
        hovertemplate="%{text}<extra></extra>",
    )


def _drug_words(rows: AxisRows, one: signs.Given) -> str:
    name = f"{one.words[0].upper()}{one.words[1:]}"
    return f"<b>{name}</b><br>in the entry of {rows.moment(one.entry.assessed_at)}"


def _hover(rows: AxisRows, words: str, entry: Entry, value: float) -> str:
    grades = ", ".join(
        f"{scale.label} {tile_text(grade.grade, grade.at_least)}" for scale, grade in entry.grades.items()
    )
    corrected = f"<br>Corrected, version {entry.version}" if entry.corrected else ""
    shown = words.format(write_temperature(value) if words.startswith("Temp") else write_number(value))
    return f"<b>{shown}</b><br>{rows.moment(entry.assessed_at)}<br>{grades}{corrected}"


def _time_axis(rows: AxisRows, theme: str) -> dict[str, Any]:
    days = (rows.end - rows.first_day) // _DAY
    every = 1 + (days - 1) // 32
    noons = [rows.first_day + timedelta(days=day, hours=12) for day in range(0, days, every)]
    texts = [f"Day {day - 1}" if days <= 11 or day == 0 else str(day - 1) for day in range(0, days, every)]
    midnights = [rows.first_day + timedelta(days=day) for day in range(1, days)]
    return look.plain_axis(
        theme,
        type="date",
        range=[rows.first_day, rows.end],
        anchor="y6",
        tickmode="array",
        tickvals=noons,
        ticktext=texts,
        tickangle=0,
        showgrid=False,
        minor={
            "tickmode": "array",
            "tickvals": midnights,
            "showgrid": True,
            "gridcolor": look.rgba(THEME_COLOURS[theme].border, 0.35),
        },
    )


def _value_axes(
    rows: AxisRows, rooms: place.Rows, theme: str, names: Sequence[str], oxygen_label: str
) -> dict[str, Any]:
    labels = [oxygen_label if name == signs.OXYGEN else name for name in names]
    bold = {"color": THEME_COLOURS[theme].text, "size": 14, "weight": 600}
    own: dict[str, dict[str, Any]] = {
        place.STRIPS: {"range": [-0.5, 1.5], "tickvals": [0, 1], "ticktext": ["ICANS", "CRS"]}
        | {"tickfont": bold, "showgrid": False},
        place.TEMPERATURE: {"range": _range(rows, ("temperature_c",), 36, 40), "dtick": 1},
        place.PRESSURE: {"range": _range(rows, ("systolic_mmhg", "diastolic_mmhg"), 45, 135), "dtick": 30},
        place.SPO2: {"range": _range(rows, ("spo2_percent",), 86, 100), "dtick": 5},
        place.ICE: {"range": [-0.8, 10.8], "dtick": 5},
        place.DRUGS: {"range": [-0.6, max(len(names), 1) - 0.4], "showgrid": False}
        | {"tickvals": list(range(len(names))), "ticktext": labels}
        | {"tickfont": {"color": THEME_COLOURS[theme].soft_text, "size": 12}},
    }
    return {
        place.AXES[row].replace("y", "yaxis"): look.plain_axis(theme, domain=rooms.domains[row], anchor="x")
        | more
        for row, more in own.items()
    }


def _range(rows: AxisRows, columns: Sequence[str], low: float, high: float) -> list[float]:
    """The usual range of a row, wider where a value needs it."""
    found = [float(entry.values[name]) for entry in rows.entries for name in columns if name in entry.values]
    margin = (high - low) * 0.05
    return [min([low, *found]) - margin, max([high, *found]) + margin]


def _titles(rows: AxisRows, rooms: place.Rows, theme: str) -> list[dict[str, Any]]:
    limits = rows.protocol.grading
    texts = {
        place.TEMPERATURE: f"<b>Temperature</b>, °C; fever from {limits.fever_c:.1f}",
        place.PRESSURE: "<b>Blood pressure</b>, mmHg; systolic solid, diastolic dotted; "
        f"low below {write_number(limits.low_systolic_mmhg)}",
        place.SPO2: f"<b>SpO2</b>, %; low below {write_number(limits.low_spo2_percent)}",
        place.ICE: "<b>ICE score</b>, of 10",
        place.DRUGS: "<b>Drugs and oxygen</b>, as charted",
    }
    titles = [
        _annotation(text, x=0, y=rooms.title_at(row), xref="paper", xanchor="left")
        for row, text in texts.items()
    ]
    infusion = _annotation(
        f"<b>{rows.infusion_words}</b>",
        x=rows.clock(rows.infused_at),
        y=1,
        xref="x",
        xanchor="left",
        font={"color": THEME_COLOURS[theme].action, "size": 14},
    )
    return [*titles, infusion]


def _annotation(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "yref": "paper", "yanchor": "bottom", "showarrow": False, "yshift": 2} | more


def _lines(rows: AxisRows, rooms: place.Rows, theme: str) -> list[dict[str, Any]]:
    colours = THEME_COLOURS[theme]
    at = rows.clock(rows.infused_at)
    infusion = [
        {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": low, "y1": high}
        | {"line": {"color": colours.action, "width": 2}}
        for low, high in rooms.domains.values()
    ]
    limits = rows.protocol.grading
    dotted = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": place.AXES[row], "y0": y, "y1": y}
        | {"line": {"color": colours.soft_text, "width": 1, "dash": "dot"}, "layer": "below"}
        for row, y in (
            (place.TEMPERATURE, limits.fever_c),
            (place.PRESSURE, limits.low_systolic_mmhg),
            (place.SPO2, limits.low_spo2_percent),
        )
    ]
    return infusion + dotted
