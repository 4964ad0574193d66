"""The committee's grid: what each cell says, and that four kinds of nothing stay apart."""

from datetime import datetime, timedelta

import pytest

from charts.day_columns import DayColumns
from charts.day_shares import day_shares
from charts.grade_shares import draw_grade_shares
from charts.heat_map import draw_heat_map
from charts.heat_rows import CellKind, HeatRow, heat_rows, last_change
from db.queries.committee import CommitteeInfusion, CommitteePatient, WorstOfDay
from grading.scale import Toxicity
from tests.charts.courses import INFUSED_AT, PROTOCOL, ZONE, hours
from trial.calendar import SlotKind, StayKind, StayPeriod
from trial.due import SkippedSlot

Days = dict[int, tuple[int, bool]]
LATER = hours(24 * 20)
COLUMNS = DayColumns(14)
BOTH = (1, 2)


def infusion(
    number: int, days: Days, at: datetime = INFUSED_AT, skipped: tuple[SkippedSlot, ...] = ()
) -> CommitteeInfusion:
    first = at.astimezone(ZONE).date()
    worst = {day: WorstOfDay(first + timedelta(days=day), *grade, 3) for day, grade in days.items()}
    return CommitteeInfusion(number, number, at, {Toxicity.CRS: worst, Toxicity.ICANS: {}}, skipped)


def patient(
    *infusions: CommitteeInfusion,
    code: str = "CART-001",
    died_at: datetime | None = None,
    withdrawn_at: datetime | None = None,
    stays: tuple[StayPeriod, ...] = (),
) -> CommitteePatient:
    return CommitteePatient(code, withdrawn_at, died_at, stays, infusions)


def rows(*patients: CommitteePatient, cut_off: datetime = LATER) -> tuple[HeatRow, ...]:
    return heat_rows(patients, Toxicity.CRS, PROTOCOL, zone=ZONE, cut_off=cut_off)


def texts(row: HeatRow, number: int = 1) -> str:
    signs = {CellKind.GAP: "/", CellKind.DOT: "."}
    return " ".join(signs.get(cell.kind, cell.text) for cell in row.panels[number - 1].cells)


def test_a_due_day_without_an_assessment_is_a_gap_and_never_a_0() -> None:
    (row,) = rows(patient(infusion(1, {0: (0, True), 2: (1, True)})), cut_off=hours(24 * 4))
    assert texts(row) == "0 / 1 / / . . . . . . . . . ."


def test_a_day_that_is_not_settled_says_at_least_or_not_graded() -> None:
    (row,) = rows(patient(infusion(1, {0: (0, False), 1: (3, False)})), cut_off=hours(36))
    assert texts(row).startswith("? ≥3")
    unknown, unsettled = row.panels[0].cells[:2]
    assert unknown.hatched
    assert unknown.words.endswith("CRS not graded yet, 3 assessments")
    assert not unsettled.hatched
    assert unsettled.words == (
        "CART-001, first infusion, day 1 (3 Mar 2026): CRS at least grade 3, not settled, 3 assessments"
    )


def test_a_due_time_is_not_missing_before_its_tolerance_is_over() -> None:
    # Infused at 11:00; the first vital signs are due at 14:00 and can be met until 16:00.
    (early,) = rows(patient(infusion(1, {})), cut_off=hours(5))
    (late,) = rows(patient(infusion(1, {})), cut_off=hours(5) + timedelta(minutes=1))
    assert texts(early).startswith(".")
    assert early.panels[0].cells[0].words.endswith("not yet due")
    assert texts(late).startswith("/ .")


def test_a_gap_says_what_was_skipped_and_why() -> None:
    skipped = (SkippedSlot(SlotKind.ICE, hours(27), "refused", None, hours(27)),)
    (row,) = rows(patient(infusion(1, {0: (0, True)}, skipped=skipped)))
    assert row.panels[0].cells[1].words.endswith("no assessment; skipped: 14:00 refused")


def test_days_at_home_or_after_a_death_are_dots() -> None:
    home = StayPeriod(StayKind.HOME, hours(24 * 3))
    (row,) = rows(patient(infusion(1, {0: (0, True)}), stays=(home,)))
    assert texts(row) == "0 / / / . . . . . . . . . . ."
    (dead,) = rows(patient(infusion(1, {0: (0, True), 1: (5, True)}), died_at=hours(20)))
    assert texts(dead) == "0 5 . . . . . . . . . . . . ."
    assert dead.panels[0].cells[5].words.endswith("monitoring had ended")


