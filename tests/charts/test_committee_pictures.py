"""The committee's pictures by what is in them: numbers, words, marks that answer, and the empty cases."""

from datetime import date, timedelta
from typing import Any

import pytest

from charts.grade_rows import draw_grade_rows, part_codes, part_words
from charts.incidence import draw_incidence
from charts.rate_rows import RateLine, draw_rate_rows
from charts.shift import draw_shift
from charts.sign_panels import Sign, SignLine, draw_sign_panels
from charts.survival import draw_survival, last_day_of, median_words
from charts.swimmer import draw_swimmer
from charts.time_course import affected_codes, draw_time_course
from grading.scale import Toxicity
from tests.trial.safety_courses import course, spells
from trial.drug_days import DrugGroup
from trial.efficacy import efficacy_set
from trial.endpoints import FollowedPatient
from trial.follow_up_facts import DeathCause, FollowUpFact, FollowUpKind
from trial.incidence import clopper_pearson
from trial.protocol import load_protocol
from trial.safety_rows import Course
from trial.safety_times import incidence_of, time_course
from trial.safety_worst import first_to_second, graded_row
from trial.second_infusion_facts import Response
from trial.survival import Median
from trial.swimmer import Lane, Stretch

ROW = graded_row(
    "CRS, first infusion",
    [
        *((f"A-{place}", grade, True) for place, grade in enumerate([0, 1, 1, 3, None])),
        ("A-7", 0, False),
        ("A-8", 2, False),
    ],
)
Data = list[dict[str, Any]]


def data_of(drawn: Any) -> Data:
    found: Data = drawn.to_dict()["data"]
    return found


def texts(data: Data) -> list[str]:
    return [text for trace in data for text in trace.get("text") or []]


def bars(data: Data) -> dict[str, float]:
    return {trace["customdata"][0][1]: trace["x"][0] for trace in data if trace["type"] == "bar"}


def test_a_bar_holds_every_patient_once_and_says_who() -> None:
    data = data_of(draw_grade_rows([ROW], "light"))
    assert bars(data) == {"0": 1, "1": 2, "3": 1, "?": 1, "open": 1, "open 2": 1}
    assert {part: part_codes(ROW, part) for part in ("1", "?", "open", "open 2")} == {
        "1": ("A-1", "A-2"),
        "?": ("A-4",),
        "open": ("A-7",),
        "open 2": ("A-8",),
    }
    assert part_words("open 2") == "window still open, grade 2 so far"
    assert part_words("open") == "window still open, no grade above 0 so far"
    assert (part_words("?"), part_words("3")) == ("not graded", "worst grade 3")


def test_the_count_stands_before_the_rate_and_early_events_behind_it() -> None:
    data = data_of(draw_grade_rows([ROW], "light"))
    assert "<b>≥2</b>: 1 of 5 (20 %; 1 to 72 %), 1 early" in texts(data)
    assert "<b>≥3</b>: 1 of 5 (20 %; 1 to 72 %)" in texts(data)
    assert any("5 complete, 2 open" in text for text in texts(data))


def test_an_open_window_is_half_as_high() -> None:
    data = data_of(draw_grade_rows([ROW], "light"))
    widths = {trace["customdata"][0][1]: trace["width"] for trace in data if trace["type"] == "bar"}
    assert widths["open 2"] == widths["open"] == widths["3"] / 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_infused_and_nobody_complete_have_words_instead_of_a_rate(theme: str) -> None:
    data = data_of(draw_grade_rows([graded_row("CRS, first infusion", [])], theme))
    assert bars(data) == {}
    assert any("nobody yet" in text for text in texts(data))
    assert "<b>≥1</b>: none complete" in texts(data)
    pending = graded_row("CRS", [("A-1", 1, False)])
    assert "<b>≥1</b>: none complete, 1 early" in texts(data_of(draw_grade_rows([pending], theme)))
    assert data_of(draw_grade_rows([], theme))


def pair(code: str, first: str, second: str) -> list[Course]:
    return [course(code, first), course(code, second, number=2)]


def test_the_shift_hatches_barred_cells_and_counts_the_others() -> None:
    courses = [*pair("A-1", "02", "01"), *pair("A-2", "04", "01"), course("A-3", "03")]
    shifts = [first_to_second(courses, toxicity, 3) for toxicity in (Toxicity.CRS,)]
    data = data_of(draw_shift(shifts, "light"))
    marks = {tuple(mark[:3]): mark[3] for trace in data for mark in trace.get("customdata") or []}
    assert marks == {
        ("crs", 2, 1): "CRS grade 2 after the first infusion, grade 1 after the second: 1",
        ("crs", 4, 1): "CRS grade 4 after the first infusion, grade 1 after the second: 1",
        ("crs", 3, "once"): "CRS grade 3 after the first infusion, infused once: 1",
    }
    # 18 barred cells, of which a released bar has filled one; each is a box of five corners and a break.
    assert len(data[0]["x"]) == 17 * 6


