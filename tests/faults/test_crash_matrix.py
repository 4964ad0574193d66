"""Killed at every step of entry, reconcile, sweep and delivery, and started again: the invariants hold.

Each case runs a job in a child that a failpoint ends with SIGKILL, looks at what is stored, does the job
again as a person or the next worker would, and looks again. Time is a value; nobody waits for a lease.
"""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from db import session as database
from failpoints import FAILPOINTS
from tests.faults.crashes import ADDRESSES, Children, Site, Templates, mails_in, make_site, running_children
from tests.support import invariants
from tests.support.faulty_smtp import FaultyServer, running_faulty_server
from tests.support.protocols import of_a_course_alone
from tests.support.soak import few

_ENTRY: Final = (
    "entry.after_version",
    "entry.after_grades",
    "reconcile.after_alert",
    "reconcile.after_notice",
    "posting.after_deliveries",
    "audit.after_event:1",
    "entry.after_days",
    "entry.after_reconcile",
    "audit.after_event:2",
    "session.before_commit",
    "session.after_commit",
    "outbox.before_wake_up",
    "outbox.after_wake_up",
)
_SWEEP: Final = (
    "reconcile.after_alert",
    "audit.after_event",
    "sweep.before_commit",
    "session.before_commit",
    "session.after_commit",
    "sweep.after_commit",
)
_CHASE: Final = ("reconcile.after_notice", "posting.after_deliveries", *_SWEEP[1:])
_BEFORE_THE_DOT: Final = (
    "session.before_commit:1",
    "session.after_commit:1",
    "courier.after_claim",
    "smtp.before_connect",
    "smtp.after_connect",
    "smtp.after_mail",
    "smtp.after_rcpt",
    "smtp.before_dot",
    # The second mail, over the open connection; the first is done.
    "courier.after_record:1",
    "session.after_commit:2",
    "courier.after_claim:2",
    "smtp.after_mail:2",
    "smtp.before_dot:2",
    "courier.after_record:3",
)
_AFTER_THE_DOT: Final = (
    "smtp.after_dot",
    "courier.after_reply",
    "courier.after_outcome",
    "session.before_commit:2",
    "smtp.after_dot:3",
    "courier.after_reply:3",
    "courier.after_outcome:3",
)
# Five digests in one batch: wish -> how many of them may arrive a second time.
_IN_A_BATCH: Final = {
    "courier.after_claim": 0,
    "smtp.before_dot:3": 2,
    "smtp.after_dot:3": 3,
    "courier.after_reply:3": 3,
    "courier.after_outcome": 5,
    "session.before_commit:2": 5,
    "courier.after_record": 0,
}
_CUT_SHORT: Final = {"courier.cut_short": 1, "courier.after_outcome:2": 1, "courier.after_record": 0}
_WARMED: Final = (
    *(("enter", "admitted"), ("correct", "sent"), ("deliver", "told"), ("deliver", "queued")),
    *(("sweep", "acknowledged"), ("sweep", "unanswered")),
)
_COMMITTED: Final = ("session.after_commit", "outbox.", "sweep.after_commit")
AFTER_EVERY_RETRY: Final = timedelta(seconds=70)
_MAILDIR: Final = ("maildir.before_rename", "maildir.after_rename", "courier.after_reply:2")


@dataclass(frozen=True)
class Case:
    """A job on a site in a stage, killed at a failpoint. `doubled`: so many mails may arrive twice.

    woken  wake-ups come all the time, which end each batch after its first mail
    """

    job: str
    stage: str
    wish: str
    doubled: int = 0
    maildir: bool = False
    woken: bool = False

    def __str__(self) -> str:
        more = " into a maildir" * self.maildir + " and woken" * self.woken
        return f"{self.job} when {self.stage} at {self.wish}{more}"


