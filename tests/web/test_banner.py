"""The lines above every page: each stands there when it is true and only then."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from actions import context
from alerts.health import record_heartbeat
from db.models import Recipient
from db.session import writing
from pages.parts.banner import banner_lines
from settings import ROOT, Settings
from trial.protocol import load_protocol

NOW = datetime(2026, 3, 8, 0, 32, tzinfo=UTC)
Configure = Callable[..., None]


@pytest.fixture
def configure(sqlite_database: str) -> Configure:
    told = Recipient(
        name="Ward phone",
        address="ward@vigil.example",
        group="ward",
        valid_from=NOW - timedelta(days=1),
        created_at=NOW,
    )
    with writing() as session:
        session.add(told)

    def with_settings(**settings: object) -> None:
        chosen = Settings.model_validate({"database_url": sqlite_database, **settings})
        context.configure(chosen, load_protocol(chosen.protocol_file))

    return with_settings


def beat(session: Session, *, ago: timedelta, sends_mail: bool = True) -> None:
    record_heartbeat(session, worker="one", now=NOW - ago, sends_mail=sends_mail)


def test_nothing_is_said_while_a_worker_sends_mail(configure: Configure) -> None:
    configure()
    with writing() as session:
        beat(session, ago=timedelta(seconds=10))
    assert banner_lines(NOW) == []


def test_it_says_that_no_worker_was_ever_seen(configure: Configure) -> None:
    configure()
    assert banner_lines(NOW) == [
        "Alerts are not being sent: the worker has not reported. Tell the administrator."
    ]


@pytest.mark.parametrize(("seconds", "dead"), [(89, False), (90, False), (91, True)])
def test_it_says_since_when_a_worker_is_silent(configure: Configure, seconds: int, dead: bool) -> None:
    configure()
    with writing() as session:
        beat(session, ago=timedelta(seconds=seconds))
    lines = banner_lines(NOW)
    assert [
        line.startswith("Alerts are not being sent: the worker has not reported since") for line in lines
    ] == ([True] if dead else [])


def test_it_names_the_folder_that_keeps_the_mails(configure: Configure, tmp_path: Path) -> None:
    for folder, words in ((ROOT / "data", "data/mailbox"), (tmp_path, f"{tmp_path}/mailbox")):
        configure(data_dir=folder)
        with writing() as session:
            beat(session, ago=timedelta(0), sends_mail=False)
        assert banner_lines(NOW) == [f"Mails are not being sent. They are kept in {words}."]


def test_a_demonstration_says_so_first(configure: Configure) -> None:
    configure(VIGIL_DEMO=True)
    with writing() as session:
        beat(session, ago=timedelta(0), sends_mail=False)
    assert banner_lines(NOW)[0] == "Demonstration: made-up patients"


@pytest.mark.parametrize(("ends_in_s", "warned"), [(1, False), (0, True)])
def test_it_says_that_nobody_is_told(configure: Configure, ends_in_s: int, warned: bool) -> None:
    configure()
    with writing() as session:
        beat(session, ago=timedelta(0))
        session.exec(select(Recipient)).one().valid_to = NOW + timedelta(seconds=ends_in_s)
    expected = "Nobody is told of alerts: the list of recipients is empty. Tell the coordinator."
    assert banner_lines(NOW) == ([expected] if warned else [])
