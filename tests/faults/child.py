"""A process that imports everything once and forks a child for each job, which a failpoint may kill.

Orders come in and answers go out as lines of JSON. A fork costs a fiftieth of a start.
"""

import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any

import failpoints
from actions import context
from actions.assessments import correct_assessment, record_assessment
from alerts import jobs
from alerts.courier import Courier
from alerts.delivery import make_sender
from db import session as database
from db.inputs import AssessmentIn
from db.roles import Actor, Role
from settings import Settings
from tests.support.protocols import of_a_course_alone

Say = Callable[[str], None]
_PROTOCOL = of_a_course_alone()


def enter(order: dict[str, Any], now: datetime, say: Say) -> None:
    """A nurse saves an assessment; what she is told is said aloud."""
    saved = record_assessment(_entry(order), order["token"], by=_actor(order), now=now)
    say(saved.stable_id)


def correct(order: dict[str, Any], now: datetime, say: Say) -> None:
    """An investigator corrects the first version of one."""
    entry, stable_id = _entry(order), order["stable_id"]
    correct_assessment(stable_id, 1, entry, "typed wrongly", order["token"], by=_actor(order), now=now)
    say(stable_id)


def deliver(order: dict[str, Any], now: datetime, say: Say) -> None:
    """A worker empties the outbox."""
    sender = make_sender(context.settings())
    courier = Courier(
        sender,
        worker=f"w-{os.getpid()}",
        stopped=lambda: False,
        woken=lambda: order.get("woken", False),
        now=lambda: now,
    )
    say(str(courier.empty_outbox()))
    sender.close()


def sweep(_order: dict[str, Any], now: datetime, say: Say) -> None:
    """A worker looks at every course for what time has brought."""
    say(str(jobs.sweep(context.settings(), context.protocol(), lambda: now)))


JOBS: dict[str, Callable[[dict[str, Any], datetime, Say], None]] = {
    "enter": enter,
    "correct": correct,
    "deliver": deliver,
    "sweep": sweep,
}


def main() -> None:
    """Answer every order until the input ends."""
    gc.freeze()  # or each child would copy every page of memory that its collector looks at
    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)


def _forked(order: dict[str, Any]) -> dict[str, Any]:
    if order["warm"]:
        _run(order, lambda words: None)
        return {"status": 0, "said": []}
    hear, say = os.pipe()
    pids = [_fork(order, hear, say) for _ in range(order.get("copies", 1))]
    os.close(say)
    if "kill_after_s" in order:
        time.sleep(order["kill_after_s"])
        os.kill(pids[0], signal.SIGKILL)
    with os.fdopen(hear) as pipe:
        said = pipe.read().splitlines()
    statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    return {"status": next((one for one in statuses if one), 0), "said": said}


def _fork(order: dict[str, Any], hear: int, say: int) -> int:
    pid = os.fork()
    if pid == 0:
        os.close(hear)
        _run_and_exit(order, say)
    return pid


def _run_and_exit(order: dict[str, Any], say: int) -> None:
    try:
        _run(order, lambda words: _write(say, words))
    except BaseException:
        _write(say, traceback.format_exc())
        os._exit(1)
    os._exit(0)


def _run(order: dict[str, Any], say: Say) -> None:
    settings = Settings(**order["settings"])
    context.configure(settings, _PROTOCOL)
    open_database(settings.database_url)
    failpoints.arm(order["wish"])
    JOBS[order["job"]](order, datetime.fromisoformat(order["now"]), say)
    failpoints.arm("")
    database.engine().dispose()


def open_database(url: str) -> None:
    """Open the database unless it is the one already known: its engine remembers how statements are made."""
    try:
        known = database.engine().url.render_as_string(hide_password=False)
    except RuntimeError:
        known = ""
    if known != url:
        database.configure(url)


def _write(pipe: int, words: str) -> None:
    os.write(pipe, f"{words}\n".encode())


def _entry(order: dict[str, Any]) -> AssessmentIn:
    return AssessmentIn.model_validate(order["entry"])


def _actor(order: dict[str, Any]) -> Actor:
    return Actor(order["user_id"], "dr.li", "Dr Li", Role.INVESTIGATOR)


if __name__ == "__main__":
    main()
