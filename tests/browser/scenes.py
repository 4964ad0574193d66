"""Made-up patients for the browser tests of the patient, alerts and safety pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clock import utc_now
from db.models import Recipient
from db.session import writing
from tests.support import made_up
from tests.support.browser import VigilServer

FEVER: Mapping[str, Any] = {**made_up.WELL, "temperature_c": 38.6}
GRADE_3: Mapping[str, Any] = {**FEVER, "vasopressors": "norepinephrine", "temperature_c": 39.1}


@dataclass(frozen=True)
class Scene:
    """One patient with a first infusion; `entries` are stable ids by time."""

    code: str
    infusion_id: int
    entries: list[str]
    infused_at: datetime


def a_course(
    server: VigilServer, code: str, *steps: tuple[float, Mapping[str, Any]], infused_hours_ago: float = 60
) -> Scene:
    """A patient with entries so many hours ago."""
    server.use_database()
    now = utc_now()
    infused_at = now - timedelta(hours=infused_hours_ago)
    patient_id = made_up.enrol(code, infused_at - timedelta(days=3), sex="F", age_years=61)
    infusion_id = made_up.infuse(patient_id, 1, infused_at)
    entries = [(now - timedelta(hours=hours), values) for hours, values in steps]
    ids = made_up.assess(patient_id, infusion_id, entries) if entries else []
    return Scene(code, infusion_id, ids, infused_at)


def a_recipient(server: VigilServer, name: str = "Ward phone", group: str = "ward") -> None:
    """Somebody on the list from long ago."""
    server.use_database()
    since = utc_now() - timedelta(days=90)
    address = f"{name.lower().replace(' ', '.')}@hospital.example"
    with writing() as session:
        session.add(Recipient(name=name, address=address, group=group, valid_from=since, created_at=since))
