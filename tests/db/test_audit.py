"""The audit trail is one chain, and a changed event shows."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from db.audit import GENESIS, append_event, verify_chain
from db.roles import SYSTEM, Actor, Role
from db.session import reading, writing

NOW = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)


def _append(count: int) -> None:
    with writing() as session:
        for number in range(count):
            append_event(
                session,
                at=NOW + timedelta(minutes=number),
                by=SYSTEM,
                action="record_assessment",
                subject="assessment",
                subject_id=number,
                detail={"temperature_c": 38.6, "comment": "发热 =1+1 \u202eabc", "on": date(2026, 3, 2)},
            )


def test_an_empty_trail_is_whole(database: str) -> None:
    with reading() as session:
        state = verify_chain(session)
    assert (state.events, state.last_hash, state.whole) == (0, GENESIS, True)


def test_events_follow_each_other_over_several_transactions(database: str) -> None:
    _append(3)
    _append(2)
    with reading() as session:
        state = verify_chain(session)
        hashes = (
            session.connection().execute(text("SELECT hash FROM audit_event ORDER BY id")).scalars().all()
        )
    assert (state.events, state.whole) == (5, True)
    assert state.last_hash == hashes[-1]


def test_an_event_names_who_did_what_to_what(database: str) -> None:
    nurse = Actor(user_id=None, username="nurse.li", display_name="Nurse Li", role=Role.WARD)
    with writing() as session:
        event = append_event(
            session,
            at=NOW,
            by=nurse,
            action="void_assessment",
            subject="assessment",
            subject_id="ab",
            detail={},
        )
    assert (event.username, event.action, event.subject_id, event.at) == (
        "nurse.li",
        "void_assessment",
        "ab",
        NOW,
    )
    assert event.previous_hash == GENESIS


def test_sets_and_instants_in_a_detail_are_written_in_one_order(database: str) -> None:
    with writing() as session:
        detail = {"drugs": frozenset({"b", "a"}), "at": NOW}
        event = append_event(
            session, at=NOW, by=SYSTEM, action="x", subject="y", subject_id=None, detail=detail
        )
    assert event.detail == {"drugs": ["a", "b"], "at": "2026-03-02T08:00:00.123456+00:00"}


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_a_detail_that_json_cannot_hold_is_refused(database: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError)), writing() as session:
        append_event(
            session, at=NOW, by=SYSTEM, action="x", subject="y", subject_id=None, detail={"value": value}
        )


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_event SET detail = '{}' WHERE id = 3",
        "UPDATE audit_event SET username = 'somebody' WHERE id = 3",
        "UPDATE audit_event SET at = '2026-03-02 08:02:00.123457' WHERE id = 3",
        "DELETE FROM audit_event WHERE id = 2",
        "DELETE FROM audit_event WHERE id = 1",
    ],
)
def test_tampering_past_the_triggers_is_found(sqlite_database: str, tampering: str) -> None:
    _append(4)
    with writing() as session:
        connection = session.connection()
        connection.execute(text("DROP TRIGGER guard_audit_event_update"))
        connection.execute(text("DROP TRIGGER guard_audit_event_delete"))
        connection.execute(text(tampering))
    with reading() as session:
        state = verify_chain(session)
    assert not state.whole
    assert state.broken_at_id == (2 if "id = 1" in tampering else 3)


def test_the_file_of_the_database_is_made_with_its_folder(tmp_path: Path) -> None:
    from db.migrate import upgrade

    upgrade(f"sqlite:///{tmp_path}/a/b/vigil.db")
    assert (tmp_path / "a/b/vigil.db").is_file()
