"""Save, when something is in its way: a sentence, nothing saved, nothing lost."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from streamlit.runtime.state import SafeSessionState, SessionState

from actions import context, drafts
from actions.errors import Refused
from db.queries.assess import AssessFacts, load_assess
from db.roles import Actor, Role
from db.session import DatabaseBusy, DiskFull, reading
from pages.ward.assess_parts import form as forms
from pages.ward.assess_parts import saving
from pages.ward.assess_parts.form import EARLIER, Form, Target
from pages.ward.assess_parts.live import Live, judge_form, observed_at
from pages.ward.assess_parts.saving import ask_of, confirm, labels_to_put_right, questions_of, try_to_save
from settings import Settings
from tests.support import made_up
from tests.support.made_up import WELL
from trial.protocol import load_protocol

NOW = datetime(2026, 3, 8, 3, 52, 40, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
NURSE = Actor(1, "nurse", "Nurse", Role.WARD)


class FilledForm(Form):
    """A form whose boxes are a plain dictionary instead of a browser tab's state."""

    filled_with: Mapping[str, Any]

    def answers(self) -> dict[str, Any]:
        return dict(self.filled_with)

    def answer(self, question: str) -> Any:
        return self.filled_with.get(question)


@pytest.fixture
def facts(sqlite_database: str, tmp_path: Path) -> AssessFacts:
    """A patient with a fever four hours ago."""
    context.configure(
        Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai"), PROTOCOL
    )
    patient_id = made_up.enrol("CART-007", NOW - timedelta(days=9))
    infusion_id = made_up.infuse(patient_id, 1, NOW - timedelta(days=3))
    made_up.assess(patient_id, infusion_id, [(NOW - timedelta(hours=4), {**WELL, "temperature_c": 38.6})])
    with reading() as session:
        found = load_assess(session, "CART-007", NOW)
    assert found is not None
    return found


def filled(facts: AssessFacts, **answers: Any) -> FilledForm:
    target = Target(facts.code, facts.patient_id, facts.infusion_id, facts.number)
    form = FilledForm(target, NURSE, NOW, NOW)
    form.filled_with = answers
    return form


def judged(form: Form, facts: AssessFacts, now: datetime = NOW) -> Live:
    return judge_form(form, facts, now, PROTOCOL, ZONE)


