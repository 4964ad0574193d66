"""Named moments at which the tests of faults end a process, as a power cut would.

Nothing happens unless the environment variable VIGIL_FAILPOINT names one of them. `name` kills the process
the first time it comes there, `name:3` the third time.
"""

import os
import signal
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "VIGIL_FAILPOINT"

FAILPOINTS: Final[Mapping[str, str]] = {
    # An entry: everything up to the commit is one transaction.
    "session.before_commit": "Everything of a transaction is written, and it is not committed.",
    "session.after_commit": "A transaction is committed, and its caller does not know it.",
    "audit.after_event": "An audit event is written; its transaction is open.",
    "entry.after_version": "A version of an assessment is written and not yet graded.",
    "entry.after_grades": "The grades of the course are written, its days are not.",
    "entry.after_days": "The days of the course are written, its alerts are not reconciled.",
    "entry.after_reconcile": "The alerts are reconciled; the entry's audit event is not written.",
    "outbox.before_wake_up": "The entry is committed; no worker is told of it.",
    "outbox.after_wake_up": "The workers are told; the person has not seen that it was saved.",
    # Reconcile, inside the transaction of the entry or of the sweep.
    "reconcile.after_alert": "The row of an alert is written; its notice is not.",
    "reconcile.after_notice": "The notice is written; no delivery is.",
    "posting.after_deliveries": "The deliveries of a notice are written; the audit event is not.",
    "sweep.before_commit": "The sweep has written what time has brought, and not committed.",
    "sweep.after_commit": "The sweep has committed one course and not looked at the next.",
    # Delivery.
    "courier.after_claim": "Deliveries are claimed and committed; the network is not touched for them.",
    "smtp.before_connect": "No connection to the mail server is open.",
    "smtp.after_connect": "The connection is open, encrypted and signed in.",
    "smtp.after_mail": "The mail server has taken the sender.",
    "smtp.after_rcpt": "The mail server has taken the recipient.",
    "smtp.before_dot": "The mail server waits for the message.",
    "smtp.after_dot": "The message and its final dot are out; the reply is not read.",
    "courier.after_reply": "The mail server has taken the message; it is not written down.",
    "courier.cut_short": "A batch ended early; what was sent is not written down, the rest is claimed.",
    "courier.after_outcome": "What happened is written and the next are claimed; neither is committed.",
    "courier.after_record": "What happened is committed.",
    "maildir.before_rename": "The mail is whole in the maildir's tmp, where no program looks.",
    "maildir.after_rename": "The mail is in the maildir; it is not written down.",
}
"""Every name, and what is true there."""

_armed = ""
_left = 0


def reach(name: str) -> None:
    """End this process here and now if the failpoint is armed, and nothing else."""
    if name == _armed:
        _come_nearer()


def arm(wish: str) -> None:
    """Arm one failpoint, `name` or `name:times`; "" disarms. ValueError where there is no such name."""
    global _armed, _left
    name, _, times = wish.partition(":")
    if name and name not in FAILPOINTS:
        raise ValueError(f"{VARIABLE} must name a failpoint; there is none called {name!r}.")
    if times and not (times.isascii() and times.isdigit() and int(times) > 0):
        raise ValueError(f"{VARIABLE} must be NAME or NAME:TIMES, TIMES from 1 up; it is {wish!r}.")
    _armed, _left = name, int(times or 1)


def _come_nearer() -> None:
    global _left
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get(VARIABLE, ""))