def test_a_shift_of_nobody_is_an_empty_square() -> None:
    for toxicities in ((), (Toxicity.CRS,)):
        shifts = [first_to_second([], toxicity, 3) for toxicity in toxicities]
        assert not any(trace.get("customdata") for trace in data_of(draw_shift(shifts, "dark")))


def curves(courses: list[Course], *numbers: int) -> list[Any]:
    return [incidence_of(courses, Toxicity.CRS, number, grade, 14) for number in numbers for grade in (2, 3)]


def test_incidence_stands_in_panels_of_the_same_size_with_the_number_at_risk() -> None:
    courses = [
        course("A-1", "002"),
        course("A-2", "0000000000", died=9),
        course("A-3", "0" * 15),
        course("A-4", "03", number=2),
    ]
    data = data_of(draw_incidence(curves(courses, 1, 2), 28, "light"))
    words = texts(data)
    assert "<b>CRS</b>, first infusion, n=3" in words
    assert "<b>CRS</b>, second infusion, n=1" in words
    assert "<b>≥2</b> 33 %" in words
    assert "<b>≥3</b> 100 %" in words
    numbers_at_risk = next(trace["text"] for trace in data if (trace.get("text") or [""])[0] == "3")
    assert numbers_at_risk == [*"32100", *"32100", *"10000", *"10000"]


@pytest.mark.parametrize("courses", [[], [course("A-1", "0" * 15)], [course("A-1", "")]])
def test_no_event_everyone_censored_and_nobody_at_risk_are_drawn(courses: list[Course]) -> None:
    words = texts(data_of(draw_incidence(curves(courses, 1), 28, "dark")))
    people = sum(one.last_assessed_day is not None for one in courses)
    assert f"<b>CRS</b>, first infusion, {f'n={people}' if people else 'nobody at risk'}" in words
    assert ("<b>≥2</b> 0 %" in words) is (people > 0)


def test_a_lane_runs_from_onset_to_its_end_with_the_peak_on_it() -> None:
    one = time_course([spells("A-1", "00120"), spells("A-2", "011"), spells("A-3", "000")], Toxicity.CRS, 1)
    data = data_of(draw_time_course([one], ["A-1", "A-2"], 14, "light"))
    words = texts(data)
    assert "<b>CRS</b>, first infusion: 2 of 3 affected" in words
    assert "median onset day 1.5 (1 to 2), peak day 2 (1 to 3), duration NR" in words
    assert [mark[1] for trace in data for mark in trace.get("customdata") or []] == [
        "A-1, CRS, first infusion: worst grade 2 on day 3; day 2 to 3",
        "A-2, CRS, first infusion: worst grade 1 on day 1; day 1 to 2, going on",
    ]
    symbols = next(trace["marker"]["symbol"] for trace in data if "line-ns" in str(trace.get("marker")))
    assert symbols == ["line-ns", "triangle-right"]


def test_a_sheet_draws_its_own_lanes_and_counts_everyone() -> None:
    first = time_course([spells("A-1", "00120"), spells("A-2", "011")], Toxicity.CRS, 1)
    second = time_course([spells("A-3", "01", number=2)], Toxicity.CRS, 2)
    assert affected_codes([second, first]) == ["A-1", "A-2", "A-3"]
    data = data_of(draw_time_course([first, second], ["A-2"], 14, "light"))
    words = texts(data)
    assert "<b>CRS</b>, first infusion: 2 of 2 affected" in words
    assert "<b>CRS</b>, second infusion: 1 of 1 affected" in words
    assert [one for one in words if one.startswith("A-")] == ["A-2"]
    assert [mark[0] for trace in data for mark in trace.get("customdata") or []] == ["A-2"]


def test_a_death_is_no_recovery_and_a_median_may_not_be_reached() -> None:
    one = time_course([spells("A-1", "012", died=3), spells("A-2", "01")], Toxicity.CRS, 1)
    data = data_of(draw_time_course([one], ["A-1", "A-2"], 14, "dark"))
    assert "median onset day 1 (1 to 1), peak day 1.5 (1 to 2), duration NR" in texts(data)
    assert "until death" in str([trace.get("customdata") for trace in data])


def test_nobody_affected_and_nobody_infused_say_so() -> None:
    nobody = time_course([], Toxicity.CRS, 1)
    well = time_course([spells("A-1", "000", number=2)], Toxicity.CRS, 2)
    words = texts(data_of(draw_time_course([nobody, well], [], 14, "light")))
    assert "<b>CRS</b>, first infusion: nobody infused" in words
    assert "<b>CRS</b>, second infusion: 0 of 1 affected" in words


LANE = Lane(
    code="A-1",
    last_day=45,
    goes_on=True,
    stretches=(Stretch(Toxicity.CRS, 1, 2, 4, 2), Stretch(Toxicity.ICANS, 2, 42, 42, 3)),
    second_infusion_day=40,
    drug_days=((DrugGroup.TOCILIZUMAB, 3), (DrugGroup.STEROID, 4)),
    responses=((28, Response.PR),),
)


