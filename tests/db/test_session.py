"""A database that is busy, full, damaged or gone answers with a sentence, and nothing is half saved."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from db import session as database_session
from db.session import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseUnreachable,
    DiskFull,
    SaveRefused,
    configure,
    reading,
    writing,
)
from tests.db.rows import TABLES, add

PATIENTS = TABLES["patient"]


def count_patients() -> int:
    with reading() as session:
        return session.connection().execute(select(func.count()).select_from(PATIENTS)).scalar_one()


def save(study_code: str) -> None:
    with writing() as session:
        add(session.connection(), "patient", study_code=study_code)


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@contextmanager
def locked_by_another_process(url: str) -> Iterator[None]:
    """Another process holds the write lock until the block ends."""
    program = (
        "import sys\n"
        "from db.session import configure, writing\n"
        "configure(sys.argv[1])\n"
        "with writing():\n"
        "    print('locked', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        try:
            assert other.stdout.readline() == "locked\n"
            yield
        finally:
            other.communicate()


def test_a_lock_held_by_another_process_gets_a_sentence_and_saves_nothing(database: str) -> None:
    configure(database, wait_s=0.2)
    with locked_by_another_process(database):
        with pytest.raises(DatabaseBusy, match="Nothing was saved: the database is busy"):
            save("CART-1")
        assert count_patients() == 0
    save("CART-1")
    assert count_patients() == 1


def test_a_write_may_give_up_sooner_and_the_next_waits_as_long_as_ever(sqlite_database: str) -> None:
    configure(sqlite_database, wait_s=3_600)  # one that waited so long would not end
    with locked_by_another_process(sqlite_database), pytest.raises(DatabaseBusy), writing(0.1):
        pass
    with writing(0.1) as session:
        waits = session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert waits == 3_600_000


def test_a_write_may_give_up_sooner_on_postgresql(postgres_database: str) -> None:
    configure(postgres_database, wait_s=3_600)
    with locked_by_another_process(postgres_database), pytest.raises(DatabaseBusy), writing(0.1):
        pass
    with writing() as session:
        waits = session.connection().exec_driver_sql("SHOW lock_timeout").scalar_one()
    assert waits == "1h"


def test_reading_goes_on_while_another_writes(database: str) -> None:
    save("CART-1")
    with locked_by_another_process(database):
        assert count_patients() == 1


def test_a_reader_sees_one_state_from_first_to_last(database: str) -> None:
    save("CART-1")
    with reading() as session:
        counting = select(func.count()).select_from(PATIENTS)
        before = session.connection().execute(counting).scalar_one()
        save("CART-2")
        assert session.connection().execute(counting).scalar_one() == before == 1
    assert count_patients() == 2


def test_two_writers_in_one_process_wait_for_each_other(database: str) -> None:
    """What a writer has read is still true when it commits: the second sees the first one's row."""
    inside = threading.Event()
    seen: list[int] = []

    def second() -> None:
        inside.wait()
        with writing() as session:
            seen.append(session.connection().execute(select(func.count()).select_from(PATIENTS)).scalar_one())

    thread = threading.Thread(target=second)
    thread.start()
    with writing() as session:
        inside.set()
        add(session.connection(), "patient", study_code="CART-1")
    thread.join()
    assert seen == [1]


def test_an_error_inside_takes_everything_back(database: str) -> None:
    def fail() -> None:
        with writing() as session:
            add(session.connection(), "patient", study_code="CART-1")
            raise KeyError("the program has a fault")

    with pytest.raises(KeyError):
        fail()
    assert count_patients() == 0


def test_a_broken_constraint_is_not_called_a_busy_database(database: str) -> None:
    save("CART-1")
    with pytest.raises(IntegrityError):
        save("CART-1")


def test_objects_can_be_read_after_their_session(database: str) -> None:
    from db.models import Patient
    from tests.db.rows import NOW

    with writing() as session:
        patient = Patient(study_code="CART-1", enrolled_at=NOW)
        session.add(patient)
    assert (patient.study_code, patient.enrolled_at, patient.id) == ("CART-1", NOW, 1)


def test_a_full_disk_gets_a_sentence_and_saves_nothing(sqlite_database: str) -> None:
    def fill() -> None:
        with writing() as session:
            connection = session.connection()
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            for number in range(1000):
                add(connection, "patient", study_code=f"CART-{number}-{'x' * 20}")

    with pytest.raises(DiskFull, match="the disk of the server is full"):
        fill()
    assert count_patients() == 0
    configure(sqlite_database)
    save("CART-1")
    with reading() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        ("53100", DiskFull),
        ("55P03", DatabaseBusy),
        ("40P01", DatabaseBusy),
        ("57P01", DatabaseUnreachable),
        ("08006", DatabaseUnreachable),
    ],
)
def test_postgresql_codes_get_their_sentence(
    postgres_database: str, state: str, refusal: type[SaveRefused]
) -> None:
    def raise_it() -> None:
        with writing() as session:
            session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"))

    with pytest.raises(refusal):
        raise_it()


def test_a_connection_cut_by_the_server_is_made_anew(postgres_database: str) -> None:
    save("CART-1")
    with closing(psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True)) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    save("CART-2")
    assert count_patients() == 2


def test_a_server_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    configure(f"postgresql://vigil@/vigil?host={tmp_path}")
    try:
        with pytest.raises(DatabaseUnreachable, match="cannot be reached"):
            save("CART-1")
    finally:
        database_session.close()


def test_a_damaged_file_gets_a_sentence(sqlite_database: str) -> None:
    database_session.close()
    sqlite_path(sqlite_database).write_bytes(b"not a database" * 1000)
    configure(sqlite_database)
    with pytest.raises(DatabaseDamaged, match="damaged"):
        count_patients()


def test_a_database_that_was_never_opened_is_a_fault_of_the_program() -> None:
    database_session.close()
    with pytest.raises(RuntimeError, match="configure"), reading():
        pass


def test_sqlite_runs_with_the_pragmas_that_keep_records_safe(sqlite_database: str) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    with reading() as session:
        connection = session.connection()
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
        waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert found == wanted
    assert waits == 10_000


def test_what_was_committed_is_in_the_file_for_any_other_tool(sqlite_database: str) -> None:
    save("CART-1")
    with closing(sqlite3.connect(sqlite_path(sqlite_database))) as other:
        assert other.execute("SELECT study_code FROM patient").fetchall() == [("CART-1",)]
