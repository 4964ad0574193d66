"""The trial from screening to month 3, and into the bar: real servers, a worker, a mail server, a browser.

The server's clock is moved from stage to stage, so that each page is seen on the day on which it is used.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from actions.response import record_ctdna
from actions.screening import judge_criteria, record_screening, start_screening
from actions.sign_ins import resume, sign_in
from db.inputs import PatientIn, Sex
from db.inputs_response import CtDnaIn
from db.models import AuditEvent, Infusion, Signature, Visit
from db.roles import Actor, Role
from db.session import reading
from tests.actions.screened import JUDGED, facts_in
from tests.browser import steps
from tests.browser.scenes import a_recipient
from tests.browser.steps import step
from tests.browser.ward import choice_of, patient
from tests.support import made_up
from tests.support.browser import (
    PASSWORD,
    VigilServer,
    axe_violations,
    running_server,
    screenshot,
    wait_until_drawn,
)
from tests.support.moved_clock import MovedClock
from tests.support.settled import fill_form, touch, write
from tests.support.smtp import ReceivedMail, SmtpServer, running_smtp_server
from tests.support.worker import running_worker
from trial.screening_facts import Purpose
from trial.second_infusion_facts import CtDnaResult

CODE = "CART-007"
PRINTED = "Investigator Example"
WARD, PI = "ward.phone@hospital.example", "dr.sun@hospital.example"


@dataclass
class Trial:
    """One server with its clock, and the pages of the people at work."""

    server: VigilServer
    clock: MovedClock
    browser: Browser

    def live(self, days_ago: float) -> None:
        """Move on to a day; everybody signs in anew on it."""
        self.clock.set_back(days_ago)
        self.server.give_back()
        self.server.tokens.clear()

    def open(self, role: Role, path: str) -> Page:
        """The page as a person of the role has it on this day."""
        self._sign_in(role)
        return self.server.open(self.browser, role, path)

    def actor(self, role: Role) -> Actor:
        """The person of the role, to call actions with on this day."""
        actor = resume(self._sign_in(role), now=self.clock.now, touch=False)
        assert actor is not None
        return actor

    def _sign_in(self, role: Role) -> str:
        name = self.server.account(role, now=self.clock.now)
        if name not in self.server.tokens:
            self.server.tokens[name] = sign_in(name, PASSWORD, now=self.clock.now)
        return self.server.tokens[name]

    def typed(self, hours_ago: float) -> tuple[str, str]:
        """A moment of the hospital, as it is typed."""
        at = (self.clock.now - timedelta(hours=hours_ago)).astimezone(self.server.settings.zone)
        return f"{at:%Y-%m-%d}", f"{at:%H:%M}"


@pytest.fixture(scope="module")
def mail() -> Iterator[SmtpServer]:
    """The mail server of this file."""
    with running_smtp_server() as server:
        yield server


@pytest.fixture(scope="module")
def server_and_clock(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, mail: SmtpServer
) -> Iterator[tuple[VigilServer, MovedClock]]:
    """The web process of this file, which begins 93 days ago."""
    folder = tmp_path_factory.mktemp("trial")
    shutil.copy(sqlite_template, folder / "vigil.db")
    clock = MovedClock(folder / "days-back.txt")
    clock.set_back(93)
    environment = {
        "SMTP_HOST": mail.host,
        "SMTP_PORT": str(mail.port),
        "SMTP_SECURITY": "none",
        "SMTP_FROM": "vigil@hospital.example",
    }
    with running_server(folder, environment, app=clock.program(folder)) as server:
        server.account(Role.ADMIN, now=clock.now)
        yield server, clock


@pytest.fixture
def trial(server_and_clock: tuple[VigilServer, MovedClock], browser: Browser) -> Iterator[Trial]:
    """The trial of one test."""
    server, clock = server_and_clock
    yield Trial(server, clock, browser)
    server.give_back()


@pytest.mark.timeout(240)
def test_a_patient_from_screening_to_month_3_through_both_infusions(trial: Trial) -> None:
    trial.live(92)
    patient_id = enrol(trial)
    trial.live(91)
    infuse(trial, "first")
    trial.live(91 - 38)
    find_what_opens_the_gate(trial)
    see_the_gate_open(trial, patient_id)
    infuse(trial, "second")
    trial.live(0)
    come_to_month_3(trial)
    read_the_endpoints(trial)


def enrol(trial: Trial) -> int:
    """In screening with two facts still open, which are recorded, judged and signed for."""
    typed = PatientIn(study_code=CODE, sex=Sex.F, age_years=54)
    coordinator = trial.actor(Role.COORDINATOR)
    patient_id = start_screening(typed, by=coordinator, now=trial.clock.now)
    facts = facts_in(lvef_percent=None, infarction=None)
    record_screening(patient_id, facts, version=None, by=coordinator, now=trial.clock.now)
    with step("the coordinator records the facts that were open"):
        office = trial.open(Role.COORDINATOR, f"/enrolment?code={CODE}")
        expect(office.get_by_text("Undecided: 5 criteria are not yet known.").first).to_be_visible()
        form = steps.open_form(office, f"Correct or add facts of {CODE}")
        boxes = {"LVEF, %": "62", "Why are the facts changed": "echocardiogram and history arrived"}
        fill_form(form, boxes, [choice_of(form, "Myocardial infarction, ever", "No")])
        touch(form.get_by_role("button", name=f"Record the facts of {CODE}"))
        expect(office.get_by_text(f"The facts of {CODE} are recorded and judged.")).to_be_visible()
    with step("an investigator judges, and signs the enrolment"):
        doctor = trial.open(Role.INVESTIGATOR, f"/enrolment?code={CODE}")
        steps.judge(doctor, CODE)
        steps.sign_enrolment(doctor, CODE)
        expect(doctor.get_by_text(f"Signed by {PRINTED} (investigator) on ")).to_be_visible()
        screenshot(doctor, "trial-enrolled")
    with reading() as session:
        signature = session.exec(select(Signature)).one()
    assert (signature.printed_name, len(signature.record_hash)) == (PRINTED, 64)
    return patient_id


def infuse(trial: Trial, which: str) -> None:
    """An hour ago; then the days of monitoring, in which nothing happens."""
    with step(f"the coordinator records the {which} infusion"):
        page = trial.open(Role.COORDINATOR, f"/infusions?code={CODE}")
        if which == "second":
            expect(page.get_by_text("The gate for the second infusion is open today.")).to_be_visible()
        steps.record_infusion(page, *trial.typed(1), which)
        expect(page.get_by_text(f"The {which} infusion of {CODE} is recorded.")).to_be_visible()
        expect(page.get_by_text("as planned", exact=False).first).to_be_visible()
        screenshot(page, f"trial-infused-{which}")
    with reading() as session:
        infusion = session.exec(
            select(Infusion).where(Infusion.number == (1 if which == "first" else 2))
        ).one()
    days = [infusion.infused_at + timedelta(days=day) for day in range(1, 15)]
    made_up.assess(infusion.patient_id, int(infusion.id or 0), [(at, made_up.WELL) for at in days])


def find_what_opens_the_gate(trial: Trial) -> None:
    """CR by PET/CT with ctDNA that stays positive; the sample of day 14 is known already."""
    sample = CtDnaIn(
        patient_id=CODE,
        sampled_on=date.fromisoformat(trial.typed(24 * 24)[0]),
        result=CtDnaResult.POSITIVE,
        value=41.5,
        unit="hGE/mL",
    )
    record_ctdna(sample, by=trial.actor(Role.COORDINATOR), now=trial.clock.now)
    page = trial.open(Role.COORDINATOR, f"/response?code={CODE}")
    with step("the coordinator records a PET/CT"):
        record_scan(page, trial.typed(24 * 10)[0], "CR, complete response", "3")
    with step("the coordinator records a second ctDNA sample that is positive"):
        record_sample(page, trial.typed(24 * 10)[0], "12.25", trial.typed(24 * 5)[0])
        expect(page.get_by_role("row", name="12.25 hGE/mL")).to_contain_text("Positive")
        screenshot(page, "trial-response")
        assert axe_violations(page) == []


def record_scan(page: Page, on: str, response: str, deauville: str) -> None:
    form = steps.open_form(page, "Record a PET/CT")
    choices = [choice_of(form, "Response", response), choice_of(form, "Deauville score", deauville)]
    fill_form(form, {"Date of the PET/CT": on}, choices)
    touch(form.get_by_role("button", name="Record PET/CT"))
    expect(page.get_by_text(re.compile(r"^The PET/CT of .* is recorded\.$"))).to_be_visible()


def record_sample(page: Page, on: str, value: str, resulted_on: str) -> None:
    form = steps.open_form(page, "Record a ctDNA sample")
    typed = {
        "Date of sampling": on,
        "Value": value,
        "Unit of the value": "hGE/mL",
        "Date of the result": resulted_on,
    }
    fill_form(form, typed, [choice_of(form, "Result", "Positive")])
    touch(form.get_by_role("button", name="Record sample"))
    expect(page.get_by_role("row", name=f"{value} hGE/mL")).to_be_visible()


def see_the_gate_open(trial: Trial, patient_id: int) -> None:
    """Undecided until the exclusion criteria are asked again, which the page's own tests do by its form."""
    path, again = f"/second-infusion?code={CODE}", Purpose.SECOND_INFUSION
    with step("the gate is undecided until the exclusion criteria are asked again"):
        page = trial.open(Role.INVESTIGATOR, path)
        expect(page.get_by_role("heading", name=f"The gate of {CODE} is undecided today")).to_be_visible()
        expect(page.get_by_text("have not been asked again since the first infusion").first).to_be_visible()
    who, doctor, now = trial.actor(Role.COORDINATOR), trial.actor(Role.INVESTIGATOR), trial.clock.now
    record_screening(patient_id, facts_in(), version=None, purpose=again, by=who, now=now)
    judge_criteria(patient_id, JUDGED, version=1, purpose=again, by=doctor, now=now)
    with step("then it is open, with every fact beside its rule"):
        page.reload()
        wait_until_drawn(page)
        expect(page.get_by_role("heading", name=f"The gate of {CODE} is open today")).to_be_visible()
        expect(page.get_by_text("A second infusion may be recorded.")).to_be_visible()
        ctdna = page.get_by_role("row", name="Under CR: ctDNA persistently positive")
        expect(ctdna).to_contain_text(re.compile("For.*Positive on.*Positive on"))
        screenshot(page, "trial-gate-open")
        assert axe_violations(page) == []