def said(data: Data) -> list[str]:
    return [mark[1] for trace in data for mark in trace.get("customdata") or []]


def test_a_lane_holds_grades_drugs_responses_and_its_end() -> None:
    dead = Lane(code="A-2", last_day=9, goes_on=False, died_day=9)
    left = Lane(code="A-3", last_day=60, goes_on=False, left_day=60)
    data = data_of(draw_swimmer([LANE, dead, left], list(Toxicity), (1, 2), 50, "light"))
    assert said(data) == [
        "A-1: CRS grade 2, day 2 to 4",
        "A-1: ICANS grade 3, day 42",
        "A-1: Tocilizumab, day 3",
        "A-1: Steroids, day 4",
        "A-1: followed to day 45",
        "A-2: died, day 9",
        "A-3: left, day 60",
        "Open A-1",
        "Open A-2",
        "Open A-3",
    ]
    assert {"<b>II</b>", "<b>PR</b>"} <= set(texts(data))
    ends = next(
        trace["marker"]["symbol"] for trace in data if "x" in trace.get("marker", {}).get("symbol", "")
    )
    assert ends == ["triangle-right", "x", "triangle-right"]  # the last one is beyond the axis


def test_a_lane_obeys_toxicity_infusion_and_the_end_of_the_axis() -> None:
    data = data_of(draw_swimmer([LANE], [Toxicity.CRS], (2,), 35, "dark"))
    assert said(data) == [
        "A-1: Tocilizumab, day 3",
        "A-1: Steroids, day 4",
        "A-1: followed to day 45",
        "Open A-1",
    ]
    assert "<b>II</b>" not in texts(data)
    assert data_of(draw_swimmer([], list(Toxicity), (1, 2), 30, "dark"))


SIGN = Sign(words="°C", low=35, high=42, limit=38, limit_words="fever", ticks=(36, 38, 40))


def test_small_panels_have_the_same_axes_and_break_where_a_day_is_missing() -> None:
    lines = [
        SignLine("A-1", 1, {0: 35.0, 1: 42.0, 3: 50.0}),
        SignLine("A-1", 2, {0: 38.5}),
        SignLine("A-2", 1, {}),
    ]
    data = data_of(draw_sign_panels(lines, SIGN, 14, "light"))
    first, second = (trace for trace in data if trace["mode"] == "lines+markers")
    assert first["y"] == [0, 1, None, 1, None, None]
    assert second["y"] == [0.5, None]
    assert (first["line"]["dash"], second["line"]["dash"]) == ("solid", "dot")
    assert first["customdata"][0] == ["A-1, day 0: 35 °C"]
    assert {"<b>A-1</b>", "<b>A-2</b>"} <= set(texts(data))
    assert data_of(draw_sign_panels([], SIGN, 14, "dark"))


def test_a_rate_line_says_its_own_count_or_what_was_printed() -> None:
    ours = RateLine(
        name="This trial", under="9 complete", rates=(clopper_pearson(1, 9), clopper_pearson(0, 0))
    )
    printed = RateLine(
        name="ZUMA-1",
        under="n=108",
        rates=(clopper_pearson(102, 108), None),
        says=("94 % of 108 (88 to 98 %)", "not stated"),
        is_ours=False,
    )
    data = data_of(draw_rate_rows([("CRS", [ours, printed])], ("Any", "Grade 3 or more"), "light"))
    expected = {"<b>CRS</b>", "1 of 9 (11 %; 0 to 48 %)", "nobody yet", *printed.says}
    assert expected <= set(texts(data))
    first, second = (trace["marker"] for trace in data if trace["mode"] == "markers")
    assert first["color"][0] != first["color"][1]
    assert second["color"] == []
    assert data_of(draw_rate_rows([], ("Any",), "dark"))


def test_curves_end_with_their_last_patient_and_say_what_is_not_reached() -> None:
    on = date(2026, 1, 1)
    dead = FollowUpFact(FollowUpKind.DEATH, on + timedelta(days=40), DeathCause.LYMPHOMA)
    patients = [
        FollowedPatient(study_code="A-1", infused_on=(on,), events=(dead,), seen_on=on),
        FollowedPatient(study_code="A-2", infused_on=(on,), seen_on=on + timedelta(days=80)),
    ]
    rules = load_protocol().endpoints
    sets = [efficacy_set(patients, rules, on + timedelta(days=100), number) for number in (1, 2)]
    words = texts(data_of(draw_survival(sets, "light")))
    assert "<b>OS</b> from the first infusion, n=2" in words
    assert "1 event, 1 censored; median NR (from 40 days)" in words
    assert "<b>PFS</b> from the second infusion, nobody yet" in words
    assert last_day_of(sets) == 90
    assert (last_day_of([]), median_words(Median(63, 30, None))) == (90, "63 days (30 to NR)")
    assert data_of(draw_survival([], "dark"))
