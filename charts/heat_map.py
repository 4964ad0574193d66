"""The committee's heat map: the daily worst grade, patient x day, the infusions side by side.

A click on a heat map reports nothing, so invisible square markers lie over the tiles; their `customdata` is
[study code, infusion, day, words]. A row's name leads to its patient: infusion and day are then None.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts.day_columns import DayColumns
from charts.heat_rows import CellKind, HeatCell, HeatPanel, HeatRow
from grading.colours import THEME_COLOURS

ROW_PX: Final = 28
TOP: Final = 48
LEFT: Final = 4
RIGHT: Final = 8
DAYS_FROM: Final = 0.105
"""Where the days begin, as a part of the width; left of it stand the study codes."""


def draw_heat_map(rows: Sequence[HeatRow], columns: DayColumns, theme: str) -> look.Drawn:
    """The figure for rows from the top down."""
    levels = {row.study_code: len(rows) - 1 - position for position, row in enumerate(rows)}
    cells = [cell for row in rows for panel in _panels(row, columns) for cell in panel.cells]
    hatched = [_box(cell, levels, columns) for cell in cells if cell.hatched]
    traces = [
        _tiles(rows, columns, theme),
        *([look.hatching(theme, hatched)] if hatched else []),
        *_numerals(cells, levels, columns, theme),
        _names(rows, levels, theme),
        *_notes(rows, levels, columns, theme),
    ]
    colours = THEME_COLOURS[theme]
    layout = look.base_layout(theme, TOP + ROW_PX * len(rows) + 8) | {
        "margin": {"l": LEFT, "r": RIGHT, "t": TOP, "b": 8},
        "xaxis": look.plain_axis(
            theme,
            range=columns.span,
            domain=[DAYS_FROM, 1],
            showgrid=False,
            side="top",
            **columns.ticks(),
        ),
        "xaxis2": look.plain_axis(
            theme, range=[0, 1], domain=[0, DAYS_FROM], showgrid=False, showticklabels=False
        ),
        "yaxis": look.plain_axis(theme, range=[-0.5, len(rows) - 0.5], showgrid=False, showticklabels=False),
        "annotations": columns.titles(colours.text),
    }
    return look.finished(traces, layout)


def _panels(row: HeatRow, columns: DayColumns) -> list[HeatPanel]:
    return [row.panels[number - 1] for number in columns.numbers]


def _tiles(rows: Sequence[HeatRow], columns: DayColumns, theme: str) -> go.Heatmap:
    days = len(columns.days)
    edges = [columns.x(number, day) - 0.5 for number in columns.numbers for day in range(days + 1)]
    z = [_levels_of_row(row, columns, days) for row in reversed(rows)]
    return look.heat_map_of_grades(theme, x=edges, y=list(range(len(rows))), z=z, xgap=2, ygap=2)


def _levels_of_row(row: HeatRow, columns: DayColumns, days: int) -> list[int | None]:
    """The panels one after the other, with nothing between them."""
    first, *others = (_levels(panel.cells, days) for panel in _panels(row, columns))
    return first + [level for panel in others for level in (None, *panel)]


def _levels(cells: Sequence[HeatCell], days: int) -> list[int | None]:
    shown = {cell.day: cell.at_least for cell in cells if cell.kind is CellKind.GRADE and not cell.hatched}
    return [shown.get(day) for day in range(days)]


def _box(cell: HeatCell, levels: dict[str, int], columns: DayColumns) -> tuple[float, float, float, float]:
    x, y = columns.x(cell.number, cell.day), levels[cell.study_code]
    return x - 0.46, x + 0.46, y - 0.46, y + 0.46


def _numerals(
    cells: Sequence[HeatCell], levels: dict[str, int], columns: DayColumns, theme: str
) -> Iterator[go.Scatter]:
    for colour, positions in look.by_text_colour(theme, [cell.text for cell in cells]).items():
        chosen = [cells[position] for position in positions]
        yield _clickable(
            [columns.x(cell.number, cell.day) for cell in chosen],
            [levels[cell.study_code] for cell in chosen],
            [look.bold_from_3(cell.text) for cell in chosen],
            [[cell.study_code, cell.number, cell.day, cell.words] for cell in chosen],
            colour,
        )


def _names(rows: Sequence[HeatRow], levels: dict[str, int], theme: str) -> go.Scatter:
    """The study codes, each with a few points so that the whole word can be touched."""
    spots = ((0.95, True), (0.65, False), (0.3, False))
    points = [(row.study_code, x, has_text) for row in rows for x, has_text in spots]
    made = _clickable(
        [x for _, x, _ in points],
        [levels[code] for code, _, _ in points],
        [look.short_code(code) if has_text else "" for code, _, has_text in points],
        [[code, None, None, f"Open {code}"] for code, _, _ in points],
        THEME_COLOURS[theme].text,
    )
    return made.update(textposition="middle left", xaxis="x2")


def _notes(
    rows: Sequence[HeatRow], levels: dict[str, int], columns: DayColumns, theme: str
) -> Iterator[go.Scatter]:
    notes = [(row.study_code, panel) for row in rows for panel in _panels(row, columns) if panel.note]
    if notes:
        middle = columns.last_day / 2
        yield _clickable(
            [columns.x(panel.number, middle) for _, panel in notes],
            [levels[code] for code, _ in notes],
            [panel.note or "" for _, panel in notes],
            [[code, None, None, f"{code}: {panel.note}"] for code, panel in notes],
            THEME_COLOURS[theme].soft_text,
        )


def _clickable(
    x: list[float], y: list[int], texts: list[str], customdata: list[list[Any]], colour: str
) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        text=texts,
        mode="markers+text",
        textposition="middle center",
        textfont={"color": colour, "size": 13},
        marker={"symbol": "square", "size": 22, "opacity": 0, "color": colour},
        customdata=customdata,
        hovertemplate="%{customdata[3]}<extra></extra>",
        **look.keep_looks(colour),
    )