def come_to_month_3(trial: Trial) -> None:
    on = trial.typed(24)[0]
    with step("the coordinator records the visit of month 3"):
        page = trial.open(Role.COORDINATOR, f"/visits?code={CODE}")
        touch(page.get_by_test_id("stButtonGroup").get_by_text(re.compile("^Day 90")))
        touch(choice_of(page, "Did it take place?", "Took place"))
        write(page.get_by_label("Date of the visit"), on)
        for test in ("Blood tests", "ctDNA", "PET/CT"):
            touch(choice_of(page, test, "Done"))
        touch(page.get_by_role("button", name=f"Record the visit of {CODE}"))
        expect(page.get_by_text(f"Day 90 of {CODE} is recorded.")).to_be_visible()
        screenshot(page, "trial-visit")
    with step("the coordinator records the PET/CT of month 3"):
        page.goto(f"/response?code={CODE}")
        wait_until_drawn(page)
        record_scan(page, on, "CR, complete response", "2")
    with reading() as session:
        visit = session.exec(select(Visit)).one()
    assert (visit.name, visit.visited_on, visit.pet_ct) == ("day_90", date.fromisoformat(on), "done")


def read_the_endpoints(trial: Trial) -> None:
    with step("the 3-month CR is shown, with the scan that counts"):
        page = trial.open(Role.INVESTIGATOR, f"/visits?code={CODE}")
        expect(page.get_by_text(re.compile("^3-month CR: 1 of 1")).first).to_be_visible()
        table = page.get_by_role("table", name=re.compile("^Counted from the first infusion, in the order"))
        answer = table.get_by_role("row", name=CODE).locator("td, th").nth(1)
        # Between midnight and one the infusion of an hour ago was yesterday's.
        expect(answer).to_contain_text(
            re.compile(r"^Yes\s*CR by PET/CT on .* \(day 9[01]\), the nearest to day 90")
        )
        screenshot(page, "trial-endpoints")
    with step("the patient's page shows the whole course"):
        page = trial.open(Role.INVESTIGATOR, f"/patient?code={CODE}&picture=course")
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        screenshot(page, "trial-whole-course")
        assert axe_violations(page) == []


