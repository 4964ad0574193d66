"""The gate page, its forms, and what the infusion page says of the gate, run without a browser."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from actions import context
from actions.passwords import hash_password
from actions.stays import record_stay
from clock import utc_now
from db.inputs import StayIn
from db.models import BarRelease, GateJudgement, Infusion, User
from db.roles import Actor, Role
from db.session import reading, writing
from settings import Settings
from tests.support import made_up
from tests.support.pages import open_page, ran, words_of
from trial.calendar import StayKind
from trial.protocol import load_protocol
from trial.second_infusion_facts import CtDnaResult, GateQuestion, Response

CODE = "CART-007"
PASSWORD = "four words make one"
GRADE_3 = {**made_up.WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}
INFUSED_DAYS_AGO = 34


def infused_at() -> datetime:
    return utc_now() - timedelta(days=INFUSED_DAYS_AGO)


def days_ago(days: int) -> date:
    """The hospital's date so many days ago."""
    return (utc_now() - timedelta(days=days)).astimezone(context.settings().zone).date()


@pytest.fixture
def people(sqlite_database: str, tmp_path: Path) -> dict[str, Actor]:
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    names = {"investigator": Role.INVESTIGATOR, "second": Role.INVESTIGATOR, "coordinator": Role.COORDINATOR}
    names["committee"] = Role.COMMITTEE
    made, secret = {}, hash_password(PASSWORD)
    with writing() as session:
        for name, role in names.items():
            user = User(username=name, display_name=f"Example {name}", role=role.value, created_at=utc_now())
            user.password_hash = secret
            session.add(user)
            session.flush()
            made[name] = Actor(user.id, user.username, user.display_name, role)
    return made


@pytest.fixture
def patient_id(people: dict[str, Actor]) -> int:
    """Infused 34 days ago, nothing assessed yet."""
    made = made_up.enrol(CODE, infused_at() - timedelta(days=9))
    made_up.infuse(made, 1, infused_at())
    return made


