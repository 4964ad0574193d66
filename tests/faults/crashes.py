"""Sites in several stages, and children that work on them and may be killed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import insert
from sqlmodel import col

from actions import context
from actions.alerts import acknowledge_alert
from actions.assessments import record_assessment
from alerts.courier import Courier
from alerts.delivery import MaildirSender
from alerts.stored import version_to_acknowledge
from db import session as database
from db.inputs import AssessmentIn
from db.models import Delivery, Notice, ProtocolVersion
from db.session import reading, writing
from settings import ROOT, Settings
from tests.alerts.conftest import PEOPLE, Ward, at, make_ward
from tests.faults.child import open_database
from tests.support import made_up
from tests.support.browser import clean_environment
from tests.support.protocols import of_a_course_alone
from tests.support.smtp import ReceivedMail

STAGES: Final = ("admitted", "told", "sent", "queued", "unanswered", "acknowledged")
"""Infused and on the ward; a grade 3 in the outbox; its mails gone; five digests behind them; nobody answers
for 16 minutes; an investigator had it 13 hours ago."""

PATIENT: Final = "CART-007"
GRADE_3: Final[Mapping[str, Any]] = {
    **made_up.WELL,
    "patient_id": PATIENT,
    "assessed_at": at(4).isoformat(),
    "temperature_c": 38.6,
    "vasopressors": "norepinephrine",
}
GRADE_2: Final[Mapping[str, Any]] = {**GRADE_3, "vasopressors": "none", "iv_fluid_bolus": "yes"}
ENTERED_AT: Final = at(4.1)
ADDRESSES: Final = tuple(person.address for person in PEOPLE)


@dataclass(frozen=True)
class Ended:
    """How a child ended, and what it had said before."""

    status: int
    said: list[str]


@dataclass
class Site:
    """One database in one stage, and the mail server it sends to."""

    ward: Ward
    stable_id: str | None
    now: datetime = field(default=ENTERED_AT)
    earlier: list[ReceivedMail] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return self.ward.settings


class Children:
    """The process that forks the children."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def warm(self, site: Site, job: str) -> None:
        """Do a job in the process that forks, so that each child finds its statements made."""
        self._order(site, job, "", site.now, warm=True)

    def run(self, site: Site, job: str, wish: str = "", now: datetime | None = None, **more: Any) -> Ended:
        """One job on the site, from its start to its end or to the failpoint.

        more: `copies` at once; `kill_after_s` at any moment; another `entry` and form `token`; `woken` all
        the time.
        """
        return self._order(site, job, wish, now or site.now, warm=False, **more)

    def finish(self, site: Site, job: str, now: datetime | None = None, **more: Any) -> Ended:
        """The same, and it must come to its end."""
        ended = self.run(site, job, now=now, **more)
        assert ended.status == 0, "\n".join(ended.said)
        return ended

    def _order(self, site: Site, job: str, wish: str, now: datetime, *, warm: bool, **more: Any) -> Ended:
        order: dict[str, Any] = {
            "job": job,
            "warm": warm,
            "wish": wish,
            "now": now.isoformat(),
            "settings": _portable(site.settings),
            "user_id": site.ward.investigator.user_id,
            "stable_id": site.stable_id,
            "token": f"form-{job}",
            "entry": dict(GRADE_2 if job == "correct" else GRADE_3),
        } | more
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


