"""Server time of the board and the patient page beside an empty page with one Plotly figure; 50 sessions.

The figures are processor time of the web process for one run of a page that was opened before. The yardstick
is an empty page of this program (`bench.empty_page`); what bare Streamlit needs for it is printed too.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final

from bench.empty_page import HOLDS, bare_streamlit, program_with_empty_pages
from bench.figure import Figure, ms, p50
from bench.made_up_rows import write_files
from bench.server_time import PASSWORD, Cost, Target, in_turns, token_of, vigil_page
from bench.sockets import open_at_once
from clock import utc_now
from commands.demo import build_demo
from db import session as database
from db.roles import SYSTEM
from exchange.importing import import_files
from settings import Settings
from tests.support.browser import VigilServer, running_server

_OLD_ROWS_A_PATIENT: Final = 12


def measure_pages(quick: bool, folder: Path) -> Iterator[Figure]:
    """15 patients, then a thousand of whom 15 are recent; 300 when quick."""
    site = folder / "pages"
    settings = Settings.model_validate(
        {"data_dir": site, "VIGIL_DEMO": True, "database_url": f"sqlite:///{site}/vigil.db"}
    )
    site.mkdir(parents=True)
    build_demo(settings, utc_now(), password=PASSWORD)
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
    add_old_patients(server, patients, folder)
    with running_server(site, {"VIGIL_DEMO": "1"}) as server:
        many = in_turns({"board": vigil_page(server, "", "", "CART-009")})["board"]
    name = f"board with {patients:,} patients, beside the board with 15"
    yield Figure(name, many.cpu_s / costs["board"].cpu_s, 2, "x", str(many))


def _beside(cost: Cost, bare: Cost) -> str:
    """What bare Streamlit needs, and how many times that the page needs."""
    return f"{ms(bare.cpu_s)}, {cost.cpu_s / bare.cpu_s:.1f} x"


def _measure_ward(folder: Path, site: Path) -> tuple[dict[str, Cost], list[float], VigilServer]:
    demo = {"VIGIL_DEMO": "1"}
    with ExitStack() as servers:
        server = servers.enter_context(running_server(site, demo))
        app = program_with_empty_pages(folder / "program")
        empty = servers.enter_context(running_server(site, demo, app=app))
        bare_pid, bare_url = servers.enter_context(bare_streamlit(folder))
        costs = in_turns(
            {
                "bare": Target(bare_pid, bare_url, None, "", "", HOLDS),
                "empty": vigil_page(empty, "", "", HOLDS),
                "board": vigil_page(server, "", "", "CART-009"),
                "patient page": vigil_page(server, "patient", "code=CART-002", "CART-002"),
            }
        )
        sessions = asyncio.run(
            open_at_once(
                server.url, token_of(server), "assess", "code=CART-009", holds="CART-009", sessions=50
            )
        )
    return costs, sessions, server


def add_old_patients(server: VigilServer, patients: int, folder: Path) -> None:
    """Patients of the past, who are at home: they must not slow the board down."""
    server.use_database()
    rows = (patients - 15) * _OLD_ROWS_A_PATIENT
    ended = utc_now() - timedelta(days=60)
    infusions, assessments = write_files(folder, rows, ended, a_patient=_OLD_ROWS_A_PATIENT)
    import_files(infusions, assessments, by=SYSTEM, now=utc_now(), historical=True)
    database.close()
