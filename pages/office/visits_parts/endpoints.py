"""The endpoints patient by patient with the reason for each: for those who may see efficacy only."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from pages.parts import tiles
from pages.parts.wording import counted
from trial.endpoints import (
    READINGS,
    Answer,
    EndpointRow,
    ResponseCount,
    Status,
    Survived,
    count_month_3_cr,
    count_objective_response,
    survival_of,
)

_STATUS: Final = {
    Status.YES: "Yes",
    Status.NO: "No",
    Status.NOT_YET_KNOWN: "Not yet known",
    Status.NOT_COUNTED: "Not counted",
}
_SETS: Final = {1: "Counted from the first infusion", 2: "Counted from the second infusion"}


def draw_endpoints(rows_of: Mapping[int, Sequence[EndpointRow]]) -> None:
    """A table for each infusion, with the counts above it."""
    st.header("Endpoints", anchor=False)
    for number, rows in rows_of.items():
        if not rows:
            st.text(f"{_SETS[number]}: nobody is infused {'once' if number == 1 else 'twice'} yet.")
            continue
        st.html(tiles.piece("ul", *(_item(words) for words in _summary(number, rows)), classes="vigil-text"))
        heads = ("Patient", "3-month CR", "Best response", "Objective response", "PFS", "OS")
        cells = [_row(row) for row in rows]
        st.html(tiles.table(f"{_SETS[number]}, in the order of infusion", heads, cells, numbers=True))
    with st.expander("How the endpoints are read"):
        st.html(tiles.piece("ol", *(_item(reading) for reading in READINGS), classes="vigil-text"))


def _item(words: str) -> str:
    return tiles.piece("li", text=words)


def _summary(number: int, rows: Sequence[EndpointRow]) -> list[str]:
    """The counts of one set; the count comes before its share."""
    return [
        f"{_SETS[number]}: {counted(len(rows), 'patient', 'patients')}.",
        f"3-month CR: {_count_words(count_month_3_cr(rows))}",
        f"Objective response: {_count_words(count_objective_response(rows))}",
        f"PFS: {_curve_words([row.pfs for row in rows])}",
        f"OS: {_curve_words([row.os for row in rows])}",
    ]


def _count_words(count: ResponseCount) -> str:
    words = count.rate.in_words if count.rate.patients else "nobody is counted yet"
    early = f" ({len(count.early)} of them yes so far)" if count.early else ""
    parts = [words]
    if count.pending:
        parts.append(f"{len(count.pending)} pending{early}")
    if count.not_counted:
        parts.append(f"{len(count.not_counted)} not counted, without a PET/CT")
    return f"{'; '.join(parts)}."


def _curve_words(times: Sequence[Survived]) -> str:
    curve = survival_of(times)
    median = curve.median.day
    reached = "median not reached" if median is None else f"median {median:g} days"
    events = counted(curve.events, "event", "events")
    return f"{events} in {counted(curve.patients, 'patient', 'patients')}, {reached}."


def _row(row: EndpointRow) -> list[str]:
    best = row.best.value if row.best else "none read"
    return [
        tiles.piece("span", text=row.study_code, classes="vigil-nowrap"),
        _answer(row.month_3_cr),
        tiles.cell(best),
        _answer(row.objective_response),
        _survived(row.pfs),
        _survived(row.os),
    ]


def _answer(answer: Answer) -> str:
    open_yet = "" if answer.counted or answer.status is not Status.YES else " so far"
    return _pair(f"{_STATUS[answer.status]}{open_yet}", answer.why)


def _survived(survived: Survived) -> str:
    return _pair(f"{'Event' if survived.event else 'Censored'}, day {survived.day}", survived.why)


def _pair(value: str, why: str) -> str:
    return tiles.piece("b", text=value) + tiles.piece("div", text=why, classes="vigil-soft")
