"""A ward whose mails go to a faulty server, and a courier whose clock the test moves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.courier import Courier
from alerts.delivery import Sender, SmtpSender
from db.models import Delivery
from tests.alerts.conftest import Ward, at, copied_ward, make_ward
from tests.support.databases import Filled, fill
from tests.support.faulty_smtp import PASSWORD, USER, FaultyServer, trusting

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
PATIENCE_S = 20.0
"""Longer than a loaded machine takes; only a fault that is silence waits less."""


@dataclass
class Post:
    """A ward and its outbox under a clock of its own."""

    ward: Ward
    now: datetime = field(default_factory=lambda: at(5))

    def courier(self, sender: Sender, worker: str = "w1") -> Courier:
        """A courier that reads this clock."""
        return Courier(sender, worker=worker, stopped=lambda: False, now=lambda: self.now)

    def empty(self, sender: Sender, worker: str = "w1") -> int:
        """Send everything that is due, over a connection of its own."""
        try:
            return self.courier(sender, worker).empty_outbox()
        finally:
            sender.close()

    def advance(self, by: timedelta = timedelta(seconds=70)) -> None:
        """Move the clock past every retry."""
        self.now += by

    def states(self) -> list[str]:
        """The states of the deliveries, in the order of their rows."""
        return [one.state for one in self.ward.deliveries()]

    def messages(self) -> dict[str, bytes]:
        """Uid -> the bytes of each mail."""
        return {one.uid: one.message or b"" for one in self.ward.deliveries()}


def post_to(url: str, folder: Path, port: int, *, encrypted: bool = True, **more: Any) -> Post:
    """Three recipients' mails about one grade 3, due now."""
    ward = make_ward(url, folder, **_relay(port, encrypted) | more)
    ward.assess(4, **GRADE_3)
    return Post(ward)


def fill_post(template: Path, folder: Path) -> Filled[Ward]:
    """The same on SQLite, to be copied."""
    return fill(template, folder, lambda url, place: post_to(url, place, 25).ward)


def copied_post(filled: Filled[Ward], url: str, folder: Path, port: int) -> Post:
    """What `post_to` makes, on SQLite as a copy."""
    return Post(copied_ward(filled, url, folder, **_relay(port, encrypted=True)))


def _relay(port: int, encrypted: bool) -> dict[str, Any]:
    mail: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    if encrypted:
        mail |= {"smtp_security": "starttls", "smtp_user": USER, "smtp_password": PASSWORD}
    return mail


def sender_of(post: Post, certificate: Path | None = None, **waits: float) -> SmtpSender:
    """A sender that trusts this certificate."""
    more: dict[str, Any] = {"timeout_s": PATIENCE_S, "after_dot_s": PATIENCE_S} | waits
    if certificate is not None:
        more["tls"] = trusting(certificate)
    return SmtpSender(post.ward.settings, **more)


def mails_by_id(server: FaultyServer) -> dict[str, list[bytes]]:
    """Message-ID -> every copy the server took."""
    found: dict[str, list[bytes]] = {}
    for mail in server.received:
        found.setdefault(str(mail.message["Message-ID"]), []).append(mail.content)
    return found


def message_id(delivery: Delivery) -> str:
    """The one under which a delivery goes out, always."""
    return f"<{delivery.uid}@hospital.org>"
