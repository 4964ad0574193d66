"""One assessment saved beside the same rows written by Core; an import of 10,000 rows."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, select

from actions.assessments import record_assessment
from bench.figure import Figure, ms, p50, seconds, slope
from bench.made_up_rows import write_files
from bench.site import assessment, infuse, open_site
from db import session as database
from db.models import Record
from db.roles import SYSTEM
from db.session import make_engine, reading
from exchange.importing import import_files

_WRITTEN: Final = ("assessment", "grade", "patient_day", "audit_event")
_INFUSED_AT: Final = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
_PATIENTS: Final = 15
_HISTORY: Final = 40


def measure_saving(quick: bool, folder: Path) -> Iterator[Figure]:
    """Saves and plain writes in turns, on two copies of one database, in courses of 40 assessments and up."""
    settings = open_site(folder / "saving")
    codes = [f"CART-{number:03d}" for number in range(1, _PATIENTS + 1)]
    for code in codes:
        infuse(code, _INFUSED_AT)
        for place in range(_HISTORY):
            _save(code, place)
    database.close()
    copy = folder / "copy.db"
    shutil.copy(folder / "saving" / "vigil.db", copy)
    database.configure(settings.database_url)
    plain = make_engine(f"sqlite:///{copy}")
    saved, written = [], []
    before = _stored({})
    for turn in range(60 if quick else 300):
        code, place = codes[turn % _PATIENTS], _HISTORY + turn // _PATIENTS
        saved.append(seconds(partial(_save, code, place)))
        after = _stored({name: max(before[name], default=0) for name in _WRITTEN if name != "patient_day"})
        rows = _difference(before, after)
        written.append(seconds(partial(_write, plain, rows, before["patient_day"])))
        before = after
    plain.dispose()
    detail = f"p50 {ms(p50(saved))} beside {ms(p50(written))} for the same rows by Core"
    yield Figure("one assessment saved", p50(saved) / p50(written), 3, "x", detail)


def _save(code: str, place: int) -> None:
    at = _INFUSED_AT + timedelta(hours=3 * (place + 1))
    entry = assessment(code, at, temperature_c=38.4 if place % 7 == 3 else 36.9)
    record_assessment(entry, f"{code}-{place}", by=SYSTEM, now=at + timedelta(minutes=4))


_Stored = dict[str, dict[int, dict[str, Any]]]  # table -> id -> row


def _stored(newest: Mapping[str, int]) -> _Stored:
    """The rows from these ids on; of `patient_day` all, because its rows change."""
    with reading() as session:
        return {
            name: {row["id"]: dict(row) for row in session.connection().execute(query).mappings()}
            for name in _WRITTEN
            for table in (Record.metadata.tables[name],)
            for query in (select(table).where(table.c.id >= newest.get(name, 0)),)
        }


def _difference(before: _Stored, after: _Stored) -> dict[str, list[dict[str, Any]]]:
    """What one save wrote."""
    return {
        name: [row for key, row in rows.items() if before[name].get(key) != row]
        for name, rows in after.items()
    }


def _write(
    engine: Engine, rows: Mapping[str, list[dict[str, Any]]], known_days: Mapping[int, object]
) -> None:
    """The same rows, and nothing else, in one transaction that takes the write lock at its start."""
    with engine.execution_options(vigil_writing=True).begin() as connection:
        for name, some in rows.items():
            table = Record.metadata.tables[name]
            for row in some if name == "patient_day" else []:
                if row["id"] in known_days:
                    connection.execute(table.update().where(table.c.id == row["id"]).values(row))
            new = [row for row in some if name != "patient_day" or row["id"] not in known_days]
            if new:
                connection.execute(table.insert(), new)


def measure_import(quick: bool, folder: Path) -> Iterator[Figure]:
    """The import of 10,000 rows; 2,000 when quick."""
    rows = 2_000 if quick else 10_000
    took = {size: _import(folder / f"import-{size}", size) for size in (rows // 4, rows)}
    yield Figure(
        f"import of {rows:,} rows", took[rows], 60 * rows / 10_000, "s", f"{ms(took[rows] / rows)} a row"
    )
    exponent = slope((rows // 4, took[rows // 4]), (rows, took[rows]))
    detail = f"{ms(took[rows // 4])} to {ms(took[rows])}"
    yield Figure(f"import, slope {rows // 4:,} to {rows:,} rows", exponent, 1.1, "", detail)


def _import(folder: Path, rows: int) -> float:
    open_site(folder)
    now = datetime(2026, 3, 31, tzinfo=UTC)
    infusions, assessments = write_files(folder, rows, now)
    took = seconds(lambda: import_files(infusions, assessments, by=SYSTEM, now=now, historical=True))
    database.close()
    return took
