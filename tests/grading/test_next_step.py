"""What would make a grade one step higher."""

import pytest

from grading.crs_course import grade_course
from grading.next_step import what_would_raise
from grading.scale import Toxicity
from tests.grading.reading import read_charted
from tests.grading.test_reasons import WELL, case, charted, grade


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({}, "Low blood pressure, or low-flow oxygen, would make it 2."),
        (
            {"oxygen_device": "blow_by"},
            "A vasopressor, or oxygen by mask or at more than 6 L/min, would make it 3.",
        ),
        (
            {"vasopressors": "norepinephrine;vasopressin"},
            "A second vasopressor other than vasopressin, or CPAP, BiPAP or ventilation, would make it 4.",
        ),
        (
            {"vasopressors": "vasopressin"},
            "Two vasopressors other than vasopressin, or CPAP, BiPAP or ventilation, would make it 4.",
        ),
        ({"vasopressors": "dopamine;epinephrine"}, None),
        ({"temperature_c": "37.2"}, "A temperature of 38.0 °C or more would make it 1."),
        (
            {"temperature_c": None, "vasopressors": "dopamine"},
            "A temperature of 38.0 °C or more would make it 3.",
        ),
        ({"attributed_elsewhere": "fever"}, "Fever without another cause would make it 1."),
        ({"hypoxia": "no"}, "Low blood pressure would make it 2."),
        ({"hypotension": "no"}, "Fluid given for low blood pressure, or low-flow oxygen, would make it 2."),
        ({"attributed_elsewhere": "hypotension"}, "Low-flow oxygen would make it 2."),
        ({"attributed_elsewhere": "hypotension;hypoxia"}, None),
        ({"crs_judgement": "not_crs"}, None),
        ({"death_due_to": "other"}, None),
        (
            {"crs_judgement": "crs", "temperature_c": "37"},
            "A temperature of 38.0 °C or more would make it 1.",
        ),
        (
            {"crs_judgement": "crs", "attributed_elsewhere": "fever"},
            "Low blood pressure, or low-flow oxygen, would make it 2.",
        ),
    ],
)
def test_it_names_what_would_raise_crs(cells: dict[str, str | None], sentence: str | None) -> None:
    assert what_would_raise(grade(**cells)) == sentence


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({}, "An ICE score of 7 to 9, or awakening spontaneously without being alert, would make it 1."),
        (
            {"ice_score": "5"},
            "An ICE score of 0 to 2, awakening only to touch, a seizure, or focal edema, would make it 3.",
        ),
        ({"attributed_elsewhere": "ice;consciousness"}, "A seizure, or focal edema, would make it 3."),
        ({"motor_weakness": "deep_focal"}, None),
        (
            {"attributed_elsewhere": "ice;consciousness;seizure;edema_or_raised_icp"},
            "Deep focal weakness would make it 4.",
        ),
    ],
)
def test_it_names_what_would_raise_icans(cells: dict[str, str | None], sentence: str | None) -> None:
    assert what_would_raise(grade(**cells), Toxicity.ICANS) == sentence


def test_nothing_is_named_where_every_domain_has_another_cause() -> None:
    every = "ice;consciousness;seizure;motor_weakness;edema_or_raised_icp"
    assert what_would_raise(grade(attributed_elsewhere=every), Toxicity.ICANS) is None


def test_in_an_open_course_fever_is_asked_for_only_at_grade_0() -> None:
    cool: dict[str, str | None] = {"assessed_at": "2026-03-02T12:00+08:00", "temperature_c": "36.8"}
    clear = grade_course([read_charted(WELL), charted(cool)])[-1]
    assert what_would_raise(clear) == "A temperature of 38.0 °C or more would make it 1."
    assert what_would_raise(case("C01")) == (
        "A vasopressor, or oxygen by mask or at more than 6 L/min, would make it 3."
    )
