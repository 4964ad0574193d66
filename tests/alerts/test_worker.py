"""The worker as a process: woken by a commit, killed and started again, ended politely, two at once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from alerts.health import worker_state
from alerts.outbox import Claimed, Outcome, Result, announce_port, wake_worker
from clock import utc_now
from db.models import Delivery
from db.session import reading, writing
from settings import ROOT
from tests.alerts.conftest import PEOPLE, Ward, make_ward
from tests.support.smtp import ReceivedMail, SmtpServer
from worker import Worker

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}


def openings(ward: Ward) -> list[Delivery]:
    """The mails that open a grade 3. A real worker also chases it, years after this ward, and asks more."""
    told = {notice.id for notice in ward.notices() if notice.kind == "opening" and (notice.level or 0) >= 3}
    return [one for one in ward.deliveries() if one.notice_id in told]


def opened(server: SmtpServer, ward: Ward) -> list[ReceivedMail]:
    """What arrived of them."""
    names = {f"<{one.uid}@hospital.org>" for one in openings(ward)}
    return [mail for mail in server.received[:] if mail.message["Message-ID"] in names]


def wait_for_openings(server: SmtpServer, ward: Ward, mails: int) -> list[ReceivedMail]:
    """The same, as soon as there are so many."""
    server.wait_until(lambda _: len(opened(server, ward)) >= mails)
    return opened(server, ward)


class RunningWorker:
    """A worker process that has said it is ready."""

    def __init__(self, ward: Ward) -> None:
        settings = ward.settings
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {
            "DATABASE_URL": settings.database_url,
            "DATA_DIR": str(settings.data_dir),
            "APP_URL": settings.app_url,
        }
        if settings.smtp_host:
            environment |= {
                "SMTP_HOST": settings.smtp_host,
                "SMTP_PORT": str(settings.smtp_port),
                "SMTP_SECURITY": "none",
                "SMTP_FROM": settings.smtp_from,
            }
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "worker.py")],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log = [self._line()]
        while "is ready" not in self.log[-1]:
            self.log.append(self._line())

    def kill(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        status = self.process.wait(timeout=20)
        assert self.process.stderr is not None
        self.log += self.process.stderr.read().splitlines()
        self.process.stderr.close()
        return status

    def _line(self) -> str:
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert line, f"the worker ended: {self.log}"
        return line


@pytest.fixture
def ward(database: str, tmp_path: Path, smtp_server: SmtpServer) -> Ward:
    """The patient, on each engine, with a mail server."""
    return make_ward(
        database, tmp_path, smtp_host="127.0.0.1", smtp_port=smtp_server.port, smtp_security="none"
    )


@pytest.fixture
def start(ward: Ward) -> Iterator[Any]:
    """Starts workers, and ends those that a test leaves behind."""
    with ExitStack() as stack:

        def start_one() -> RunningWorker:
            worker = RunningWorker(ward)
            stack.callback(lambda: worker.process.poll() is None and worker.kill(signal.SIGKILL))
            return worker

        yield start_one


@pytest.mark.postgresql_in_soak
def test_a_commit_wakes_the_worker_and_sigterm_ends_it(
    ward: Ward, start: Any, smtp_server: SmtpServer
) -> None:
    worker = start()
    with reading() as session:
        state = worker_state(session, utc_now())
    assert (state.alive, state.mails_off) == (True, False)
    ward.assess(4, **GRADE_3)
    wake_worker(ward.settings)
    mails = wait_for_openings(smtp_server, ward, len(PEOPLE))
    assert sorted(mail.recipients[0] for mail in mails) == sorted(person.address for person in PEOPLE)
    assert worker.kill(signal.SIGTERM) == 0
    assert {one.state for one in openings(ward)} == {"sent"}
    with reading() as session:
        assert not worker_state(session, utc_now()).alive


def test_the_wake_up_alone_is_enough(sqlite_ward: Ward) -> None:
    taken = threading.Event()

    class Noting:
        def send(self, claimed: Claimed) -> Outcome:
            taken.set()
            return Outcome(Result.SENT, "250 Ok")

        def close(self) -> None:
            pass

    # Without the scheduler there is no poll: only the datagram can make it look.
    worker = Worker(Noting())
    announce_port(sqlite_ward.settings, worker.port)
    running = threading.Thread(target=worker.run)
    running.start()
    sqlite_ward.assess(4, **GRADE_3)
    wake_worker(sqlite_ward.settings)
    assert taken.wait(20)
    worker.stop()
    running.join(20)
    assert not running.is_alive()


@pytest.mark.postgresql_in_soak
def test_a_worker_that_cannot_say_where_it_listens_sends_all_the_same(
    ward: Ward, start: Any, smtp_server: SmtpServer
) -> None:
    ward.settings.wakeup_path.mkdir(parents=True)
    ward.assess(4, **GRADE_3)
    worker = start()
    wait_for_openings(smtp_server, ward, len(PEOPLE))
    assert worker.kill(signal.SIGTERM) == 0


@pytest.mark.postgresql_in_soak
def test_a_worker_killed_with_a_claim_loses_nothing(ward: Ward, start: Any, smtp_server: SmtpServer) -> None:
    smtp_server.delay_s["RCPT"] = 60
    ward.assess(4, **GRADE_3)
    worker = start()
    smtp_server.wait_until(lambda server: any(step == "MAIL" for step, _ in server.attempts))
    assert worker.kill(signal.SIGKILL) == -signal.SIGKILL
    assert [one.state for one in ward.deliveries()].count("claimed") == 1
    smtp_server.accept_all()
    with writing() as session:
        claimed = session.exec(select(Delivery).where(Delivery.state == "claimed")).one()
        claimed.lease_until = utc_now()
        session.add(claimed)
    again = start()
    mails = wait_for_openings(smtp_server, ward, len(PEOPLE))
    assert again.kill(signal.SIGTERM) == 0
    assert {mail.message["Message-ID"] for mail in mails} == {
        f"<{one.uid}@hospital.org>" for one in openings(ward)
    }
    assert sorted(one.attempts for one in openings(ward)) == [1, 1, 2]


def test_two_workers_send_everything_once(ward: Ward, start: Any, smtp_server: SmtpServer) -> None:
    workers = [start(), start()]
    for hours, values in ((4, GRADE_3), (8, {**GRADE_3, "ice_score": 2})):
        ward.assess(hours, **values)
        wake_worker(ward.settings)
    expected = 2 * len(PEOPLE)
    wait_for_openings(smtp_server, ward, expected)
    for worker in workers:
        assert worker.kill(signal.SIGTERM) == 0
    assert len(opened(smtp_server, ward)) == expected
    names = [mail.message["Message-ID"] for mail in smtp_server.received]
    assert len(set(names)) == len(names)
    assert {(one.state, one.attempts) for one in openings(ward)} == {("sent", 1)}


def test_a_worker_without_a_mail_server_writes_a_maildir_and_says_so(sqlite_ward: Ward) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    worker = RunningWorker(sqlite_ward)
    with reading() as session:
        assert worker_state(session, utc_now()).mails_off
    # It ends after the mail it is writing; the next start would find the others.
    assert worker.kill(signal.SIGTERM) == 0
    sent = [one for one in sqlite_ward.deliveries() if one.state == "sent"]
    names = {path.name for path in (sqlite_ward.settings.mail_dir / "new").iterdir()}
    assert names == {one.uid for one in sent}


def test_a_worker_that_cannot_start_says_why_in_one_sentence(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "SITE_TIMEZONE": "Mars/Olympus"}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "worker.py")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The worker did not start. SITE_TIMEZONE must be a time zone's name")
    assert len(ended.stderr.splitlines()) == 1
