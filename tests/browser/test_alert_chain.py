"""From an entry to the end of its alert: a real web server, worker, mail server and browser.

The protocol's second step comes after a tenth of a second instead of a quarter of an hour, and a recovery
needs no twelve hours; all else is the trial's own.
"""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import col, select

from actions import context
from alerts.jobs import sweep
from alerts.model import SignalKind
from alerts.outbox import wake_worker
from clock import utc_now
from db.models import Alert, Notice
from db.roles import Role
from db.session import reading
from settings import ROOT
from tests.browser import steps
from tests.browser.scenes import GRADE_3, a_recipient
from tests.browser.steps import step
from tests.browser.ward import bar, choice_of, fill, open_form, patient, stored
from tests.support import made_up
from tests.support.browser import (
    PHONE,
    TABLET,
    VigilServer,
    findings_on_screens,
    running_server,
    screenshot,
    wait_until_drawn,
)
from tests.support.settled import touch, write
from tests.support.smtp import ReceivedMail, SmtpServer, running_smtp_server
from tests.support.worker import running_worker

WARD, DEPUTY = "ward.phone@hospital.example", "dr.sun@hospital.example"
SECOND_STEP = timedelta(seconds=0.12)
_SHORT = (
    (r"recovery_hours = 12 ", "recovery_hours = 0.0001 "),
    (r"(?s)(\np2 = \[.*?)after_min = 15, groups = \[[^]]*\]", r'\1after_min = 0.002, groups = ["deputy"]'),
    (r"(?s)(\np2 = \[.*?)\n[^\n]*after_min = 30[^\n]*", r"\1"),
)


@pytest.fixture(scope="module")
def mail() -> Iterator[SmtpServer]:
    """The mail server of this file."""
    with running_smtp_server() as server:
        yield server


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, mail: SmtpServer
) -> Iterator[VigilServer]:
    """Web process and worker on one database, with the ward and a deputy on the list."""
    folder = tmp_path_factory.mktemp("chain")
    shutil.copy(sqlite_template, folder / "vigil.db")
    protocol = folder / "protocol.toml"
    protocol.write_text(shortened((ROOT / "trial" / "protocol.toml").read_text()))
    environment = {
        "SMTP_HOST": mail.host,
        "SMTP_PORT": str(mail.port),
        "SMTP_SECURITY": "none",
        "SMTP_FROM": "vigil@hospital.example",
        "PROTOCOL_FILE": str(protocol),
    }
    with running_server(folder, environment) as web:
        web.account(Role.ADMIN)
        a_recipient(web, "Ward phone")
        a_recipient(web, "Dr Sun", "deputy")
        with running_worker(web.settings):
            yield web


def shortened(text: str) -> str:
    """The protocol with its times shortened; each change must find its place."""
    for pattern, short in _SHORT:
        text, changes = re.subn(pattern, short, text, count=1)
        assert changes == 1, pattern
    return text


def mails_to(mail: SmtpServer, address: str, code: str) -> list[ReceivedMail]:
    """The mails about this patient's grade that the address has received: nothing of the bar it leads to."""
    of_the_grade = [one for one in mail.received[:] if "second infusion" not in str(one.message["Subject"])]
    return [one for one in of_the_grade if one.recipients == [address] and code in plain(one)]


def wait_for_mail(mail: SmtpServer, address: str, code: str, number: int) -> ReceivedMail:
    """The so-manieth mail about this patient to the address."""
    mail.wait_until(lambda _: len(mails_to(mail, address, code)) >= number, timeout_s=40)
    return mails_to(mail, address, code)[number - 1]


def plain(one: ReceivedMail) -> str:
    """The words of a mail, in one line."""
    part = one.message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def enter_a_grade_3(server: VigilServer, browser: Browser, code: str) -> None:
    """A nurse enters it; then the tablet is free for the next person."""
    page = open_form(server, browser, code)
    steps.chart_fever_and_norepinephrine(page, "Is shivering")
    touch(page.get_by_role("button", name="Save assessment"))
    expect(page.get_by_text(re.compile(rf"^Saved\. {code} at .*CRS at least 3"))).to_be_visible()
    server.give_back()


