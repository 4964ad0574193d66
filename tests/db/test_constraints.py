"""The tables refuse half-truths by themselves, whoever writes, on both engines."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from db.session import writing
from grading.charted import FILE_COLUMNS
from tests.db.rows import NOW, TABLES, add, everything, good, unique_id
from tests.db.rows_trial import HALF_TRUTHS_OF_THE_TRIAL, WHOLE_OF_THE_TRIAL

ASSESSMENT_RANGES = {
    "temperature_c": (25, 45),
    "systolic_mmhg": (20, 300),
    "diastolic_mmhg": (5, 200),
    "heart_rate_per_min": (0, 300),
    "respiratory_rate_per_min": (0, 100),
    "spo2_percent": (1, 100),
    "oxygen_l_per_min": (0, 80),
    "ice_orientation": (0, 4),
    "ice_naming": (0, 3),
    "ice_commands": (0, 1),
    "ice_writing": (0, 1),
    "ice_attention": (0, 1),
    "ice_score": (0, 10),
}
WORD_COLUMNS = (
    "oxygen_device",
    "hypoxia",
    "iv_fluid_bolus",
    "hypotension",
    "crs_judgement",
    "ice_not_done",
    "consciousness",
    "seizure",
    "motor_weakness",
    "death_due_to",
)
LIST_WORDS = {
    "vasopressors": ("norepinephrine", "other"),
    "fever_masking_drugs": ("tocilizumab", "dexamethasone"),
    "edema_or_raised_icp": ("focal_edema", "papilledema"),
    "attributed_elsewhere": ("fever", "ice"),
}
ICE_ITEMS = [column for column in ASSESSMENT_RANGES if column.startswith("ice_") and column != "ice_score"]


def accepted(connection: Connection, table: str, values: dict[str, Any]) -> bool:
    """Whether a row goes in; a refused one leaves no trace."""
    savepoint = connection.begin_nested()
    try:
        add(connection, table, **values)
    except DBAPIError:
        savepoint.rollback()
        return False
    savepoint.rollback()
    return True


def outcome(table: str, rows: Iterable[dict[str, Any]]) -> list[bool]:
    """Whether each row goes in, beside one row in every table."""
    with writing() as session:
        connection = session.connection()
        everything(connection)
        return [accepted(connection, table, row) for row in rows]


def test_every_limit_of_an_assessment_holds_below_on_and_above(database: str) -> None:
    cases = [
        ({column: value}, expected)
        for column, (low, high) in ASSESSMENT_RANGES.items()
        for value, expected in (
            (low, True),
            (high, True),
            (low - 1, False),
            (high + 1, False),
            (-1e9, False),
            (1e300, False),
        )
    ]
    assert outcome("assessment", [row for row, _ in cases]) == [expected for _, expected in cases]


def test_text_in_a_number_and_half_points_are_refused(database: str) -> None:
    cases = [(column, "high") for column in ASSESSMENT_RANGES]
    cases += [(column, "0.5") for column in ASSESSMENT_RANGES if column.startswith("ice_")]
    with writing() as session:
        connection = session.connection()
        everything(connection)
        wrongly_taken = [case for case in cases if taken_as_text(connection, *case)]
    assert wrongly_taken == []


def taken_as_text(connection: Connection, column: str, value: str) -> bool:
    """Whether an assessment goes in past SQLAlchemy's types, with this literal in one column."""
    names = "stable_id, version, patient_id, infusion_id, status, source, confirmed_by_investigator"
    values = (
        f"'{unique_id()}', 1, 1, 1, 'recorded', 'file', true, '2026-01-01 00:00:00', '2026-01-01 00:00:00'"
    )
    savepoint = connection.begin_nested()
    try:
        connection.exec_driver_sql(
            f"INSERT INTO assessment ({names}, assessed_at, entered_at, {column})"
            f" VALUES ({values}, '{value}')"
        )
    except DBAPIError:
        savepoint.rollback()
        return False
    savepoint.rollback()
    return True


def test_a_word_outside_its_list_is_refused(database: str) -> None:
    rows = [{column: word} for column in WORD_COLUMNS for word in ("normal", "", "NONE", "none;none")]
    assert not any(outcome("assessment", rows))


