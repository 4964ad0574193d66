"""The bench measures what it says: its yardsticks do the same work, and a goal that is not met is told."""

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from websockets.exceptions import InvalidStatus

from bench import laboratory, patient_page, saving
from bench.empty_page import HOLDS, program_with_empty_pages
from bench.figure import Figure, slope
from bench.made_up_rows import write_files
from bench.sockets import open_page
from clock import utc_now
from commands import bench
from db import session
from db.audit import verify_chain
from db.models import Record
from db.queries.lab_results import load_lab_rows_of_all
from db.queries.patient_course import load_course_records
from db.roles import Role
from db.session import make_engine, reading
from exchange.assessment_file import load_assessment_file
from exchange.infusion_file import load_infusion_file
from tests.support.browser import running_server
from trial.laboratory import grade_rows


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    session.close()


def test_a_slope_of_one_is_twice_the_time_for_twice_the_rows() -> None:
    assert slope((10, 1.0), (20, 2.0)) == pytest.approx(1)
    assert slope((10, 1.0), (100, 100.0)) == pytest.approx(2)


def test_a_goal_that_is_not_met_is_told_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(_quick: bool, _folder: Path) -> Iterator[Figure]:
        yield Figure("quick enough", 2.0, 3, "x", "beside nothing")
        yield Figure("too slow", 3.1, 3, "x", "beside nothing")

    monkeypatch.setattr(bench, "MEASURES", {"one": measure})
    monkeypatch.setattr(bench, "_forget_the_site", lambda: None)
    assert bench.main(Namespace(only=[], quick=True)) == 1
    fine, slow, end = capsys.readouterr().out.splitlines()
    assert fine.startswith("ok   quick enough")
    assert slow.startswith("OVER too slow")
    assert "not met" in end


def test_the_laboratory_s_yardstick_reads_the_very_results_that_are_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laboratory, "_PATIENTS", 20)
    figures = list(laboratory.measure_laboratory(True, tmp_path))
    assert [figure.goal for figure in figures] == [1, 50, 5]
    assert figures[-1].name == "1,200 stored results of 2 patients graded"
    session.configure(f"sqlite:///{tmp_path / 'laboratory' / 'vigil.db'}")
    with reading() as opened:
        stored = load_lab_rows_of_all(opened)
    assert all(one.grade is not None for rows in stored.values() for one in grade_rows(rows, {}))


def test_the_fullest_patient_is_as_full_as_the_goal_says(tmp_path: Path) -> None:
    patient_page.store_patient(tmp_path / "site", tmp_path)
    session.configure(f"sqlite:///{tmp_path / 'site' / 'vigil.db'}")
    with reading() as opened:
        records = load_course_records(opened, 1)
    (first, last) = (
        min(one.assessed_at for one in records.grades),
        max(one.assessed_at for one in records.grades),
    )
    assert round((last - first).total_seconds() / 86_400) == 60
    assert len({one.assessed_at for one in records.grades}) == 360
    assert (len(records.labs), len(records.treatments)) == (900, 40)


def test_the_made_up_files_hold_only_rows_that_are_taken(tmp_path: Path) -> None:
    infusions, assessments = write_files(tmp_path, 500, utc_now(), a_patient=30)
    loaded = load_assessment_file(assessments)
    assert (len(loaded.rows), loaded.rejected, len(loaded.patients)) == (500, [], 17)
    assert len(load_infusion_file(infusions).rows) == 17


def test_the_yardstick_of_a_save_writes_exactly_what_the_save_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "_HISTORY", 8)
    monkeypatch.setattr(saving, "_PATIENTS", 2)
    for _figure in saving.measure_saving(True, tmp_path):
        pass
    tables = {name: Record.metadata.tables[name] for name in saving._WRITTEN}
    with reading() as saved, make_engine(f"sqlite:///{tmp_path / 'copy.db'}").connect() as written:
        for table in tables.values():
            query = select(table).order_by(table.c.id)
            assert saved.connection().execute(query).all() == written.execute(query).all()
        assert verify_chain(saved).whole


def test_the_yardstick_of_the_pages_stands_behind_the_gate_and_the_router(tmp_path: Path) -> None:
    app = program_with_empty_pages(tmp_path / "program")
    with running_server(tmp_path, app=app) as server:
        token = server.token(Role.WARD)
        for page in ("", "patient"):
            asyncio.run(open_page(server.url, token, page, holds=HOLDS))
            asyncio.run(open_page(server.url, token, page, holds="Signed in as Ward"))
        with pytest.raises(InvalidStatus):
            asyncio.run(open_page(server.url, None, ""))
