"""The courier: takes mails out of the outbox, hands them over and writes down what happened."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from alerts.delivery import Sender
from alerts.outbox import Claimed, Outcome, Result, claim_next, record_outcome, renew_lease
from clock import utc_now
from db.session import DatabaseBusy, writing
from failpoints import reach

_log = logging.getLogger(__name__)
_RECORD_TRIES: Final = 6  # each waits for the lock by itself


class Courier:
    """Takes mails out of the outbox, one at a time, under one worker's name."""

    def __init__(
        self,
        sender: Sender,
        *,
        worker: str,
        stopped: Callable[[], bool],
        now: Callable[[], datetime] = utc_now,
        refused: Callable[[int], None] | None = None,
    ) -> None:
        """`refused` is called with the id of a delivery that a mail server refused for good."""
        self.worker = worker
        self._refused = refused
        self._sender = sender
        self._stopped = stopped
        self._now = now
        self._sending: int | None = None
        self._unrecorded: tuple[Claimed, Outcome] | None = None

    def empty_outbox(self) -> int:
        """Send everything that is due, most urgent first, until nothing is or the worker is told to stop.

        What happened to one mail and the claim of the next are one commit. Returns how many were tried.
        """
        tried = 0
        claimed = self._claim_first()
        while claimed is not None:
            reach("courier.after_claim")
            self._sending = claimed.id
            try:
                outcome = _send(self._sender, claimed)
                reach("courier.after_reply")
                tried += 1
                claimed = self._record(claimed, outcome)
            finally:
                # A claim that is not being worked on must end, or its mail would never be sent.
                self._sending = None
        return tried

    def keep_claim(self) -> None:
        """Hold the claim of the mail being sent while a mail server takes its time."""
        sending = self._sending
        if sending is not None:
            with writing() as session:
                renew_lease(session, delivery_id=sending, worker=self.worker, now=self._now())

    def _claim_first(self) -> Claimed | None:
        if self._unrecorded is not None:
            return self._record(*self._unrecorded)
        if self._stopped():
            return None
        with writing() as session:
            return claim_next(session, worker=self.worker, now=self._now())

    def _record(self, claimed: Claimed, outcome: Outcome) -> Claimed | None:
        """Write the outcome and claim the next. A database in use is asked again: the mail may have left.

        What could not be written at all is written first the next time, before anything is claimed.
        """
        self._unrecorded = (claimed, outcome)
        for _ in range(_RECORD_TRIES - 1):
            try:
                return self._record_once(claimed, outcome)
            except DatabaseBusy:
                _log.warning("Delivery %s: the database is busy; its outcome is written later.", claimed.uid)
        return self._record_once(claimed, outcome)

    def _record_once(self, claimed: Claimed, outcome: Outcome) -> Claimed | None:
        with writing() as session:
            record_outcome(session, claimed, outcome, now=self._now())
            following = None if self._stopped() else claim_next(session, worker=self.worker, now=self._now())
            reach("courier.after_outcome")
        self._unrecorded = None
        reach("courier.after_record")
        if outcome.result is Result.REFUSED:
            self._go_on_without(claimed)
        return following

    def _go_on_without(self, claimed: Claimed) -> None:
        """The outcome is committed and must not be written again, whatever happens here."""
        try:
            if self._refused is not None:
                self._refused(claimed.id)
        except Exception:
            _log.exception("Delivery %s was refused; the next sweep takes its alert further.", claimed.uid)


def _send(sender: Sender, claimed: Claimed) -> Outcome:
    try:
        outcome = sender.send(claimed)
    except Exception:
        # One mail that cannot be handled must not silence the others.
        _log.exception("Delivery %s could not be tried.", claimed.uid)
        outcome = Outcome(Result.RETRY, "The worker met an error of its own; see its log.")
    if outcome.result is not Result.SENT:
        _log.warning("Delivery %s, attempt %s: %s", claimed.uid, claimed.attempts, outcome.reply)
    return outcome
