"""A hospital on a database of each engine: one person of each role, two patients once infused."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlmodel import col

from actions import context
from actions.assessments import Saved, record_assessment
from actions.patients import enrol_patient, record_infusion
from actions.recipients import add_recipient
from db.inputs import AssessmentIn, InfusionIn, PatientIn, RecipientIn
from db.models import Record, User
from db.roles import SYSTEM, Actor, Group, Role
from db.session import reading, writing
from settings import Settings
from tests.support.databases import Filled, fill
from trial.protocol import load_protocol

INFUSED_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
NOW = INFUSED_AT + timedelta(days=5)
CODE, OTHER_CODE = "CART-007", "CART-008"
WELL: dict[str, Any] = {
    "temperature_c": 36.8,
    "systolic_mmhg": 120,
    "spo2_percent": 97,
    "oxygen_device": "room_air",
    "vasopressors": "none",
    "ice_score": 10,
    "consciousness": "alert",
    "seizure": "none",
    "motor_weakness": "none",
    "edema_or_raised_icp": "none",
}
SHOCK: dict[str, Any] = {**WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}
"""Fever and one vasopressor: CRS grade 3."""


def at(hours: float) -> datetime:
    """Hours after the first infusion."""
    return INFUSED_AT + timedelta(hours=hours)


def entry(hours: float, *, code: str = CODE, number: int = 1, **values: Any) -> AssessmentIn:
    """An assessment of a well patient, but for what is given."""
    place = {"patient_id": code, "infusion_number": number, "assessed_at": at(hours)}
    return AssessmentIn(**{**WELL, **place, **values})


@dataclass
class Site:
    """People, patients, and what the database holds."""

    people: dict[Role, Actor]
    folder: Path
    patients: dict[str, int] = field(default_factory=dict)
    infusions: dict[str, int] = field(default_factory=dict)
    tokens: Any = field(default_factory=count)

    @property
    def nurse(self) -> Actor:
        return self.people[Role.WARD]

    @property
    def investigator(self) -> Actor:
        return self.people[Role.INVESTIGATOR]

    @property
    def coordinator(self) -> Actor:
        return self.people[Role.COORDINATOR]

    def token(self) -> str:
        return f"token-{next(self.tokens)}"

    def record(
        self,
        hours: float,
        *,
        by: Actor | None = None,
        now: datetime | None = None,
        token: str | None = None,
        **values: Any,
    ) -> Saved:
        """Record an assessment six minutes after it was made, unless told otherwise."""
        return record_assessment(
            entry(hours, **values),
            token or self.token(),
            by=by or self.nurse,
            now=now or at(hours + 0.1),
        )

    def infuse(self, code: str, number: int, infused_at: datetime, now: datetime = NOW) -> int:
        typed = InfusionIn(patient_id=code, infusion_number=number, infused_at=infused_at)
        return record_infusion(typed, by=self.coordinator, now=now)

    def enrol(self, code: str) -> None:
        self.patients[code] = enrol_patient(PatientIn(study_code=code), by=SYSTEM, now=at(-48))
        self.infusions[code] = self.infuse(code, 1, INFUSED_AT)

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """The rows of a table, oldest first."""
        columns = Record.metadata.tables[table]
        query = select(columns).order_by(columns.c.id)
        for name, value in where.items():
            query = query.where(columns.c[name] == value)
        with reading() as session:
            return [dict(row) for row in session.connection().execute(query).mappings()]

    def standing_grades(self) -> dict[tuple[int, str], tuple[int | None, int]]:
        """Assessment id and scale -> grade and at least, of the grades that stand."""
        return {
            (row["assessment_id"], row["scale"]): (row["grade"], row["at_least"])
            for row in self.rows("grade", superseded_at=None)
        }

    def events(self, action: str) -> list[dict[str, Any]]:
        return self.rows("audit_event", action=action)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All that is stored, to show that nothing changed."""
        return {name: self.rows(name) for name in Record.metadata.tables if name != "draft"}


def make_site(url: str, folder: Path) -> Site:
    """A hospital on the migrated database that `db.session` has open."""
    _configure(url, folder)
    site = Site(_people(), folder)
    for code in (CODE, OTHER_CODE):
        site.enrol(code)
    ward = RecipientIn(name="Ward 7", address="ward@hospital.org", group=Group.WARD)
    add_recipient(ward, by=site.coordinator, now=INFUSED_AT)
    return site


def _configure(url: str, folder: Path) -> None:
    settings = Settings(database_url=url, data_dir=folder, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())


def add_person(role: Role, username: str) -> Actor:
    """An active account."""
    name = f"{username.capitalize()} Example"
    with writing() as session:
        session.connection().execute(
            insert(User).values(
                username=username, display_name=name, role=role.value, is_active=True, created_at=INFUSED_AT
            )
        )
        user_id = session.connection().execute(select(col(User.id)).where(col(User.username) == username))
        return Actor(user_id.scalar_one(), username, name, role)


def _people() -> dict[Role, Actor]:
    return {role: add_person(role, role.value) for role in Role}


@pytest.fixture(scope="session")
def filled_site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled[Site]:
    """The hospital to copy."""
    return fill(sqlite_template, tmp_path_factory.mktemp("site"), make_site)


@pytest.fixture
def site(filled_site: Filled[Site], database: str, tmp_path: Path) -> Site:
    """The hospital, on each engine."""
    return copied_site(filled_site, database, tmp_path)


@pytest.fixture
def sqlite_site(filled_site: Filled[Site], sqlite_database: str, tmp_path: Path) -> Site:
    """The hospital, on SQLite alone."""
    return copied_site(filled_site, sqlite_database, tmp_path)


def copied_site(filled: Filled[Site], url: str, folder: Path) -> Site:
    """What `make_site` makes, on SQLite as a copy."""
    if not url.startswith("sqlite"):
        return make_site(url, folder)
    _configure(url, folder)
    made = filled.copy_to(url)
    return Site(made.people, folder, dict(made.patients), dict(made.infusions))
