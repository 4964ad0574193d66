"""Why a grade was given: reasons with the stored values, notes, what is missing, and the sentence."""

from datetime import datetime

import pytest

from grading.charted import Charted, OxygenDevice
from grading.crs_course import Fever, GradedAssessment, grade_course
from grading.scale import RULESET, Grade, Toxicity
from tests.grading.reading import read_charted
from tests.grading.test_cases import GRADED

WELL = {
    "assessed_at": "2026-03-02T08:00+08:00",
    "temperature_c": "38.6",
    "systolic_mmhg": "120",
    "spo2_percent": "97",
    "oxygen_device": "room_air",
    "vasopressors": "none",
    "ice_score": "10",
    "consciousness": "alert",
    "seizure": "none",
    "motor_weakness": "none",
    "edema_or_raised_icp": "none",
}
ICE = "ice_orientation;ice_naming;ice_commands;ice_writing;ice_attention;ice_score"


def charted(cells: dict[str, str | None]) -> Charted:
    return read_charted({**WELL, **cells})


def grade(**cells: str | None) -> GradedAssessment:
    return grade_course([charted(cells)])[0]


def case(patient: str, nth: int = -1) -> GradedAssessment:
    return [graded for (name, *_), graded in GRADED.items() if name == patient][nth]


@pytest.mark.parametrize(
    ("patient", "reasons", "missing"),
    [
        (
            "C01",
            ("fever waived in an open course (temperature 36.8 °C)", "nasal cannula 4 L/min (low flow)"),
            "",
        ),
        ("C04a", ("temperature 38.6 °C", "norepinephrine and vasopressin (one vasopressor)"), ""),
        (
            "C04b",
            (
                "temperature 38.6 °C",
                "norepinephrine, epinephrine and vasopressin (more than one vasopressor)",
            ),
            "",
        ),
        ("C06b", ("temperature 38.6 °C", "nasal cannula 6.1 L/min (more than 6 L/min)"), ""),
        ("C07b", ("temperature 38.6 °C", "Venturi mask 4 L/min (high flow or mask)"), ""),
        ("C08", ("temperature 38.6 °C", "BiPAP (positive pressure)"), ""),
        ("C11", ("temperature 38.6 °C", "norepinephrine (one vasopressor)"), "oxygen_device"),
        ("C12", ("temperature not recorded", "norepinephrine (one vasopressor)"), "temperature_c"),
        ("C31", ("temperature 38.6 °C", "systolic 84 mmHg, vasopressors not recorded"), "vasopressors"),
        ("C40", ("temperature 38.6 °C", "no hypotension (systolic 120 mmHg)"), "spo2_percent"),
        ("C41", ("temperature 38.6 °C", "oxygen 15 L/min, oxygen device not recorded"), "oxygen_device"),
        ("C43", ("temperature not recorded", "norepinephrine (one vasopressor)"), "temperature_c"),
        ("C47", ("temperature 38.6 °C", "another oxygen device"), ""),
    ],
)
def test_crs_says_which_signs_decided_and_what_is_missing(
    patient: str, reasons: tuple[str, ...], missing: str
) -> None:
    crs = case(patient).crs
    assert crs.reasons == reasons
    assert ";".join(crs.missing) == missing


@pytest.mark.parametrize(
    ("patient", "reasons", "missing"),
    [
        ("C17", ("seizure that resolves rapidly",), ""),
        ("C20b", ("unarousable, or needs vigorous or repetitive touch",), ""),
        ("C22", ("ICE score 2",), "seizure"),
        ("C29", ("ICE score 6 of 10 at best (orientation 0 of 4)",), ICE.removeprefix("ice_orientation;")),
        ("C30", ("ICE score 9",), ""),
        ("C38", ("unarousable, or needs vigorous or repetitive touch",), ""),
    ],
)
def test_icans_says_which_domains_decided_and_what_is_missing(
    patient: str, reasons: tuple[str, ...], missing: str
) -> None:
    icans = case(patient).icans
    assert icans.reasons == reasons
    assert ";".join(icans.missing) == missing


def test_a_sedated_patient_keeps_the_ice_open_and_says_so() -> None:
    icans = case("C21").icans
    assert icans.reasons[:2] == (
        "ICE not done (sedated)",
        "depressed consciousness attributed to another cause "
        "(unarousable, or needs vigorous or repetitive touch)",
    )
    assert ";".join(icans.missing) == ICE
    assert not icans.settled