CASES: Final = [
    *(Case("enter", "admitted", wish) for wish in _ENTRY),
    *(Case("correct", "sent", wish) for wish in _ENTRY),
    *(Case("sweep", "acknowledged", wish) for wish in _SWEEP),
    *(Case("sweep", "unanswered", wish) for wish in _CHASE),
    *(Case("deliver", "told", wish) for wish in _BEFORE_THE_DOT),
    *(Case("deliver", "told", wish, doubled=1) for wish in _AFTER_THE_DOT),
    *(Case("deliver", "told", wish, maildir=True) for wish in _MAILDIR),
    *(Case("deliver", "queued", wish, doubled) for wish, doubled in _IN_A_BATCH.items()),
    *(Case("deliver", "queued", wish, doubled, woken=True) for wish, doubled in _CUT_SHORT.items()),
]
ON_POSTGRESQL: Final = [
    Case("enter", "admitted", "posting.after_deliveries"),
    Case("sweep", "acknowledged", "sweep.before_commit"),
    Case("deliver", "told", "courier.after_reply", doubled=1),
    Case("deliver", "queued", "courier.cut_short", doubled=1, woken=True),
    Case("enter", "admitted", "session.after_commit"),
    Case("correct", "sent", "reconcile.after_notice"),
    Case("deliver", "told", "courier.after_claim"),
    Case("deliver", "queued", "courier.after_reply:3", doubled=3),
]


@pytest.fixture(scope="module")
def templates(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """Sites to copy."""
    yield Templates(sqlite_template, tmp_path_factory.mktemp("sites"))
    database.close()


@pytest.fixture(scope="module")
def children(templates: Templates) -> Iterator[Children]:
    """One process that forks every child of this file."""
    with running_children() as found:
        for job, stage in _WARMED:
            found.warm(templates.copy(stage, None), job)
        yield found


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """A mail server of each case's own."""
    with running_faulty_server(sign_in=False) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=str)
def test_killed_there_and_started_again_nothing_is_lost(
    case: Case, templates: Templates, children: Children, server: FaultyServer
) -> None:
    site = templates.copy(case.stage, None if case.maildir else server.port)
    _kill_and_look(case, site, children, server)


@pytest.mark.parametrize("case", few(ON_POSTGRESQL, 4), ids=str)
def test_the_same_holds_on_postgresql(
    case: Case, postgres_database: str, children: Children, server: FaultyServer, tmp_path: Path
) -> None:
    _kill_and_look(case, make_site(case.stage, postgres_database, tmp_path, server.port), children, server)


def test_every_failpoint_is_in_the_matrix() -> None:
    assert {case.wish.partition(":")[0] for case in CASES} == set(FAILPOINTS)


def _kill_and_look(case: Case, site: Site, children: Children, server: FaultyServer) -> None:
    protocol = of_a_course_alone()
    before = invariants.counted()
    ended = children.run(site, case.job, case.wish, woken=case.woken)
    assert ended.status == -signal.SIGKILL, f"the failpoint was not reached: {ended}"
    assert ended.said == [], "nobody was told that it was saved"
    invariants.check_stored(site.settings, protocol, site.now)
    if case.job != "deliver":
        committed = case.wish.startswith(_COMMITTED)
        assert (invariants.counted() == before) is not committed, "a transaction is whole or not there"

    saved = children.finish(site, case.job).said if case.job in ("enter", "correct") else []
    if case.job == "sweep":
        children.finish(site, "sweep")
    later = site.now + AFTER_EVERY_RETRY
    children.finish(site, "deliver", now=later)
    received = site.earlier + server.received + (mails_in(site.settings.mail_dir) if case.maildir else [])
    invariants.check_everything(
        site.settings,
        protocol,
        later,
        told=ADDRESSES,
        received=received,
        saved=saved,
        doubled=case.doubled,
    )
    assert {one.state for one in site.ward.deliveries()} == {"sent"}
    assert len({one.notice_id for one in site.ward.deliveries()}) == len(site.ward.notices())
