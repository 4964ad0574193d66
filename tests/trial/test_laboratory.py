"""Laboratory results of a patient: limits offered, baseline, CTCAE by day, ICAHT and what ends it, scores."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.ctcae_v5 import grade_lab
from grading.icaht import grade_early, grade_late
from grading.units import MEASURES, Analyte, convert
from trial.blood_counts import TrialCourse, baseline_before, grade_icaht, lowest_anc_by_day
from trial.laboratory import LabRow, baselines, grade_row, grade_rows, in_unit_of, worst_by_day
from trial.laboratory_scores import hematotox_before, score_days, suspect_iec_hs
from trial.limits import SiteLimit
from trial.protocol import PROTOCOL_FILE, ProtocolError, load_protocol, parse_protocol
from trial.site_limits import site_limit
from trial.treatment_facts import Drug
from trial.treatments import Treatment

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
SETTINGS = PROTOCOL.laboratory
DAYS = PROTOCOL.treatments.lymphodepletion_days


def on_day(day: float) -> datetime:
    return START + timedelta(days=day)


def row(analyte: Analyte, day: float, value: float, unit: str | None = None, **limits: Any) -> LabRow:
    return LabRow(analyte, on_day(day), value, unit or MEASURES[analyte].unit, **limits)


def anc(day: float, cells_per_ul: float) -> LabRow:
    return row(Analyte.ANC, day, cells_per_ul, "cells/uL", lln=1800)


def drug(kind: Drug, day: float) -> Treatment:
    return Treatment(drug=kind, started_at=on_day(day))


# ---- The limits that are offered ----


def test_a_limit_is_offered_in_the_unit_that_was_chosen() -> None:
    assert site_limit(SETTINGS, Analyte.ANC, "10^9/L", None) == SiteLimit(
        analyte=Analyte.ANC, sex="both", unit="10^9/L", lln=1.8, uln=6.3
    )
    in_cells = site_limit(SETTINGS, Analyte.ANC, "cells/uL", "F")
    assert in_cells is not None
    assert (in_cells.lln, in_cells.uln) == (1800, 6300)
    crp = site_limit(SETTINGS, Analyte.CRP, "mg/dL", None)
    assert crp is not None
    assert (crp.lln, crp.uln) == (None, 0.8)


@pytest.mark.parametrize(("sex", "lln"), [("F", 11.5), ("M", 13.0), (None, None)])
def test_a_limit_that_depends_on_sex_waits_for_it(sex: str | None, lln: float | None) -> None:
    found = site_limit(SETTINGS, Analyte.HEMOGLOBIN, "g/dL", sex)
    assert (found.lln if found else None) == lln


def test_the_line_in_the_chosen_unit_comes_first() -> None:
    text = PROTOCOL_FILE.read_text(encoding="utf-8")
    own = '{ analyte = "anc", sex = "both", unit = "cells/uL", lln = 2000 },'
    two = parse_protocol(text.replace('  { analyte = "platelets"', f'  {own}\n  {{ analyte = "platelets"', 1))
    found = site_limit(two.laboratory, Analyte.ANC, "cells/uL", None)
    assert found is not None
    assert (found.lln, found.uln) == (2000, None)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("lln = 1.8, uln = 6.3", "lln = 6.3, uln = 6.3", "lln must be below uln."),
        ("lln = 1.8, uln = 6.3 }", "}", "give lln, uln, or both."),
        ('unit = "10^9/L", lln = 1.8', 'unit = "g/L", lln = 1.8', "'g/L' is not a unit of ANC here: use "),
        ('"hemoglobin", sex = "M"', '"hemoglobin", sex = "both"', "hemoglobin in g/L stands there twice"),
        ('"il_6", sex = "both"', '"il_6", sex = "X"', "laboratory.limits.19.sex is 'X'"),
        ("tocilizumab_in_all = 4", "tocilizumab_in_all = 0", "treatments.tocilizumab_in_all is 0: "),
        ("together_hours = 48", "together = 48", "the setting laboratory.together_hours is missing."),
    ],
)
def test_a_wrong_setting_of_these_sections_is_named(old: str, new: str, sentence: str) -> None:
    text = PROTOCOL_FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text.replace(", }", " }").replace(old, new, 1).replace(", }", " }"))
    assert sentence in str(caught.value)
    assert ".." not in str(caught.value)


# ---- Baseline and CTCAE ----


def test_the_baseline_is_the_last_result_before_lymphodepletion() -> None:
    course = TrialCourse(
        infused_at={1: START, 2: on_day(40)},
        treatments=[drug(Drug.CYCLOPHOSPHAMIDE, -5), drug(Drug.FLUDARABINE, 35)],
    )
    before = baseline_before(course, DAYS)
    assert before == on_day(-5)
    rows = [row(Analyte.ALT, day, value) for day, value in ((-5, 90), (-5.01, 30), (-9, 20), (3, 200))]
    assert baselines(rows, before) == {Analyte.ALT: rows[1]}


def test_without_lymphodepletion_the_first_infusion_ends_the_time_before_treatment() -> None:
    assert baseline_before(TrialCourse(infused_at={1: START}), DAYS) == START
    assert baseline_before(TrialCourse(infused_at={}), DAYS) is None
    assert baselines([row(Analyte.ALT, -1, 30)], None) == {}


def test_a_baseline_is_brought_into_the_unit_of_the_result() -> None:
    before = row(Analyte.CREATININE, -1, 88.4, "umol/L")
    assert in_unit_of(row(Analyte.CREATININE, 1, 2.0, "mg/dL"), before) == 1.0
    assert in_unit_of(row(Analyte.CREATININE, 1, 90, "umol/L"), before) == 88.4
    assert in_unit_of(row(Analyte.CREATININE, 1, 90, "umol/L"), None) is None
    assert in_unit_of(before, row(Analyte.CREATININE, -1, 0)) is None


def test_results_are_graded_against_their_own_limits_and_the_baseline() -> None:
    before = row(Analyte.CREATININE, -1, 0.8, "mg/dL")
    later = row(Analyte.CREATININE, 3, 150, "umol/L", uln=97)
    (graded,) = grade_rows([later], {Analyte.CREATININE: before})
    assert graded.grade == grade_lab("creatinine", 150, "umol/L", uln=97, baseline=70.72)
    assert graded.grade is not None
    assert graded.grade.grade == 2
    assert grade_row(later, None).grade == grade_lab("creatinine", 150, "umol/L", uln=97)


def test_counts_have_no_baseline_and_some_analytes_no_grade() -> None:
    of_zero = grade_row(anc(3, 400), anc(-6, 0))
    assert of_zero.grade == grade_lab("anc", 400, "cells/uL", lln=1800)
    assert grade_row(row(Analyte.CRP, 1, 12), None).grade is None


@given(st.lists(st.tuples(st.integers(-3, 5), st.integers(0, 6000)), max_size=30))
def test_the_worst_of_a_day_is_the_worst_of_its_results(counts: list[tuple[int, int]]) -> None:
    graded = grade_rows([anc(day, value) for day, value in counts], {})
    graded += grade_rows([row(Analyte.CRP, 1, 3)], {})
    worst = worst_by_day(graded, START, ZONE)
    assert set(worst) == {(Analyte.ANC, day) for day, _ in counts}
    for (_, day), one in worst.items():
        grades = [grade_lab("anc", value, "cells/uL", lln=1800).at_least for on, value in counts if on == day]
        assert one.grade is not None
        assert one.grade.at_least == max(grades)


def test_a_day_begins_at_midnight_of_the_hospital() -> None:
    last, first = on_day(0) + timedelta(hours=13, minutes=59), on_day(0) + timedelta(hours=14)
    rows = [LabRow(Analyte.ANC, at, 0.5, "10^9/L") for at in (last, first)]
    assert lowest_anc_by_day(rows, START, ZONE) == {0: 500, 1: 500}


# ---- Neutrophils and ICAHT ----


def test_the_lowest_count_of_each_day_in_cells_per_ul() -> None:
    rows = [anc(1, 700), row(Analyte.ANC, 1.1, 0.3, "10^9/L"), row(Analyte.WBC, 1, 0.1), anc(-2, 1500)]
    assert lowest_anc_by_day(rows, START, ZONE) == {1: 300, -2: 1500}
    assert lowest_anc_by_day([row(Analyte.ANC, 0, 0.5, "10^9/L")], START, ZONE) == {0: 500}


LOW = [anc(day, 300 if 2 <= day <= 12 else 2000) for day in range(-3, 36)]


def icaht(rows: list[LabRow], course: TrialCourse, number: int = 1, *, today: float = 200) -> Any:
    return grade_icaht(rows, course, number, now=on_day(today), zone=ZONE, lymphodepletion_days=DAYS)


def test_early_and_late_are_graded_apart() -> None:
    rows = [*LOW, anc(45, 900), anc(52, 800)]
    both = icaht(rows, TrialCourse(infused_at={1: START}))
    assert (both.early.grade, both.late.grade) == (2, 2)
    counts = lowest_anc_by_day(rows, START, ZONE)
    assert both.early == grade_early(counts)
    assert both.late == grade_late(counts)


@pytest.mark.parametrize(
    ("course", "last"),
    [
        (TrialCourse(infused_at={1: START, 2: on_day(50)}), {"next_therapy_day": 50}),
        (
            TrialCourse(
                infused_at={1: START, 2: on_day(50)},
                treatments=[drug(Drug.CYCLOPHOSPHAMIDE, 44), drug(Drug.FLUDARABINE, 45)],
            ),
            {"next_therapy_day": 44},
        ),
        (TrialCourse(infused_at={1: START}, new_therapy_on=date(2026, 4, 20)), {"next_therapy_day": 49}),
        (
            TrialCourse(infused_at={1: START, 2: on_day(50)}, new_therapy_on=date(2026, 4, 20)),
            {"next_therapy_day": 49},
        ),
        (TrialCourse(infused_at={1: START}, died_on=date(2026, 4, 16)), {"last_day": 45}),
        (TrialCourse(infused_at={1: START}, progressed_on=date(2026, 4, 16)), {"last_day": 45}),
        (TrialCourse(infused_at={1: START}, left_on=date(2026, 4, 16)), {"last_day": 45}),
        (
            TrialCourse(infused_at={1: START}, left_on=date(2026, 4, 18), died_on=date(2026, 4, 16)),
            {"last_day": 45},
        ),
    ],
)
def test_what_ends_the_late_window(course: TrialCourse, last: dict[str, Any]) -> None:
    rows = [*LOW, anc(40, 900), anc(43, 950), anc(46, 300), anc(48, 90), anc(55, 50)]
    counts = lowest_anc_by_day(rows, START, ZONE)
    assert icaht(rows, course).late == grade_late(counts, **last)


def test_only_death_and_the_next_therapy_end_the_early_window() -> None:
    never_above = [anc(day, 200) for day in range(31)]
    until_20 = [one for one in never_above if one.taken_at <= on_day(20)]

    def early(**ends: Any) -> Any:
        return icaht(until_20, TrialCourse(infused_at={1: START}, **ends)).early

    assert early(died_on=date(2026, 3, 22)).grade == 4
    assert early(progressed_on=date(2026, 3, 22)).grade is None
    assert early(new_therapy_on=date(2026, 3, 22)).grade == 4
    assert icaht(until_20, TrialCourse(infused_at={1: START, 2: on_day(20)})).early.grade == 4


def test_the_second_infusion_has_days_and_windows_of_its_own() -> None:
    course = TrialCourse(infused_at={1: START, 2: on_day(40)}, treatments=[drug(Drug.FLUDARABINE, 36)])
    rows = [anc(day, 300 if 42 <= day <= 44 else 2500) for day in range(80)]
    first, second = icaht(rows, course, 1), icaht(rows, course, 2)
    assert (first.early.grade, second.early.grade) == (0, 1)
    assert first.late.reasons == ("ANC 2500 cells/uL on day 31", "ANC 2500 cells/uL on day 32")
    assert second.early.reasons == ("ANC <= 500 cells/uL for 3 days, day 2 to 4",)


@pytest.mark.parametrize(("today", "settled"), [(60, False), (100, False), (101, True)])
def test_a_late_window_that_is_still_running_is_not_settled(today: float, settled: bool) -> None:
    rows = [*LOW, anc(45, 900), anc(52, 800)]
    assert icaht(rows, TrialCourse(infused_at={1: START}), today=today).late.settled is settled


def test_an_end_in_the_future_does_not_settle_the_late_window() -> None:
    rows = [*LOW, anc(45, 900), anc(52, 800)]
    planned = TrialCourse(infused_at={1: START, 2: on_day(70)})
    assert not icaht(rows, planned, today=60).late.settled
    assert icaht(rows, planned, today=70).late.settled


def test_what_happened_before_an_infusion_ends_nothing_after_it() -> None:
    course = TrialCourse(
        infused_at={1: START}, progressed_on=date(2026, 2, 1), new_therapy_on=date(2026, 2, 9)
    )
    assert icaht(LOW, course).early == grade_early(lowest_anc_by_day(LOW, START, ZONE))


# ---- Scores ----


def test_easix_and_m_easix_by_day_from_the_last_results_of_the_day() -> None:
    rows = [
        row(Analyte.LDH, 1, 500),
        row(Analyte.LDH, 1.1, 300),
        row(Analyte.PLATELETS, 1, 50),
        row(Analyte.CREATININE, 1, 88.4, "umol/L"),
        row(Analyte.LDH, 2, 300),
        row(Analyte.PLATELETS, 2, 100),
        row(Analyte.CRP, 2, 50, "mg/L"),
        row(Analyte.LDH, 3, 300),
        row(Analyte.CRP, 3, 5),
        row(Analyte.HEMOGLOBIN, 3, 90),
    ]
    first, second = score_days(rows, ZONE)
    assert first.easix is not None
    assert first.m_easix is not None
    assert (first.on, first.easix.value, first.m_easix.missing) == (date(2026, 3, 3), 6, ("crp",))
    assert second.m_easix is not None
    assert (second.m_easix.value, second.easix and second.easix.missing) == (15, ("creatinine",))


def test_platelets_of_0_are_refused_with_a_sentence() -> None:
    rows = [row(Analyte.LDH, 1, 500), row(Analyte.PLATELETS, 1, 0), row(Analyte.CREATININE, 1, 1)]
    (day,) = score_days(rows, ZONE)
    assert (day.easix, day.m_easix) == (None, None)
    assert day.refused[0].startswith("Platelets are 0: EASIX divides by them")


READY = [
    row(Analyte.PLATELETS, -6, 70),
    row(Analyte.ANC, -6, 1.0),
    row(Analyte.HEMOGLOBIN, -6, 85),
    row(Analyte.CRP, -6, 40, "mg/L"),
    row(Analyte.FERRITIN, -6, 2500),
]
COURSE = TrialCourse(infused_at={1: START}, treatments=[drug(Drug.FLUDARABINE, -5)])


def test_car_hematotox_reads_the_results_before_lymphodepletion() -> None:
    after = [row(analyte.analyte, -4, analyte.value * 10, analyte.unit) for analyte in READY]
    scored = hematotox_before([*READY, *after], COURSE, 1, SETTINGS, DAYS)
    assert (scored.score.value, scored.score.high, scored.rows) == (7, True, tuple(READY))


@pytest.mark.parametrize(("day", "counts"), [(-19.01, False), (-19, True)])
def test_results_long_before_lymphodepletion_do_not_count(day: float, counts: bool) -> None:
    scored = hematotox_before([row(Analyte.FERRITIN, day, 100)], COURSE, 1, SETTINGS, DAYS)
    assert bool(scored.rows) is counts
    assert ("ferritin" in scored.score.missing) is not counts


def test_car_hematotox_of_the_second_infusion_reads_its_own_weeks() -> None:
    course = TrialCourse(infused_at={1: START, 2: on_day(40)})
    scored = hematotox_before([*READY, row(Analyte.ANC, 39, 2.0)], course, 2, SETTINGS, DAYS)
    assert [one.taken_at for one in scored.rows] == [on_day(39)]


def test_the_suspicion_is_made_from_the_newest_results_taken_together() -> None:
    rows = [
        row(Analyte.FERRITIN, 6, 400, uln=400),
        row(Analyte.FERRITIN, 8, 9000, uln=400),
        row(Analyte.ALT, 8, 300, uln=40),
        row(Analyte.AST, 5.9, 20, uln=40),
        row(Analyte.FIBRINOGEN, 7, 2.0, lln=1.8),
    ]
    found = suspect_iec_hs(rows, {}, SETTINGS)
    assert found is not None
    assert found.flag.suspected is True
    assert [one.analyte for one in found.rows] == [Analyte.FERRITIN, Analyte.ALT, Analyte.FIBRINOGEN]
    assert suspect_iec_hs([row(Analyte.CRP, 1, 3)], {}, SETTINGS) is None


def test_the_suspicion_compares_with_the_baseline_in_its_unit() -> None:
    rows = [row(Analyte.FERRITIN, 8, 900, "ug/L"), row(Analyte.FIBRINOGEN, 8, 1.4)]
    known = {Analyte.FERRITIN: row(Analyte.FERRITIN, -6, 400, "ng/mL")}
    found = suspect_iec_hs(rows, known, SETTINGS)
    assert found is not None
    assert found.flag.suspected is True
    assert suspect_iec_hs(rows, {}, SETTINGS) != found


def test_every_result_of_every_unit_can_be_graded_or_scored() -> None:
    for analyte, measure in MEASURES.items():
        for unit in measure.spellings:
            one = row(analyte, 1, 10, unit)
            assert (grade_row(one, None).grade is None) is (
                analyte.value in ("ldh", "crp", "ferritin", "il_6")
            )
            assert convert(analyte, one.value, one.unit) > 0
