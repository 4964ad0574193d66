"""The safety page without a browser: run for a role on a made-up trial, at a fixed time."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from actions import accounts, context
from actions.records import store_record
from db import session
from db.roles import SYSTEM, Actor, Role
from db.session import writing
from settings import ROOT, Settings
from tests.pages.clocks import set_clocks
from tests.support import made_up
from trial.protocol import load_protocol

NOW = datetime(2026, 4, 20, 1, 0, tzinfo=UTC)  # 09:00 at the hospital
FEVER = {**made_up.WELL, "temperature_c": 38.6}
GRADE_3 = {**FEVER, "vasopressors": "norepinephrine"}

Show = Callable[..., AppTest]


@pytest.fixture
def show(sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Run a page of the committee on an empty database of the test's own: `show(tab="rates", sex="F")`."""
    _configure(sqlite_database, tmp_path)
    return runner(monkeypatch)


def trial_file(folder: Path, template: Path, make: Callable[[], None]) -> str:
    """A database made once for the tests of a file that only look at it; its address."""
    shutil.copy(template, folder / "vigil.db")
    url = f"sqlite:///{folder / 'vigil.db'}"
    session.configure(url)
    try:
        _configure(url, folder)
        make()
    finally:
        session.close()
    return url


@contextmanager
def opened(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    """The same database opened again, to be looked at."""
    session.configure(url)
    try:
        _configure(url, folder)
        yield runner(monkeypatch)
    finally:
        session.close()


def _configure(url: str, folder: Path) -> None:
    settings = Settings(database_url=url, data_dir=folder, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())


def runner(monkeypatch: pytest.MonkeyPatch) -> Show:
    """Runs a page for a role, at NOW."""
    set_clocks(monkeypatch, lambda: NOW)
    somebody: dict[str, Role] = {}

    def resume(token: str | None, *, now: datetime, touch: bool) -> Actor:
        return Actor(1, "somebody", "Somebody", somebody["role"])

    monkeypatch.setattr(accounts, "resume", resume)

    def run(page: str = "safety", role: Role = Role.COMMITTEE, **query: str) -> AppTest:
        somebody["role"] = role
        app = AppTest.from_file(str(ROOT / "pages" / "committee" / f"{page}.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return run


def words(app: AppTest) -> str:
    """Everything that is written on the page, HTML included."""
    texts = [element.value for element in (*app.title, *app.header, *app.text)]
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*texts, *html])


def charts(app: AppTest) -> list[str]:
    """The alternative texts of the pictures that are drawn."""
    return [element.proto.alt for element in app.get("plotly_chart")]


def drawn(app: AppTest) -> str:
    """Everything in the pictures, as plain text: Plotly escapes its own."""
    specs = (json.loads(element.proto.spec) for element in app.get("plotly_chart"))
    return " ".join(json.dumps(spec, ensure_ascii=False) for spec in specs)


def day(number: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=number)


def admit(code: str, *grades: Any, days_ago: float = 35, number: int = 1, **more: Any) -> int:
    """A patient infused so long ago, with an entry an hour later each day; None is a day without one."""
    patient_id = made_up.enrol(code, day(days_ago + 5), **more)
    infuse(patient_id, *grades, days_ago=days_ago, number=number)
    return patient_id


def infuse(patient_id: int, *grades: Any, days_ago: float, number: int) -> None:
    """The first or second infusion, with its entries."""
    infusion_id = made_up.infuse(patient_id, number, day(days_ago))
    entries = [
        (day(days_ago) + timedelta(days=place, hours=1), one)
        for place, one in enumerate(grades)
        if one is not None
    ]
    if entries:
        made_up.assess(patient_id, infusion_id, entries)


def record(table: str, patient_id: int, **values: Any) -> None:
    """A record of the trial, as an action would store it."""
    with writing() as records:
        store_record(records, table, patient_id, values, by=SYSTEM, now=NOW, action="made up")