def test_a_list_holds_known_words_or_none_alone(database: str) -> None:
    cases: list[tuple[dict[str, Any], bool]] = []
    for column, (first, second) in LIST_WORDS.items():
        good_lists = ("none", first, second, f"{first};{second}", f"{second};{first}")
        bad_lists = (
            "",
            ";",
            "x",
            f"{first};",
            f";{first}",
            f"{first};;{second}",
            f"none;{first}",
            f"{first};none",
            f"{first};{first}",
            f"{first},{second}",
            first.upper(),
        )
        cases += [({column: value}, True) for value in good_lists]
        cases += [({column: value}, False) for value in bad_lists]
    assert outcome("assessment", [row for row, _ in cases]) == [expected for _, expected in cases]


def test_every_word_of_a_list_may_stand_beside_all_others(database: str) -> None:
    from db.charted_columns import LIST_COLUMNS

    rows = [{column: ";".join(words)} for column, words in LIST_COLUMNS.items()]
    assert all(outcome("assessment", rows))


FITS: list[tuple[dict[str, Any], bool]] = [
    ({"systolic_mmhg": 90, "diastolic_mmhg": 89}, True),
    ({"systolic_mmhg": 90, "diastolic_mmhg": 90}, False),
    ({"diastolic_mmhg": 90}, True),
    ({"oxygen_device": "room_air", "oxygen_l_per_min": 0}, True),
    ({"oxygen_device": "room_air", "oxygen_l_per_min": 0.5}, False),
    ({"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 4}, True),
    ({"oxygen_l_per_min": 4}, True),
    ({"ice_score": 6, "ice_orientation": 0}, True),
    ({"ice_score": 7, "ice_orientation": 0}, False),
    ({"ice_score": 3, "ice_orientation": 4}, False),
    ({"ice_score": 4, "ice_orientation": 4}, True),
    (dict.fromkeys(ICE_ITEMS, 1) | {"ice_score": 5}, True),
    (dict.fromkeys(ICE_ITEMS, 1) | {"ice_score": 6}, False),
    ({"ice_not_done": "sedated"}, True),
    ({"ice_not_done": "sedated", "ice_score": 0}, False),
    ({"ice_not_done": "sedated", "ice_writing": 0}, False),
    ({"ice_not_done": "unarousable", "consciousness": "unarousable"}, True),
    ({"ice_not_done": "unarousable", "consciousness": "alert"}, False),
    ({"ice_not_done": "sedated", "consciousness": "alert"}, True),
    ({"consciousness": "unarousable", "ice_score": 0}, True),
    ({"consciousness": "unarousable", "ice_score": 1}, False),
    ({"consciousness": "unarousable", "ice_writing": 1}, False),
    ({"death_due_to": "crs", "crs_judgement": "not_crs"}, False),
    ({"death_due_to": "icans", "crs_judgement": "not_crs"}, True),
    ({"comment": "x" * 2000}, True),
    ({"comment": "x" * 2001}, False),
    ({"comment": ""}, False),
    ({"version": 2}, False),
    ({"version": 2, "reason": "typing error"}, False),
    ({"version": 2, "reason": "typing error", "supersedes_id": 1}, True),
    ({"supersedes_id": 1}, False),
    ({"status": "deleted"}, False),
    ({"source": "mail"}, False),
    ({"infusion_id": 99}, False),
    ({"patient_id": 99}, False),
    ({"confirmed_by_investigator": None}, False),
]


def test_columns_of_an_assessment_fit_each_other(database: str) -> None:
    assert outcome("assessment", [row for row, _ in FITS]) == [expected for _, expected in FITS]


# table -> rows that it must not take, each one step away from a good one
HALF_TRUTHS: dict[str, list[dict[str, Any]]] = {
    "user": [{"username": "Nurse"}, {"username": ""}, {"role": "doctor"}, {"display_name": ""}],
    "one_time_code": [
        {"purpose": "reset"},
        {"purpose": "setup", "user_id": 1},
        {"purpose": "x"},
        {"expires_at": NOW},
    ],
    "login_session": [{"user_id": 99}, {"expires_at": NOW}],
    "recipient": [
        {"group": "family"},
        {"address": "x"},
        {"name": ""},
        {"valid_to": NOW - timedelta(seconds=1)},
    ],
    "patient": [
        {"study_code": ""},
        {"study_code": "x" * 41},
        {"sex": "male"},
        {"age_years": 121},
        {"age_years": -1},
        {"lasting_findings": "gout"},
    ],
    "infusion": [
        {"number": 1},
        {"number": 3},
        {"number": 0},
        {"number": 2, "weight_kg": 0},
        {"number": 2, "dose_cells_per_kg": 2},
        {"number": 2, "baseline_ice": 11},
        {"number": 2, "lot": ""},
    ],
    "infusion_version": [{}, {"version": 2}, {"version": 0}],
    "stay": [
        {"kind": "hotel"},
        {"to_at": NOW},
        {"voided": True},
        {"stable_id": "x"},
    ],
    "grade": [
        {},
        {"scale": "ctcae"},
        {"superseded_at": NOW, "grade": 6, "at_least": 6, "at_most": 6},
        {"superseded_at": NOW, "grade": 2, "at_least": 1, "at_most": 2},
        {"superseded_at": NOW, "grade": None, "at_least": 1, "at_most": 1},
        {"superseded_at": NOW, "grade": None, "at_least": 2, "at_most": 1},
        {"superseded_at": NOW, "grade": 1, "at_least": 1, "at_most": 2},
        {"superseded_at": NOW, "scale": "crs"},
        {"superseded_at": NOW, "fever": "absent"},
        {
            "superseded_at": NOW,
            "scale": "crs",
            "fever": "mild",
            "course_open": False,
            "recurrence": False,
        },
    ],
    "patient_day": [{}, {"scale": "x"}, {"scale": "icans", "assessments": 0}],
    "skipped_assessment": [{}, {"kind": "ecg"}, {"kind": "vital_signs", "reason": "other"}],
    "draft": [{}, {"slot_at": NOW + timedelta(hours=1), "content": ""}],
    "alert": [
        {},
        {"slot": "icans", "state": "closed"},
        {"slot": "icans", "closed_at": NOW, "ended_reason": "x"},
        {"slot": "icans", "state": "closed", "closed_at": NOW},
        {"slot": "icans", "state": "ended"},
        {"slot": "icans", "level": 6},
        {"slot": "icans", "urgency": 0},
        {"slot": "icans", "patient_id": None},
        {"slot": "icans", "counted": "CART-003"},
        {"slot": "rule", "signal": "boundary"},
    ],
    "notice": [{"kind": "joke"}, {"urgency": 5}, {"alert_id": 99}],
    "delivery": [
        {},
        {"recipient_id": 99},
        {"notice_id": 1, "recipient_id": 2, "state": "lost"},
        {"recipient_id": 2, "state": "claimed"},
        {"recipient_id": 2, "lease_until": NOW},
        {"recipient_id": 2, "state": "sent", "message": b"x"},
        {"recipient_id": 2, "sent_at": NOW},
        {"recipient_id": 2, "state": "sent", "sent_at": NOW},
    ],
    "delivery_attempt": [{"delivery_id": 99}, {"outcome": ""}],
    "acknowledgement": [{"action_taken": "nothing"}, {"expires_at": NOW}, {"by": None}],
    "silence": [{"until": NOW}, {"reason": ""}, {"reason": None}, {"by": None}],
    "receipt": [{"delivery_id": 999}, {"by": None}, {}],
    "audit_event": [{"hash": "x"}, {"previous_hash": "x"}, {"patient_id": 99}],
}


def test_every_table_refuses_its_half_truths(database: str) -> None:
    with writing() as session:
        connection = session.connection()
        everything(connection)
        add(connection, "recipient")
        wrongly_taken = [
            (table, row)
            for half_truths in (HALF_TRUTHS, HALF_TRUTHS_OF_THE_TRIAL)
            for table, rows in half_truths.items()
            for row in rows
            if accepted(connection, table, row)
        ]
    assert wrongly_taken == []


def test_sqlite_refuses_a_number_for_a_truth_value(sqlite_database: str) -> None:
    with writing() as session:
        everything(session.connection())
    with pytest.raises(IntegrityError, match="ck_patient_day_settled"), writing() as session:
        session.connection().execute(text("UPDATE patient_day SET settled = 2"))


def test_what_a_half_truth_is_one_step_away_from_goes_in(database: str) -> None:
    with writing() as session:
        connection = session.connection()
        everything(connection)
        add(connection, "recipient")
        whole: dict[str, dict[str, Any]] = {
            "infusion": {"number": 2, "weight_kg": 70, "dose_cells_per_kg": 2e6, "baseline_ice": 10},
            "infusion_version": {"version": 2, "reason": "typing error"},
            "stay": {"to_at": NOW + timedelta(hours=1), "voided": True, "reason": "wrong patient"},
            "grade": {
                "scale": "crs",
                "grade": None,
                "at_least": 1,
                "at_most": 4,
                "fever": "masked",
                "course_open": True,
                "recurrence": False,
            },
            "alert": {"slot": "icans", "state": "closed", "closed_at": NOW, "ended_reason": "recovered"},
            "delivery": {"recipient_id": 2, "state": "sent", "sent_at": NOW, "message": b"x"},
            "one_time_code": {"purpose": "reset", "user_id": 1},
            "skipped_assessment": {"kind": "vital_signs", "reason": "other", "explanation": "bath"},
            "patient_day": {"scale": "icans", "days_since_infusion": -1},
        }
        refused = [
            table
            for rows in (whole, WHOLE_OF_THE_TRIAL)
            for table, row in rows.items()
            if not accepted(connection, table, row)
        ]
    assert refused == []


def test_one_assessment_at_one_moment_and_one_current_version(database: str) -> None:
    with writing() as session:
        connection = session.connection()
        everything(connection)
        first = good("assessment")
        add(connection, "assessment", **first, form_token="a")
        same_moment = {"assessed_at": first["assessed_at"]}
        assert not accepted(connection, "assessment", same_moment)
        assert not accepted(connection, "assessment", {"stable_id": first["stable_id"]})
        assert not accepted(connection, "assessment", {"form_token": "a"})
        assert accepted(connection, "assessment", same_moment | {"status": "voided"})
        assert accepted(connection, "assessment", same_moment | {"superseded_at": NOW})
        connection.execute(
            text("UPDATE assessment SET superseded_at = :now WHERE stable_id = :id"),
            {"now": "2026-03-02 08:00:00+00:00", "id": first["stable_id"]},
        )
        assert accepted(connection, "assessment", same_moment)


def test_one_live_alert_for_an_infusion_signal_and_slot(database: str) -> None:
    ended = {"closed_at": NOW, "ended_reason": "recovered"}
    with writing() as session:
        connection = session.connection()
        everything(connection)
        for state in ("open", "acknowledged", "recovering"):
            assert not accepted(connection, "alert", {"state": state})
        for state in ("closed", "retracted"):
            assert accepted(connection, "alert", {"state": state} | ended)


def test_one_live_alert_of_the_program_itself_for_each_signal_and_slot(database: str) -> None:
    of_the_program = {
        "patient_id": None,
        "infusion_id": None,
        "signal": "system",
        "slot": "queue",
        "level": 0,
    }
    with writing() as session:
        connection = session.connection()
        everything(connection)
        assert accepted(connection, "alert", of_the_program)
        add(connection, "alert", **of_the_program)
        assert not accepted(connection, "alert", of_the_program)
        assert accepted(connection, "alert", of_the_program | {"slot": "worker"})
        assert accepted(
            connection,
            "alert",
            of_the_program | {"state": "closed", "closed_at": NOW, "ended_reason": "gone"},
        )


def test_a_naive_instant_is_refused(database: str) -> None:
    with pytest.raises(Exception, match="An instant needs a time zone"), writing() as session:
        add(session.connection(), "patient", enrolled_at=NOW.replace(tzinfo=None))


def test_an_instant_comes_back_the_same_from_any_zone(database: str) -> None:
    from zoneinfo import ZoneInfo

    at = NOW.replace(microsecond=123456).astimezone(ZoneInfo("Asia/Shanghai"))
    with writing() as session:
        connection = session.connection()
        add(connection, "patient", enrolled_at=at)
        stored = connection.execute(TABLES["patient"].select()).mappings().one()["enrolled_at"]
    assert stored == at
    assert stored.utcoffset() == timedelta(0)


def test_every_column_of_the_file_has_a_column_in_the_table() -> None:
    elsewhere = {"patient_id", "infusion_number"}
    assert set(FILE_COLUMNS) - elsewhere <= set(TABLES["assessment"].columns.keys())


def test_a_refused_row_leaves_nothing_of_its_transaction(database: str) -> None:
    def two_patients() -> None:
        with writing() as session:
            add(session.connection(), "patient", study_code="CART-900")
            add(session.connection(), "patient", study_code="")

    with pytest.raises(IntegrityError):
        two_patients()
    with writing() as session:
        assert session.connection().execute(TABLES["patient"].select()).all() == []


def test_ids_made_for_these_tests_never_repeat() -> None:
    assert len({unique_id() for _ in range(100)}) == 100
