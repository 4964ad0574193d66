"""The page of scans and ctDNA, run without a browser."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from actions import context
from clock import utc_now
from db.models import User
from db.queries.response import load_ctdna, load_scans, standing
from db.roles import Actor, Role
from db.session import reading, writing
from settings import Settings
from tests.support import made_up
from tests.support.pages import open_page, ran, words_of
from trial.protocol import load_protocol
from trial.second_infusion_facts import CtDnaResult, Response

CODE = "CART-007"
Show = Callable[[], AppTest]


def days_ago(days: int) -> date:
    """The hospital's date so many days ago."""
    return (utc_now() - timedelta(days=days)).astimezone(context.settings().zone).date()


@pytest.fixture
def patient_id(sqlite_database: str, tmp_path: Path) -> int:
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    made = made_up.enrol(CODE, utc_now() - timedelta(days=40))
    made_up.infuse(made, 1, utc_now() - timedelta(days=30))
    return made


@pytest.fixture
def show(patient_id: int, monkeypatch: pytest.MonkeyPatch) -> Show:
    with writing() as session:
        user = User(username="li", display_name="Li Example", role="coordinator", created_at=utc_now())
        session.add(user)
        session.flush()
        actor = Actor(user.id, user.username, user.display_name, Role.COORDINATOR)
    return lambda: open_page(monkeypatch, "office/response.py", actor, {"code": CODE})


def fill(app: AppTest, form: str, **values: str) -> None:
    for name, value in values.items():
        (box,) = (
            one
            for one in app.text_input
            if str(one.key).startswith(form) and str(one.key).endswith(f"_{name}")
        )
        box.set_value(value)


def pick(app: AppTest, form: str, name: str, value: object) -> None:
    (group,) = (
        one for one in app.button_group if str(one.key).startswith(form) and str(one.key).endswith(f"_{name}")
    )
    group.set_value(value)


def press(app: AppTest, words: str) -> AppTest:
    (button,) = (one for one in app.button if one.label == words)
    return ran(button.click().run())


def test_nothing_recorded_is_said(show: Show) -> None:
    shown = words_of(show())
    assert "No PET/CT is recorded yet." in shown
    assert "No ctDNA sample is recorded yet." in shown


def test_a_scan_is_recorded_and_a_wrong_date_keeps_what_was_chosen(show: Show, patient_id: int) -> None:
    app = show()
    fill(app, "scan_new", scanned_on="30.3.2026")
    pick(app, "scan_new", "response", Response.PR)
    pick(app, "scan_new", "deauville", 4)
    app = press(app, "Record PET/CT")
    assert "Date of the PET/CT must be a date, such as 2026-03-08." in words_of(app)
    (group,) = (one for one in app.button_group if str(one.key).endswith("_response"))
    assert group.value is Response.PR
    fill(app, "scan_new", scanned_on=days_ago(2).isoformat())
    app = press(app, "Record PET/CT")
    shown = words_of(app)
    assert "is recorded." in shown
    assert "day 28" in shown
    assert "1, stands" in shown
    with reading() as session:
        (stored,) = load_scans(session, patient_id)
    assert (stored.scanned_on, stored.response, stored.deauville) == (days_ago(2), Response.PR, 4)


def test_a_score_that_does_not_go_with_the_response_is_asked_once_more(show: Show, patient_id: int) -> None:
    app = show()
    fill(app, "scan_new", scanned_on=days_ago(2).isoformat())
    pick(app, "scan_new", "response", Response.CR)
    pick(app, "scan_new", "deauville", 5)
    app = press(app, "Record PET/CT")
    assert "by Lugano a CR is scored 1 to 3" in words_of(app)
    with reading() as session:
        assert load_scans(session, patient_id) == []
    app.checkbox[0].check()
    press(app, "Record PET/CT")
    with reading() as session:
        assert len(load_scans(session, patient_id)) == 1


def test_an_awaited_result_comes_in_and_both_versions_are_shown(show: Show, patient_id: int) -> None:
    made_up.sample(patient_id, days_ago(9), None)
    app = show()
    assert "Awaited" in words_of(app)
    form = "ctdna_correct"
    pick(app, form, "result", CtDnaResult.POSITIVE)
    fill(app, form, value="12.5")
    app = press(app, "Save")
    assert "Enter the unit of the value as the laboratory writes it" in words_of(app)
    fill(app, form, unit="hGE/mL", resulted_on=days_ago(10).isoformat())
    app = press(app, "Save")
    assert "The result must not be dated before the sample was taken" in words_of(app)
    fill(app, form, resulted_on=days_ago(1).isoformat())
    shown = words_of(press(app, "Save"))
    assert "12.5 hGE/mL" in shown
    assert "1, earlier" in shown
    assert "2, stands" in shown
    assert "Completed; nothing that was recorded changed." in shown


def test_a_scan_is_withdrawn_for_a_reason_and_stays_to_be_read(show: Show, patient_id: int) -> None:
    made_up.scan(patient_id, days_ago(3), Response.SD)
    app = show()
    assert "Say why it is withdrawn" in words_of(press(app, "Withdraw"))
    (why,) = (one for one in app.text_area if str(one.key).startswith("scan_void"))
    why.set_value("of another patient")
    shown = words_of(press(app, "Withdraw"))
    assert "2, withdrawn" in shown
    assert "of another patient" in shown
    with reading() as session:
        assert standing(load_scans(session, patient_id)) == []
        assert load_ctdna(session, patient_id) == []