@contextmanager
def running_children() -> Iterator[Children]:
    """Children on demand, until the block ends."""
    command = [sys.executable, "-m", "tests.faults.child"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield Children(process)


def make_site(stage: str, url: str, folder: Path, port: int | None = None) -> Site:
    """A site brought to a stage by the actions and a courier, in this process."""
    ward = make_ward(url, folder, **_mail(port))
    site = Site(ward, None)
    protocol = of_a_course_alone()
    with writing() as session:
        session.add(ProtocolVersion(hash=protocol.hash, text=protocol.text, stored_at=at(0)))
    if stage == "admitted":
        return site
    entry = AssessmentIn.model_validate(GRADE_3)
    saved = record_assessment(entry, "form-first", by=ward.investigator, now=ENTERED_AT)
    site.stable_id = saved.stable_id
    if stage == "told":
        return site
    site.now = ENTERED_AT + timedelta(minutes=1)
    sender = MaildirSender(folder / "gone")
    Courier(sender, worker="first", stopped=lambda: False, now=lambda: site.now).empty_outbox()
    site.earlier = mails_in(folder / "gone")
    if stage == "sent":
        return site
    if stage == "queued":
        fill_outbox(site, 5)
        return site
    if stage == "unanswered":
        site.now = ENTERED_AT + timedelta(minutes=16)
        return site
    alert = ward.alert()
    with reading() as session:
        seen = version_to_acknowledge(session, alert.id or 0)
    acknowledge_alert(
        alert.id or 0, alert.level, seen or 0, "seen_at_bedside", by=ward.investigator, now=site.now
    )
    site.now += timedelta(hours=13)
    return site


class Templates:
    """A SQLite site of each stage, made once and copied to one place, from case to case."""

    def __init__(self, empty: Path, folder: Path) -> None:
        self._sites: dict[str, tuple[Path, Site]] = {}
        self._empty = empty
        self._folder = folder

    def copy(self, stage: str, port: int | None) -> Site:
        """A site in this stage, opened by `db.session`; the one before it is gone."""
        path, made = self._template(stage)
        folder = self._folder / "site"
        url = f"sqlite:///{folder / 'vigil.db'}"
        open_database(url)
        database.engine().dispose()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(path, folder / "vigil.db")
        settings = Settings(
            **_portable(made.settings) | _mail(port) | {"database_url": url, "data_dir": folder}
        )
        context.configure(settings, of_a_course_alone())
        ward = Ward(settings, made.ward.patient_id, made.ward.infusion_id, made.ward.investigator)
        return Site(ward, made.stable_id, made.now, made.earlier)

    def _template(self, stage: str) -> tuple[Path, Site]:
        if stage not in self._sites:
            folder = self._folder / stage
            folder.mkdir()
            path = folder / "vigil.db"
            shutil.copy(self._empty, path)
            database.configure(f"sqlite:///{path}")
            site = make_site(stage, f"sqlite:///{path}", folder)
            database.close()  # which writes the log into the file
            self._sites[stage] = (path, site)
        return self._sites[stage]


def fill_outbox(site: Site, mails: int) -> None:
    """So many digests, due now, beside what the outbox holds already."""
    if not mails:
        return
    one = site.ward.deliveries()[0].model_dump(exclude={"id"})
    with writing() as session:
        connection = session.connection()
        notice = {"kind": "digest", "urgency": 4, "step": 0, "created_at": site.now, "content": {}}
        ids = connection.execute(insert(Notice).returning(col(Notice.id)), [notice] * mails).scalars().all()
        rows = []
        for id_ in ids:
            uid = str(uuid4())
            message = one["message"].replace(one["uid"].encode(), uid.encode())
            own = {"uid": uid, "notice_id": id_, "urgency": 4, "message": message}
            fresh = {"state": "pending", "attempts": 0, "sent_at": None, "reply": None}
            rows.append(one | own | fresh | {"due_at": site.now})
        connection.execute(insert(Delivery), rows)


def mails_in(maildir: Path) -> list[ReceivedMail]:
    """What a mail program would find."""
    found = []
    for path in sorted((maildir / "new").iterdir()):
        message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)
        addressee = message["To"].addresses[0].addr_spec
        found.append(ReceivedMail(str(message["From"]), [addressee], path.read_bytes()))
    return found


def _mail(port: int | None) -> dict[str, Any]:
    if port is None:
        return {}
    return {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}


def _portable(settings: Settings) -> dict[str, Any]:
    """The settings as another process can read them."""
    names = ("database_url", "app_url", "smtp_from", "smtp_host", "smtp_port", "smtp_security")
    values = {name: getattr(settings, name) for name in names}
    return {
        **{name: value for name, value in values.items() if value is not None},
        "data_dir": str(settings.data_dir),
    }