@pytest.mark.parametrize(
    ("patient", "note"),
    [
        ("C03", "Not CRS by rule: no fever; look for the cause."),
        ("C32", "Not CRS by rule: no fever; look for the cause."),
        ("C35", "Recurrence under treatment: a new episode in a course still open."),
        ("C39", "Another cause is named for ICE score, which is not recorded: it stays open."),
        ("C43", "Another cause is named for fever, which is not recorded: it stays open."),
        ("C44", "Systolic 62 mmHg is below 90, but was judged not to be hypotension."),
        ("C45", "Dobutamine is recorded and not counted."),
        ("C47", "The oxygen device is charted as another device: naming it would settle the grade."),
    ],
)
def test_a_note_stands_beside_the_grade(patient: str, note: str) -> None:
    graded = case(patient)
    assert note in graded.crs.notes + graded.icans.notes


def test_no_note_stands_beside_an_ordinary_grade() -> None:
    assert [name for name in ("C01", "C05", "C11", "C16", "C42") if case(name).crs.notes] == []


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ({"hypoxia": "no", "spo2_percent": "85"}, "SpO2 85 % is below 90, but was judged not to be hypoxia."),
        (
            {"hypotension": "no", "vasopressors": "dopamine"},
            "Hypotension was judged absent, but a vasopressor is running: the vasopressor counts.",
        ),
        (
            {"hypotension": "no", "iv_fluid_bolus": "yes"},
            "Hypotension was judged absent, but fluid was given for low blood pressure: the fluid counts.",
        ),
        ({"temperature_c": "42.1"}, "Temperature 42.1 °C is rare: check it."),
        ({"systolic_mmhg": "49"}, "Systolic pressure 49 mmHg is rare: check it."),
        ({"diastolic_mmhg": "151"}, "Diastolic pressure 151 mmHg is rare: check it."),
        ({"heart_rate_per_min": "221"}, "Heart rate 221 per minute is rare: check it."),
        ({"respiratory_rate_per_min": "4"}, "Respiratory rate 4 per minute is rare: check it."),
        ({"spo2_percent": "59.5"}, "SpO2 59.5 % is rare: check it."),
    ],
)
def test_charting_that_needs_a_second_look_is_noted(cells: dict[str, str | None], note: str) -> None:
    assert note in grade(**cells).crs.notes


@pytest.mark.parametrize(("value", "noted"), [("31.9", True), ("32", False), ("42", False), ("42.1", True)])
def test_a_value_is_rare_only_outside_its_usual_range(value: str, noted: bool) -> None:
    assert any("is rare" in note for note in grade(temperature_c=value).crs.notes) is noted


def test_values_are_printed_unrounded() -> None:
    assert grade(temperature_c="37.96").crs.reasons[0] == "no fever (temperature 37.96 °C)"
    assert grade(temperature_c="38").crs.reasons[0] == "temperature 38.0 °C"
    assert "SpO2 89.95 % on room air" in grade(spo2_percent="89.95").crs.reasons


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"hypotension": "yes"}, "hypotension judged present without a vasopressor"),
        ({"iv_fluid_bolus": "yes"}, "fluid bolus for low blood pressure without a vasopressor"),
        ({"hypotension": "no"}, "no hypotension (judged)"),
        ({"hypoxia": "no"}, "no hypoxia (judged)"),
        ({"hypoxia": "yes"}, "hypoxia judged present on room air"),
        ({"oxygen_device": "blow_by", "oxygen_l_per_min": "2"}, "blow-by 2 L/min (low flow)"),
        ({"oxygen_device": "nasal_cannula"}, "nasal cannula, flow not recorded"),
        (
            {"oxygen_device": None, "spo2_percent": "80", "hypoxia": "yes"},
            "hypoxia judged present and SpO2 80 %, oxygen device not recorded",
        ),
        (
            {"oxygen_device": "cpap", "hypoxia": "no", "spo2_percent": "80"},
            "CPAP and SpO2 80 % judged not to be hypoxia",
        ),
        (
            {"vasopressors": "dopamine", "attributed_elsewhere": "hypotension"},
            "hypotension attributed to another cause (dopamine (one vasopressor))",
        ),
        ({"attributed_elsewhere": "hypoxia"}, "hypoxia attributed to another cause"),
        ({"crs_judgement": "crs"}, "judged CRS"),
        ({"death_due_to": "crs"}, "death due to CRS"),
    ],
)
def test_each_finding_has_its_own_words(cells: dict[str, str | None], reason: str) -> None:
    assert reason in grade(**cells).crs.reasons


