"""The flow of the patients: each in one line of each level, and why there was no second infusion."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from grading.scale import Toxicity
from trial.patient_flow import FlowLine, FlowPatient, patient_flow, worst_after_the_first
from trial.safety_rows import Course


def flow(*patients: FlowPatient) -> dict[str, tuple[str, ...]]:
    return {line.label: line.codes for line in patient_flow(patients, 3)}


def test_each_patient_stands_where_the_trial_left_them() -> None:
    found = flow(
        FlowPatient(code="waits", infusions=0),
        FlowPatient(code="left before", infusions=0, left=True),
        FlowPatient(code="died before", infusions=0, died=True),
        FlowPatient(code="once", infusions=1, worst=2),
        FlowPatient(code="not graded", infusions=1),
        FlowPatient(code="barred", infusions=1, worst=3),
        FlowPatient(code="barred and died", infusions=1, worst=4, died=True),
        FlowPatient(code="released", infusions=2, worst=3),
        FlowPatient(code="lost", infusions=2, left=True),
    )
    assert {label: codes for label, codes in found.items() if "," in label} == {
        "Not infused, died": ("died before",),
        "Not infused, withdrawn or lost": ("left before",),
        "Not infused, still in the trial": ("waits",),
        "Infused once, died": ("barred and died",),
        "Infused once, grade 3 or more after the first": ("barred",),
        "Infused once, still in the trial": ("once", "not graded"),
        "Infused twice, withdrawn or lost": ("lost",),
        "Infused twice, still in the trial": ("released",),
    }


def test_nobody_enrolled_has_lines_with_nobody_in_them() -> None:
    assert patient_flow([], 3) == (
        FlowLine("Enrolled", 0, ()),
        FlowLine("Not infused", 1, ()),
        FlowLine("Infused once", 1, ()),
        FlowLine("Infused twice", 1, ()),
    )


_PATIENT = st.builds(
    FlowPatient,
    code=st.uuids().map(str),
    infusions=st.integers(0, 2),
    worst=st.none() | st.integers(0, 5),
    died=st.booleans(),
    left=st.booleans(),
)


@given(st.lists(_PATIENT, max_size=12))
def test_the_lines_of_a_level_add_up_to_the_one_above(patients: list[FlowPatient]) -> None:
    lines = patient_flow(patients, 3)
    everyone = sorted(one.code for one in patients)
    for level in (0, 1, 2):
        assert sorted(code for line in lines if line.level == level for code in line.codes) == everyone
    for line in lines:
        if line.level == 2:
            above = next(one for one in lines if one.label == line.label.partition(",")[0])
            assert set(line.codes) <= set(above.codes)


def test_the_worst_after_the_first_infusion_is_that_of_either_toxicity() -> None:
    def course(code: str, number: int, toxicity: Toxicity, worst: int | None) -> Course:
        reached = tuple(2 if worst and grade <= worst else None for grade in range(1, 6))
        first, second, third, fourth, fifth = reached
        return Course(
            code=code,
            number=number,
            toxicity=toxicity,
            infused_at=datetime(2026, 3, 2, tzinfo=UTC),
            days=40,
            first_days=(first, second, third, fourth, fifth),
            last_assessed_day=14,
            is_graded=worst is not None,
        )

    found = worst_after_the_first(
        [
            course("a", 1, Toxicity.CRS, 1),
            course("a", 1, Toxicity.ICANS, 3),
            course("a", 2, Toxicity.CRS, 5),
            course("b", 1, Toxicity.CRS, 0),
            course("c", 1, Toxicity.CRS, None),
        ]
    )
    assert found == {"a": 3, "b": 0}