def test_a_row_without_an_infusion_says_why() -> None:
    second = {
        "no second infusion": patient(infusion(1, {0: (2, True)})),
        "barred: grade 4 after the first": patient(infusion(1, {3: (4, False)})),
        "died day 9": patient(infusion(1, {9: (5, True)}), died_at=hours(24 * 9)),
        "withdrawn": patient(infusion(1, {}), withdrawn_at=hours(48)),
    }
    for note, one in second.items():
        (row,) = rows(one)
        assert row.panels[1].note == note
        assert row.panels[1].cells == ()
    (row,) = rows(patient())
    assert [panel.note for panel in row.panels] == ["not infused yet", "no second infusion"]


def test_shares_name_the_patients_and_add_up_to_the_number_assessed() -> None:
    people = [
        patient(infusion(1, {0: (0, True), 1: (3, False)}), code="A-1"),
        patient(infusion(1, {0: (0, False), 1: (3, True)}), code="A-2"),
        patient(code="A-3"),
    ]
    first, second, third = day_shares(people, Toxicity.CRS, 14, BOTH)[:3]
    assert (first.by_grade[0], first.ungraded, first.assessed) == (("A-1",), ("A-2",), 2)
    assert (second.codes("3"), second.codes("?"), second.assessed) == (("A-1", "A-2"), (), 2)
    assert third.assessed == 0
    assert {share.number for share in day_shares(people, Toxicity.CRS, 14, (2,))} == {2}


def test_between_two_changes_the_clock_changes_nothing() -> None:
    one = patient(infusion(1, {0: (0, True)}))
    for minutes in range(0, 60 * 40, 17):
        cut_off = hours(20) + timedelta(minutes=minutes)
        since = last_change(cut_off, PROTOCOL, ZONE)
        assert since < cut_off
        same = since + timedelta(minutes=1)
        if same <= cut_off:
            assert rows(one, cut_off=same) == rows(one, cut_off=cut_off)


def test_the_heat_map_takes_at_most_seven_traces_and_its_marks_name_patient_and_day() -> None:
    grid = rows(
        patient(infusion(1, {day: (day % 6, day % 2 == 0) for day in range(0, 15, 2)}), code="A-1"),
        patient(infusion(1, {0: (0, False)}), code="A-2"),
        patient(code="A-3"),
    )
    for theme in ("light", "dark"):
        data = draw_heat_map(grid, COLUMNS, theme).to_dict()["data"]
        assert len(data) <= 7
        marks = [tuple(mark[:3]) for trace in data if "customdata" in trace for mark in trace["customdata"]]
        assert ("A-1", 1, 4) in marks
        assert ("A-3", None, None) in marks
        assert data[0]["zmin"] == -0.5


def test_one_infusion_alone_takes_the_whole_width() -> None:
    (row,) = rows(patient(infusion(1, {0: (1, True)}), infusion(2, {3: (2, True)}, hours(24 * 17))))
    alone = DayColumns(14, (2,))
    data = draw_heat_map([row], alone, "light").to_dict()["data"]
    marks = [tuple(mark[:3]) for trace in data if "customdata" in trace for mark in trace["customdata"]]
    assert {number for _, number, _ in marks} == {2, None}
    assert data[0]["z"][0][3] == 2
    assert len(data[0]["x"]) == len(data[0]["z"][0]) + 1 == 16
    assert alone.span == [-0.5, 14.5]


def test_what_was_not_clicked_does_not_fade() -> None:
    (row,) = rows(patient(infusion(1, {0: (2, True)})))
    for trace in draw_heat_map([row], COLUMNS, "light").to_dict()["data"]:
        if trace.get("mode") == "markers+text":
            assert trace["unselected"]["textfont"]["color"] == trace["textfont"]["color"]


def test_bars_stack_to_100_percent_of_the_assessed() -> None:
    people = [
        *(patient(infusion(1, {0: (grade, True)}), code=f"A-{grade}") for grade in range(6)),
        patient(infusion(1, {0: (0, False)}), code="A-9"),
    ]
    shares = day_shares(people, Toxicity.CRS, 14, BOTH)
    data = draw_grade_shares(shares, COLUMNS, "light").to_dict()["data"]
    bars = [trace for trace in data if trace["type"] == "bar"]
    assert sum(height for trace in bars for height in trace["y"]) == pytest.approx(100)
    assert bars[3]["customdata"] == [[1, 0, "3", "First infusion, day 0: 1 of 7 assessed at worst grade 3"]]
    assert bars[-1]["customdata"][0][2] == "?"
    assert data[-1]["text"] == ["7"]


def test_nobody_assessed_draws_empty_axes() -> None:
    shares = day_shares([patient()], Toxicity.CRS, 14, BOTH)
    data = draw_grade_shares(shares, COLUMNS, "dark").to_dict()["data"]
    assert all(not trace.get("x") for trace in data)
