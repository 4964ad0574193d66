"""Whatever people do in whatever order, what is stored is what the current rows give."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import event

from actions import context
from actions.assessments import correct_assessment, move_assessment, record_assessment, void_assessment
from actions.course import regrade_course
from actions.errors import Refused
from actions.patients import correct_infusion
from db.audit import verify_chain
from db.inputs import AssessmentIn, InfusionIn
from db.models import Record
from db.queries.course import load_course
from db.roles import SYSTEM
from db.session import engine, reading, writing
from grading.crs_course import grade_course
from tests.actions.conftest import CODE, INFUSED_AT, OTHER_CODE, SHOCK, Site, at, entry
from tests.second_opinion.strategies import random_course
from tests.support.soak import examples, few
from trial.calendar import day_of
from trial.protocol import Protocol, load_protocol, parse_protocol

END = at(400)
CODES = (CODE, OTHER_CODE)
VALUES = st.sampled_from(
    [
        {},
        {"temperature_c": 38.4},
        {"temperature_c": None},
        {"systolic_mmhg": 84},
        {"oxygen_device": None, "temperature_c": 38},
        {"ice_score": None},
        {"ice_score": 2},
        {"fever_masking_drugs": "dexamethasone"},
        {"crs_judgement": "not_crs", "temperature_c": 39},
        SHOCK,
    ]
)
HOURS = st.integers(1, 160)


@dataclass(frozen=True)
class Do:
    """One thing a person tries; `which` picks among the assessments that stand."""

    what: str
    which: int
    code: str
    hours: int
    values: dict[str, Any]


STEPS = st.lists(
    st.builds(
        Do,
        st.sampled_from(["record", "record", "record", "correct", "move", "void"]),
        st.integers(0, 20),
        st.sampled_from(CODES),
        HOURS,
        VALUES,
    ),
    min_size=1,
    max_size=14,
)


def wipe() -> None:
    """Forget all assessments, as no person can: between the examples of one test, guards off."""
    with writing() as session:
        connection = session.connection()
        triggers = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).all()
        for name, _ in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        kept = {"user", "patient", "infusion", "infusion_version", "recipient", "audit_event"}
        for name in Record.metadata.tables:
            if name not in kept:
                connection.exec_driver_sql(f'DELETE FROM "{name}"')
        for _, sql in triggers:
            connection.exec_driver_sql(sql)


def attempt(site: Site, step: Do) -> None:
    """Do it; what is refused changes nothing."""
    standing = site.rows("assessment", superseded_at=None, status="recorded")
    by, now = site.investigator, END
    try:
        if step.what == "record":
            typed = entry(step.hours, code=step.code, **step.values)
            record_assessment(typed, site.token(), by=by, now=now)
        elif standing:
            row = standing[step.which % len(standing)]
            version = (row["stable_id"], row["version"])
            if step.what == "void":
                void_assessment(*version, "wrong", by=by, now=now)
            elif step.what == "move":
                move_assessment(*version, step.code, 1, "wrong", by=by, now=now)
            else:
                code = next(code for code, known in site.patients.items() if known == row["patient_id"])
                typed = entry(step.hours, code=code, **step.values)
                correct_assessment(*version, typed, "wrong", site.token(), by=by, now=now)
    except Refused:
        pass


def expected(infusion_id: int) -> tuple[dict[tuple[int, str], Any], dict[tuple[str, date], Any]]:
    """Grades and days as one walk over the current rows gives them."""
    zone = context.settings().zone
    with reading() as session:
        stored = load_course(session, infusion_id)
    graded = grade_course(
        [one.charted for one in stored],
        infused_at=INFUSED_AT.astimezone(zone),
        settings=context.protocol().grading,
    )
    grades: dict[tuple[int, str], Any] = {}
    days: dict[tuple[str, date], list[Any]] = {}
    for row, result in zip(stored, graded, strict=True):
        for grade in (result.crs, result.icans):
            grades[row.id, grade.scale.value] = (grade.grade, grade.at_least, ";".join(grade.missing))
            days.setdefault((grade.scale.value, row.assessed_at.astimezone(zone).date()), []).append(grade)
    worst = {key: max(one.at_least for one in of_day) for key, of_day in days.items()}
    return grades, {
        key: (worst[key], worst[key] in [one.grade for one in of_day], len(of_day))
        for key, of_day in days.items()
    }


def check(site: Site) -> None:
    for infusion_id in site.infusions.values():
        grades, days = expected(infusion_id)
        standing = site.rows("grade", infusion_id=infusion_id, superseded_at=None)
        assert grades == {
            (row["assessment_id"], row["scale"]): (row["grade"], row["at_least"], row["missing"])
            for row in standing
        }
        stored_days = site.rows("patient_day", infusion_id=infusion_id)
        assert days == {
            (row["scale"], row["on_date"]): (row["worst_at_least"], row["settled"], row["assessments"])
            for row in stored_days
        }
        first_on = INFUSED_AT.astimezone(context.settings().zone).date()
        assert all(row["days_since_infusion"] == (row["on_date"] - first_on).days for row in stored_days)


@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_sequence_of_entries_leaves_what_one_walk_gives(sqlite_site: Site, steps: list[Do]) -> None:
    wipe()
    for step in steps:
        attempt(sqlite_site, step)
    check(sqlite_site)
    before = {name: rows for name, rows in sqlite_site.everything().items() if name != "audit_event"}
    regrade_all(sqlite_site, load_protocol())
    after = {name: rows for name, rows in sqlite_site.everything().items() if name != "audit_event"}
    assert after == before  # grading again from the beginning changes nothing
    with reading() as session:
        assert verify_chain(session).whole


def regrade_all(site: Site, protocol: Protocol) -> None:
    with writing() as session:
        for infusion_id in site.infusions.values():
            regrade_course(session, infusion_id, from_at=None, now=END, protocol=protocol, by=SYSTEM)


def with_setting(name: str, usual: int, value: int) -> Protocol:
    text = load_protocol().text
    assert f"{name} = {usual}" in text
    return parse_protocol(text.replace(f"{name} = {usual}", f"{name} = {value}"))


@pytest.mark.parametrize(("seed", "drug_hours"), few([(3, 12), (4, 72), (1, 24), (2, 24)], 2))
def test_a_random_course_entered_in_any_order_grades_as_one_walk(
    sqlite_site: Site, seed: int, drug_hours: int
) -> None:
    context.configure(context.settings(), with_setting("drug_hours", 24, drug_hours))
    rng = Random(seed)
    rows = [row for row in random_course(rng, 50) if not row["death_due_to"]]
    for row in rows:
        row["patient_id"], row["infusion_number"] = CODE, "1"
    rng.shuffle(rows)
    for row in rows[:30] + sorted(rows[30:], key=lambda row: str(row["assessed_at"])):
        later = datetime.fromisoformat(str(row["assessed_at"])) + timedelta(days=2)
        typed, problems = AssessmentIn.check({**row, "assessed_at": later.isoformat()})
        assert typed is not None, problems
        record_assessment(typed, sqlite_site.token(), by=sqlite_site.investigator, now=at(24 * 90))
    check(sqlite_site)
    standing = sqlite_site.rows("grade", scale="crs", superseded_at=None)
    assert {row["course_open"] for row in standing} == {True, False}


def test_a_changed_setting_re_grades_nothing_before_the_moment_of_an_entry(site: Site) -> None:
    early = site.record(4, temperature_c=38.5, systolic_mmhg=95)
    assert early.crs.grade == 1
    context.configure(context.settings(), with_setting("low_systolic_mmhg", 90, 100))
    later = site.record(8, systolic_mmhg=95)
    assert later.crs.grade == 2
    standing = site.standing_grades()
    assert standing[early.assessment_id, "crs"] == (1, 1)
    day = next(row for row in site.rows("patient_day", scale="crs"))
    assert (day["worst_at_least"], day["assessments"]) == (2, 2)
    hashes = {row["assessment_id"]: row["settings_hash"] for row in site.rows("grade", scale="crs")}
    assert hashes[early.assessment_id] != hashes[later.assessment_id]


def test_a_drug_from_before_the_course_keeps_it_open_where_drugs_are_waited_for_longer(
    sqlite_site: Site,
) -> None:
    context.configure(context.settings(), with_setting("drug_hours", 24, 72))
    sqlite_site.record(4, fever_masking_drugs="dexamethasone")
    sqlite_site.record(30, temperature_c=38.5)
    sqlite_site.record(56)  # clear for 26 h, 52 h after the drug
    assert sqlite_site.record(60, systolic_mmhg=84).crs.grade == 2
    check(sqlite_site)


def test_an_unchanged_grade_is_not_written_again(site: Site) -> None:
    site.record(4)
    site.record(12)
    before = site.rows("grade")
    site.record(8, now=at(13))
    assert [row for row in site.rows("grade") if row in before] == before
    assert len(site.rows("grade")) == 6


def test_a_corrected_date_of_infusion_counts_the_days_anew(site: Site) -> None:
    site.record(24, temperature_c=38.5)
    typed = InfusionIn(patient_id=CODE, infusion_number=1, infused_at=at(-24 * 14))
    version = correct_infusion(site.infusions[CODE], 1, typed, "wrong date", by=site.coordinator, now=at(25))
    assert version == 2
    assert {row["days_since_infusion"] for row in site.rows("patient_day")} == {15}
    (grade,) = site.rows("grade", scale="crs", superseded_at=None)
    assert "late" in grade["notes"].lower() or "day 14" in grade["notes"]
    with reading() as session:
        (row,) = load_course(session, site.infusions[CODE])
    assert day_of(row.assessed_at, at(-24 * 14), context.settings().zone) == 15


def count_statements(site: Site, save: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    try:
        save()
    finally:
        event.remove(engine(), "before_cursor_execute", note)
    return len(seen)


def test_a_save_asks_the_database_no_more_often_in_a_long_course(sqlite_site: Site) -> None:
    first = count_statements(sqlite_site, lambda: sqlite_site.record(4))
    for hours in range(8, 80, 4):
        sqlite_site.record(hours)
    assert count_statements(sqlite_site, lambda: sqlite_site.record(90)) <= first
    assert 5 < first <= 16
