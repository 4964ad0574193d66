"""The picture of a patient's whole course, by its data."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from charts.course_rows import Bar, CourseRows, DayTile, LabPoint, LabSeries, Lane, Mark
from charts.patient_course import draw_patient_course
from charts.patient_labs import draw_patient_labs
from grading.scale import Toxicity

DAY_0 = datetime(2026, 3, 2)  # noqa: DTZ001 -- the hospital's clock, as Plotly takes it
INFUSED = DAY_0 + timedelta(hours=10)


def day(number: int, hour: int = 0) -> datetime:
    return DAY_0 + timedelta(days=number, hours=hour)


def tile(number: int, at_least: int, *, settled: bool = True, scale: Toxicity = Toxicity.CRS) -> DayTile:
    return DayTile(day(number), scale, at_least, settled, f"day {number}", f"/patient?a={number}")


def rows(**more: Any) -> CourseRows:
    given: dict[str, Any] = {
        "study_code": "CART-007",
        "infusions": (("First infusion", INFUSED),),
        "windows": ((DAY_0, day(15)),),
        "tiles": (),
        "bars": (),
        "marks": (),
        "labs": (),
        "now": day(4, 12),
    }
    return CourseRows(**{**given, **more})


def traces(drawn: Any, **having: Any) -> list[dict[str, Any]]:
    found = drawn.to_dict()["data"]
    return [one for one in found if all(one.get(name) == value for name, value in having.items())]


def test_a_day_without_an_assessment_is_a_gap_up_to_now_only() -> None:
    course = rows(tiles=(tile(0, 0), tile(2, 1)))
    assert [from_at for from_at, _ in course.gaps(Toxicity.CRS)] == [day(1), day(3), day(4)]
    assert len(course.gaps(Toxicity.ICANS)) == 5


def test_an_unsettled_day_is_at_least_and_one_that_proves_nothing_is_hatched() -> None:
    assert [tile(1, 3, settled=False).text, tile(1, 0, settled=False).text] == ["≥3", "?"]
    drawn = draw_patient_course(rows(tiles=(tile(0, 0), tile(1, 3, settled=False))), "light")
    (heat,) = traces(drawn, type="heatmap")
    assert heat["z"] == [[None, None], [0, 3]]
    numerals = {text for one in traces(drawn, mode="markers+text") for text in one["text"]}
    assert numerals == {"0", "<b>≥3</b>"}


def test_a_numeral_stands_where_the_grade_changes_and_after_a_gap() -> None:
    drawn = draw_patient_course(rows(tiles=(tile(0, 1), tile(1, 1), tile(3, 1), tile(4, 2))), "light")
    (numerals,) = (one for one in traces(drawn, mode="markers+text"))
    assert numerals["text"] == ["1", "", "1", "2"]
    assert numerals["customdata"][3] == ["/patient?a=4", "day 4"]


def test_what_goes_on_ends_in_an_arrow_now_and_what_ended_does_not() -> None:
    bars = (
        Bar(Lane.EVENTS, "Lung infection", day(2), None, "ongoing", "/events", grade=3),
        Bar(Lane.EVENTS, "Fever", day(1), day(3), "over", "/events", grade=1),
        Bar(Lane.DRUGS, "Dexamethasone", day(1), day(2), "10 mg", "/treatments"),
    )
    drawn = draw_patient_course(rows(bars=bars), "dark")
    (arrow,) = (one for one in traces(drawn, mode="markers") if one["marker"]["symbol"] == "triangle-right")
    assert arrow["x"] == ["2026-03-06T12:00:00"]
    lines = traces(drawn, mode="lines", yaxis="y2")
    assert [one["x"] for one in lines] == [
        [
            "2026-03-04T00:00:00",
            "2026-03-06T12:00:00",
            None,
            "2026-03-03T00:00:00",
            "2026-03-05T00:00:00",
            None,
        ]
    ]
    grades = {text for one in traces(drawn, yaxis="y2", mode="markers+text") for text in one["text"]}
    assert grades == {"<b>3</b>", "1"}
    assert drawn.to_dict()["layout"]["yaxis2"]["ticktext"] == ["Lung infection", "Fever"]


def test_scans_samples_and_doses_are_told_by_shape_and_words_not_colour() -> None:
    marks = (
        Mark(Lane.DISEASE, "PET/CT", day(3), "square", "PR", "/response", "PR"),
        Mark(Lane.DISEASE, "ctDNA", day(3), "circle", "positive", "/response", "+"),
        Mark(Lane.DRUGS, "Tocilizumab", day(1, 8), "line-ns", "560 mg", "/treatments"),
    )
    drawn = draw_patient_course(rows(marks=marks), "light")
    disease = traces(drawn, yaxis="y3")[0]
    assert disease["text"] == ["PR", "+"]
    assert disease["marker"]["symbol"] == ["square", "circle"]
    assert traces(drawn, yaxis="y4")[0]["customdata"] == [["/treatments", "560 mg"]]


def test_the_days_before_the_infusion_are_drawn_and_day_0_is_named() -> None:
    course = rows(bars=(Bar(Lane.DRUGS, "Fludarabine", day(-5), day(-2), "30 mg/m2", "/treatments"),))
    drawn = draw_patient_course(course, "light").to_dict()
    assert drawn["layout"]["xaxis"]["range"][0] == "2026-02-24T00:00:00"
    assert "Day 0" in drawn["layout"]["xaxis"]["ticktext"]
    assert "Day -6" in drawn["layout"]["xaxis"]["ticktext"]
    lines = [shape for shape in drawn["layout"]["shapes"] if shape["x0"] == "2026-03-02T10:00:00"]
    assert len(lines) == 2  # through the strips and the drugs


@pytest.mark.parametrize("days", [3, 20, 60, 365])
def test_no_more_day_numbers_than_have_room(days: int) -> None:
    drawn = draw_patient_course(rows(now=day(days)), "light").to_dict()
    assert 1 <= len(drawn["layout"]["xaxis"]["ticktext"]) <= 15


def test_a_long_course_needs_few_traces() -> None:
    def course(patient_days: int) -> CourseRows:
        return rows(
            now=day(patient_days),
            tiles=tuple(tile(one, one % 5, scale=scale) for one in range(patient_days) for scale in Toxicity),
            bars=tuple(
                Bar(Lane.EVENTS, f"Event {one}", day(one), None, "x", "/events", grade=one % 5 + 1)
                for one in range(patient_days)
            ),
        )

    numbers = [len(draw_patient_course(course(count), "light").to_dict()["data"]) for count in (10, 60)]
    assert max(numbers) <= 12


def test_each_analyte_has_one_trace_and_a_count_of_0_is_drawn_at_the_bottom_and_said() -> None:
    labs = (
        LabSeries("ANC", "10^9/L", (LabPoint(day(0), 2.1, "2.1"), LabPoint(day(5), 0.0, "ANC 0")), (0.5,)),
        LabSeries("Hemoglobin", "g/L", (LabPoint(day(0), 98.0, "98"),), (80,), is_log=False),
        LabSeries("CRP", "mg/dL", ()),
    )
    drawn = draw_patient_labs(rows(labs=labs), "light").to_dict()
    assert [one["yaxis"] for one in drawn["data"]] == ["y", "y2"]
    assert drawn["data"][0]["y"] == [2.1, 0.01]
    assert drawn["data"][0]["customdata"] == [["2.1"], ["ANC 0"]]
    assert drawn["layout"]["yaxis"]["type"] == "log"
    assert drawn["layout"]["yaxis2"].get("type") != "log"
    titles = [one["text"] for one in drawn["layout"]["annotations"]]
    assert "<b>ANC</b>, 10^9/L; dotted at 0.5" in titles


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((212.0, 640.0), [200, 500]),
        ((9.0, 190.0), [10, 100]),
        ((0.0, 3.4), [0.01, 0.1, 1]),
        ((40.0, 40.0), [10, 20, 50, 100]),
    ],
)
def test_a_log_scale_has_a_number_to_read_from(values: tuple[float, float], shown: list[float]) -> None:
    points = tuple(LabPoint(day(place), value, str(value)) for place, value in enumerate(values))
    drawn = draw_patient_labs(rows(labs=(LabSeries("Ferritin", "ng/mL", points),)), "light").to_dict()
    assert set(shown) <= set(drawn["layout"]["yaxis"]["tickvals"])


def test_nothing_recorded_is_said_to_be_nothing() -> None:
    assert rows(infusions=()).is_empty
    assert not rows().is_empty
    drawn = draw_patient_course(rows(infusions=(), windows=()), "light").to_dict()
    assert drawn["layout"]["xaxis"]["range"] == ["2026-03-05T00:00:00", "2026-03-08T00:00:00"]