def alert_of(infusion_id: int) -> Alert:
    """The alert of the grade itself; that the grade bars a second infusion is another one's news."""
    of_the_grade = (Alert.infusion_id == infusion_id, Alert.signal == SignalKind.GRADE_3)
    with reading() as session:
        return session.exec(select(Alert).where(*of_the_grade)).one()


def card_on(page: Page, alert_id: int | None) -> Locator:
    return page.locator(f".st-key-alert-card-{alert_id}")


def test_a_grade_3_that_was_wrong_is_withdrawn_in_the_same_thread(
    server: VigilServer, mail: SmtpServer, browser: Browser
) -> None:
    code, infusion_id, (entry,) = patient(server, [(0.1, GRADE_3)], infused_hours_ago=1)
    with step("a grade 3 is told"):
        wake_worker(server.settings)
        first = wait_for_mail(mail, WARD, code, 1)
        assert f"Patient {code} has grade 3 CRS" in plain(first)
    with step("it is corrected to grade 2"):
        page = open_form(server, browser, code, Role.INVESTIGATOR, f"&correct={entry}")
        correct_to_grade_2(page, code)
    with step("everyone who was told gets the retraction, in the thread of the first mail"):
        second = wait_for_mail(mail, WARD, code, 2)
        assert "Withdrawn" in plain(second)
        assert "wrong line filled" not in plain(second)
        assert second.message["In-Reply-To"] == first.message["Message-ID"]
        assert first.message["Message-ID"] in str(
            second.message["References"] or second.message["In-Reply-To"]
        )
    with step("the alert says that it was withdrawn, and shows both mails"):
        alert_id = alert_of(infusion_id).id
        page.goto(f"/alerts?a={alert_id}")
        wait_until_drawn(page)
        card = card_on(page, alert_id)
        expect(card.get_by_text("Withdrawn since", exact=False)).to_be_visible()
        rows = card.get_by_role("table").get_by_role("row", name="Ward phone")
        expect(rows).to_have_count(2)
        expect(rows.nth(0)).to_contain_text("opened, grade 3")
        expect(rows.nth(1)).to_contain_text("withdrawn")
        expect(rows.nth(1)).to_contain_text("250 2.0.0 Ok: queued")
        expect(card.get_by_text("What was done?", exact=False)).to_have_count(0)
    server.give_back()


def correct_to_grade_2(page: Page, code: str) -> None:
    """On the assess page of the entry: no vasopressor was running, and the pressure was low."""
    touch(choice_of(page, "Support for blood pressure", "None of these"))
    fill(page, "Systolic (mmHg)", "84")
    expect(bar(page).get_by_text("CRS grade 2")).to_be_visible()
    fill(page, "Reason for the correction, such as: wrong line filled", "wrong line filled")
    touch(page.get_by_role("button", name="Save correction"))
    expect(page.get_by_text(re.compile(rf"^Corrected\. {code} at .*CRS 2"))).to_be_visible()


def test_nobody_acknowledges_then_somebody_does_and_the_patient_recovers(
    server: VigilServer, mail: SmtpServer, browser: Browser
) -> None:
    code, infusion_id, _ = patient(server, infused_hours_ago=1)
    with step("a grade 3 is entered and told to the first step"):
        enter_a_grade_3(server, browser, code)
        first = wait_for_mail(mail, WARD, code, 1)
        assert f"Patient {code} has at least grade 3 CRS" in plain(first)
        assert mails_to(mail, DEPUTY, code) == [] or escalations(infusion_id)
    with step("nobody acknowledges: the second step is told"):
        escalate(server, infusion_id)
        chased = wait_for_mail(mail, DEPUTY, code, 1)
        assert f"Patient {code}" in plain(chased)
        assert "grade 3 CRS" in plain(chased)
    page = server.open(browser, Role.INVESTIGATOR, f"/alerts?a={alert_of(infusion_id).id}")
    with step("the alert is silenced for a reason"):
        silence(page, infusion_id, code)
    with step("the thread shows both steps, and an investigator acknowledges"):
        acknowledge(page, infusion_id, code)
    with step("two settled assessments end it, and who was told is told of that"):
        settle_twice(infusion_id)
        wake_worker(server.settings)
        news = wait_for_mail(mail, WARD, code, 2)
        assert news.message["In-Reply-To"] == first.message["Message-ID"]
        assert "recovered" in plain(news).lower()
        assert alert_of(infusion_id).state == "closed"
    with step("the alert is over, with its answer and its thread"):
        show_the_end(page, infusion_id, code)


