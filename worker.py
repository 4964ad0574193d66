"""Launcher of the worker: sends alert mails, sweeps the courses, gives a sign of life.

A commit wakes it through a datagram to its own port; the poll is the net below. All state is in the
database, so it may be killed at any moment and started again, and several may run at once.
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from actions import context
from actions.start import StartError, start_process
from alerts.courier import Courier
from alerts.delivery import Sender, make_sender
from alerts.jobs import (
    beat,
    beat_last,
    make_rounds,
    sweep,
    take_next_step,
    was_silent,
    watch_program,
)
from alerts.outbox import announce_port
from alerts.system import Problem, Watch
from clock import monotonic, utc_now

POLL_S: Final = 5
SWEEP_S: Final = 60
BEAT_S: Final = 15
REPORT_S: Final = 600
KEEP_CLAIM_S: Final = 3
_MISFIRE_GRACE_S: Final = 300
_log = logging.getLogger("worker")


class Worker:
    """One worker process: a socket it sleeps on, a sender, and the jobs that wake it."""

    def __init__(self, sender: Sender) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self._sender = sender
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._stopping = threading.Event()
        self.courier = Courier(
            sender,
            worker=self.name,
            stopped=self._stopping.is_set,
            woken=self._was_woken,
            refused=self._take_next_step,
        )

    @property
    def port(self) -> int:
        """Where a datagram wakes it."""
        return int(self._socket.getsockname()[1])

    def wake(self) -> None:
        """Look into the outbox now."""
        with contextlib.suppress(OSError):  # after its end there is nothing to wake
            self._socket.sendto(b"wake", ("127.0.0.1", self.port))

    def stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """End after the mail that is being sent."""
        self._stopping.set()
        self.wake()

    def run(self) -> None:
        """Send what is due at every wake-up, until told to stop."""
        while not self._stopping.is_set():
            _guarded(self.courier.empty_outbox)()
            self._sleep()
        self._sender.close()
        self._socket.close()

    def _take_next_step(self, delivery_id: int) -> None:
        take_next_step(delivery_id, context.settings(), context.protocol())

    def _sleep(self) -> None:
        """Wait for a datagram."""
        if self._stopping.is_set():
            return
        self._socket.setblocking(True)
        self._socket.recv(16)
        self._was_woken()

    def _was_woken(self) -> bool:
        """Whether datagrams have come; takes them all, since one look into the outbox answers them all."""
        self._socket.setblocking(False)
        woken = False
        with contextlib.suppress(OSError):  # there is none, or no more
            while True:
                self._socket.recv(16)
                woken = True
        return woken


def main() -> int:
    """Run until SIGTERM or Ctrl-C. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for talkative in ("apscheduler", "alembic"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    try:
        settings = start_process(utc_now())
    except StartError as error:
        print(f"The worker did not start. {error}", file=sys.stderr)
        return 1
    worker = Worker(make_sender(settings))
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    silent_since = [Problem.WORKER] if was_silent(utc_now()) else []
    _guarded(lambda: beat(settings, worker.name))()
    # Without it a commit wakes nobody, and the poll finds the mails a little later.
    _guarded(lambda: announce_port(settings, worker.port))()
    scheduler = _schedule(worker, silent_since)
    scheduler.start()
    _log.info("The worker %s is ready.", worker.name)
    worker.run()
    scheduler.shutdown()
    _guarded(lambda: beat_last(worker.name))()
    return 0


def _schedule(worker: Worker, problems: list[Problem]) -> BackgroundScheduler:
    """Every job. `problems` were found at the start and are told of by the first watch."""
    settings, protocol = context.settings(), context.protocol()
    watch = Watch()

    def sweep_and_wake() -> None:
        if sweep(settings, protocol):
            worker.wake()

    def watch_and_wake() -> None:
        now = utc_now()
        if watch_program(settings, protocol, watch, now=now, monotonic_s=monotonic(), more=problems):
            problems.clear()
            worker.wake()

    def make_rounds_and_wake() -> None:
        if make_rounds(settings, protocol, now=utc_now()):
            worker.wake()

    def make_report() -> None:
        # Imported by the first run: drawing is needed once a month, and a worker that starts must send.
        from reports.scheduled import make_scheduled_report

        make_scheduled_report(protocol, settings.zone, now=utc_now())

    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _MISFIRE_GRACE_S},
    )
    scheduler.add_job(worker.wake, "interval", seconds=POLL_S)
    scheduler.add_job(_guarded(sweep_and_wake), "interval", seconds=SWEEP_S, next_run_time=utc_now())
    scheduler.add_job(_guarded(watch_and_wake), "interval", seconds=SWEEP_S, next_run_time=utc_now())
    scheduler.add_job(_guarded(make_rounds_and_wake), "interval", seconds=SWEEP_S, next_run_time=utc_now())
    scheduler.add_job(_guarded(make_report), "interval", seconds=REPORT_S)
    scheduler.add_job(_guarded(lambda: beat(settings, worker.name)), "interval", seconds=BEAT_S)
    scheduler.add_job(_guarded(worker.courier.keep_claim), "interval", seconds=KEEP_CLAIM_S)
    return scheduler


def _guarded(job: Callable[[], object]) -> Callable[[], None]:
    """The job, with its errors in the log: the next run may succeed, and the worker must live to see it."""

    def run() -> None:
        try:
            job()
        except Exception as error:
            _log.error("A job failed and will be tried again: %s", error, exc_info=_log.isEnabledFor(10))

    return run


if __name__ == "__main__":
    sys.exit(main())