@pytest.mark.timeout(240)
def test_a_grade_3_bars_the_second_infusion_and_an_attempt_is_refused_and_told(
    trial: Trial, mail: SmtpServer
) -> None:
    trial.live(5 / 1440)
    a_recipient(trial.server, "Ward phone")
    a_recipient(trial.server, "Dr Sun", "pi")
    code, infusion_id, _ = patient(trial.server, infused_hours_ago=30)
    with running_worker(trial.server.settings):
        with step("a nurse enters a grade 3, and the bar is told"):
            enter_a_grade_3(trial, code)
            assert "Barred by" in plain(wait_for(mail, PI, code, "must not be given the second infusion"))
        trial.live(0)
        with step("the attempt of a second infusion is refused with its sentence"):
            try_a_second_infusion(trial, code)
        with step("the attempt is told at once, to the ward and to the investigator"):
            told = [
                wait_for(mail, address, code, "tried to record a second infusion") for address in (WARD, PI)
            ]
            for one in told:
                assert str(one.message["Subject"]).startswith("P1 second infusion attempted while barred")
                assert "It was refused and nothing was recorded." in plain(one)
        with step("the mail leads to the alert, and the alert to the gate"):
            follow_the_mail(trial, told[1], code)
    with reading() as session:
        stored = session.exec(select(Infusion.id).where(Infusion.patient_id == patient_of(infusion_id))).all()
        tried = session.exec(select(AuditEvent).where(AuditEvent.action == "refuse_barred_infusion")).all()
    assert list(stored) == [infusion_id]
    assert [one.patient_id for one in tried] == [patient_of(infusion_id)]


