"""Server time of the fullest patient page, each of its pictures, beside an empty page with one figure.

60 days after one infusion: 360 assessments, 900 laboratory results, 40 treatments.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import insert, select

from actions.accounts import create_user, set_password_with_code
from bench.empty_page import HOLDS, program_with_empty_pages
from bench.figure import Figure
from bench.laboratory import panels
from bench.made_up_rows import EVERY, write_files
from bench.server_time import PASSWORD, Cost, in_turns, vigil_page
from bench.site import open_site
from clock import utc_now
from db import session as database
from db.inputs import UserIn
from db.models import Record
from db.roles import SYSTEM, Role
from db.session import writing
from exchange.importing import import_files
from tests.support.browser import running_server

_CODE: Final = "B-00000"
_ASSESSMENTS: Final = 360
_PANELS: Final = 90
"""Of ten results each."""
_TREATMENTS: Final = 40
_DRUGS: Final = (
    ("tocilizumab", 480.0, "mg"),
    ("dexamethasone", 10.0, "mg"),
    ("anakinra", 100.0, "mg"),
    ("acetaminophen", 500.0, "mg"),
    ("norepinephrine", None, None),
)
_PICTURES: Final = {"signs": "bedside signs", "course": "whole course", "labs": "laboratory"}


def measure_patient_page(quick: bool, folder: Path) -> Iterator[Figure]:
    """The page with each of its three pictures open; fewer runs when quick."""
    site = folder / "patient"
    store_patient(site, folder)
    costs = _costs(site, folder, runs=10 if quick else 40)
    empty = costs.pop("empty")
    for name, cost in costs.items():
        detail = f"{cost}; an empty page with one Plotly figure {empty}"
        yield Figure(f"patient page of 60 days, {_PICTURES[name]}", cost.cpu_s / empty.cpu_s, 4, "x", detail)


def _costs(site: Path, folder: Path, *, runs: int) -> dict[str, Cost]:
    with ExitStack() as servers:
        server = servers.enter_context(running_server(site))
        app = program_with_empty_pages(folder / "program")
        empty = servers.enter_context(running_server(site, app=app))
        pages = {
            name: vigil_page(server, "patient", f"code={_CODE}&picture={name}", _CODE) for name in _PICTURES
        }
        return in_turns({"empty": vigil_page(empty, "", "", HOLDS)} | pages, runs=runs)


def store_patient(site: Path, folder: Path) -> None:
    """One patient on a site of its own, with a nurse who looks."""
    open_site(site)
    now = utc_now()
    code = create_user(UserIn(username="ward", display_name="Ward", role=Role.WARD), by=SYSTEM, now=now)
    set_password_with_code("ward", code, PASSWORD, now=now)
    files = write_files(folder, _ASSESSMENTS, now, a_patient=_ASSESSMENTS)
    import_files(*files, by=SYSTEM, now=now, historical=True)
    infused_at = now - EVERY * (_ASSESSMENTS + 1)
    with writing() as session:
        tables = Record.metadata.tables
        connection = session.connection()
        patient_id = connection.execute(select(tables["patient"].c.id)).scalar_one()
        of_patient = {"patient_id": patient_id, "version": 1, "entered_at": now}
        times = (infused_at + timedelta(hours=16) * place for place in range(_PANELS))
        results = [of_patient | result for result in panels(Random(1), times)]
        connection.execute(insert(tables["lab_result"]), results)
        given = [of_patient | one for one in _treatments(infused_at)]
        connection.execute(insert(tables["treatment"]), given)
    database.close()


def _treatments(infused_at: datetime) -> Iterator[dict[str, Any]]:
    for place, (drug, dose, unit) in enumerate(islice(cycle(_DRUGS), _TREATMENTS)):
        started_at = infused_at + timedelta(hours=36) * place
        yield {
            "stable_id": uuid4().hex,
            "drug": drug,
            "dose": dose,
            "dose_unit": unit,
            "started_at": started_at,
            "ended_at": started_at + timedelta(hours=12),
            "is_ongoing": False,
            "confirmed": False,
            "voided": False,
            "source": "demo",
        }