@pytest.fixture
def show(people: dict[str, Actor], monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    def shown(who: str, script: str = "second_infusion") -> AppTest:
        return open_page(monkeypatch, f"office/{script}.py", people[who], {"code": CODE})

    return shown


def press(app: AppTest, words: str) -> AppTest:
    (button,) = (one for one in app.button if one.label == words)
    return ran(button.click().run())


def assessed(patient_id: int, *rows: tuple[float, Mapping[str, Any]]) -> None:
    """Assessments so many days after the first infusion."""
    with reading() as session:
        first = session.exec(select(Infusion).where(Infusion.patient_id == patient_id)).one()
    entries = [(first.infused_at + timedelta(days=days), values) for days, values in rows]
    made_up.assess(patient_id, int(first.id or 0), entries)


Show = Callable[..., AppTest]


class TestTheGate:
    def test_nothing_known_is_undecided_and_says_what_is_missing_and_until_when(
        self, show: Show, patient_id: int
    ) -> None:
        shown = words_of(show("coordinator"))
        assert f"The gate of {CODE} is undecided today" in shown
        assert "refused until what is missing is known" in shown
        assert "34 days after the first infusion" in shown
        assert "The last day on which it could open is" in shown
        assert "in 26 days." in shown
        assert "No PET/CT after the first infusion recorded" in shown
        assert "They have not been asked again since the first infusion." in shown

    def test_an_open_gate_shows_every_fact_beside_its_rule(self, show: Show, patient_id: int) -> None:
        assessed(patient_id, *((day, made_up.WELL) for day in range(1, 15)))
        made_up.scan(patient_id, days_ago(6), Response.CR, 2)
        made_up.sample(patient_id, days_ago(8), CtDnaResult.NEGATIVE)
        made_up.sample(patient_id, days_ago(3), CtDnaResult.POSITIVE)
        made_up.ask_again(patient_id, utc_now() - timedelta(days=1))
        shown = words_of(show("coordinator"))
        assert f"The gate of {CODE} is open today" in shown
        assert "A second infusion may be recorded." in shown
        for fact in ("CR on", "Deauville 2", "Negative on", "Positive on", "CRS grade 0", "ICANS grade 0"):
            assert fact in shown
        assert "Asked again on" in shown

    def test_the_committee_reads_it_and_writes_nothing(self, show: Show, patient_id: int) -> None:
        app = show("committee")
        assert f"The gate of {CODE} is undecided today" in words_of(app)
        assert [one.label for one in app.button] == []

    def test_facts_that_cannot_be_are_said_instead_of_a_verdict(self, show: Show, patient_id: int) -> None:
        made_up.ask_again(patient_id, utc_now(), replace(made_up.CLEAR_OF_EXCLUSIONS, weight_kg=5))
        shown = words_of(show("coordinator"))
        assert f"The gate of {CODE} cannot be asked" in shown
        assert "Weight must be 20 to 400 kg, not 5. Check the unit." in shown

    def test_before_the_first_infusion_nothing_is_asked(self, show: Show, people: dict[str, Actor]) -> None:
        made_up.enrol(CODE, utc_now())
        assert "The gate is asked after the first infusion." in words_of(show("coordinator"))


class TestAskingAgain:
    def test_the_coordinator_answers_the_exclusion_criteria_and_an_investigator_judges_the_rest(
        self, show: Show, patient_id: int
    ) -> None:
        app = show("coordinator")
        begins = f"facts_second_infusion_{patient_id}_0"
        own = [str(one.key) for one in app.button_group if str(one.key).startswith(begins)]
        assert any(key.endswith("_unstable_angina") for key in own)
        assert not any(key.endswith(("_ecog", "_venous_access")) for key in own), "only what excludes"
        for group in app.button_group:
            if str(group.key).startswith(begins) and str(group.key).endswith("_unstable_angina"):
                group.set_value(True)
        app = press(app, f"Record the facts of {CODE}")
        shown = words_of(app)
        assert f"The gate of {CODE} is closed today" in shown
        assert "Not: Unstable angina: yes." in shown
        app = show("investigator")
        for box in app.text_area:
            if str(box.key).endswith("_consent_reason"):
                box.set_value("understands the study")
        for group in app.button_group:
            if str(group.key).endswith("_consent_holds"):
                group.set_value(False)
        app = press(app, f"Record the judgements on {CODE}")
        assert "Judged: understands the study" in words_of(app)


class TestJudging:
    def test_stable_disease_is_judged_with_a_reason_and_what_was_typed_is_kept(
        self, show: Show, patient_id: int
    ) -> None:
        made_up.open_gate(patient_id, utc_now() - timedelta(hours=1), response=Response.SD)
        app = show("investigator")
        assert f"The gate of {CODE} is for the investigator today" in words_of(app)
        assert "May a second infusion be given in SD?" in words_of(app)
        (reason,) = (one for one in app.text_area if str(one.key).startswith("gate_response"))
        reason.set_value("bridging to transplant")
        app = press(app, "Record judgement on the response")
        assert "Choose one of the two answers." in words_of(app)
        assert [one.value for one in app.text_area if str(one.key).startswith("gate_response")] == [
            "bridging to transplant"
        ]
        (answer,) = (one for one in app.button_group if str(one.key).startswith("gate_response"))
        answer.set_value(True)
        app = press(app, "Record judgement on the response")
        shown = words_of(app)
        assert f"Your judgement on {CODE} is recorded." in shown
        assert f"The gate of {CODE} is open today" in shown
        assert "Judged: bridging to transplant" in shown
        with reading() as session:
            judged = session.exec(
                select(GateJudgement).where(GateJudgement.question == GateQuestion.RESPONSE.value)
            ).one()
        assert judged.holds

    def test_a_coordinator_reads_who_judges(self, show: Show, patient_id: int) -> None:
        made_up.open_gate(patient_id, utc_now() - timedelta(hours=1), response=Response.SD)
        app = show("coordinator")
        assert "An investigator judges this, with a reason." in words_of(app)
        assert not any(one.label.startswith("Record judgement") for one in app.button)


class TestTheBar:
    def sign(self, app: AppTest, password: str = PASSWORD, reason: str | None = "no other option") -> AppTest:
        if reason is not None:
            (box,) = (one for one in app.text_area if str(one.key).startswith("release"))
            box.set_value(reason)
        (secret,) = (one for one in app.text_input if str(one.key).startswith("release"))
        secret.set_value(password)
        return press(app, "Sign the release")

    def test_two_investigators_release_it_and_a_wrong_password_keeps_the_reason(
        self, show: Show, patient_id: int
    ) -> None:
        assessed(patient_id, (1, GRADE_3), *((day, made_up.WELL) for day in range(2, 15)))
        made_up.open_gate(patient_id, utc_now() - timedelta(hours=1))
        app = show("investigator")
        shown = words_of(app)
        assert f"The gate of {CODE} is closed today" in shown
        assert "CRS 3 and ICANS 0 are proved after the first infusion" in shown
        assert "So far 0 have signed." in shown
        app = self.sign(app, "a wrong one here")
        assert "The password is not right. Nothing was signed." in words_of(app)
        app = self.sign(app, reason=None)
        assert "You have signed. Another investigator has to sign, too." in words_of(app)
        assert not any(one.label == "Sign the release" for one in app.button)
        app = self.sign(show("second"))
        shown = words_of(app)
        assert "You have signed. The bar is released." in shown
        assert f"The gate of {CODE} is open today" in shown
        assert "Example investigator, investigator" in shown
        assert "Example second, investigator" in shown
        with reading() as session:
            reasons = [one.reason for one in session.exec(select(BarRelease)).all()]
        assert reasons == ["no other option", "no other option"]

    def test_a_coordinator_reads_who_releases(self, show: Show, patient_id: int) -> None:
        assessed(patient_id, (1, GRADE_3))
        app = show("coordinator")
        assert "An investigator releases a bar." in words_of(app)
        assert not any(one.label == "Sign the release" for one in app.button)


class TestTheInfusionPage:
    def test_it_says_how_the_gate_stands_and_a_refusal_gives_every_reason_and_keeps_what_was_typed(
        self, show: Show, patient_id: int
    ) -> None:
        app = show("coordinator", "infusions")
        shown = words_of(app)
        assert "The gate for the second infusion is undecided today." in shown
        assert "Day 34 after the infusion." in shown
        assert "Day 14 is over; monitoring stays open until CRS and ICANS have been settled at 0" in shown
        self.fill(app, patient_id)
        app = press(app, "Record the second infusion")
        shown = words_of(app)
        assert f"The gate for the second infusion of {CODE} is undecided on" in shown
        assert "Not yet known: Response by PET/CT" in shown
        assert "The exclusion criteria have not been asked again since the first infusion." in shown
        assert [one.value for one in app.text_input if str(one.key).endswith("weight_kg")][-1] == "60"

    def fill(self, app: AppTest, patient_id: int, **more: str) -> None:
        at = (utc_now() - timedelta(hours=1)).astimezone(context.settings().zone)
        values = {
            "infused_at_on": f"{at:%Y-%m-%d}",
            "infused_at_at": f"{at:%H:%M}",
            "weight_kg": "60",
        } | more
        for name, value in values.items():
            (box,) = (
                one
                for one in app.text_input
                if str(one.key).startswith(f"infusion_new_{patient_id}_2")
                and str(one.key).endswith(f"_{name}")
            )
            box.set_value(value)

    def test_a_dose_that_cells_and_weight_do_not_make_is_asked_once_more_and_shown_with_its_deviation(
        self, show: Show, patient_id: int
    ) -> None:
        made_up.open_gate(patient_id, utc_now() - timedelta(hours=2))
        app = show("coordinator", "infusions")
        assert "The gate for the second infusion is open today." in words_of(app)
        self.fill(app, patient_id, total_cells="1.14e8", dose_cells_per_kg="2e6")
        app = press(app, "Record the second infusion")
        assert "Cells and weight make 1.9e+06 cells/kg, but 2e+06 cells/kg is given." in words_of(app)
        app.checkbox[0].check()
        app = press(app, "Record the second infusion")
        shown = words_of(app)
        assert f"The second infusion of {CODE} is recorded." in shown
        assert "Dose 1.9 x 10^6 cells/kg, 5 % below the planned 2 x 10^6." in shown
        assert "Planned for 60 kg: 1.2 x 10^8 cells." in shown
        assert "Deviation" not in shown
        gate = words_of(show("coordinator"))
        assert f"The gate of {CODE} was open on" in gate
        assert "The second infusion was given on" in gate

    def test_a_barred_attempt_says_why_at_the_form(self, show: Show, patient_id: int) -> None:
        assessed(patient_id, (1, GRADE_3))
        app = show("coordinator", "infusions")
        shown = words_of(app)
        assert f"{CODE} is barred from a second infusion: CRS grade 3 on" in shown
        assert "An attempt to record it is refused, and told at once" in shown
        self.fill(app, patient_id)
        app = press(app, "Record the second infusion")
        assert f"{CODE} is barred from a second infusion: CRS grade 3 on" in words_of(app)
        with reading() as session:
            assert len(session.exec(select(Infusion)).all()) == 1

    def test_home_lists_what_speaks_against_it_before_anything_is_saved(
        self, show: Show, people: dict[str, Actor]
    ) -> None:
        now = utc_now()
        made = made_up.enrol(CODE, now - timedelta(days=9))
        infusion_id = made_up.infuse(made, 1, now - timedelta(days=5))
        made_up.assess(made, infusion_id, [(now - timedelta(hours=9), GRADE_3)])
        app = show("coordinator", "infusions")
        assert "This speaks against going home now" not in words_of(app)
        (place,) = (one for one in app.button_group if str(one.key).startswith("stay_new"))
        app = ran(place.set_value(StayKind.HOME).run())
        shown = words_of(app)
        assert "This speaks against going home now:" in shown
        assert "Today is day 5; going home before day 14 needs a reason and is a deviation." in shown
        assert "CRS was at least grade 3 at" in shown
        assert "An alert is open: CRS 3." in shown
        assert "Vital signs have been due since" in shown

    def test_the_patients_page_says_the_same_and_nothing_once_at_home(
        self, people: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = utc_now()
        made = made_up.enrol(CODE, now - timedelta(days=20))
        infusion_id = made_up.infuse(made, 1, now - timedelta(days=16))
        made_up.assess(
            made, infusion_id, [(now - timedelta(hours=9), {**made_up.WELL, "temperature_c": 38.6})]
        )

        def page() -> str:
            return words_of(open_page(monkeypatch, "ward/patient.py", people["investigator"], {"code": CODE}))

        shown = page()
        assert "Before going home This speaks against going home now: CRS was at least grade 1 at" in shown
        assert "ICANS has been settled at 0 for 0 h; it must be settled at 0 for 24 h." in shown
        assert "is a deviation" not in shown, "day 14 is over"
        home = StayIn(patient_id=CODE, kind=StayKind.HOME, from_at=now - timedelta(hours=1))
        record_stay(home, ends_current=True, by=people["coordinator"], now=now)
        assert "Before going home" not in page()
