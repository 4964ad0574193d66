"""What happens to an entry when the program dies, the database is held, or a part of the save fails."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from actions.drafts import save_draft
from db import session as database
from db.audit import verify_chain
from db.session import DatabaseBusy, reading
from settings import ROOT
from tests.actions.conftest import CODE, SHOCK, Site, at, make_site

# Saves a grade 3 and is killed inside its transaction, after the mails were written and before the commit.
DIES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path

import actions.assessments as assessments
from actions import context
from db import session as database
from db.inputs import AssessmentIn
from db.roles import SYSTEM
from settings import Settings
from trial.protocol import load_protocol

url, folder = sys.argv[1:]
database.configure(url)
context.configure(Settings(database_url=url, data_dir=folder, site_timezone="Asia/Shanghai"), load_protocol())


def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


assessments.append_event = die
entry = AssessmentIn(
    patient_id="CART-007", assessed_at="2026-03-02T06:00Z", temperature_c=39, vasopressors="norepinephrine"
)
assessments.record_assessment(entry, "form", by=SYSTEM, now=datetime(2026, 3, 2, 7, tzinfo=UTC))
"""


def test_an_entry_that_dies_before_its_commit_leaves_nothing_half(
    database: str, site: Site, tmp_path: Path
) -> None:
    before = site.everything()
    finished = subprocess.run(
        [sys.executable, "-c", DIES, database, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == -signal.SIGKILL, finished.stderr.decode()
    assert site.everything() == before
    saved = site.record(4, **SHOCK)
    assert (saved.crs.grade, saved.told) == (3, 1)
    with reading() as session:
        assert verify_chain(session).whole


@pytest.mark.parametrize(
    "part",
    [
        "actions.course.reconcile_course",
        "actions.course.rewrite_days",
        "actions.assessments.append_event",
        "actions.assessments.drop_saved_draft",
    ],
)
def test_a_part_that_fails_takes_the_whole_entry_back(
    sqlite_site: Site, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("a part of the save failed")

    before = sqlite_site.everything()
    with monkeypatch.context() as patched:
        patched.setattr(part, fail)
        with pytest.raises(RuntimeError):
            sqlite_site.record(4, **SHOCK)
    assert sqlite_site.everything() == before
    assert sqlite_site.record(4, **SHOCK).already_saved_at is None


def test_a_held_sqlite_file_refuses_with_a_sentence_and_saves_nothing(
    sqlite_database: str, sqlite_site: Site
) -> None:
    before = sqlite_site.everything()
    database.configure(sqlite_database, wait_s=0.1)
    other = sqlite3.connect(make_url(sqlite_database).database or "", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="Nothing was saved: the database is busy"):
            sqlite_site.record(4, token="kept")
    finally:
        other.close()
    assert sqlite_site.everything() == before
    assert sqlite_site.record(4, token="kept").already_saved_at is None


def test_a_draft_does_not_wait_long_for_a_held_file(sqlite_database: str, sqlite_site: Site) -> None:
    database.configure(sqlite_database, wait_s=3_600)  # a draft that waited so long would not end
    with closing(sqlite3.connect(make_url(sqlite_database).database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            save_draft(
                patient_id=sqlite_site.patients[CODE],
                infusion_id=sqlite_site.infusions[CODE],
                slot_at=at(4),
                content="{}",
                form_token="kept",
                by=sqlite_site.nurse,
                now=at(4),
            )


def test_a_held_postgresql_refuses_with_a_sentence_and_saves_nothing(
    postgres_database: str, tmp_path: Path
) -> None:
    site = make_site(postgres_database, tmp_path)
    before = site.everything()
    database.configure(postgres_database, wait_s=0.1)
    address = make_url(postgres_database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as other:
        other.execute("LOCK TABLE assessment IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseBusy):
            site.record(4, token="kept")
    assert site.everything() == before
    assert site.record(4, token="kept").already_saved_at is None
