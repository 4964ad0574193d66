"""The review page and the ward's side of it, run without a browser."""

from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from actions import context
from actions.review import ask_ward
from clock import utc_now
from db.models import User
from db.roles import Actor, Role
from db.session import writing
from settings import Settings
from tests.support import made_up
from tests.support.pages import open_page, ran, words_of
from trial.protocol import load_protocol

GRADE_3 = {**made_up.WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}


@pytest.fixture
def people(sqlite_database: str, tmp_path: Path) -> dict[Role, Actor]:
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    made = {}
    with writing() as session:
        for role in (Role.COMMITTEE, Role.WARD):
            name = role.value
            user = User(username=name, display_name=f"Example {name}", role=name, created_at=utc_now())
            session.add(user)
            session.flush()
            made[role] = Actor(user.id, user.username, user.display_name, role)
    return made


@pytest.fixture
def entry_id(people: dict[Role, Actor]) -> str:
    """A patient with a grade 3 two hours ago."""
    infused_at = utc_now() - timedelta(days=3)
    patient_id = made_up.enrol("CART-007", infused_at - timedelta(days=9))
    infusion_id = made_up.infuse(patient_id, 1, infused_at)
    (stable_id,) = made_up.assess(patient_id, infusion_id, [(utc_now() - timedelta(hours=2), GRADE_3)])
    return stable_id


def press(app: AppTest, words: str) -> AppTest:
    (button,) = (one for one in app.button if one.label.startswith(words))
    return ran(button.click().run())


def test_nothing_to_review_is_said(people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = words_of(open_page(monkeypatch, "committee/review.py", people[Role.COMMITTEE]))
    assert "You have not looked before. 0 items have changed since then." in shown
    assert "To review (0) Nothing here." in shown
    assert "No question was asked." in shown


def test_a_member_sees_what_is_new_reviews_it_and_has_looked(
    people: dict[Role, Actor], entry_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(monkeypatch, "committee/review.py", people[Role.COMMITTEE])
    assert "To review (1)" in words_of(app)
    press(app, "Reviewed: CART-007")
    shown = words_of(app)
    assert "Reviewed: CART-007, CRS grade 3 after the first infusion." in shown
    assert "To review (0)" in shown
    assert "Reviewed (1)" in shown
    press(app, "I have seen what changed")
    assert "0 items have changed since then." in words_of(app)


def test_what_came_while_the_page_was_open_is_seen_with_the_page_that_showed_it(
    people: dict[Role, Actor], entry_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(monkeypatch, "committee/review.py", people[Role.COMMITTEE])
    patient_id = made_up.enrol("CART-008", utc_now() - timedelta(days=9))
    infusion_id = made_up.infuse(patient_id, 1, utc_now() - timedelta(days=3))
    observed_at = utc_now() - timedelta(minutes=4)  # and entered four minutes later
    made_up.assess(patient_id, infusion_id, [(observed_at, GRADE_3)])
    ran(app.run())
    assert "2 items have changed since then." in words_of(app)
    press(app, "I have seen what changed")
    assert "0 items have changed since then." in words_of(app)


def test_the_ward_finds_the_question_at_the_entry_and_answers_it(
    people: dict[Role, Actor], entry_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_ward(entry_id, "Which *dose*?", by=people[Role.COMMITTEE], now=utc_now())
    address = {"code": "CART-007", "a": entry_id}
    app = open_page(monkeypatch, "ward/patient.py", people[Role.WARD], address)
    assert "Open. Example committee" in words_of(app)
    assert "Which *dose*?" in words_of(app)
    (box,) = (one for one in app.text_area if one.label == "Answer")
    box.input("0.1 ug/kg/min")
    press(app, "Answer the committee")
    assert "Answered. Example committee" in words_of(app)
    assert "Example ward answered" in words_of(app)
    assert "0.1 ug/kg/min" in words_of(app)
    board = words_of(open_page(monkeypatch, "ward/board.py", people[Role.WARD]))
    assert "question of the safety committee" not in board


def test_an_open_question_stands_on_the_board(
    people: dict[Role, Actor], entry_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_ward(entry_id, "Which dose?", by=people[Role.COMMITTEE], now=utc_now())
    board = words_of(open_page(monkeypatch, "ward/board.py", people[Role.WARD]))
    assert "1 question of the safety committee to answer" in board
