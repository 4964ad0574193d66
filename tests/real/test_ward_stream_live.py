"""Real charting through the live path: entered row by row, a worker running, mails to a real mail server."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions import context
from actions.assessments import record_assessment
from actions.patients import enrol_patient, record_infusion
from actions.recipients import add_recipient
from clock import utc_now
from db.inputs import AssessmentIn, PatientIn, RecipientIn
from db.models import Record
from db.roles import SYSTEM, Group
from db.session import reading
from exchange.assessment_file import load_assessment_file
from exchange.infusion_file import load_infusion_file
from grading.scale import Toxicity
from settings import Settings
from tests.real.ward_stream import WardStream, protocol_without_a_clock
from tests.support.smtp import SmtpServer
from tests.support.worker import running_worker
from trial.protocol import load_protocol

RECIPIENTS = ("ward@hospital.org", "pi@hospital.org", "chair@hospital.org")
ENTERED_AFTER = timedelta(minutes=5)


@pytest.fixture
def site(sqlite_database: str, tmp_path: Path, smtp_server: SmtpServer) -> Settings:
    settings = Settings(
        database_url=sqlite_database,
        data_dir=tmp_path,
        smtp_host="127.0.0.1",
        smtp_port=smtp_server.port,
        smtp_security="none",
        smtp_from="vigil@hospital.org",
        site_timezone="Asia/Shanghai",
        protocol_file=protocol_without_a_clock(tmp_path),
    )
    context.configure(settings, load_protocol(settings.protocol_file))
    return settings


def rows(table: str, *columns: str) -> list[dict[str, Any]]:
    of = Record.metadata.tables[table]
    with reading() as session:
        found = session.connection().execute(select(*(of.c[name] for name in columns)).order_by(of.c.id))
        return [dict(one) for one in found.mappings()]


def enter_everything(stream: WardStream) -> dict[tuple[int, Toxicity], str]:
    """Enter the rows in time order, each 5 minutes after it was observed.

    Returns for each infusion and toxicity the stable id of the first entry at grade 3 or more.
    """
    infusions = load_infusion_file(stream.infusions).rows
    begin = min(row.infusion.infused_at for row in infusions) - timedelta(days=1)
    for address, group in zip(RECIPIENTS, (Group.WARD, Group.PI, Group.COMMITTEE_CHAIR), strict=True):
        add_recipient(RecipientIn(name=address, address=address, group=group), by=SYSTEM, now=begin)
    for row in infusions:
        enrol_patient(PatientIn(study_code=row.infusion.patient_id), by=SYSTEM, now=row.infusion.infused_at)
        record_infusion(row.infusion, by=SYSTEM, now=row.infusion.infused_at)
    loaded = load_assessment_file(stream.assessments, keep_entries=True)
    entries = [loaded.entries[line] for line in loaded.rows.line.tolist()]
    first: dict[tuple[int, Toxicity], str] = {}
    for number, entry in enumerate(sorted(entries, key=_by_time)):
        saved = record_assessment(entry, f"row-{number}", by=SYSTEM, now=entry.assessed_at + ENTERED_AFTER)
        for grade in (saved.crs, saved.icans):
            if grade.at_least >= 3:
                first.setdefault((_infusion_of(saved.assessment_id), grade.scale), saved.stable_id)
    return first


def _by_time(entry: AssessmentIn) -> datetime:
    return entry.assessed_at


def _infusion_of(assessment_id: int) -> int:
    of = Record.metadata.tables["assessment"]
    with reading() as session:
        found = session.connection().execute(select(of.c.infusion_id).where(of.c.id == assessment_id))
        return int(found.scalar_one())


@pytest.mark.parametrize(
    "one_patient_in",
    [pytest.param(1, marks=pytest.mark.soak), 12],
    ids=["everyone", "every twelfth patient"],
)
@pytest.mark.timeout(480)
def test_each_course_that_reaches_grade_3_opens_with_exactly_one_mail_per_recipient(
    real_data: Path, tmp_path: Path, site: Settings, smtp_server: SmtpServer, one_patient_in: int
) -> None:
    stream = WardStream(real_data / "ward-stream", tmp_path, utc_now(), one_patient_in=one_patient_in)
    with running_worker(site):
        first = enter_everything(stream)
        assert len(first) > 50 / one_patient_in
        assert len({infusion_id for infusion_id, _ in first}) >= 3
        smtp_server.wait_until(
            lambda server: len(server.received) >= len(rows("delivery", "id")), timeout_s=120
        )
    sent = rows("delivery", "uid", "notice_id", "address", "state")
    assert {one["state"] for one in sent} == {"sent"}
    received = [(_uid(mail.message["Message-ID"]), *mail.recipients) for mail in smtp_server.received]
    assert Counter(received) == Counter((one["uid"], one["address"]) for one in sent)
    alerts = {
        one["id"]: (one["infusion_id"], one["slot"])
        for one in rows("alert", "id", "infusion_id", "signal", "slot")
        if one["signal"] == "grade3"
    }
    members = rows("alert_assessment", "alert_id", "assessment_stable_id")
    opening = [one for one in rows("notice", "id", "alert_id", "kind") if one["kind"] == "opening"]
    for place, stable_id in first.items():
        (alert_id,) = (
            one["alert_id"]
            for one in members
            if one["assessment_stable_id"] == stable_id and alerts.get(one["alert_id"]) == place
        )
        (notice_id,) = (one["id"] for one in opening if one["alert_id"] == alert_id)
        told = [one["address"] for one in sent if one["notice_id"] == notice_id]
        assert sorted(told) == sorted(RECIPIENTS)


def _uid(message_id: str) -> str:
    return message_id.strip("<>").split("@")[0]
