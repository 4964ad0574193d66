"""The same data as tables, for screen readers, keyboard and paper: the grid, the shares, events, the key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from charts.heat_rows import CellKind, DayShare, HeatCell, HeatPanel
from pages.committee.safety_parts.loaded import Loaded
from pages.committee.safety_parts.opened import Day, day_address, patient_address
from pages.parts import tiles
from pages.parts.wording import date_and_time, infusion_words, sentence_case
from reports.events import STATE_WORDS, Event
from trial.calendar import day_of

KEY_WORDS: Final = ("none", "grade 1", "grade 2", "grade 3", "grade 4", "death")


def key() -> str:
    """All six tiles, hatching, and what is not settled."""
    shown = [
        *((tiles.grade_tile(grade, grade), words) for grade, words in enumerate(KEY_WORDS)),
        (tiles.grade_tile(None, None), "no assessment"),
        (tiles.grade_tile(None, 0), "not graded yet"),
        (tiles.grade_tile(None, 3), "not settled: at least 3"),
    ]
    pairs = [
        tiles.piece("span", tile, tiles.piece("span", text=words), classes="vigil-key-pair")
        for tile, words in shown
    ]
    return tiles.piece("div", *pairs, classes="vigil-key")


def grid_table(loaded: Loaded, number: int) -> str:
    """One infusion: patients as rows, days as columns; each cell opens its day, each name its patient."""
    days = range(loaded.protocol.monitoring_days + 1)
    rows = [
        [_name(row.study_code), *_panel(loaded, row.panels[number - 1], len(days))] for row in loaded.rows
    ]
    caption = (
        f"{loaded.scale.label} after the {infusion_words(number)}: worst grade by day since the infusion"
    )
    table = tiles.table(caption, ("Patient", *(str(day) for day in days)), rows, numbers=True)
    return tiles.piece("div", table, classes="vigil-heat-table")


def _name(study_code: str) -> str:
    return tiles.link(study_code, patient_address(study_code), classes="vigil-link vigil-link-row")


def _panel(loaded: Loaded, panel: HeatPanel, days: int) -> list[str]:
    if panel.note:
        return [tiles.piece("span", text=panel.note, classes="vigil-heat-note"), *[""] * (days - 1)]
    return [_cell(loaded, cell) for cell in panel.cells]


def _cell(loaded: Loaded, cell: HeatCell) -> str:
    if cell.kind is CellKind.DOT:
        return tiles.piece("span", text="·", role="img", aria_label=cell.words.partition(": ")[2])
    tile = tiles.grade_tile(cell.grade, cell.at_least, toxicity=loaded.scale.label, small=True)
    address = day_address(loaded.scale, Day(cell.study_code, cell.number, cell.day))
    return tiles.piece(
        "a", tile, href=address, target="_self", aria_label=cell.words, classes="vigil-heat-link"
    )


def share_table(loaded: Loaded, shares: Sequence[DayShare]) -> str:
    """How many patients at each worst grade, by day; days on which somebody was assessed."""
    rows = [
        [
            tiles.cell(f"{sentence_case(infusion_words(share.number))}, day {share.day}"),
            *(tiles.cell(str(count)) for count in (*share.by_grade, share.ungraded, share.assessed)),
        ]
        for share in shares
        if share.assessed
    ]
    heads = ("Day", *(f"Grade {grade}" for grade in range(6)), "Not graded", "Assessed")
    return tiles.table(f"{loaded.scale.label}: patients by worst grade of the day", heads, rows, numbers=True)


def event_table(loaded: Loaded) -> str:
    """Every event of grade 3 or more, the first first; the reasons are those of its worst entry."""
    return tiles.table(
        "Both toxicities; the grade is the highest of the episode. A time opens the entry",
        ("Patient", "Event", "First at 3 or more", "Last", "Why, at its worst", "Now"),
        [_event(loaded, event) for event in loaded.events],
    )


def _event(loaded: Loaded, event: Event) -> list[str]:
    zone, entry = loaded.zone, event.worst
    grade = entry.grades[event.scale]
    settled = event.grade if grade.grade is not None else None
    day = day_of(event.first_at, event.infused_at, zone)
    where = tiles.piece("div", text=f"{infusion_words(event.number)}, day {day}", classes="vigil-soft")
    opens = tiles.link(
        date_and_time(entry.assessed_at, zone),
        f"{patient_address(event.study_code)}&a={entry.stable_id}",
        classes="vigil-link vigil-link-row",
    )
    over = _time(event.ended_at, loaded) if event.ended_at else ""
    return [
        _name(event.study_code) + where,
        tiles.line(
            tiles.grade_tile(settled, event.grade, toxicity=event.scale.label, small=True),
            tiles.piece("span", text=event.scale.label),
        ),
        _time(event.first_at, loaded),
        _time(event.last_at, loaded),
        opens + tiles.piece("div", text=grade.sentence()),
        tiles.piece("div", text=STATE_WORDS[event.state]) + over,
    ]


def _time(at: datetime, loaded: Loaded) -> str:
    return tiles.piece("span", text=date_and_time(at, loaded.zone), classes="vigil-nowrap")
