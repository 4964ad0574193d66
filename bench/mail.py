"""From the commit of a grade 3 to the mail server's DATA, beside a bare send on an open connection."""

import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from actions import assessments
from actions.assessments import record_assessment
from actions.recipients import add_recipient
from alerts.outbox import wake_worker
from bench.figure import Figure, ms, p50
from bench.site import SHOCK, assessment, infuse, open_site
from clock import utc_now
from db import session as database
from db.inputs import Group, RecipientIn
from db.roles import SYSTEM
from settings import Settings
from tests.support.smtp import Step, running_smtp_server
from tests.support.worker import running_worker


class _Arrivals:
    """When the mail server took each message."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._changed = threading.Condition()

    def note(self, step: Step, _argument: str) -> str | None:
        """The server's hook: remember the moment of DATA and answer as usual."""
        if step == "DATA":
            with self._changed:
                self._times.append(time.perf_counter())
                self._changed.notify_all()
        return None

    def next_after(self, count: int) -> float:
        """The moment of the message after the first `count`."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._times) > count, 30):
                raise RuntimeError("The mail did not arrive within 30 s.")
            return self._times[count]

    def __len__(self) -> int:
        return len(self._times)


def measure_mail(quick: bool, folder: Path) -> Iterator[Figure]:
    """Each sample is a new patient's first grade 3, told to one recipient by a running worker."""
    samples = 10 if quick else 40
    arrivals = _Arrivals()
    with running_smtp_server() as server:
        server.answer = arrivals.note
        settings = open_site(
            folder / "mail",
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_security="none",
            smtp_from="vigil@localhost",
        )
        with running_worker(settings):
            told = [_tell(number, arrivals) for number in range(samples)]
        bare = _send_bare(settings, server.received[0].content, samples, arrivals)
    database.close()
    detail = f"p50 {ms(p50(told))} beside {ms(p50(bare))} for a bare send"
    yield Figure("commit of a grade 3 to SMTP DATA", p50(told) / p50(bare), 10, "x", detail)


def _tell(number: int, arrivals: _Arrivals) -> float:
    now = utc_now()
    if number == 0:
        ward = RecipientIn(name="Ward", address="ward@localhost.example", group=Group.WARD)
        add_recipient(ward, by=SYSTEM, now=now)
    code = f"CART-{number:03d}"
    infuse(code, now - timedelta(days=2))
    before = len(arrivals)
    entry = assessment(code, now - timedelta(minutes=5), **SHOCK)
    with _noted_commit() as committed:
        record_assessment(entry, code, by=SYSTEM, now=utc_now())
    return arrivals.next_after(before) - committed[0]


@contextmanager
def _noted_commit() -> Iterator[list[float]]:
    """The moment at which the action has committed and wakes the worker."""
    noted: list[float] = []

    def note_and_wake(settings: Settings) -> None:
        noted.append(time.perf_counter())
        wake_worker(settings)

    with patch.object(assessments, "wake_worker", note_and_wake):
        yield noted


def _send_bare(settings: Settings, message: bytes, samples: int, arrivals: _Arrivals) -> list[float]:
    took = []
    with smtplib.SMTP(str(settings.smtp_host), settings.smtp_port) as connection:
        for _ in range(samples):
            before = len(arrivals)
            began = time.perf_counter()
            connection.sendmail("vigil@localhost", ["ward@localhost.example"], message)
            took.append(arrivals.next_after(before) - began)
    return took