def escalations(infusion_id: int) -> list[Notice]:
    alert_id = alert_of(infusion_id).id
    with reading() as session:
        query = select(Notice).where(Notice.alert_id == alert_id, Notice.kind == "escalation")
        return list(session.exec(query).all())


def escalate(server: VigilServer, infusion_id: int) -> None:
    """The worker's sweep, at the moment the second step is due; the worker's own may have been first."""
    server.use_database()
    alert_id = alert_of(infusion_id).id
    with reading() as session:
        opened = session.exec(
            select(Notice).where(Notice.alert_id == alert_id).order_by(col(Notice.id)).limit(1)
        ).one()
    due_at = opened.created_at + SECOND_STEP
    sweep(server.settings, context.protocol(), lambda: max(utc_now(), due_at))
    wake_worker(server.settings)
    assert len(escalations(infusion_id)) == 1


def acknowledge(page: Page, infusion_id: int, code: str) -> None:
    card = card_on(page, alert_of(infusion_id).id)
    row = card.get_by_role("table").get_by_role("row", name="Dr Sun")
    expect(row).to_contain_text("not acknowledged, step 2")
    expect(row).to_contain_text("deputy investigator")
    expect(
        card.get_by_text(re.compile("^Next: .* if nobody acknowledges|^Next: .* reaches nobody"))
    ).to_be_visible()
    screenshot(page, "chain-escalated")
    steps.acknowledge(page, code, "Drug given")
    words = re.compile(r"^Acknowledged by Investigator Example at .* Time to acknowledgement")
    expect(card.get_by_text(words)).to_be_visible()
    expect(card.get_by_text(re.compile("^Next: "))).to_have_count(0)


def settle_twice(infusion_id: int) -> None:
    """Two assessments in which the patient is well; the last is entered now, so its mail is due now."""
    row = stored(infusion_id)[0]
    entries = [(row.assessed_at + timedelta(seconds=later), made_up.WELL) for later in (1, 2)]
    made_up.assess(row.patient_id, infusion_id, entries, entered_after=utc_now() - entries[-1][0])


def silence(page: Page, infusion_id: int, code: str) -> None:
    card = card_on(page, alert_of(infusion_id).id)
    touch(card.get_by_text(f"Silence {code}", exact=True))
    touch(card.get_by_text("4 h", exact=True))
    write(card.get_by_label("Why does nobody else need to be told for now?"), "On the ward round")
    touch(card.get_by_role("button", name=f"Silence {code} now"))
    expect(card.get_by_text(re.compile("^Silenced by Investigator Example at .* until "))).to_be_visible()
    expect(card.get_by_text("Reason: On the ward round")).to_be_visible()


def show_the_end(page: Page, infusion_id: int, code: str) -> None:
    alert_id = alert_of(infusion_id).id
    page.goto(f"/alerts?a={alert_id}")
    wait_until_drawn(page)
    card = card_on(page, alert_id)
    expect(card.get_by_text(re.compile("^Over since .*: recovered"))).to_be_visible()
    expect(card.get_by_role("table").get_by_role("row", name="Ward phone").last).to_contain_text("over")
    expect(card.get_by_text(re.compile("^Acknowledged by Investigator Example"))).to_be_visible()
    over = page.get_by_role("table", name="Alerts that are over").get_by_role("row", name=code)
    expect(over).to_contain_text("Investigator Example")
    expect(over).to_contain_text("recovered")
    assert findings_on_screens(page, "chain-over", (("light", TABLET), ("dark", PHONE))) == []
