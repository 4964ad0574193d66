"""The lines above every page: each stands there when it is true and only then."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, delete, select
from streamlit.testing.v1 import AppTest

from actions import accounts, context
from alerts.health import record_heartbeat
from alerts.words.short import PROGRAM_ADVICE, PROGRAM_WORDS
from clock import utc_now
from db.models import Alert, Heartbeat, Recipient
from db.session import writing
from pages.parts import banner
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


def problem(slot: str, *, state: str = "open", minutes_ago: int = 30) -> None:
    is_over = state == "closed"
    with writing() as session:
        session.add(
            Alert(
                signal="system",
                slot=slot,
                state=state,
                level=0,
                urgency=3,
                opened_at=NOW,
                first_observed_at=NOW - timedelta(minutes=minutes_ago),
                updated_at=NOW,
                closed_at=NOW if is_over else None,
                ended_reason="gone" if is_over else None,
            )
        )


@pytest.mark.parametrize("state", ["open", "acknowledged"])
@pytest.mark.parametrize("slot", PROGRAM_WORDS)
def test_it_says_every_problem_of_the_program_and_what_to_do(
    configure: Configure, slot: str, state: str
) -> None:
    configure()
    with writing() as session:
        beat(session, ago=timedelta(seconds=10))
    problem(slot, state=state)
    words = PROGRAM_WORDS[slot]
    assert banner_lines(NOW) == [f"{words[0].upper()}{words[1:]} since 08:02. {PROGRAM_ADVICE[slot]}"]


def test_what_is_over_is_not_said(configure: Configure) -> None:
    configure()
    with writing() as session:
        beat(session, ago=timedelta(seconds=10))
    problem("backup", state="closed")
    assert banner_lines(NOW) == []


def test_what_the_page_sees_by_itself_is_said_once(configure: Configure) -> None:
    configure()
    problem("worker")
    problem("disk")
    lines = banner_lines(NOW)
    assert [line.split(".")[0] for line in lines] == [
        "Alerts are not being sent: the worker has not reported",
        "The disk is nearly full since 08:02",
    ]


def drawn() -> AppTest:
    """The banner alone, as a page draws it."""

    def page() -> None:
        from pages.parts.banner import show_banner

        show_banner()

    return AppTest.from_function(page).run()


def words_of(app: AppTest) -> list[str]:
    return [re.sub("<[^>]+>", "", element.proto.body) for element in app.get("html")]


def test_the_banner_is_read_again_without_prolonging_the_sign_in(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(banner, "current_actor", lambda *, touch: asked.append(touch))
    configure()
    with writing() as session:
        record_heartbeat(session, worker="one", now=utc_now(), sends_mail=True)
    app = drawn()
    assert words_of(app) == [""]
    with writing() as session:
        session.exec(delete(Heartbeat))
        record_heartbeat(session, worker="one", now=utc_now() - timedelta(minutes=5), sends_mail=True)
    (said,) = words_of(app.run())
    assert said.startswith("Alerts are not being sent: the worker has not reported since")
    assert asked == [False, False]


def test_nothing_is_said_to_somebody_whose_sign_in_has_ended(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(token: str | None, *, now: datetime, touch: bool) -> None:
        return None

    monkeypatch.setattr(accounts, "resume", nobody)
    monkeypatch.setattr(accounts, "why_signed_out", lambda token, *, now: "You signed out.")
    configure()
    app = drawn()
    assert [title.value for title in app.title] == ["Signed out"]
    assert "Alerts are not being sent" not in " ".join(words_of(app))
