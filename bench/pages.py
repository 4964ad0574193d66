"""Server time of the board and the patient page beside an empty page with one Plotly figure; 50 sessions.

The figures are processor time of the web process for one run of a page that was opened before. The yardstick
is an empty page of this program (`bench.empty_page`); what bare Streamlit needs for it is printed too.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from actions.sign_ins import sign_in
from bench.empty_page import HOLDS, bare_streamlit, program_with_empty_pages
from bench.figure import Figure, ms, p50
from bench.made_up_rows import write_files
from bench.sockets import open_at_once, open_page
from clock import utc_now
from commands.demo import build_demo
from db import session as database
from db.roles import SYSTEM
from exchange.importing import import_files
from settings import Settings
from tests.support.browser import VigilServer, running_server

_PASSWORD: Final = "only for the bench"
_RUNS: Final = 40
_TURNS: Final = 3
_OLD_ROWS_A_PATIENT: Final = 12


@dataclass(frozen=True, slots=True)
class _Target:
    """One page of one process, and a text that it must hold."""

    pid: int
    url: str
    token: str | None
    page: str
    query: str
    holds: str


@dataclass(frozen=True, slots=True)
class _Cost:
    """One run of a page: processor time of the server, and the wait of the client (p50)."""

    cpu_s: float
    wait_s: float

    def __str__(self) -> str:
        return f"{ms(self.cpu_s)} of the processor, answered in {ms(self.wait_s)}"


def measure_pages(quick: bool, folder: Path) -> Iterator[Figure]:
    """15 patients, then a thousand of whom 15 are recent; 300 when quick."""
    site = folder / "pages"
    settings = Settings.model_validate(
        {"data_dir": site, "VIGIL_DEMO": True, "database_url": f"sqlite:///{site}/vigil.db"}
    )
    site.mkdir(parents=True)
    build_demo(settings, utc_now(), password=_PASSWORD)
    costs, sessions, server = _measure_ward(folder, site)
    empty, bare = costs.pop("empty"), costs.pop("bare")
    for name, cost in costs.items():
        detail = (
            f"{cost}; an empty page with one Plotly figure behind the same gate and router {empty}; "
            f"in bare Streamlit {_beside(cost, bare)}"
        )
        yield Figure(f"{name} with 15 patients, server time", cost.cpu_s / empty.cpu_s, 3, "x", detail)
    detail = f"p50 {ms(p50(sessions))}"
    yield Figure("50 sessions opening the assess page at once, slowest", max(sessions), 3, "s", detail)
    patients = 300 if quick else 1000
    _add_old_patients(server, patients, folder)
    with running_server(site, {"VIGIL_DEMO": "1"}) as server:
        many = _in_turns({"board": _vigil(server, "", "", "CART-009")})["board"]
    name = f"board with {patients:,} patients, beside the board with 15"
    yield Figure(name, many.cpu_s / costs["board"].cpu_s, 2, "x", str(many))


def _beside(cost: _Cost, bare: _Cost) -> str:
    """What bare Streamlit needs, and how many times that the page needs."""
    return f"{ms(bare.cpu_s)}, {cost.cpu_s / bare.cpu_s:.1f} x"


def _measure_ward(folder: Path, site: Path) -> tuple[dict[str, _Cost], list[float], VigilServer]:
    demo = {"VIGIL_DEMO": "1"}
    with ExitStack() as servers:
        server = servers.enter_context(running_server(site, demo))
        app = program_with_empty_pages(folder / "program")
        empty = servers.enter_context(running_server(site, demo, app=app))
        bare_pid, bare_url = servers.enter_context(bare_streamlit(folder))
        costs = _in_turns(
            {
                "bare": _Target(bare_pid, bare_url, None, "", "", HOLDS),
                "empty": _vigil(empty, "", "", HOLDS),
                "board": _vigil(server, "", "", "CART-009"),
                "patient page": _vigil(server, "patient", "code=CART-002", "CART-002"),
            }
        )
        sessions = asyncio.run(
            open_at_once(server.url, _token(server), "assess", "code=CART-009", holds="CART-009", sessions=50)
        )
    return costs, sessions, server


def _in_turns(targets: dict[str, _Target]) -> dict[str, _Cost]:
    """The least processor time of several turns, so that the machine's other work meets all pages alike."""
    found: dict[str, list[_Cost]] = {name: [] for name in targets}
    for _ in range(_TURNS):
        for name, target in targets.items():
            found[name].append(asyncio.run(_cost(target)))
    return {name: min(costs, key=lambda cost: cost.cpu_s) for name, costs in found.items()}


async def _cost(one: _Target) -> _Cost:
    # What only the first ever run pays is not counted.
    await open_page(one.url, one.token, one.page, one.query, holds=one.holds, runs=3)
    before = _processor_s(one.pid)
    opened = await open_page(one.url, one.token, one.page, one.query, holds=one.holds, runs=_RUNS)
    return _Cost((_processor_s(one.pid) - before) / (_RUNS + 1), p50(opened.again_s))


def _processor_s(pid: int) -> float:
    """Processor seconds that a process has used so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def _vigil(server: VigilServer, page: str, query: str, holds: str) -> _Target:
    return _Target(server.process.pid, server.url, _token(server), page, query, holds)


def _token(server: VigilServer) -> str:
    server.use_database()
    try:
        return sign_in("ward", _PASSWORD, now=utc_now())
    finally:
        database.close()


def _add_old_patients(server: VigilServer, patients: int, folder: Path) -> None:
    """Patients of the past, who are at home: they must not slow the board down."""
    server.use_database()
    rows = (patients - 15) * _OLD_ROWS_A_PATIENT
    ended = utc_now() - timedelta(days=60)
    infusions, assessments = write_files(folder, rows, ended, a_patient=_OLD_ROWS_A_PATIENT)
    import_files(infusions, assessments, by=SYSTEM, now=utc_now(), historical=True)
    database.close()
