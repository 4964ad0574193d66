"""A full outbox: how soon an urgent mail leaves all the same, and how fast it empties beside a bare send."""

import re
import smtplib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from uuid import uuid4

from sqlalchemy import insert
from sqlmodel import col, select

from actions import assessments
from actions.assessments import record_assessment
from actions.recipients import add_recipient
from alerts.outbox import wake_worker
from bench.figure import Figure, ms, p50
from bench.site import SHOCK, assessment, infuse, open_site
from clock import utc_now
from db import session as database
from db.inputs import Group, RecipientIn
from db.models import Delivery, Notice
from db.roles import SYSTEM
from db.session import reading, writing
from settings import Settings
from tests.support.smtp import Step, running_smtp_server
from tests.support.worker import running_worker

URGENT: Final = SHOCK | {"oxygen_device": "mechanical_ventilation"}
_URGENT_SUBJECT: Final = b"Subject: P1"
_DIGEST_SUBJECT: Final = b"Subject: P4 digest"
_LIKE_A_MAIL: Final = b"Subject: bare\r\n\r\n" + b"One line of a mail, as long as most are.\r\n" * 85
_WAIT_S: Final = 600


class _Arrivals:
    """When each patient's urgent mail arrived, and each digest."""

    def __init__(self) -> None:
        self.digests: list[float] = []
        self._urgent: dict[str, float] = {}
        self._changed = threading.Condition()

    def note(self, step: Step, text: str) -> str | None:
        """The server's hook: remember the moment of DATA and answer as usual."""
        if step == "DATA":
            with self._changed:
                if _DIGEST_SUBJECT.decode() in text:
                    self.digests.append(time.perf_counter())
                elif (code := re.search(r"CART-\d+", text)) and _URGENT_SUBJECT.decode() in text:
                    self._urgent.setdefault(code.group(), time.perf_counter())
                self._changed.notify_all()
        return None

    def of(self, code: str) -> float:
        """The moment of this patient's urgent mail."""
        with self._changed:
            if not self._changed.wait_for(lambda: code in self._urgent, _WAIT_S):
                raise RuntimeError(f"The mail about {code} did not arrive within {_WAIT_S} s.")
            return self._urgent[code]

    def last_of(self, digests: int) -> float:
        """The moment at which so many digests had arrived."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.digests) >= digests, _WAIT_S):
                raise RuntimeError(f"{len(self.digests)} of {digests} mails arrived within {_WAIT_S} s.")
            return self.digests[digests - 1]


def measure_outbox(quick: bool, folder: Path) -> Iterator[Figure]:
    """Urgent mails into an idle outbox and into one of 10,000 digests (1,000 when quick), and its drain."""
    queued, samples = (1_000, 5) if quick else (10_000, 20)
    arrivals = _Arrivals()
    with running_smtp_server() as server:
        server.answer = arrivals.note
        settings = _open(folder / "outbox", server.port)
        before = _send_bare(server.port, _LIKE_A_MAIL, queued // 2)
        with running_worker(settings):
            idle = [_tell(number, arrivals) for number in range(samples)]
            began = _queue(queued, settings)
            busy = [_tell(1000 + number, arrivals) for number in range(samples)]
            in_time = len(arrivals.digests) < queued
            each = (arrivals.last_of(queued) - began) / (queued + samples)
        # Half of them before and half after: a machine that is busy for a while is busy for both.
        bare = (before + _send_bare(server.port, server.received[-1].content, queued // 2)) / 2
    database.close()
    if not in_time:
        raise RuntimeError("The outbox was empty before the last urgent mail: nothing was measured.")
    detail = f"p50 {ms(p50(busy))}, worst {ms(max(busy))}, beside {ms(p50(idle))} with nothing queued"
    yield Figure(f"commit of a grade 4 to DATA, {queued:,} queued", p50(busy) / p50(idle), 10, "x", detail)
    detail = f"{1 / each:.0f} a second by one worker beside {1 / bare:.0f} bare"
    yield Figure(f"one mail of {queued:,} queued beside a bare send", each / bare, 3.33, "x", detail)


def _open(folder: Path, port: int) -> Settings:
    mail: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    settings = open_site(folder, smtp_from="vigil@localhost", **mail)
    ward = RecipientIn(name="Ward", address="ward@localhost.example", group=Group.WARD)
    add_recipient(ward, by=SYSTEM, now=utc_now())
    return settings


def _tell(number: int, arrivals: _Arrivals) -> float:
    """Seconds from the commit of a new patient's grade 4 to the mail server's DATA."""
    now, code = utc_now(), f"CART-{number:04d}"
    infuse(code, now - timedelta(days=2))
    entry = assessment(code, now - timedelta(minutes=5), **URGENT)
    committed: list[float] = []

    def note_and_wake(settings: Settings) -> None:
        committed.append(time.perf_counter())
        wake_worker(settings)

    with patch.object(assessments, "wake_worker", note_and_wake):
        record_assessment(entry, code, by=SYSTEM, now=utc_now())
    return arrivals.of(code) - committed[0]


def _queue(mails: int, settings: Settings) -> float:
    """Put digests into the outbox and wake the worker; returns the moment."""
    with reading() as session:
        one = session.exec(select(Delivery).where(Delivery.urgency == 1)).first()
        if one is None or one.message is None:
            raise RuntimeError("No urgent mail was built.")
        built = one.model_dump(exclude={"id"})
        text = one.message.replace(_URGENT_SUBJECT, _DIGEST_SUBJECT)
    now = utc_now()
    fresh = {"urgency": 4, "state": "pending", "attempts": 0, "sent_at": None, "reply": None}
    rows = []
    with writing() as session:
        for _ in range(mails):
            uid = str(uuid4())
            own = {"uid": uid, "message": text.replace(one.uid.encode(), uid.encode()), "due_at": now}
            rows.append(built | fresh | own)
        values = {"kind": "digest", "urgency": 4, "step": 0, "created_at": now, "content": {}}
        connection = session.connection()
        ids = connection.execute(insert(Notice).returning(col(Notice.id)), [values] * mails).scalars()
        rows = [row | {"notice_id": id_} for row, id_ in zip(rows, ids, strict=True)]
        connection.execute(insert(Delivery), rows)
    wake_worker(settings)
    return time.perf_counter()


def _send_bare(port: int, message: bytes, mails: int) -> float:
    """Seconds that one mail takes over one open connection, from a process of its own as the worker is."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_seconds_each, port, message, mails).result()


def _seconds_each(port: int, message: bytes, mails: int) -> float:
    with smtplib.SMTP("127.0.0.1", port) as connection:
        began = time.perf_counter()
        for _ in range(mails):
            connection.sendmail("vigil@localhost", ["ward@localhost.example"], message)
        return (time.perf_counter() - began) / mails