@pytest.mark.parametrize(
    "refusal", [DatabaseBusy(), DiskFull(), Refused("An assessment stands there already.")]
)
def test_a_save_that_is_refused_says_so_and_keeps_the_form(
    facts: AssessFacts, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(saving, "record_assessment", refuse)
    form = filled(facts, temperature_c=36.8)
    live = judged(form, facts)
    try_to_save(form, live, questions_of(live, 3), NURSE)
    assert form.refusal == str(refusal)
    assert form.answers() == {"temperature_c": 36.8}
    with reading() as session:
        after = load_assess(session, "CART-007", NOW)
    assert after is not None
    assert len(after.course) == 1


def test_a_draft_that_cannot_be_kept_says_so_and_does_not_hold_up_the_next_touch(
    facts: AssessFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def busy(**kept: object) -> datetime:
        tries.append(kept)
        raise DatabaseBusy()

    monkeypatch.setattr(drafts, "save_draft", busy)
    monkeypatch.setattr(forms, "utc_now", lambda: NOW)
    monkeypatch.setattr(st, "session_state", SafeSessionState(SessionState(), lambda: None))
    form = filled(facts, temperature_c=36.8)
    form.left()
    form.filled_with = {"temperature_c": 36.9}
    form.left()
    assert len(tries) == 1
    assert form.draft_problem == str(DatabaseBusy())
    monkeypatch.setattr(forms, "utc_now", lambda: NOW + timedelta(seconds=31))
    form.filled_with = {"temperature_c": 37.0}
    form.left()
    assert len(tries) == 2


def test_the_live_grade_is_that_of_the_course(facts: AssessFacts) -> None:
    form = filled(facts, temperature_c=37.2, systolic_mmhg=84.0, support=["none"])
    live = judged(form, facts)
    assert (live.graded.crs.at_least, live.problems) == (2, [])
    assert live.typed["assessed_at"] == NOW.replace(second=0)


def test_a_value_to_put_right_counts_as_not_recorded(facts: AssessFacts) -> None:
    live = judged(filled(facts, temperature_c=36.8, spo2_percent=970.0, oxygen_device="room_air"), facts)
    assert "spo2_percent" in live.graded.crs.missing
    assert live.at_boxes(checked=False) == {"spo2_percent": "SpO2 must be 1 to 100 %."}


@pytest.mark.parametrize(("typed", "meant"), [(368.0, 36.8), (100.4, 38.0), (3680.0, 36.8)])
def test_what_may_have_been_meant_is_offered(facts: AssessFacts, typed: float, meant: float) -> None:
    assert judged(filled(facts, temperature_c=typed), facts).offers() == {"temperature_c": meant}


def test_a_number_is_stored_as_its_box_shows_it(facts: AssessFacts) -> None:
    live = judged(filled(facts, temperature_c=37.800000000000004, systolic_mmhg=112.0), facts)
    assert live.entry().temperature_c == 37.8
    assert judged(filled(facts, temperature_c=37.96), facts).entry().temperature_c == 37.96


def test_rare_values_are_asked_once_and_again_when_they_change(facts: AssessFacts) -> None:
    form = filled(facts, temperature_c=31.4)
    questions = questions_of(judged(form, facts), 3)
    try_to_save(form, judged(form, facts), questions, NURSE)
    ask = ask_of(form, questions)
    assert ask is not None
    assert "31.4" in ask.sentences[0]
    confirm(form, questions)
    assert (form.save_pressed, ask_of(form, questions)) == (True, None)
    form.filled_with = {"temperature_c": 31.2}
    form.asking = True
    assert ask_of(form, questions_of(judged(form, facts), 3)) is not None


def test_a_death_says_how_many_people_are_told(facts: AssessFacts) -> None:
    form = filled(facts, death_due_to="crs")
    questions = questions_of(judged(form, facts), 6)
    try_to_save(form, judged(form, facts), questions, NURSE)
    ask = ask_of(form, questions)
    assert ask is not None
    assert ask.sentences == ["Record as death due to CRS? This is told to 6 people at once."]
    assert ask.yes == "Record death"


def test_a_form_left_open_is_asked_about_its_time(facts: AssessFacts) -> None:
    form = filled(facts, temperature_c=36.8)
    assert judged(form, facts, NOW + timedelta(minutes=29)).questions == []
    (question,) = judged(form, facts, NOW + timedelta(minutes=45)).questions
    assert "observed 45 min ago" in question.sentence


@pytest.mark.parametrize(
    ("answers", "at"),
    [
        ({"observed_day": "2026-03-08", "observed_time": "02:30"}, datetime(2026, 3, 7, 18, 30, tzinfo=UTC)),
        ({"observed_day": "2026-03-08", "observed_time": "0230"}, datetime(2026, 3, 7, 18, 30, tzinfo=UTC)),
        ({"observed_day": "2026-03-08", "observed_time": "2.30"}, datetime(2026, 3, 7, 18, 30, tzinfo=UTC)),
        (
            {"observed_day": "other", "observed_date": "2026-03-06", "observed_time": "23:59"},
            datetime(2026, 3, 6, 15, 59, tzinfo=UTC),
        ),
        ({"observed_day": "2026-03-08", "observed_time": "24:00"}, None),
        ({"observed_day": "2026-03-08", "observed_time": "14:60"}, None),
        ({"observed_day": "other", "observed_date": "8 March", "observed_time": "02:30"}, None),
        ({"observed_time": "02:30"}, None),
    ],
)
def test_an_earlier_time_is_the_hospitals(
    facts: AssessFacts, answers: dict[str, str], at: datetime | None
) -> None:
    found, problem = observed_at(filled(facts), {"observed": EARLIER, **answers}, NOW, ZONE)
    assert found == at
    assert (problem is None) is (at is not None)


def test_everything_to_put_right_is_listed_once_save_was_tried(facts: AssessFacts) -> None:
    form = filled(facts, spo2_percent=200.0, neurology=["seizure"], ice="not_done")
    live = judged(form, facts)
    assert labels_to_put_right(form, live) == []
    try_to_save(form, live, [], NURSE)
    assert labels_to_put_right(form, live) == ["SpO2", "which seizure", "why the ICE was not done"]
