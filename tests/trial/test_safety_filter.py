"""The part of the trial that is shown, as it stands in an address."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from grading.scale import Toxicity
from trial.safety_filter import AgeBand, SafetyFilter, read_filter
from trial.screening_facts import Histology, Sex

TODAY = date(2026, 3, 8)


def test_an_address_without_a_filter_shows_everything() -> None:
    asked = read_filter({"code": "CART-007", "tab": "rates"}, TODAY)
    assert asked.filter == SafetyFilter()
    assert asked.problems == ()
    assert asked.filter.address() == {}
    assert not asked.filter.narrows


def test_a_filter_survives_its_own_address() -> None:
    one = SafetyFilter(
        infusions=(2,),
        toxicities=(Toxicity.ICANS,),
        cut_off_on=date(2026, 3, 1),
        age=AgeBand.OLDER,
        sex=Sex.F,
        disease=Histology.DLBCL,
    )
    address = one.address()
    assert address == {
        "infusion": "2",
        "toxicity": "icans",
        "cutoff": "2026-03-01",
        "age": "65-and-over",
        "sex": "F",
        "disease": "dlbcl",
    }
    assert read_filter(address, TODAY).filter == one


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("infusion", "3", "The infusion “3” is not known. Use 1 or 2; all are shown now."),
        ("toxicity", "", "The toxicity “” is not known. Use crs or icans; all are shown now."),
        ("sex", "x" * 40, f"The sex “{'x' * 30}…” is not known. Use F or M; all are shown now."),
        ("age", "65", "The age “65” is not known. Use under-65 or 65-and-over; all are shown now."),
        ("cutoff", "2026-13-45", "The data cut-off “2026-13-45” is not a date. Write it as"),
        ("cutoff", "2026-03-09", "The data cut-off 2026-03-09 is still to come. Everything up to now is"),
    ],
)
def test_an_impossible_value_gets_a_sentence_and_leaves_its_filter_open(
    name: str, value: str, sentence: str
) -> None:
    asked = read_filter({name: value, "disease": "pmbcl"}, TODAY)
    (problem,) = asked.problems
    assert problem.startswith(sentence)
    assert asked.filter == SafetyFilter(disease=Histology.PMBCL)


def test_today_is_a_cut_off() -> None:
    assert read_filter({"cutoff": "2026-03-08"}, TODAY).filter.cut_off_on == TODAY


def test_a_cut_off_takes_the_whole_of_its_day_at_the_hospital_and_nothing_after_now() -> None:
    zone, now = ZoneInfo("Asia/Shanghai"), datetime(2026, 3, 8, 1, 0, tzinfo=UTC)
    assert SafetyFilter().cut_off_at(now, zone) == now
    assert SafetyFilter(cut_off_on=TODAY).cut_off_at(now, zone) == now
    before = SafetyFilter(cut_off_on=date(2026, 3, 7)).cut_off_at(now, zone)
    assert before == datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "kept"),
    [
        (SafetyFilter(), ["F 64 dlbcl", "M 65 pmbcl", "- - -"]),
        (SafetyFilter(age=AgeBand.YOUNGER), ["F 64 dlbcl"]),
        (SafetyFilter(age=AgeBand.OLDER), ["M 65 pmbcl"]),
        (SafetyFilter(sex=Sex.M), ["M 65 pmbcl"]),
        (SafetyFilter(disease=Histology.DLBCL), ["F 64 dlbcl"]),
        (SafetyFilter(sex=Sex.F, age=AgeBand.OLDER), []),
    ],
)
def test_who_is_shown_and_what_is_not_recorded_belongs_to_no_choice(
    one: SafetyFilter, kept: list[str]
) -> None:
    patients = {
        "F 64 dlbcl": ("F", 64, "dlbcl"),
        "M 65 pmbcl": ("M", 65, "pmbcl"),
        "- - -": (None, None, None),
    }
    assert [name for name, facts in patients.items() if one.keeps(*facts)] == kept
    assert one.narrows is (one != SafetyFilter())


def test_the_age_bands_say_where_they_part() -> None:
    assert [band.label for band in AgeBand] == ["under 65", "65 and over"]
