"""A site with a database on each engine, three recipients and one infused patient."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from actions import context
from alerts.messages import Addressee
from db.models import Alert, Delivery, Notice, Recipient, User
from db.roles import Actor, Role
from db.session import reading, writing
from settings import Settings
from tests.support import made_up
from tests.support.databases import Filled, fill
from tests.support.protocols import of_a_course_alone
from trial.protocol import EVERYONE, Protocol, Step, load_protocol

NEVER_H = 100_000.0
INFUSED_AT = datetime(2024, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
PEOPLE = (
    Addressee("Ward 7", "ward@hospital.org", "ward"),
    Addressee("Dr Li", "li@hospital.org", "treating"),
    Addressee("Dr Wu", "wu@hospital.org", "pi"),
)


def at(hours: float) -> datetime:
    """Hours after the infusion."""
    return INFUSED_AT + timedelta(hours=hours)


@dataclass
class Ward:
    """One infused patient, and what the database holds about the alerts."""

    settings: Settings
    patient_id: int
    infusion_id: int
    investigator: Actor

    def assess(
        self, hours: float, *, entered_after: float = 0.1, historical: bool = False, **values: Any
    ) -> str:
        """One assessment, well but for the values given; returns its stable id."""
        entry = (at(hours), {**made_up.WELL, **values})
        (stable_id,) = made_up.assess(
            self.patient_id,
            self.infusion_id,
            [entry],
            entered_after=timedelta(hours=entered_after),
            historical=historical,
        )
        return stable_id

    def alerts(self) -> list[Alert]:
        with reading() as session:
            return list(session.exec(select(Alert).order_by(col(Alert.id))).all())

    def alert(self) -> Alert:
        (alert,) = self.alerts()
        return alert

    def notices(self) -> list[Notice]:
        with reading() as session:
            return list(session.exec(select(Notice).order_by(col(Notice.id))).all())

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.notices()]

    def deliveries(self) -> list[Delivery]:
        with reading() as session:
            return list(session.exec(select(Delivery).order_by(col(Delivery.id))).all())

    def mark_sent(self) -> None:
        """Everything in the outbox has left."""
        with writing() as session:
            for delivery in session.exec(select(Delivery).where(Delivery.state == "pending")).all():
                delivery.state, delivery.sent_at, delivery.attempts = "sent", at(0), 1
                session.add(delivery)


def add_recipients(session: Session) -> None:
    for person in PEOPLE:
        session.add(
            Recipient(
                name=person.name,
                address=person.address,
                group=person.group,
                valid_from=INFUSED_AT,
                created_at=INFUSED_AT,
            )
        )


def calm(protocol: Protocol) -> Protocol:
    """The protocol with everyone told at once and nothing raised besides: for tests of one episode."""
    everyone = (Step(timedelta(0), (EVERYONE,)),)
    return replace(
        of_a_course_alone(protocol),
        missed_hours=NEVER_H,
        unsettled_hours=NEVER_H,
        repeat_minutes=60 * NEVER_H,
        repeat_later_minutes=60 * NEVER_H,
        plans=dict.fromkeys(protocol.plans, everyone),
    )


def make_ward(url: str, folder: Path, **settings: Any) -> Ward:
    """A site on a migrated database that `db.session` has open."""
    site = _configure(url, folder, **settings)
    patient_id = made_up.enrol("CART-007", INFUSED_AT)
    infusion_id = made_up.infuse(patient_id, 1, INFUSED_AT)
    with writing() as session:
        add_recipients(session)
        user = User(username="dr.li", display_name="Dr Li", role="investigator", created_at=INFUSED_AT)
        session.add(user)
        session.flush()
        actor = Actor(user.id, user.username, user.display_name, Role.INVESTIGATOR)
    return Ward(site, patient_id, infusion_id, actor)


def _configure(url: str, folder: Path, **settings: Any) -> Settings:
    values: dict[str, Any] = {
        "database_url": url,
        "data_dir": folder,
        "app_url": "https://vigil.hospital.org",
    } | settings
    site = Settings(**{"smtp_from": "vigil@hospital.org"} | values)
    context.configure(site, calm(load_protocol()))
    return site


@pytest.fixture(autouse=True)
def told_in_full(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A mail in fixed words is for a fault met in service; a test that means it clears the log."""
    yield
    assert [one.getMessage() for one in caplog.get_records("call") if one.name == "alerts.telling"] == []


@pytest.fixture(scope="session")
def filled_ward(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled[Ward]:
    """The patient to copy."""
    return fill(sqlite_template, tmp_path_factory.mktemp("ward"), make_ward)


@pytest.fixture
def ward(filled_ward: Filled[Ward], database: str, tmp_path: Path) -> Ward:
    """The patient on each engine."""
    return copied_ward(filled_ward, database, tmp_path)


@pytest.fixture
def sqlite_ward(filled_ward: Filled[Ward], sqlite_database: str, tmp_path: Path) -> Ward:
    """The patient on SQLite."""
    return copied_ward(filled_ward, sqlite_database, tmp_path)


def copied_ward(filled: Filled[Ward], url: str, folder: Path, **settings: Any) -> Ward:
    """What `make_ward` makes, on SQLite as a copy."""
    if not url.startswith("sqlite"):
        return make_ward(url, folder, **settings)
    site = _configure(url, folder, **settings)
    return replace(filled.copy_to(url), settings=site)
