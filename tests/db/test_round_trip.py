"""What the gate lets through goes into the table and comes back the same; what it refuses says why."""

from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import select

from db.charted_columns import charted_of, list_text, list_words
from db.inputs import check_assessment
from db.models import Assessment
from db.queries.course import load_course
from db.session import reading, writing
from grading.charted import FILE_COLUMNS, Charted, Vasopressor
from tests.db.rows import NOW, TABLES, add, patient_with_infusion
from tests.db.typed_rows import ANYTHING, accepted
from tests.support.soak import examples

one_database = examples(30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(accepted())
@one_database
def test_an_accepted_row_comes_back_from_the_table_as_it_was_entered(
    database: str, typed: dict[str, Any]
) -> None:
    entry, found = check_assessment(typed)
    assert found == []
    assert entry is not None
    with writing() as session:
        connection = session.connection()
        patient_id, infusion_id = patient_with_infusion(connection)
        row_id = add(
            connection,
            "assessment",
            patient_id=patient_id,
            infusion_id=infusion_id,
            **entry.columns(),
        )
        (stored,) = load_course(session, infusion_id)
        table = TABLES["assessment"]
        row = connection.execute(select(table).where(table.c.id == row_id)).mappings().one()
        session.rollback()
    assert stored.charted == charted_of(row) == entry.charted()
    assert {column: row[column] for column in entry.columns()} == entry.columns()


@given(st.dictionaries(st.sampled_from(FILE_COLUMNS), ANYTHING, max_size=12))
@examples(150)
def test_whatever_is_typed_is_accepted_or_answered(typed: dict[str, Any]) -> None:
    entry, found = check_assessment({"patient_id": "C01", "assessed_at": NOW} | typed)
    assert (entry is None) == bool(found)
    for problem in found:
        assert problem.field in FILE_COLUMNS
        assert problem.sentence.endswith((".", "?"))
        assert problem.value is typed.get(problem.field)
    if entry is not None:
        assert entry.assessed_at.tzinfo is UTC


@given(st.dictionaries(st.sampled_from(FILE_COLUMNS[2:]), ANYTHING, max_size=6))
@one_database
def test_the_table_takes_everything_the_gate_lets_through(database: str, typed: dict[str, Any]) -> None:
    entry, _ = check_assessment({"patient_id": "C01", "assessed_at": NOW} | typed)
    if entry is None:
        return
    with writing() as session:
        patient_id, infusion_id = patient_with_infusion(session.connection())
        place = {"patient_id": patient_id, "infusion_id": infusion_id}
        add(session.connection(), "assessment", **(entry.columns() | place))
        session.rollback()


def test_an_orm_row_gives_the_same_charting(database: str) -> None:
    entry, _ = check_assessment(
        {"patient_id": "C01", "assessed_at": NOW, "vasopressors": "dopamine", "oxygen_device": "cpap"}
    )
    assert entry is not None
    with writing() as session:
        patient_id, infusion_id = patient_with_infusion(session.connection())
        session.add(
            Assessment(
                stable_id="a" * 32,
                patient_id=patient_id,
                infusion_id=infusion_id,
                source="file",
                entered_at=NOW,
                confirmed_by_investigator=False,
                **entry.columns(),
            )
        )
    with reading() as session:
        (stored,) = load_course(session, infusion_id)
        row = session.get_one(Assessment, stored.id)
    assert charted_of(row) == stored.charted == entry.charted(confirmed_by_investigator=False)


def test_a_course_leaves_out_voided_and_superseded_versions_and_other_infusions(database: str) -> None:
    with writing() as session:
        connection = session.connection()
        patient_id, infusion_id = patient_with_infusion(connection)
        other_id = add(connection, "infusion", patient_id=patient_id, number=2)
        place = {"patient_id": patient_id, "infusion_id": infusion_id}
        late = add(connection, "assessment", **place, assessed_at=NOW.replace(hour=20))
        early = add(connection, "assessment", **place, assessed_at=NOW.replace(hour=4))
        add(connection, "assessment", **place, superseded_at=NOW)
        add(connection, "assessment", **place, status="voided")
        add(connection, "assessment", patient_id=patient_id, infusion_id=other_id)
        assert [stored.id for stored in load_course(session, infusion_id)] == [early, late]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (None, None),
        (frozenset(), "none"),
        (frozenset({Vasopressor.VASOPRESSIN, Vasopressor.NOREPINEPHRINE}), "norepinephrine;vasopressin"),
    ],
)
def test_not_recorded_none_and_a_list_are_three_different_things(
    words: frozenset[Vasopressor] | None, text: str | None
) -> None:
    assert list_text(words) == text
    assert list_words(text, Vasopressor) == words


def test_a_row_with_nothing_charted_is_all_not_recorded(database: str) -> None:
    with writing() as session:
        patient_id, infusion_id = patient_with_infusion(session.connection())
        place = {"patient_id": patient_id, "infusion_id": infusion_id, "assessed_at": NOW}
        add(session.connection(), "assessment", **place)
        (stored,) = load_course(session, infusion_id)
    assert stored.charted == Charted(assessed_at=NOW)
