"""The report page: make, take, sign; the closed part only for those who see efficacy."""

from pathlib import Path

import pytest

from clock import utc_now
from db.roles import Role
from tests.support import made_up_trial
from tests.support.pages import open_page, ran, words_of
from tests.support.people import PASSWORD, configured, person


def test_a_member_makes_a_report_and_signs_it(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(sqlite_database, tmp_path)
    member = person(Role.COMMITTEE, "Dr Committee")
    made_up_trial.small_trial(utc_now())
    app = open_page(monkeypatch, "committee/report.py", member)
    assert "No report has been made yet." in words_of(app)
    (make,) = (one for one in app.button if one.label == "Make report")
    ran(make.click().run())
    shown = words_of(app)
    assert "Report 1 is made. Read it, then sign it." in shown
    assert "Nobody has signed this report." in shown
    assert shown.count("PDF, report 1") == 2  # the open and the closed part
    (box,) = (one for one in app.text_input if one.label == "Your password")
    box.input("a wrong password")
    (sign,) = (one for one in app.button if one.label == "Sign report 1")
    ran(sign.click().run())
    assert "The password is not right. Nothing was signed." in words_of(app)
    (box,) = (one for one in app.text_input if one.label == "Your password")
    box.input(PASSWORD)
    (sign,) = (one for one in app.button if one.label == "Sign report 1")
    ran(sign.click().run())
    shown = words_of(app)
    assert "Report 1 is signed." in shown
    assert "Dr Committee safety committee" in shown


def test_the_cut_off_is_asked_for_in_words_and_never_in_the_future(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(sqlite_database, tmp_path)
    app = open_page(monkeypatch, "committee/report.py", person(Role.COMMITTEE))
    for typed, sentence in (
        (("2999-01-01", "08:00"), "must not be in the future"),
        (("x", ""), "Enter the date"),
    ):
        boxes = {one.label: one for one in app.text_input}
        boxes["Data cut-off, date"].input(typed[0])
        boxes["Data cut-off, time"].input(typed[1])
        (make,) = (one for one in app.button if one.label == "Make report")
        ran(make.click().run())
        assert sentence in words_of(app)
