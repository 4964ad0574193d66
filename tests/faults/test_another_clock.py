"""The worker as it is started in service, under another clock (libfaketime): ahead, then a day back."""

from collections import Counter
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlmodel import col, select

from actions import context
from actions.assessments import record_assessment
from db.inputs import AssessmentIn
from db.models import Delivery, Notice, Recipient
from db.session import reading, writing
from tests.alerts.conftest import INFUSED_AT, Ward, make_ward
from tests.faults.crashes import ENTERED_AT, GRADE_3, Site, fill_outbox
from tests.support.faulty_smtp import FaultyServer, running_faulty_server
from tests.support.not_run import not_run
from tests.support.programs import find_libfaketime
from tests.support.protocols import of_a_course_alone
from tests.support.worker import running_worker

AT_ONCE: Final = ("li@hospital.org", "ward@hospital.org", "wu@hospital.org")
AFTER_15_MIN: Final = ("deputy@hospital.org", "wu@hospital.org")
AHEAD: Final = timedelta(minutes=16)


@pytest.fixture(scope="module")
def libfaketime() -> Path:
    """The library that changes a process's clock."""
    return find_libfaketime() or not_run(
        "libfaketime was not found (apt-get install faketime)", may_lack=True
    )


def test_a_worker_whose_clock_is_ahead_escalates_and_one_a_day_back_repeats_nothing(
    sqlite_database: str, tmp_path: Path, libfaketime: Path
) -> None:
    with running_faulty_server(sign_in=False) as server:
        ward = _ward_with_a_grade_3(sqlite_database, tmp_path, server.port)
        assert sorted(one.address for one in ward.deliveries()) == sorted(AT_ONCE)
        with _worker_at(ENTERED_AT + AHEAD, ward, libfaketime):
            server.wait_until(lambda: _urgent_to(server) >= Counter(AT_ONCE + AFTER_15_MIN), 60)
        told = _about_the_grade_3(ward)
        assert Counter(one.address for one in told) == Counter(AT_ONCE + AFTER_15_MIN)
        assert {(one.state, one.attempts) for one in told} == {("sent", 1)}
        assert all(
            one.sent_at and AHEAD <= one.sent_at - ENTERED_AT < AHEAD + timedelta(minutes=5) for one in told
        )

        a_day_back = ENTERED_AT - timedelta(days=1)
        fill_outbox(Site(ward, None, now=a_day_back), 1)
        digest = ward.deliveries()[-1].uid.encode()
        with _worker_at(a_day_back, ward, libfaketime):
            # It leaves after everything urgent that this worker would repeat.
            server.wait_until(lambda: any(digest in mail.content for mail in server.received), 60)

        assert _about_the_grade_3(ward) == told, "nothing was told again and nothing was forgotten"
        copies = Counter(str(mail.message["Message-ID"]) for mail in server.received)
        assert set(copies.values()) == {1}


def _ward_with_a_grade_3(url: str, folder: Path, port: int) -> Ward:
    """A ward with a deputy, in whose outbox a grade 3 waits."""
    ward = make_ward(url, folder, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
    deputy = Recipient(
        name="Dr Ma",
        address="deputy@hospital.org",
        group="deputy",
        valid_from=INFUSED_AT,
        created_at=INFUSED_AT,
    )
    with writing() as session:
        session.add(deputy)
    context.configure(ward.settings, of_a_course_alone())
    entry = AssessmentIn.model_validate(GRADE_3)
    record_assessment(entry, "form", by=ward.investigator, now=ENTERED_AT)
    return ward


def _worker_at(start: datetime, ward: Ward, library: Path) -> AbstractContextManager[object]:
    """A worker whose clock begins there and runs on; its waits are real."""
    clock = {"FAKETIME": f"@{start:%Y-%m-%d %H:%M:%S}", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
    return running_worker(ward.settings, LD_PRELOAD=str(library), **clock)


def _urgent_to(server: FaultyServer) -> Counter[str]:
    """How many urgent mails each address got; the program itself writes P3."""
    urgent = [mail for mail in server.received if mail.message["Subject"].startswith("P2")]
    return Counter(mail.recipients[0] for mail in urgent)


def _about_the_grade_3(ward: Ward) -> list[Delivery]:
    query = (
        select(Delivery)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .where(Notice.alert_id == ward.alerts()[0].id)
        .order_by(col(Delivery.id))
    )
    with reading() as session:
        return list(session.exec(query).all())
