"""Bad input gets a sentence in the words of the question; good input passes unchanged."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from db.inputs import (
    AssessmentIn,
    InfusionIn,
    PatientIn,
    RecipientIn,
    SkipIn,
    StayIn,
    UserIn,
    charted_from,
    check_against_patient,
    check_assessment,
    problems,
)
from db.readers import Day, Reader, Unreadable, YesNo
from grading.charted import FILE_COLUMNS, Consciousness, OxygenDevice, Vasopressor

TYPED: dict[str, object] = {"patient_id": "C01", "assessed_at": "2026-03-02T08:00+08:00"}
AT = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
NUMBER_COLUMNS = {
    "temperature_c": "Temperature must be a number, 25 to 45 °C.",
    "systolic_mmhg": "Systolic pressure must be a number, 20 to 300 mmHg.",
    "diastolic_mmhg": "Diastolic pressure must be a number, 5 to 200 mmHg.",
    "heart_rate_per_min": "Heart rate must be a number, 0 to 300 per minute.",
    "respiratory_rate_per_min": "Respiratory rate must be a number, 0 to 100 per minute.",
    "spo2_percent": "SpO2 must be a number, 1 to 100 %.",
    "oxygen_l_per_min": "Oxygen flow must be a number, 0 to 80 L/min.",
    "ice_orientation": "ICE orientation must be a number, 0 to 4.",
    "ice_naming": "ICE naming must be a number, 0 to 3.",
    "ice_commands": "ICE commands must be a number, 0 to 1.",
    "ice_writing": "ICE writing must be a number, 0 to 1.",
    "ice_attention": "ICE attention must be a number, 0 to 1.",
    "ice_score": "ICE score must be a number, 0 to 10.",
    "infusion_number": "Infusion number must be a number, 1 to 2.",
}


def sentences(**typed: object) -> list[tuple[str, str]]:
    """Field and sentence of every problem."""
    entry, found = check_assessment(TYPED | typed)
    assert (entry is None) == bool(found)
    assert all(problem.value is (TYPED | typed).get(problem.field) for problem in found)
    return [(problem.field, problem.sentence) for problem in found]


def entry_of(**typed: object) -> AssessmentIn:
    entry, found = check_assessment(TYPED | typed)
    assert found == []
    assert entry is not None
    return entry


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (100.4, "Temperature must be 25 to 45 °C; 100.4 °F is 38.0 °C."),
        ("100.4", "Temperature must be 25 to 45 °C; 100.4 °F is 38.0 °C."),
        (100.3, "Temperature must be 25 to 45 °C; 100.3 °F is 37.94 °C."),
        (98.6, "Temperature must be 25 to 45 °C; 98.6 °F is 37.0 °C."),
        (368, "Temperature must be 25 to 45 °C. Did you mean 36.8?"),
        ("386", "Temperature must be 25 to 45 °C. Did you mean 38.6?"),
        ("3795", "Temperature must be 25 to 45 °C. Did you mean 37.95?"),
        ("36,8", "Temperature must be 25 to 45 °C. Did you mean 36.8?"),
        (5, "Temperature must be 25 to 45 °C."),
        (24.9, "Temperature must be 25 to 45 °C."),
        (45.1, "Temperature must be 25 to 45 °C."),
        (-38, "Temperature must be 25 to 45 °C."),
        (1e308, "Temperature must be 25 to 45 °C."),
        (10**400, "Temperature must be 25 to 45 °C."),
        ("1e999", "Temperature must be 25 to 45 °C."),
        (float("inf"), "Temperature must be 25 to 45 °C."),
        (float("-inf"), "Temperature must be 25 to 45 °C."),
        ("368,1,2", "Temperature must be a number, 25 to 45 °C."),
    ],
)
def test_a_temperature_out_of_range_says_what_it_may_have_been(typed: object, sentence: str) -> None:
    assert sentences(temperature_c=typed) == [("temperature_c", sentence)]


@pytest.mark.parametrize("column", NUMBER_COLUMNS)
@pytest.mark.parametrize(
    "typed",
    ["high", "nan", "NaN", "inf", "1_0", "٣", "１", "0x1", "1 2", "--1", "1;1", True, False, [1], {}, b"1"],
)
def test_text_and_other_things_in_a_number_are_refused(column: str, typed: object) -> None:
    assert sentences(**{column: typed}) == [(column, NUMBER_COLUMNS[column])]


def test_not_a_number_is_refused_and_never_stored_as_empty() -> None:
    sentence = "Temperature must be a number, 25 to 45 °C. Leave it empty if not recorded."
    assert sentences(temperature_c=float("nan")) == [("temperature_c", sentence)]


@pytest.mark.parametrize("column", [name for name in NUMBER_COLUMNS if name.startswith("ice_")])
def test_half_a_point_is_refused(column: str) -> None:
    (problem,) = sentences(**{column: 0.5})
    assert problem[1].startswith("ICE ")
    assert "must be a whole number, 0 to " in problem[1]


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"spo2_percent": 200}, "spo2_percent", "SpO2 must be 1 to 100 %."),
        ({"spo2_percent": 0}, "spo2_percent", "SpO2 must be 1 to 100 %."),
        ({"ice_score": 11}, "ice_score", "ICE score must be 0 to 10."),
        ({"ice_naming": 4}, "ice_naming", "ICE naming must be 0 to 3."),
        ({"ice_commands": 2}, "ice_commands", "ICE commands must be 0 to 1."),
        ({"infusion_number": 3}, "infusion_number", "Infusion number must be 1 to 2."),
        (
            {
                "ice_orientation": 4,
                "ice_naming": 0,
                "ice_commands": 1,
                "ice_writing": 0,
                "ice_attention": 1,
                "ice_score": 7,
            },
            "ice_score",
            "ICE score is 7, the items add up to 6. Correct one of them.",
        ),
        (
            {"ice_orientation": 0, "ice_score": 7},
            "ice_score",
            "ICE score is 7, the items given make it 0 to 6. Correct one of them.",
        ),
        (
            {"ice_orientation": 4, "ice_score": 3},
            "ice_score",
            "ICE score is 3, the items given make it 4 to 10. Correct one of them.",
        ),
        (
            {"systolic_mmhg": 86, "diastolic_mmhg": 86},
            "diastolic_mmhg",
            "Diastolic must be below systolic (86).",
        ),
        (
            {"oxygen_device": "room_air", "oxygen_l_per_min": 0.5},
            "oxygen_l_per_min",
            "There is no oxygen flow on room air; it is 0.5 L/min. Correct the device or the flow.",
        ),
        (
            {"oxygen_device": "mask"},
            "oxygen_device",
            "Oxygen device must be one of room_air, nasal_cannula, blow_by, high_flow_nasal_cannula, "
            "face_mask, venturi_mask, non_rebreather_mask, tracheostomy_mask, cpap, bipap, "
            "mechanical_ventilation, ecmo, other.",
        ),
        ({"hypoxia": "Yes"}, "hypoxia", "Judgement on hypoxia must be one of yes, no."),
        (
            {"vasopressors": "none;dopamine"},
            "vasopressors",
            "Vasopressors: none stands beside dopamine. Leave one of them out.",
        ),
        (
            {"vasopressors": "dopamine; dopamine"},
            "vasopressors",
            "Vasopressors: dopamine stands there twice. Leave one of them out.",
        ),
        (
            {"attributed_elsewhere": "fever;tiredness"},
            "attributed_elsewhere",
            "Signs with another cause must be none, or one or more of fever, hypotension, hypoxia, ice, "
            "consciousness, seizure, motor_weakness, edema_or_raised_icp.",
        ),
        (
            {"ice_not_done": "asleep", "ice_score": 0},
            "ice_not_done",
            "ICE has both points and a reason why it was not done. Clear one of them.",
        ),
        (
            {"ice_not_done": "unarousable", "consciousness": "alert"},
            "ice_not_done",
            "ICE not done because unarousable does not go with consciousness alert. Correct one of them.",
        ),
        (
            {"consciousness": "unarousable", "ice_writing": 1},
            "ice_writing",
            "An unarousable patient has 0 points; ICE writing is 1. Correct one of them.",
        ),
        (
            {"death_due_to": "crs", "crs_judgement": "not_crs"},
            "death_due_to",
            "A death due to CRS does not go with the judgement that it is not CRS. Correct one of them.",
        ),
        (
            {"comment": "x" * 10_000},
            "comment",
            "Comment must be at most 2,000 characters; it has 10,000.",
        ),
        (
            {"comment": "a\x00b"},
            "comment",
            "Comment holds a character that cannot be stored. Type it again.",
        ),
        (
            {"comment": "a\ud800b"},
            "comment",
            "Comment holds a character that cannot be stored. Type it again.",
        ),
        ({"comment": 5}, "comment", "Comment must be text."),
        (
            {"assessed_at": "2026-03-02T08:00"},
            "assessed_at",
            "Time of the assessment needs its offset from UTC, such as 2026-03-02T08:00+08:00.",
        ),
        (
            {"assessed_at": AT.replace(tzinfo=None)},
            "assessed_at",
            "Time of the assessment needs its offset from UTC, such as 2026-03-02T08:00+08:00.",
        ),
        (
            {"assessed_at": "0001-01-01T00:00+14:00"},
            "assessed_at",
            "Time of the assessment must be in the years 1900 to 2200.",
        ),
        (
            {"assessed_at": " "},
            "assessed_at",
            "Enter the time of the assessment with its offset from UTC.",
        ),
        ({"patient_id": None}, "patient_id", "Enter the study code, such as CART-007."),
        (
            {"patient_id": "Li Wei"},
            "patient_id",
            "Study code looks like a name. Enter the code of the trial, such as CART-007.",
        ),
        (
            {"patient_id": "Müller-7"},
            "patient_id",
            "Study code looks like a name. Enter the code of the trial, such as CART-007.",
        ),
        (
            {"patient_id": "王伟"},
            "patient_id",
            "Study code looks like a name. Enter the code of the trial, such as CART-007.",
        ),
        (
            {"patient_id": "CART 007"},
            "patient_id",
            "Study code must be 1 to 40 letters, digits and -, such as CART-007; never a name.",
        ),
        (
            {"patient_id": "7" * 41},
            "patient_id",
            "Study code must be 1 to 40 letters, digits and -, such as CART-007; never a name.",
        ),
        ({"bed": "12"}, "bed", "There is no column 'bed'. Take it out, or correct its name."),
        ({"{x}": "12"}, "{x}", "There is no column '{x}'. Take it out, or correct its name."),
    ],
)
def test_each_bad_input_has_its_sentence(typed: dict[str, object], field: str, sentence: str) -> None:
    assert sentences(**typed) == [(field, sentence)]


@pytest.mark.parametrize(
    "typed",
    [
        "yesterday",
        "2026-03-02",
        "02.03.2026 08:00+08:00",
        "2026-13-02T08:00Z",
        "2026-02-30T08:00Z",
        "2026-W10-1T08:00Z",
        "2026-03-02T08:00+99:00",
        "2026-03-02T24:00Z",
        1772409600,
    ],
)
def test_a_time_that_is_no_time_is_refused(typed: object) -> None:
    sentence = (
        "Time of the assessment must be a date and time with its offset from UTC, "
        "such as 2026-03-02T08:00+08:00."
    )
    assert sentences(assessed_at=typed) == [("assessed_at", sentence)]


def test_all_problems_come_back_at_once_in_the_order_of_the_file() -> None:
    found = sentences(comment="x" * 3000, spo2_percent=200, diastolic_mmhg=90, systolic_mmhg=80, bed="1")
    assert [field for field, _ in found] == ["bed", "diastolic_mmhg", "spo2_percent", "comment"]


def test_a_value_with_a_problem_counts_as_not_recorded_meanwhile() -> None:
    judged = AssessmentIn.judge(TYPED | {"temperature_c": "386", "spo2_percent": 97, "ice_score": 11})
    charted = charted_from(judged.values)
    assert (charted.temperature_c, charted.spo2_percent, charted.ice_score) == (None, 97, None)
    assert {problem.field for problem in judged.problems} == {"temperature_c", "ice_score"}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"temperature_c": 31.9}, "Temperature of 31.9 °C is rare. Is it right?"),
        ({"temperature_c": 42.1}, "Temperature of 42.1 °C is rare. Is it right?"),
        ({"systolic_mmhg": 49}, "Systolic pressure of 49 mmHg is rare. Is it right?"),
        ({"systolic_mmhg": 251}, "Systolic pressure of 251 mmHg is rare. Is it right?"),
        ({"diastolic_mmhg": 29}, "Diastolic pressure of 29 mmHg is rare. Is it right?"),
        ({"diastolic_mmhg": 151}, "Diastolic pressure of 151 mmHg is rare. Is it right?"),
        ({"heart_rate_per_min": 0}, "Heart rate of 0 per minute is rare. Is it right?"),
        ({"heart_rate_per_min": 221}, "Heart rate of 221 per minute is rare. Is it right?"),
        ({"respiratory_rate_per_min": 4}, "Respiratory rate of 4 per minute is rare. Is it right?"),
        ({"respiratory_rate_per_min": 61}, "Respiratory rate of 61 per minute is rare. Is it right?"),
        ({"spo2_percent": 59.9}, "SpO2 of 59.9 % is rare. Is it right?"),
        (
            {"oxygen_device": "nasal_cannula"},
            "Enter the oxygen flow in L/min, or leave it: without it the CRS grade may stay open.",
        ),
    ],
)
def test_a_rare_value_is_asked_once_more_and_never_refused(typed: dict[str, object], sentence: str) -> None:
    assert [question.sentence for question in entry_of(**typed).to_confirm()] == [sentence]
    assert [question.sentence for question in AssessmentIn.judge(TYPED | typed).questions] == [sentence]


def test_usual_values_up_to_their_limits_are_not_asked_again() -> None:
    for low_or_high in (
        {"temperature_c": 32, "systolic_mmhg": 50, "heart_rate_per_min": 30, "spo2_percent": 60},
        {"temperature_c": 42, "systolic_mmhg": 250, "diastolic_mmhg": 150, "heart_rate_per_min": 220},
        {"respiratory_rate_per_min": 5, "oxygen_device": "nasal_cannula", "oxygen_l_per_min": 0},
    ):
        assert entry_of(**low_or_high).to_confirm() == []


def test_blank_is_not_recorded_and_zero_is_a_value() -> None:
    entry = entry_of(**{column: "" for column in FILE_COLUMNS if column not in TYPED})
    assert all(value is None for name, value in entry.columns().items() if name != "assessed_at")
    assert entry.infusion_number == 1
    assert entry_of(ice_score=0, oxygen_l_per_min="0").columns()["ice_score"] == 0


def test_none_is_the_empty_list_and_not_the_same_as_blank() -> None:
    assert entry_of(vasopressors="none").vasopressors == frozenset()
    assert entry_of(vasopressors=[]).vasopressors == frozenset()
    assert entry_of(vasopressors=" ").vasopressors is None
    assert entry_of(vasopressors="none").columns()["vasopressors"] == "none"


def test_lists_are_read_from_a_cell_and_from_a_choice_alike() -> None:
    both = frozenset({Vasopressor.NOREPINEPHRINE, Vasopressor.VASOPRESSIN})
    for typed in ("vasopressin; norepinephrine", ["vasopressin", "norepinephrine"], both):
        assert entry_of(vasopressors=typed).vasopressors == both
    assert entry_of(vasopressors=both).columns()["vasopressors"] == "norepinephrine;vasopressin"


@pytest.mark.parametrize(
    "comment",
    [
        "=1+1",
        "@SUM(A1)",
        "发热，寒战",
        "مريض\u200f",
        "\u202eabc",
        "  kept  as typed ",
        "two\r\nlines\tand a tab",
        "🙂",
    ],
)
def test_a_comment_is_kept_as_it_was_typed(comment: str) -> None:
    assert entry_of(comment=comment).comment == comment


def test_values_are_kept_unrounded() -> None:
    assert entry_of(temperature_c="37.96").temperature_c == 37.96
    assert entry_of(oxygen_l_per_min="6.0000001").oxygen_l_per_min == 6.0000001


def test_numbers_of_other_exports_are_read() -> None:
    entry = entry_of(systolic_mmhg="120.0", ice_score="10.0", temperature_c=" 37. ", spo2_percent="+9.7e1")
    assert (entry.systolic_mmhg, entry.ice_score, entry.temperature_c, entry.spo2_percent) == (
        120,
        10,
        37,
        97,
    )
    assert type(entry.ice_score) is int


@pytest.mark.parametrize(
    "typed",
    [
        "2026-03-02T08:00+08:00",
        "2026-03-02 08:00:00+0800",
        "2026-03-02T00:00Z",
        "2026-03-01T19:00:00.0-05:00",
    ],
)
def test_one_moment_is_read_the_same_from_any_offset(typed: str) -> None:
    assert entry_of(assessed_at=typed).assessed_at == AT


def test_an_entry_cannot_be_made_around_the_gate() -> None:
    with pytest.raises(ValidationError) as refused:
        AssessmentIn(patient_id="C01", assessed_at=AT, temperature_c=100.4, spo2_percent=200)
    assert [problem.field for problem in problems(refused.value)] == ["temperature_c", "spo2_percent"]
    with pytest.raises(ValidationError):
        entry_of().temperature_c = 36.8  # type: ignore[misc]


def test_an_entry_made_from_its_own_values_is_the_same() -> None:
    entry = entry_of(vasopressors="dopamine", oxygen_device="cpap", consciousness="alert", ice_score=10)
    assert AssessmentIn(**entry.model_dump()) == entry
    assert (entry.oxygen_device, entry.consciousness) == (OxygenDevice.CPAP, Consciousness.ALERT)


# Against the patient -------------------------------------------------------------------------------------

ZONE = ZoneInfo("Asia/Shanghai")


def moment_sentences(entry: AssessmentIn, **facts: Any) -> list[str]:
    known: dict[str, Any] = {"now": AT, "infused_at": AT - timedelta(days=2), "zone": ZONE}
    return [problem.sentence for problem in check_against_patient(entry, **known | facts)]


def test_a_moment_inside_the_course_is_accepted() -> None:
    assert moment_sentences(entry_of()) == []
    assert moment_sentences(entry_of(), infused_at=AT) == []
    assert moment_sentences(entry_of(), died_at=AT) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"now": AT - timedelta(seconds=1)},
            "Time of the assessment must not be in the future; it is now 2 Mar 2026, 07:59.",
        ),
        (
            {"infused_at": AT + timedelta(minutes=1)},
            "Time of the assessment must not be before the infusion of 2 Mar 2026, 08:01.",
        ),
        ({"infused_at": None}, "Infusion 1 of C01 is not recorded. Record it first."),
        (
            {"died_at": AT - timedelta(hours=1)},
            "The death of C01 is recorded at 2 Mar 2026, 07:00; nothing comes after it.",
        ),
    ],
)
def test_a_moment_outside_the_course_is_refused(facts: dict[str, Any], sentence: str) -> None:
    assert moment_sentences(entry_of(), **facts) == [sentence]


def test_a_death_may_not_come_before_the_last_assessment() -> None:
    death = entry_of(death_due_to="other")
    later = {"last_assessed_at": AT + timedelta(hours=1)}
    assert moment_sentences(death, **later) == [
        "C01 has an assessment of 2 Mar 2026, 09:00, after this death. Correct one of them."
    ]
    assert moment_sentences(entry_of(), **later) == []
    assert moment_sentences(death, last_assessed_at=AT) == []


# The office ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "typed", "found"),
    [
        (PatientIn, {"study_code": "CART-1", "sex": "F", "age_years": "61"}, []),
        (PatientIn, {"study_code": "Wang Fang"}, ["study_code"]),
        (PatientIn, {"study_code": "CART-1", "sex": "x", "age_years": 130}, ["sex", "age_years"]),
        (
            InfusionIn,
            {"patient_id": "C1", "infusion_number": 1, "infused_at": AT, "dose_cells_per_kg": "2e6"},
            [],
        ),
        (
            InfusionIn,
            {"patient_id": "C1", "infusion_number": 1, "infused_at": AT, "dose_cells_per_kg": 2},
            ["dose_cells_per_kg"],
        ),
        (InfusionIn, {"patient_id": "C1"}, ["infusion_number", "infused_at"]),
        (StayIn, {"patient_id": "C1", "kind": "ward", "from_at": AT}, []),
        (StayIn, {"patient_id": "C1", "kind": "ward", "from_at": AT, "to_at": AT}, ["to_at"]),
        (
            SkipIn,
            {"patient_id": "C1", "infusion_number": 1, "kind": "ice", "due_at": AT, "reason": "asleep"},
            [],
        ),
        (
            SkipIn,
            {"patient_id": "C1", "infusion_number": 1, "kind": "ice", "due_at": AT, "reason": "other"},
            ["explanation"],
        ),
        (RecipientIn, {"name": "Ward 7", "address": "ward7@hospital.example", "group": "ward"}, []),
        (RecipientIn, {"name": "Ward\n7", "address": "a@b", "group": "ward"}, ["name"]),
        (RecipientIn, {"name": "W", "address": "a@b.org, c@d.org", "group": "ward"}, ["address"]),
        (RecipientIn, {"name": "W", "address": "a@b.org\r\nBcc: c@d.org", "group": "ward"}, ["address"]),
        (RecipientIn, {"name": "W", "address": "Ward <a@b.org>", "group": "family"}, ["address", "group"]),
        (UserIn, {"username": "Nurse.Li", "display_name": "李", "role": "ward"}, []),
        (
            UserIn,
            {"username": "a b", "display_name": "", "role": "doctor"},
            ["username", "display_name", "role"],
        ),
    ],
)
def test_the_office_is_told_which_boxes_to_put_right(
    model: type[PatientIn], typed: dict[str, object], found: list[str]
) -> None:
    entry, wrong = model.check(typed)
    assert [problem.field for problem in wrong] == found
    assert (entry is None) == bool(found)


def test_a_username_is_kept_in_small_letters() -> None:
    assert UserIn(username="Nurse.Li", display_name="Nurse Li", role="ward").username == "nurse.li"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2026-03-08", date(2026, 3, 8)),
        (" 2026-03-08 ", date(2026, 3, 8)),
        (date(2026, 3, 8), date(2026, 3, 8)),
        ("08.03.2026", "Died on must be a date, such as 2026-03-08."),
        ("2026-02-30", "Died on must be a date, such as 2026-03-08."),
        (AT, "Died on must be a date, such as 2026-03-08."),
        ("1226-03-08", "Died on must be in the years 1900 to 2200."),
    ],
)
def test_a_date_is_a_day_of_the_calendar(typed: object, read: object) -> None:
    assert reading_of(Day("Died on"), typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [(True, True), (False, False), ("yes", True), ("no", False), ("maybe", None), (1, None), (None, None)],
)
def test_an_answer_is_yes_or_no(typed: object, read: bool | None) -> None:
    assert reading_of(YesNo("Smokes"), typed) == ("Smokes must be yes or no." if read is None else read)


def reading_of(reader: Reader, typed: object) -> object:
    """What was read, or the sentence."""
    try:
        return reader(typed)
    except Unreadable as unreadable:
        return str(unreadable)
