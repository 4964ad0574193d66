"""A patient with CRS, an infection, drugs and results around it, for the reports."""

from datetime import timedelta
from pathlib import Path

import pytest

from actions.records import store_record
from db.session import writing
from tests.actions.conftest import CODE, NOW, SHOCK, WELL, Site, at, make_site


@pytest.fixture
def site(sqlite_database: str, tmp_path: Path) -> Site:
    """The hospital, on SQLite."""
    return make_site(sqlite_database, tmp_path)


@pytest.fixture
def ill(site: Site) -> Site:
    """CRS of grade 3 on day 1, clear from hour 40 on; tocilizumab, norepinephrine, CRP."""
    for hours, values in ((24, SHOCK), (28, SHOCK | {"vasopressors": "none"}), (40, WELL), (64, WELL)):
        site.record(hours, **values)
    records = [
        ("treatment", {"drug": "tocilizumab", "dose": 560, "dose_unit": "mg", "started_at": at(25)}),
        (
            "treatment",
            {
                "drug": "norepinephrine",
                "dose": 0.1,
                "dose_unit": "ug/kg/min",
                "started_at": at(24),
                "ended_at": at(27),
            },
        ),
        ("treatment", {"drug": "levetiracetam", "started_at": at(-200), "ended_at": at(-190)}),
        ("lab_result", {"analyte": "crp", "taken_at": at(24), "value": 85.5, "unit": "mg/L", "uln": 5.0}),
        ("lab_result", {"analyte": "crp", "taken_at": at(48), "value": 12, "unit": "mg/L", "uln": 5.0}),
        ("lab_result", {"analyte": "crp", "taken_at": at(-300), "value": 999, "unit": "mg/L"}),
    ]
    for table, values in records:
        with writing() as session:
            store_record(
                session,
                table,
                site.patients[CODE],
                values,
                by=site.nurse,
                now=NOW - timedelta(hours=1),
                action=f"record_{table}",
            )
    return site
