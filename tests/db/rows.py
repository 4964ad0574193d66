"""Rows that every table accepts, as plain values: a test changes one of them and looks what happens."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, Table, insert, inspect

from db.models import Record
from tests.db.rows_trial import good_of_the_trial

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TABLES = Record.metadata.tables

_number = count(1)


def unique_id() -> str:
    """32 hexadecimal signs never used before."""
    return f"{next(_number):032x}"


def add(connection: Connection, table: str, **values: Any) -> int:
    """Insert one row made of `good(table)` and the given values; its id."""
    return add_values(connection, TABLES[table], good(table) | values)


def add_values(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert one row; its id."""
    result = connection.execute(insert(table).values(**values))
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def patient_with_infusion(connection: Connection) -> tuple[int, int]:
    """A patient and the first infusion, both with id 1 in an empty database."""
    patient_id = add(connection, "patient", study_code=f"CART-{next(_number)}")
    return patient_id, add(connection, "infusion", patient_id=patient_id)


def everything(connection: Connection) -> dict[str, int]:
    """One row in every table of an empty database, of an earlier version too; table -> id."""
    standing = set(inspect(connection).get_table_names())
    ids = {name: add(connection, name) for name in ORDER if name in standing}
    assert set(ids) == set(TABLES) & standing
    return ids


ORDER = (
    "user",
    "one_time_code",
    "login_session",
    "recipient",
    "protocol_version",
    "patient",
    "audit_event",
    "infusion",
    "infusion_version",
    "stay",
    "assessment",
    "grade",
    "patient_day",
    "skipped_assessment",
    "draft",
    "alert",
    "alert_assessment",
    "notice",
    "delivery",
    "delivery_attempt",
    "acknowledgement",
    "silence",
    "receipt",
    "heartbeat",
    "signature",
    "screening",
    "response_assessment",
    "ctdna_result",
    "gate_judgement",
    "bar_release",
    "treatment",
    "lab_result",
    "visit",
    "follow_up_event",
    "adverse_event",
    "sae_report",
    "sae_notification",
    "sae_notification_withdrawal",
    "committee_decision",
    "committee_review",
    "last_look",
    "review_comment",
    "ward_question",
    "ward_question_step",
    "report",
    "report_file",
)
"""Every table, parents first."""


def good(table: str) -> dict[str, Any]:
    """A row that the table accepts, when every table before it in ORDER holds a row with id 1."""
    later = NOW + timedelta(hours=12)
    rows: dict[str, dict[str, Any]] = {
        "user": {
            "username": f"nurse{next(_number)}",
            "display_name": "Nurse",
            "role": "ward",
            "created_at": NOW,
        },
        "one_time_code": {"purpose": "setup", "code_hash": "x", "created_at": NOW, "expires_at": later},
        "login_session": {
            "user_id": 1,
            "token_hash": unique_id(),
            "created_at": NOW,
            "last_seen_at": NOW,
            "expires_at": later,
        },
        "recipient": {
            "name": "Ward",
            "address": "ward@hospital.example",
            "group": "ward",
            "valid_from": NOW,
            "created_at": NOW,
        },
        "protocol_version": {"hash": unique_id(), "text": "x", "stored_at": NOW},
        "patient": {"study_code": f"CART-{next(_number)}", "enrolled_at": NOW},
        "audit_event": {
            "at": NOW,
            "username": "system",
            "action": "x",
            "subject": "y",
            "detail": {},
            "previous_hash": unique_id() * 2,
            "hash": unique_id() * 2,
        },
        "infusion": {"patient_id": 1, "number": 1, "infused_at": NOW, "entered_at": NOW},
        "infusion_version": {"infusion_id": 1, "version": 1, "infused_at": NOW, "entered_at": NOW},
        "stay": {
            "stable_id": unique_id(),
            "patient_id": 1,
            "kind": "ward",
            "from_at": NOW,
            "entered_at": NOW,
        },
        "assessment": {
            "stable_id": unique_id(),
            "patient_id": 1,
            "infusion_id": 1,
            "source": "form",
            "assessed_at": NOW + timedelta(minutes=next(_number)),
            "entered_at": NOW,
        },
        "grade": {
            "assessment_id": 1,
            "infusion_id": 1,
            "scale": "icans",
            "grade": 0,
            "at_least": 0,
            "at_most": 0,
            "ruleset": "r",
            "settings_hash": "h",
            "graded_at": NOW,
        },
        "patient_day": {
            "infusion_id": 1,
            "scale": "crs",
            "on_date": date(2026, 3, 2),
            "days_since_infusion": 0,
            "worst_at_least": 0,
            "settled": True,
            "assessments": 1,
        },
        "skipped_assessment": {
            "patient_id": 1,
            "infusion_id": 1,
            "kind": "ice",
            "due_at": NOW,
            "reason": "asleep",
            "entered_at": NOW,
        },
        "draft": {
            "user_id": 1,
            "patient_id": 1,
            "infusion_id": 1,
            "slot_at": NOW,
            "content": "{}",
            "form_token": "t",
            "started_at": NOW,
            "saved_at": NOW,
        },
        "alert": {
            "patient_id": 1,
            "infusion_id": 1,
            "signal": "grade3",
            "slot": "crs",
            "level": 3,
            "urgency": 2,
            "opened_at": NOW,
            "first_observed_at": NOW,
            "updated_at": NOW,
        },
        "alert_assessment": {"alert_id": 1, "assessment_stable_id": unique_id()},
        "notice": {
            "alert_id": 1,
            "kind": "opening",
            "urgency": 2,
            "level": 3,
            "created_at": NOW,
            "content": {},
        },
        "delivery": {
            "uid": unique_id(),
            "notice_id": 1,
            "recipient_id": 1,
            "name": "Ward",
            "address": "ward@hospital.example",
            "urgency": 2,
            "created_at": NOW,
            "due_at": NOW,
        },
        "delivery_attempt": {"delivery_id": 1, "at": NOW, "outcome": "sent"},
        "acknowledgement": {
            "alert_id": 1,
            "by": 1,
            "at": NOW,
            "level": 3,
            "assessment_id": 1,
            "action_taken": "seen_at_bedside",
            "expires_at": later,
        },
        "silence": {"alert_id": 1, "by": 1, "at": NOW, "until": later, "reason": "Seen by phone"},
        "receipt": {"delivery_id": 1, "by": 1, "at": NOW},
        "heartbeat": {"name": f"worker:{next(_number)}", "at": NOW},
        **good_of_the_trial(unique_id),
    }
    return rows[table]
