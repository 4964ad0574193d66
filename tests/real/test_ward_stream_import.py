"""Real charting through the import: graded as by `grade`, and read by board, patient and committee page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from clock import utc_now
from db.models import Record
from db.queries.board import load_board
from db.queries.charted_entries import load_entries
from db.queries.committee import load_committee
from db.queries.entry import grade_of
from db.roles import SYSTEM, Actor, Role
from db.session import reading
from exchange.graded_file import grade_file
from exchange.importing import Imported, import_files
from grading.scale import Toxicity
from grading.settings import DEFAULT_SETTINGS
from tests.exchange.files import read_file
from tests.real.ward_stream import WardStream
from tests.support.browser import VigilServer
from tests.support.pages import open_page, words_of
from trial.protocol import load_protocol

ROWS, REJECTED, PATIENTS = 2255, 20, 80


@pytest.fixture(scope="module")
def now() -> datetime:
    return utc_now().replace(microsecond=0)


@pytest.fixture(scope="module")
def stream(real_data: Path, tmp_path_factory: pytest.TempPathFactory, now: datetime) -> WardStream:
    return WardStream(real_data / "ward-stream", tmp_path_factory.mktemp("stream"), now)


@pytest.fixture(scope="module")
def imported(vigil_server: VigilServer, stream: WardStream, now: datetime) -> Imported:
    """The whole stream as history, in a server's database."""
    vigil_server.use_database()
    return import_files(stream.infusions, stream.assessments, by=SYSTEM, now=now, historical=True)


def test_every_row_is_stored_or_listed(imported: Imported) -> None:
    assert (imported.patients_added, imported.infusions_added) == (PATIENTS, PATIENTS)
    assert imported.assessments_added == ROWS - REJECTED
    assert len(imported.rejected_assessments) == REJECTED
    assert not imported.rejected_infusions


def test_the_stored_grades_are_those_of_the_grade_command(
    imported: Imported, stream: WardStream, tmp_path: Path
) -> None:
    grade_file(stream.assessments, tmp_path / "graded.csv", DEFAULT_SETTINGS)
    tables = Record.metadata.tables
    grade, assessment, patient = tables["grade"], tables["assessment"], tables["patient"]
    query = (
        select(grade, assessment.c.assessed_at, patient.c.study_code)
        .join(assessment, assessment.c.id == grade.c.assessment_id)
        .join(patient, patient.c.id == assessment.c.patient_id)
        .where(grade.c.superseded_at.is_(None))
    )
    with reading() as session:
        stored = {
            (row["study_code"], row["assessed_at"], row["scale"]): grade_of(row)
            for row in session.connection().execute(query).mappings()
        }
    graded = read_file(tmp_path / "graded.csv")
    assert len(stored) == 2 * len(graded) == 2 * (ROWS - REJECTED)
    for row in graded:
        for scale in Toxicity:
            at = datetime.fromisoformat(row["assessed_at"]).astimezone(UTC)
            one = stored[row["patient_id"], at, scale.value]
            assert row[f"{scale.value}_grade"] == ("" if one.grade is None else str(one.grade))
            assert row[f"{scale.value}_at_least"] == str(one.at_least)
            assert row[f"{scale.value}_missing"] == ";".join(one.missing)
            # Notes may differ: a file knows of refused rows, a course in the database of its infusion.
            assert row[f"{scale.value}_reasons"].startswith(
                one.sentence().removesuffix(" ".join(one.notes)).strip()
            )


def test_nobody_stands_on_the_board_who_was_not_seen_for_the_monitored_days(
    imported: Imported, stream: WardStream, now: datetime
) -> None:
    refused = {one.line for one in imported.rejected_assessments}
    seen = {
        row["patient_id"]: datetime.fromisoformat(row["infused_at"]) for row in read_file(stream.infusions)
    }
    for line, row in enumerate(read_file(stream.assessments), start=2):
        if line not in refused:
            at = datetime.fromisoformat(row["assessed_at"])
            seen[row["patient_id"]] = max(at, seen[row["patient_id"]])
    zone = ZoneInfo("Asia/Shanghai")
    with reading() as session:
        board = {one.code for one in load_board(session, now, load_protocol(), zone=zone)}
    gone = {code for code, at in seen.items() if now - at > timedelta(days=15)}
    here = {code for code, at in seen.items() if now - at < timedelta(days=14)}
    assert len(gone) > 50
    assert len(here) > 2
    assert board & gone == set()
    assert here - board == set()
    assert set(imported.over).isdisjoint(board)


def test_every_course_and_the_committee_can_be_read(imported: Imported) -> None:
    with reading() as session:
        patients = load_committee(session, ZoneInfo("Asia/Shanghai"))
        entries = [
            entry
            for one in patients
            for infusion in one.infusions
            for entry in load_entries(session, infusion.id)
        ]
    assert len(patients) == PATIENTS
    assert len(entries) == ROWS - REJECTED


@pytest.mark.parametrize(
    ("role", "script", "words"),
    [
        (Role.WARD, "ward/board.py", "Ward board"),
        (Role.INVESTIGATOR, "ward/alerts.py", "From imported history ("),
        (Role.COMMITTEE, "committee/safety.py", f"{PATIENTS} patients"),
    ],
)
def test_the_pages_open_on_it(
    imported: Imported,
    vigil_server: VigilServer,
    monkeypatch: pytest.MonkeyPatch,
    role: Role,
    script: str,
    words: str,
) -> None:
    vigil_server.use_database()
    someone = Actor(None, "someone", "Someone", role)
    assert words in words_of(open_page(monkeypatch, script, someone))


def test_a_browser_draws_a_course_and_what_the_committee_reads(
    imported: Imported, vigil_server: VigilServer, browser: Browser
) -> None:
    for path, heading in (("/patient?code=M298685", "M298685"), ("/safety", "Safety")):
        page = vigil_server.open(browser, Role.INVESTIGATOR, path)
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        vigil_server.give_back()