def test_a_judgement_not_crs_keeps_the_grade_of_the_signs_in_its_reasons() -> None:
    crs = grade(crs_judgement="not_crs", vasopressors="dopamine").crs
    assert (crs.grade, crs.missing) == (0, ())
    assert crs.reasons == (
        "judged not CRS",
        "the signs alone would give grade 3",
        "temperature 38.6 °C",
        "dopamine (one vasopressor)",
    )
    open_device = grade(crs_judgement="not_crs", vasopressors="dopamine", oxygen_device=None).crs
    assert "the signs alone would give at least grade 3" in open_device.reasons


def test_a_judgement_from_a_file_is_marked_unconfirmed() -> None:
    row = {**WELL, "crs_judgement": "not_crs"}
    note = "The judgement is not confirmed by an investigator: it closes no alert."
    from_file = grade_course([read_charted(row, confirmed_by_investigator=False)])[0]
    assert note in from_file.crs.notes
    assert note not in grade_course([read_charted(row)])[0].crs.notes


def test_rows_after_a_refused_one_say_so() -> None:
    rows = [charted({"assessed_at": f"2026-03-02T{hour}:00+08:00"}) for hour in ("08", "12", "16")]
    refused_at = datetime.fromisoformat("2026-03-02T12:00+08:00")
    note = "Read with care: an earlier assessment was refused."
    noted = [note in graded.crs.notes for graded in grade_course(rows, refused_earlier_at=refused_at)]
    assert noted == [False, False, True]


def test_nothing_recorded_proves_nothing_and_never_full_marks() -> None:
    graded = grade_course([read_charted({"assessed_at": WELL["assessed_at"]})])[0]
    assert (graded.crs.grade, graded.crs.at_least, graded.crs.at_most) == (None, 0, 4)
    assert (graded.icans.grade, graded.icans.at_least, graded.icans.at_most) == (None, 0, 4)
    assert graded.icans.reasons == ("nothing recorded that proves a grade",)
    assert graded.crs.missing == (
        "temperature_c",
        "systolic_mmhg",
        "spo2_percent",
        "oxygen_device",
        "oxygen_l_per_min",
        "vasopressors",
        "iv_fluid_bolus",
    )
    assert graded.crs_state.fever is Fever.UNKNOWN


def test_what_fever_would_not_lift_is_not_missing() -> None:
    crs = grade(temperature_c=None, vasopressors="dopamine", oxygen_device=None, spo2_percent=None).crs
    assert crs.missing == ("temperature_c", "oxygen_device")


def test_a_masked_row_without_temperature_asks_for_it_only_at_grade_0() -> None:
    later = {"assessed_at": "2026-03-02T12:00+08:00", "temperature_c": None}
    clear = grade_course([charted({}), charted(later)])[-1].crs
    assert (clear.at_least, clear.at_most, clear.missing) == (0, 1, ("temperature_c",))
    low = grade_course([charted({}), charted({**later, "systolic_mmhg": "80"})])[-1].crs
    assert (low.grade, low.missing) == (2, ())


def test_the_sentence_holds_grade_reasons_and_notes() -> None:
    crs = case("C11").crs
    assert crs.sentence() == "CRS at least grade 3: temperature 38.6 °C, norepinephrine (one vasopressor)."
    note = "Recurrence under treatment: a new episode in a course still open."
    assert case("C35").crs.sentence().endswith(f"norepinephrine (one vasopressor). {note}")


def test_every_grade_names_its_rules() -> None:
    assert {graded.crs.ruleset for graded in GRADED.values()} == {RULESET}
    assert {graded.icans.ruleset for graded in GRADED.values()} == {RULESET}


def test_a_choice_has_the_word_of_the_file_and_the_words_of_the_screen() -> None:
    assert [str(OxygenDevice("cpap")), OxygenDevice.CPAP.label] == ["cpap", "CPAP"]
    assert OxygenDevice.NASAL_CANNULA.label == "Nasal cannula"


def test_a_toxicity_has_its_name_in_capitals() -> None:
    assert [toxicity.label for toxicity in Toxicity] == ["CRS", "ICANS"]


def test_no_template_is_left_unfilled_and_every_sentence_is_finished() -> None:
    grades: list[Grade] = [each for graded in GRADED.values() for each in (graded.crs, graded.icans)]
    assert all("{" not in each.sentence() and each.sentence().endswith(".") for each in grades)
    assert all(each.reasons and all(each.reasons) for each in grades)


def test_the_sentence_of_what_nobody_looked_at_names_no_grade() -> None:
    nobody_looked = dict.fromkeys(("ice_score", "consciousness", "seizure", "motor_weakness"))
    sentence = grade(**nobody_looked).icans.sentence()
    assert sentence.startswith("ICANS not graded yet: ")