def enter_a_grade_3(trial: Trial, code: str) -> None:
    page = trial.open(Role.WARD, f"/assess?code={code}")
    steps.chart_fever_and_norepinephrine(page, "Is shivering")
    touch(page.get_by_role("button", name="Save assessment"))
    expect(page.get_by_text(re.compile(rf"^Saved\. {code} at .*CRS at least 3"))).to_be_visible()


def try_a_second_infusion(trial: Trial, code: str) -> None:
    page = trial.open(Role.COORDINATOR, f"/infusions?code={code}")
    sentence = f"{code} is barred from a second infusion: CRS at least grade 3 on "
    expect(page.get_by_text(sentence)).to_be_visible()
    screenshot(page, "trial-barred-before")
    steps.record_infusion(page, *trial.typed(0), "second")
    refused = steps.open_form(page, "Record the second infusion")
    expect(refused.get_by_text(sentence)).to_be_visible()
    expect(refused.get_by_text("Nothing was saved.")).to_be_visible()
    expect(refused.get_by_label("Lot")).to_have_value("LOT-4711")
    screenshot(page, "trial-barred-refused")


def wait_for(mail: SmtpServer, address: str, code: str, words: str) -> ReceivedMail:
    """The first mail to the address that says this of the patient."""

    def found() -> list[ReceivedMail]:
        return [
            one
            for one in mail.received[:]
            if one.recipients == [address] and code in plain(one) and words in plain(one)
        ]

    mail.wait_until(lambda _: bool(found()), timeout_s=40)
    return found()[0]


def plain(one: ReceivedMail) -> str:
    """The words of a mail, in one line."""
    part = one.message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def follow_the_mail(trial: Trial, told: ReceivedMail, code: str) -> None:
    (link,) = re.findall(r"/alerts\?a=\d+", plain(told))
    page = trial.open(Role.INVESTIGATOR, link)
    expect(page.get_by_role("heading", name=f"{code} must not be given the second infusion")).to_be_visible()
    expect(page.get_by_text(re.compile("^P1. Not acknowledged since "))).to_be_visible()
    screenshot(page, "trial-barred-alert")
    assert axe_violations(page) == []
    touch(page.get_by_role("link", name=f"Open the gate of {code}").first)
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name=f"The gate of {code} is closed today")).to_be_visible()
    expect(page.get_by_text("So far 0 have signed.")).to_be_visible()
    screenshot(page, "trial-barred-gate")


def patient_of(infusion_id: int) -> int:
    with reading() as session:
        return session.get_one(Infusion, infusion_id).patient_id
