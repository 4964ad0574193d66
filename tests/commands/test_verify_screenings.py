"""`manage.py verify` on screenings: a verdict that the facts do not give, facts that were not signed."""

from pathlib import Path

import pytest
from sqlalchemy import text

from actions import context
from actions.sign_ins import throttle_of_all, throttle_of_one
from commands.verify_screenings import check_screenings
from db import guards
from db.models import ProtocolVersion
from db.session import reading, writing
from tests.actions.conftest import NOW, make_site
from tests.actions.screened import enrolled, record

COUNTED = "screenings: 3 versions judged again, 1 signatures compared"


@pytest.fixture(autouse=True)
def _a_signed_enrolment_corrected_since(sqlite_database: str, tmp_path: Path) -> None:
    throttle_of_one.clear()
    throttle_of_all.clear()
    site = make_site(sqlite_database, tmp_path)
    protocol = context.protocol()
    with writing() as session:
        session.add(ProtocolVersion(hash=protocol.hash, text=protocol.text, stored_at=NOW))
    patient_id = enrolled(site)
    record(site, patient_id, 2, "ECOG read from another form", ecog=3)


def check() -> tuple[str, list[str]]:
    with reading() as session:
        words, findings = check_screenings(session)
    return words, list(findings)


def tamper(table: str, statement: str) -> None:
    """Change a row past the guards, which are put back afterwards."""
    with writing() as session:
        connection = session.connection()
        for name in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS guard_{table}_{name}"))
        connection.execute(text(statement))
        if table in guards.GUARDS:
            guards.install(connection, table)


def test_what_was_written_passes() -> None:
    assert check() == (COUNTED, [])


@pytest.mark.parametrize(
    ("table", "change", "found"),
    [
        (
            "screening",
            "UPDATE screening SET verdict = 'eligible' WHERE version = 3",
            ["patient 3, enrolment, version 3 of the facts: stored as eligible, rebuilt not_eligible"],
        ),
        (
            "screening",
            "UPDATE screening SET facts = json_set(facts, '$.weight_kg', 60) WHERE version = 2",
            ["signature 1: the facts are not those that were signed"],
        ),
        (
            "screening",
            "UPDATE screening SET facts = json_set(facts, '$.ecog', 7) WHERE version = 3",
            [
                "patient 3, enrolment, version 3 of the facts: stored as not_eligible, "
                "rebuilt nothing (ECOG must be 0 to 5, not 7. Check the unit.)"
            ],
        ),
        (
            "screening",
            "UPDATE screening SET facts = json_set(facts, '$.ecog', 'well') WHERE version = 2",
            [
                "patient 3, enrolment, version 2 of the facts: what is stored are no facts",
                "signature 1: the facts are not those that were signed",
            ],
        ),
        (
            "signature",
            "UPDATE signature SET subject_id = 99",
            ["signature 1: the facts are not those that were signed"],
        ),
        (
            "protocol_version",
            "UPDATE protocol_version SET text = 'no protocol'",
            [
                f"patient 3, enrolment, version {version} of the facts: its protocol is not stored"
                for version in (1, 2, 3)
            ],
        ),
    ],
)
def test_what_was_changed_past_the_program_is_found(table: str, change: str, found: list[str]) -> None:
    tamper(table, change)
    hashed = context.protocol().hash[:12]
    assert check() == (
        COUNTED,
        [one.replace("its protocol is", f"its protocol {hashed} is") for one in found],
    )
