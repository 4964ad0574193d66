"""The courier: takes mails out of the outbox, hands them over and writes down what happened.

An urgent mail is claimed alone. The others are claimed in small batches and sent one after the other over
the open connection, each in an SMTP transaction of its own; what happened to them and the claim of the next
are one commit. A worker killed in between has its successor send again what the batch had sent by then: the
same bytes under the same Message-ID.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.delivery import Sender
from alerts.outbox import (
    Claimed,
    Outcome,
    Result,
    Tried,
    claim_due,
    record_outcomes,
    release,
    renew_leases,
)
from clock import monotonic, utc_now
from db.session import DatabaseBusy, writing
from failpoints import reach

BATCH_S: Final = 0.1
"""No mail of a batch is begun later than this after its first: an urgent one must not wait for it."""

_RECORD_TRIES: Final = 6  # each waits for the lock by itself
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of a batch: the mails that were tried, and those that must be given back."""

    tried: list[Tried]
    untried: list[Claimed]


class Courier:
    """Empties the outbox under one worker's name."""

    def __init__(
        self,
        sender: Sender,
        *,
        worker: str,
        stopped: Callable[[], bool],
        woken: Callable[[], bool] = lambda: False,
        now: Callable[[], datetime] = utc_now,
        monotonic_s: Callable[[], float] = monotonic,
        refused: Callable[[int], None] | None = None,
    ) -> None:
        """`woken` says whether something was committed since it was last asked: then a batch ends early.

        `refused` is called with the id of a delivery that a mail server refused for good.
        """
        self.worker = worker
        self._refused = refused
        self._sender = sender
        self._stopped = stopped
        self._woken = woken
        self._now = now
        self._monotonic_s = monotonic_s
        self._sending: tuple[int, ...] = ()
        self._unrecorded: _Done | None = None

    def empty_outbox(self) -> int:
        """Send everything that is due, most urgent first, until nothing is or the worker is told to stop.

        What happened to one batch and the claim of the next are one commit. Returns how many were tried.
        """
        tried = 0
        batch = self._claim_first()
        while batch:
            reach("courier.after_claim")
            self._sending = tuple(claimed.id for claimed in batch)
            try:
                done = self._send_batch(batch)
                tried += len(done.tried)
                batch = self._record(done)
            finally:
                # A claim that is not being worked on must end, or its mail would never be sent.
                self._sending = ()
        return tried

    def keep_claim(self) -> None:
        """Hold the claims of the mails being sent while a mail server takes its time."""
        sending = self._sending
        if sending:
            with writing() as session:
                renew_leases(session, sending, worker=self.worker, now=self._now())

    def _claim_first(self) -> list[Claimed]:
        if self._unrecorded is not None:
            return self._record(self._unrecorded)
        if self._stopped():
            return []
        with writing() as session:
            return claim_due(session, worker=self.worker, now=self._now())

    def _send_batch(self, batch: list[Claimed]) -> _Done:
        """Send one after the other, as long as nothing else is more important."""
        began_s = self._monotonic_s()
        tried: list[Tried] = []
        for claimed in batch:
            if tried and self._must_end(began_s):
                reach("courier.cut_short")
                break
            outcome = _send(self._sender, claimed)
            tried.append(Tried(claimed, outcome, self._now()))
            reach("courier.after_reply")
        return _Done(tried, batch[len(tried) :])

    def _must_end(self, began_s: float) -> bool:
        return self._monotonic_s() - began_s > BATCH_S or self._stopped() or self._woken()

    def _record(self, done: _Done) -> list[Claimed]:
        """Write the outcomes and claim the next. A database in use is asked again: the mails may have left.

        What could not be written at all is written first the next time, before anything is claimed.
        """
        self._unrecorded = done
        for _ in range(_RECORD_TRIES - 1):
            try:
                return self._record_once(done)
            except DatabaseBusy:
                uids = ", ".join(one.claimed.uid for one in done.tried)
                _log.warning("The database is busy; what happened to %s is written later.", uids)
        return self._record_once(done)

    def _record_once(self, done: _Done) -> list[Claimed]:
        with writing() as session:
            record_outcomes(session, done.tried)
            release(session, done.untried)
            following = [] if self._stopped() else claim_due(session, worker=self.worker, now=self._now())
            reach("courier.after_outcome")
        self._unrecorded = None
        reach("courier.after_record")
        for one in done.tried:
            if one.outcome.result is Result.REFUSED:
                self._go_on_without(one.claimed)
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
