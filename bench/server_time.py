"""Processor time that a page costs the web process, beside the same of an empty page."""

import asyncio
import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from actions.sign_ins import sign_in
from bench.figure import ms, p50
from bench.sockets import open_page
from clock import utc_now
from db import session as database
from tests.support.browser import VigilServer

PASSWORD: Final = "only for the bench"
_RUNS: Final = 40
_TURNS: Final = 3
_Name = TypeVar("_Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Target:
    """One page of one process, and a text that it must hold."""

    pid: int
    url: str
    token: str | None
    page: str
    query: str
    holds: str


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of a page: processor time of the server, and the wait of the client (p50)."""

    cpu_s: float
    wait_s: float

    def __str__(self) -> str:
        return f"{ms(self.cpu_s)} of the processor, answered in {ms(self.wait_s)}"


def vigil_page(server: VigilServer, page: str, query: str, holds: str, *, username: str = "ward") -> Target:
    """A page of a running program, for somebody signed in."""
    return Target(server.process.pid, server.url, token_of(server, username), page, query, holds)


def token_of(server: VigilServer, username: str = "ward") -> str:
    """A sign-in, as its cookie holds it."""
    server.use_database()
    try:
        return sign_in(username, PASSWORD, now=utc_now())
    finally:
        database.close()


def in_turns(targets: Mapping[_Name, Target], *, runs: int = _RUNS, turns: int = _TURNS) -> dict[_Name, Cost]:
    """The least processor time of several turns, so that the machine's other work meets all pages alike."""
    found: dict[_Name, list[Cost]] = {name: [] for name in targets}
    for _ in range(turns):
        for name, target in targets.items():
            found[name].append(asyncio.run(_cost(target, runs)))
    return {name: min(costs, key=lambda cost: cost.cpu_s) for name, costs in found.items()}


async def _cost(one: Target, runs: int) -> Cost:
    # What only the first ever run pays is not counted.
    await open_page(one.url, one.token, one.page, one.query, holds=one.holds, runs=3)
    before = _processor_s(one.pid)
    opened = await open_page(one.url, one.token, one.page, one.query, holds=one.holds, runs=runs)
    return Cost((_processor_s(one.pid) - before) / (runs + 1), p50(opened.again_s))


def _processor_s(pid: int) -> float:
    """Processor seconds that a process has used so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
