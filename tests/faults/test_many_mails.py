"""Many mails and several workers: the urgent first, each once, none lost."""

import random
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from failpoints import FAILPOINTS
from tests.alerts.conftest import at
from tests.faults.crashes import (
    ADDRESSES,
    GRADE_3,
    Children,
    Site,
    fill_outbox,
    make_site,
    running_children,
)
from tests.faults.outboxes import message_id
from tests.support import invariants
from tests.support.faulty_smtp import FaultyServer, running_faulty_server
from tests.support.protocols import of_a_course_alone

SEEDS: Final = 3
"""So many random runs on each engine: all that `make soak` runs takes about a quarter of an hour."""


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    """One process that forks every child of this file."""
    with running_children() as found:
        yield found


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """A mail server of each test's own."""
    with running_faulty_server(sign_in=False) as running:
        yield running


def looked_at(site: Site, server: FaultyServer, *, doubled: int = 0) -> None:
    """Everything has left, and the invariants hold."""
    assert Counter(one.state for one in site.ward.deliveries()) == {"sent": len(site.ward.deliveries())}
    invariants.check_everything(
        site.settings,
        of_a_course_alone(),
        site.now,
        told=ADDRESSES,
        received=site.earlier + server.received,
        doubled=doubled,
    )


@pytest.mark.parametrize("workers", [2, 8])
def test_several_workers_at_once_send_each_mail_once(
    database: str, workers: int, children: Children, server: FaultyServer, tmp_path: Path
) -> None:
    site = make_site("told", database, tmp_path, server.port)
    fill_outbox(site, 57)
    children.finish(site, "deliver", copies=workers)
    assert len(server.received) == 60
    assert {one.attempts for one in site.ward.deliveries()} == {1}
    looked_at(site, server)


def test_the_urgent_leave_before_digests_that_were_there_first(
    sqlite_database: str, children: Children, server: FaultyServer, tmp_path: Path
) -> None:
    site = make_site("told", sqlite_database, tmp_path, server.port)
    fill_outbox(site, 57)
    later = at(6)
    worse = dict(GRADE_3) | {"assessed_at": later.isoformat(), "oxygen_device": "mechanical_ventilation"}
    site.now = later + timedelta(minutes=1)
    children.finish(site, "enter", entry=worse, token="worse")
    children.finish(site, "deliver")
    order = [mail.message["Subject"].split()[0] for mail in server.received]
    # The opening that had not left yet goes first, as urgent as the news that follows it.
    assert order[:6] == ["P2"] * 3 + ["P1"] * 3
    looked_at(site, server)


@pytest.mark.soak
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_ten_thousand_mails_leave_once_each(
    database: str, workers: int, children: Children, server: FaultyServer, tmp_path: Path
) -> None:
    site = make_site("told", database, tmp_path, server.port)
    fill_outbox(site, 9_997)
    children.finish(site, "deliver", copies=workers)
    assert len(server.received) == 10_000
    looked_at(site, server)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(SEEDS))
def test_killed_again_and_again_at_any_point_nothing_is_lost(
    database: str, seed: int, children: Children, server: FaultyServer, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    site = make_site("told", database, tmp_path, server.port)
    saved, doubled = [], 0
    for turn in range(40):
        entered: dict[str, Any] = {"entry": _some_entry(chance, turn), "token": f"turn-{turn}"}
        site.now = at(5 + turn + 0.1)
        _interrupted(chance, children, site, "enter", **entered)
        fill_outbox(site, chance.choice((0, 0, 3, 25)))
        saved += children.finish(site, "enter", **entered).said
        for _ in range(chance.randint(0, 2)):
            seen = len(server.received)
            if _interrupted(chance, children, site, "deliver"):
                doubled += _not_written_down(site, server, seen)
            site.now += timedelta(seconds=chance.choice((1, 11, 70)))
        _interrupted(chance, children, site, "sweep")
        invariants.check_stored(site.settings, of_a_course_alone(), site.now, saved=saved)
    children.finish(site, "sweep")
    site.now += timedelta(hours=24)  # past every lease, retry and quiet hour
    children.finish(site, "deliver")
    looked_at(site, server, doubled=doubled)


def _interrupted(chance: random.Random, children: Children, site: Site, job: str, **more: Any) -> bool:
    """Kill a job at a failpoint, at any moment, or not at all; whether it was killed."""
    more |= {"woken": chance.random() < 0.3}
    if chance.random() < 0.5:
        wish = f"{chance.choice([*FAILPOINTS])}:{chance.randint(1, 8)}"
        ended = children.run(site, job, wish, **more)
    else:
        ended = children.run(site, job, kill_after_s=chance.uniform(0, 0.2), **more)
    return ended.status == -signal.SIGKILL


def _not_written_down(site: Site, server: FaultyServer, seen: int) -> int:
    """How many mails a killed worker had sent and not recorded: they alone may arrive once more."""
    server.wait_for_quiet()
    written = {message_id(one) for one in site.ward.deliveries() if one.state == "sent"}
    return sum(mail.message["Message-ID"] not in written for mail in server.received[seen:])


def _some_entry(chance: random.Random, turn: int) -> dict[str, Any]:
    values = dict(GRADE_3) | {"assessed_at": at(5 + turn).isoformat()}
    worse: list[dict[str, Any]] = [
        {},
        {"vasopressors": "none"},
        {"oxygen_device": "mechanical_ventilation"},
        {"ice_score": 1},
    ]
    return values | chance.choice(worse)
