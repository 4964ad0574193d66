"""The demonstration built through the actions, and started as a person starts it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions import context
from actions.errors import Refused
from actions.infusions import record_infusion
from actions.sign_ins import sign_in
from charts.heat_rows import CellKind, heat_rows
from clock import utc_now
from commands import demo
from db import session
from db.audit import verify_chain
from db.inputs import InfusionIn
from db.models import Record
from db.queries.board import load_board
from db.queries.committee import load_committee
from db.roles import SYSTEM
from db.session import reading
from grading.scale import Toxicity
from settings import ROOT, Settings
from tests.support.browser import clean_environment


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("demo")
    made = Settings(data_dir=folder, VIGIL_DEMO=True, site_timezone="Asia/Shanghai")
    demo.build_demo(made, utc_now(), password="made-up for a test")
    yield made
    session.close()


@pytest.fixture(autouse=True)
def opened(settings: Settings) -> Iterator[None]:
    session.configure(settings.database_url)
    yield
    session.close()


def rows(table: str) -> list[dict[str, Any]]:
    columns = Record.metadata.tables[table]
    with reading() as reader:
        return [dict(one) for one in reader.connection().execute(select(columns)).mappings()]


def test_everything_went_through_the_actions() -> None:
    patients = rows("patient")
    assert len(patients) == 17
    assert sum(one["enrolled_at"] is not None for one in patients) == len(rows("signature")) == 15
    assert {one["verdict"] for one in rows("screening")} == {"eligible", "not_eligible", "undecided"}
    assert {one["source"] for one in rows("assessment") if one["version"] == 1} == {"demo"}
    assert all(one["entered_by"] is not None for one in rows("assessment"))
    with reading() as reader:
        assert verify_chain(reader).whole
    moments = [one["at"] for one in sorted(rows("audit_event"), key=lambda one: one["id"])]
    assert moments == sorted(moments)


def test_one_alert_is_open_one_is_withdrawn_and_the_grade_4_is_over() -> None:
    patients = {one["id"]: one["study_code"] for one in rows("patient")}
    alerts = {
        (patients[one["patient_id"]], one["slot"]): one for one in rows("alert") if one["signal"] == "grade3"
    }
    assert alerts["CART-003", "crs"]["state"] == "open"
    assert alerts["CART-005", "crs"]["state"] == "retracted"
    assert (alerts["CART-002", "crs"]["state"], alerts["CART-002", "crs"]["level"]) == ("closed", 4)
    assert alerts["CART-006", "icans"]["state"] == "closed"
    answered = {one["alert_id"] for one in rows("acknowledgement")}
    assert {alerts["CART-002", "crs"]["id"], alerts["CART-006", "icans"]["id"]} <= answered
    assert alerts["CART-003", "crs"]["id"] not in answered


@pytest.mark.parametrize("scale", list(Toxicity))
def test_the_committee_sees_a_day_without_an_assessment_and_one_called_off(scale: Toxicity) -> None:
    zone = context.settings().zone
    with reading() as reader:
        patients = load_committee(reader, zone)
    made = heat_rows(patients, scale, context.protocol(), zone=zone, cut_off=utc_now())
    gaps = {
        (cell.study_code, cell.number, cell.day): cell.words
        for row in made
        for panel in row.panels
        for cell in panel.cells
        if cell.kind is CellKind.GAP
    }
    assert gaps["CART-013", 1, 9].endswith("no assessment")
    assert "skipped: 02:00 at a procedure" in gaps["CART-001", 2, 11]
    assert len(gaps) < 5


def test_mails_lie_in_the_maildir_and_were_sent_at_their_own_time(settings: Settings) -> None:
    deliveries = rows("delivery")
    sent = [one for one in deliveries if one["state"] == "sent"]
    assert len(list((settings.mail_dir / "new").iterdir())) == len(sent)
    assert all(one["sent_at"] >= one["due_at"] >= one["created_at"] for one in sent)
    urgent = [one for one in deliveries if one["urgency"] <= 2]
    assert urgent
    assert all(
        one["state"] == "sent" and one["sent_at"] - one["created_at"] < timedelta(seconds=5) for one in urgent
    )
    # What is less urgent may still wait for the end of the quiet hours.
    assert all(one["due_at"] > one["created_at"] for one in deliveries if one["state"] != "sent")


def test_a_second_infusion_of_the_barred_is_refused() -> None:
    for code in ("CART-002", "CART-006"):
        entry = InfusionIn(patient_id=code, infusion_number=2, infused_at=utc_now())
        with pytest.raises(Refused, match="is barred from a second infusion"):
            record_infusion(entry, by=SYSTEM, now=utc_now() + timedelta(seconds=1))


def test_the_board_holds_those_in_a_window_and_nobody_at_home() -> None:
    with reading() as reader:
        board = load_board(reader, utc_now(), context.protocol(), zone=context.settings().zone)
    assert {one.code for one in board} == {f"CART-{number:03d}" for number in (3, 4, 5, 7, 8, 9, 10, 12, 14)}


def test_every_role_signs_in_with_the_password() -> None:
    for role in ("admin", "ward", "investigator", "coordinator", "committee", "display"):
        assert sign_in(role, "made-up for a test", now=utc_now())


def test_its_folder_and_its_mails_are_its_own_whatever_the_site_has_set(tmp_path: Path) -> None:
    site = {
        "SMTP_HOST": "mail.hospital.org",
        "SMTP_PASSWORD": "secret",
        "DATABASE_URL": "postgresql://site",
        "DATA_DIR": "/srv/vigil",
        "SITE_TIMEZONE": "Europe/Berlin",
        "PORT": "9000",
        "PATH": "/bin",
    }
    assert demo.demo_environment(site, tmp_path) == {
        "SITE_TIMEZONE": "Europe/Berlin",
        "PORT": "9000",
        "PATH": "/bin",
        "DATA_DIR": str(tmp_path),
        "VIGIL_DEMO": "1",
    }


def test_a_folder_that_is_no_demonstration_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "vigil.db").write_text("a site's records")
    with pytest.raises(ValueError, match="not the folder of a demonstration"):
        demo.build_demo(Settings(data_dir=tmp_path), utc_now())
    assert (tmp_path / "vigil.db").read_text() == "a site's records"


def test_a_second_demonstration_does_not_take_the_database_from_the_first(tmp_path: Path) -> None:
    with demo._alone_in(tmp_path / "demo"):
        done = subprocess.run(
            [sys.executable, "manage.py", "demo", "--build-only"],
            cwd=ROOT,
            env=clean_environment() | {"DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "is running in" in done.stderr
    assert len(done.stderr.splitlines()) == 1
