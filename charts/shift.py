"""The worst grade after the second infusion against that after the first, one square for each toxicity.

Rows are the first infusion, columns the second; each cell holds its number of patients. Rows after which a
second infusion is barred are hatched: their cells cannot be filled. At the right stand those infused once.
A number's `customdata` is [toxicity, first grade, second grade or "once", words].
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from grading.colours import THEME_COLOURS
from trial.safety_rows import GRADES
from trial.safety_worst import Shift

ONCE: Final = "once"
CELL_PX: Final = 38
TOP: Final = 50
_ONCE_AT: Final = 7.3
"""The column of those infused once, in columns; it stands apart from the grades."""
_NEXT: Final = 11.0
"""From one square to the next, in columns."""


def draw_shift(shifts: Sequence[Shift], theme: str) -> look.Drawn:
    """One square for each toxicity, from the left; with nobody infused twice its cells are empty."""
    squares = [(_NEXT * place, shift) for place, shift in enumerate(shifts)]
    rows = max((len(_rows(shift)) for _, shift in squares), default=len(GRADES))
    traces = [
        look.hatching(theme, [box for left, shift in squares for box in _barred(left, shift)]),
        *_grade_tiles(squares, theme),
        _numbers(squares, theme),
    ]
    colours = THEME_COLOURS[theme]
    layout = look.base_layout(theme, TOP + CELL_PX * (rows + 1) + 12) | {
        "margin": {"l": 4, "r": 4, "t": TOP, "b": 12},
        "xaxis": look.plain_axis(theme, range=[-1.6, 2 * _NEXT - 1.6], showgrid=False, showticklabels=False),
        "yaxis": look.plain_axis(theme, range=[rows - 0.5, -1.5], showgrid=False, showticklabels=False),
        "annotations": [note for left, shift in squares for note in _titles(left, shift, colours.text)],
        "shapes": [shape for left, shift in squares for shape in _frames(left, shift, theme)],
    }
    return look.finished(traces, layout)


_Squares = Sequence[tuple[float, Shift]]


def _rows(shift: Shift) -> list[int | None]:
    return list(dict.fromkeys(cell.first for cell in shift.cells))


def _columns(shift: Shift) -> list[int | None]:
    return list(dict.fromkeys(cell.second for cell in shift.cells))


def _place(grade: int | None) -> int:
    """Where a grade stands, in cells; "not graded" follows grade 5."""
    return len(GRADES) if grade is None else grade


def _barred(left: float, shift: Shift) -> Iterator[tuple[float, float, float, float]]:
    for cell in shift.cells:
        if cell.is_barred and not cell.codes:
            x, y = left + _place(cell.second), _place(cell.first)
            yield x - 0.47, x + 0.47, y - 0.47, y + 0.47


def _grade_tiles(squares: _Squares, theme: str) -> Iterator[go.Scatter]:
    """The grades at the left and on top, as the tiles they are everywhere."""
    spots = [
        *((left - 1, _place(grade), grade) for left, shift in squares for grade in _rows(shift)),
        *((left + _place(grade), -1, grade) for left, shift in squares for grade in _columns(shift)),
    ]
    texts = ["?" if grade is None else str(grade) for *_, grade in spots]
    for colour, positions in look.by_text_colour(theme, texts).items():
        yield go.Scatter(
            x=[spots[position][0] for position in positions],
            y=[spots[position][1] for position in positions],
            text=[look.bold_from_3(texts[position]) for position in positions],
            mode="markers+text",
            textfont={"color": colour, "size": 14},
            marker={
                "symbol": "square",
                "size": 26,
                "color": [look.tile_colour(theme, texts[position]) for position in positions],
                "line": {"width": 1, "color": look.rgba(THEME_COLOURS[theme].border, 0.6)},
            },
            hoverinfo="skip",
            cliponaxis=False,
            unselected={"marker": {"opacity": 1}, "textfont": {"color": colour}},
        )


def _numbers(squares: _Squares, theme: str) -> go.Scatter:
    """The patients of each cell, and of those infused once."""
    spots = [
        *(
            (
                left + _place(cell.second),
                _place(cell.first),
                len(cell.codes),
                _cell(shift, cell.first, cell.second),
            )
            for left, shift in squares
            for cell in shift.cells
            if cell.codes
        ),
        *(
            (left + _ONCE_AT, _place(first), len(codes), _cell(shift, first, ONCE))
            for left, shift in squares
            for first, codes in shift.waiting
            if codes
        ),
    ]
    colours = THEME_COLOURS[theme]
    return go.Scatter(
        x=[x for x, *_ in spots],
        y=[y for _, y, *_ in spots],
        text=[f"n={count}" for _, _, count, _ in spots],
        mode="markers+text",
        textfont={"color": colours.text, "size": 14},
        marker={"symbol": "square", "size": 30, "color": colours.panel},
        customdata=[[*cell, _words(cell, count)] for *_, count, cell in spots],
        hovertemplate="%{customdata[3]}<extra></extra>",
        unselected={"marker": {"opacity": 1}, "textfont": {"color": colours.text}},
    )


_Cell = tuple[str, int | None, int | str | None]


def _cell(shift: Shift, first: int | None, second: int | str | None) -> _Cell:
    return shift.toxicity.value, first, second


def _words(cell: _Cell, count: int) -> str:
    toxicity, first, second = cell
    then = "infused once" if second == ONCE else f"{_grade(second)} after the second"
    return f"{toxicity.upper()} {_grade(first)} after the first infusion, {then}: {count}"


def _grade(grade: int | str | None) -> str:
    return "not graded" if grade is None else f"grade {grade}"


def _titles(left: float, shift: Shift, colour: str) -> Iterator[dict[str, Any]]:
    lower, same, higher = shift.moved()
    moved = f"{shift.twice} infused twice: {lower} lower, {same} same, {higher} higher"
    yield _note(left - 1.4, f"<b>{shift.toxicity.label}</b>, {moved}", colour, 26, 14)
    yield _note(left - 1.4, "rows: first infusion; columns: second", colour, 6, 12)
    yield _note(left + _ONCE_AT - 0.5, "infused<br>once", colour, -36, 12)


def _note(x: float, text: str, colour: str, above_px: int, size: int) -> dict[str, Any]:
    return {
        "text": text,
        "x": x,
        "y": 1,
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": above_px,
        "showarrow": False,
        "font": {"size": size, "color": colour},
    }


def _frames(left: float, shift: Shift, theme: str) -> Iterator[dict[str, Any]]:
    """Thin frames around the cells, a strong one where the grade is the same both times."""
    colours = THEME_COLOURS[theme]
    for cell in shift.cells:
        x, y = left + _place(cell.second), _place(cell.first)
        same = cell.first == cell.second and cell.first is not None
        line = (
            {"color": colours.text, "width": 2}
            if same
            else {"color": look.rgba(colours.border, 0.45), "width": 1}
        )
        yield {
            "type": "rect",
            "x0": x - 0.47,
            "x1": x + 0.47,
            "y0": y - 0.47,
            "y1": y + 0.47,
            "line": line,
            "layer": "below",
        }
