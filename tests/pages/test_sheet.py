"""The form of the office pages: dates, yes and no, passwords, and boxes that open one another."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from actions import context
from settings import Settings
from trial.protocol import load_protocol

SAVED = "office_said"


def a_page() -> None:
    """A sheet outside a form: a second question stands only after its answer."""
    from actions.errors import Refused, RefusedField
    from pages.parts.sheet import Sheet

    sheet = Sheet("asked")
    fell = sheet.yes_no("fell", "Did the patient fall?", "Ever.")
    on = sheet.day("fell_on", "Fell on", "Such as 2026-03-08.") if fell else ""
    password = sheet.secret("password", "Password", "Again, to sign.")

    def save(_form: Sheet) -> str:
        if password != "right":
            raise Refused([RefusedField("password", None, "The password is not right.")])
        return f"{fell}, {on}, {password}"

    sheet.submit("Save", save, in_form=False)


@pytest.fixture
def page(tmp_path: Path) -> AppTest:
    context.configure(Settings(data_dir=tmp_path), load_protocol())
    return AppTest.from_function(a_page).run()


def answer(page: AppTest, password: str) -> AppTest:
    page.text_input[-1].set_value(password)
    return page.button[0].click().run()


def test_nothing_is_answered_beforehand_and_a_no_is_an_answer(page: AppTest) -> None:
    assert page.button_group[0].value is None
    page.button_group[0].set_value(False).run()
    assert len(page.text_input) == 1
    answer(page, "right")
    assert page.session_state[SAVED] == "False, , right"


def test_a_yes_opens_its_date_and_a_refusal_keeps_all_but_the_password(page: AppTest) -> None:
    page.button_group[0].set_value(True).run()
    page.text_input[0].set_value("2026-03-08")
    answer(page, "wrong")
    assert "The password is not right." in " ".join(one.proto.body for one in page.get("html"))
    assert [box.value for box in page.text_input] == ["2026-03-08", ""]
    answer(page, "right")
    assert page.session_state[SAVED] == "True, 2026-03-08, right"
    assert not any(f"asked_0_password_{attempt}" in page.session_state for attempt in (0, 1))
