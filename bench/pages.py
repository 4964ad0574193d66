"""Server time of the board and the patient page beside an empty page with one Plotly figure; 50 sessions."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from actions.sign_ins import sign_in
from bench.figure import Figure, ms, p50
from bench.made_up_rows import write_files
from bench.sockets import open_at_once, open_page
from clock import utc_now
from commands.demo import build_demo
from db import session as database
from db.roles import SYSTEM
from exchange.importing import import_files
from settings import ROOT, Settings
from tests.support.browser import VigilServer, clean_environment, running_server
from tests.support.ports import find_free_port

_PASSWORD: Final = "only for the bench"
_EMPTY: Final = """
import plotly.graph_objects as go
import streamlit as st
st.plotly_chart(go.Figure(go.Scatter(x=list(range(100)), y=list(range(100)))))
"""
_RUNS: Final = 40
_OLD_ROWS_A_PATIENT: Final = 12


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
    empty = _time_empty_page(folder)
    with running_server(site, {"VIGIL_DEMO": "1"}) as server:
        board = _time_page(server, "", "", holds="CART-009")
        patient = _time_page(server, "patient", "code=CART-002", holds="CART-002")
        sessions = asyncio.run(
            open_at_once(server.url, _token(server), "assess", "code=CART-009", holds="CART-009", sessions=50)
        )
    for name, cost in (("board", board), ("patient page", patient)):
        detail = f"{cost}; an empty page with one Plotly figure {empty}"
        yield Figure(f"{name} with 15 patients, server time", cost.cpu_s / empty.cpu_s, 3, "x", detail)
    detail = f"p50 {ms(p50(sessions))}"
    yield Figure("50 sessions opening the assess page at once, slowest", max(sessions), 3, "s", detail)
    patients = 300 if quick else 1000
    _add_old_patients(server, patients, folder)
    with running_server(site, {"VIGIL_DEMO": "1"}) as server:
        many = _time_page(server, "", "", holds="CART-009")
    name = f"board with {patients:,} patients, beside the board with 15"
    yield Figure(name, many.cpu_s / board.cpu_s, 2, "x", str(many))


def _time_page(server: VigilServer, page: str, query: str, *, holds: str) -> _Cost:
    return asyncio.run(_cost(server.process.pid, server.url, _token(server), page, query, holds))


async def _cost(pid: int, url: str, token: str | None, page: str, query: str, holds: str) -> _Cost:
    await open_page(url, token, page, query, holds=holds, runs=3)  # what only the first ever run pays
    before = _processor_s(pid)
    opened = await open_page(url, token, page, query, holds=holds, runs=_RUNS)
    return _Cost((_processor_s(pid) - before) / (_RUNS + 1), p50(opened.again_s))


def _processor_s(pid: int) -> float:
    """Processor seconds that a process has used so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def _token(server: VigilServer) -> str:
    server.use_database()
    try:
        return sign_in("ward", _PASSWORD, now=utc_now())
    finally:
        database.close()


def _time_empty_page(folder: Path) -> _Cost:
    script = folder / "empty.py"
    script.write_text(_EMPTY, encoding="utf-8")
    with _plain_streamlit(script) as (pid, url):
        return asyncio.run(_wait_for_empty_page(pid, url))


async def _wait_for_empty_page(pid: int, url: str) -> _Cost:
    for _ in range(300):
        try:
            return await _cost(pid, url, None, "", "", "")
        except OSError:
            await asyncio.sleep(0.1)
    raise RuntimeError("The empty page did not start within 30 s.")


@contextmanager
def _plain_streamlit(script: Path) -> Iterator[tuple[int, str]]:
    """Streamlit with this project's configuration and nothing else of it."""
    port = find_free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield process.pid, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _add_old_patients(server: VigilServer, patients: int, folder: Path) -> None:
    """Patients of the past, who are at home: they must not slow the board down."""
    server.use_database()
    rows = (patients - 15) * _OLD_ROWS_A_PATIENT
    ended = utc_now() - timedelta(days=60)
    infusions, assessments = write_files(folder, rows, ended, a_patient=_OLD_ROWS_A_PATIENT)
    import_files(infusions, assessments, by=SYSTEM, now=utc_now(), historical=True)
    database.close()
