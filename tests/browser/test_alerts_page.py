"""The alerts page in a real browser: the answer for what was shown, a silence, the test mail, axe."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import col, select

from alerts.model import SignalKind
from clock import utc_now
from db.models import Acknowledgement, Alert, Delivery, Notice, Receipt, Recipient, Silence
from db.roles import Role
from db.session import reading, writing
from tests.browser.scenes import GRADE_3, Scene, a_course, a_recipient
from tests.support import made_up
from tests.support.browser import (
    PHONE,
    TABLET_AND_DESK,
    VigilServer,
    findings_on_screens,
    wait_until_drawn,
)
from tests.support.settled import touch, write


@pytest.fixture(scope="module", autouse=True)
def recipients(vigil_server: VigilServer) -> None:
    """Two people of the ward on the list, and one of the second step."""
    for name in ("Ward phone", "Prof Li"):
        a_recipient(vigil_server, name)
    a_recipient(vigil_server, "Dr Sun", "deputy")


def alert_of(server: VigilServer, scene: Scene) -> int:
    """The alert of grade 3 of this course."""
    server.use_database()
    query = select(Alert.id).where(
        Alert.infusion_id == scene.infusion_id, Alert.signal == SignalKind.GRADE_3.value
    )
    with reading() as session:
        return int(session.exec(query).one() or 0)


def card_of(page: Page, alert_id: int) -> Locator:
    return page.locator(f".st-key-alert-card-{alert_id}")


def open_alert(server: VigilServer, browser: Browser, alert_id: int, role: Role = Role.INVESTIGATOR) -> Page:
    page = server.open(browser, role, f"/alerts?a={alert_id}")
    expect(page.locator(f".st-key-alert-card-{alert_id}")).to_be_visible()
    return page


def test_one_touch_acknowledges_with_what_was_done(vigil_server: VigilServer, browser: Browser) -> None:
    scene = a_course(vigil_server, "CART-201", (5, made_up.WELL), (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    page = open_alert(vigil_server, browser, alert_id)
    card = page.locator(f".st-key-alert-card-{alert_id}")
    expect(
        card.get_by_role("heading", name=re.compile("CART-201 has grade 3 CRS, [23] days after"))
    ).to_be_visible()
    expect(card.get_by_text("Not acknowledged since", exact=False)).to_be_visible()
    touch(card.get_by_text("Drug given", exact=True))
    expect(
        card.get_by_text("for grade 3: drug given. A grade 4 will ask again.", exact=False)
    ).to_be_visible()
    expect(card.get_by_text("What was done?", exact=False)).to_have_count(0)
    vigil_server.use_database()
    with reading() as session:
        answer = session.exec(select(Acknowledgement).where(Acknowledgement.alert_id == alert_id)).one()
    assert (answer.level, answer.action_taken) == (3, "drug_given")


def test_another_action_is_said_in_words_first(vigil_server: VigilServer, browser: Browser) -> None:
    scene = a_course(vigil_server, "CART-202", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    page = open_alert(vigil_server, browser, alert_id)
    card = page.locator(f".st-key-alert-card-{alert_id}")
    touch(card.get_by_text("Other", exact=True))
    touch(card.get_by_role("button", name="Acknowledge CART-202"))
    expect(card.get_by_text("Say in a few words what was done.")).to_be_visible()
    write(card.get_by_label("In a few words, what was done?"), "<b>called</b> the family")
    touch(card.get_by_role("button", name="Acknowledge CART-202"))
    expect(card.get_by_text("Remark: <b>called</b> the family")).to_be_visible()


def test_what_changed_after_it_was_shown_is_not_acknowledged(
    vigil_server: VigilServer, browser: Browser
) -> None:
    scene = a_course(vigil_server, "CART-203", (2, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    page = open_alert(vigil_server, browser, alert_id)
    card = page.locator(f".st-key-alert-card-{alert_id}")
    expect(card.get_by_text("A touch acknowledges CART-203 at grade 3.", exact=False)).to_be_visible()
    vigil_server.use_database()
    made_up.correct(
        scene.entries[0],
        utc_now(),
        "A second agent was running",
        vasopressors="norepinephrine;epinephrine",
    )
    touch(card.get_by_text("Seen at bedside", exact=True))
    expect(card.get_by_text("A touch acknowledges CART-203 at grade 4.", exact=False)).to_be_visible()
    said = re.compile(r"^Your answer was not recorded: this alert changed at .*\. Read it again\.$")
    expect(card.get_by_role("alert")).to_have_text(said)
    vigil_server.use_database()
    with reading() as session:
        answers = session.exec(select(Acknowledgement).where(col(Acknowledgement.alert_id) == alert_id)).all()
    assert not answers


def test_an_answer_that_comes_second_is_told_so(vigil_server: VigilServer, browser: Browser) -> None:
    scene = a_course(vigil_server, "CART-218", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    first = card_of(open_alert(vigil_server, browser, alert_id), alert_id)
    late = vigil_server.open(browser, Role.INVESTIGATOR, f"/alerts?a={alert_id}", username="chen")
    second = card_of(late, alert_id)
    expect(second.get_by_text("A touch acknowledges CART-218 at grade 3.", exact=False)).to_be_visible()
    touch(first.get_by_text("Drug given", exact=True))
    expect(first.get_by_text("Acknowledged by Investigator Example", exact=False)).to_be_visible()
    expect(first.get_by_text("Silence CART-218", exact=True)).to_have_count(0)
    expect(first.get_by_role("alert")).to_have_count(0)
    touch(second.get_by_text("Seen at bedside", exact=True))
    said = re.compile("^Your answer was not recorded: already acknowledged by Investigator Example at ")
    expect(second.get_by_role("alert")).to_have_text(said)
    vigil_server.use_database()
    with reading() as session:
        answer = session.exec(select(Acknowledgement).where(Acknowledgement.alert_id == alert_id)).one()
    assert answer.action_taken == "drug_given"
    late.goto(f"/alerts?a={alert_id}")
    wait_until_drawn(late)
    expect(second.get_by_text("Acknowledged by Investigator Example", exact=False)).to_be_visible()
    expect(second.get_by_role("alert")).to_have_count(0)


def test_a_remark_on_what_changed_meanwhile_is_told_so(vigil_server: VigilServer, browser: Browser) -> None:
    scene = a_course(vigil_server, "CART-219", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    card = card_of(open_alert(vigil_server, browser, alert_id), alert_id)
    touch(card.get_by_text("Other", exact=True))
    vigil_server.use_database()
    made_up.correct(scene.entries[0], utc_now(), "Charted for another patient", status="voided")
    write(card.get_by_label("In a few words, what was done?"), "Called the family")
    expect(card.get_by_role("alert")).to_contain_text("was not recorded: this alert was withdrawn at ")


def test_the_next_step_is_named_and_a_silence_with_a_reason_stops_it(
    vigil_server: VigilServer, browser: Browser
) -> None:
    scene = a_course(vigil_server, "CART-213", (0.05, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    card = card_of(open_alert(vigil_server, browser, alert_id), alert_id)
    expect(card.get_by_text(re.compile("^Next: deputy investigator .Dr Sun. at .* nobody"))).to_be_visible()
    touch(card.get_by_text("Silence CART-213", exact=True))
    touch(card.get_by_text("4 h", exact=True))
    touch(card.get_by_role("button", name="Silence CART-213 now"))
    expect(card.get_by_text("Say in a few words why nobody else needs to be told for now.")).to_be_visible()
    write(card.get_by_label("Why does nobody else need to be told for now?"), "<i>Team</i> is at the bed")
    touch(card.get_by_role("button", name="Silence CART-213 now"))
    expect(card.get_by_text(re.compile("^Silenced until .*unless it becomes P1"))).to_be_visible()
    expect(card.get_by_text(re.compile("^Silenced by Investigator Example at .* until "))).to_be_visible()
    expect(card.get_by_text("Reason: <i>Team</i> is at the bed")).to_be_visible()
    vigil_server.use_database()
    with reading() as session:
        silence = session.exec(select(Silence).where(Silence.alert_id == alert_id)).one()
    assert silence.until - silence.at == timedelta(hours=4)


def a_test_mail(server: VigilServer, code: str, at: datetime) -> None:
    """A test mail to Prof Li that has been sent."""
    server.use_database()
    with writing() as session:
        to = session.exec(select(Recipient).where(Recipient.name == "Prof Li")).one()
        notice = Notice(kind="test", urgency=4, created_at=at, content={})
        session.add(notice)
        session.flush()
        sent: dict[str, Any] = {"state": "sent", "sent_at": at, "message": b"test", "urgency": 4}
        uid = f"{code}-0000-4000-8000-000000000000"
        one = Delivery(
            uid=uid, notice_id=int(notice.id or 0), recipient_id=int(to.id or 0), name=to.name,
            address=to.address, created_at=at, due_at=at, **sent,
        )  # fmt: skip
        session.add(one)


def receipts() -> int:
    with reading() as session:
        return len(session.exec(select(Receipt)).all())


def test_a_test_mail_is_confirmed_by_its_button_and_never_by_its_link(
    vigil_server: VigilServer, browser: Browser
) -> None:
    a_test_mail(vigil_server, "0badcafe", utc_now() - timedelta(hours=1))
    page = vigil_server.open(browser, Role.WARD, "/alerts?t=0badcafe")
    expect(page.get_by_text("To Prof Li, prof.li@hospital.example", exact=False)).to_be_visible()
    assert receipts() == 0
    touch(page.get_by_role("button", name="This mail arrived"))
    expect(page.get_by_text("Confirmed by Ward Example at", exact=False)).to_be_visible()
    assert receipts() == 1
    office = vigil_server.open(browser, Role.COORDINATOR, "/recipients?t=0badcafe")
    expect(office.get_by_text("Confirmed by Ward Example at", exact=False)).to_be_visible()
    expect(office.get_by_role("button", name="This mail arrived")).to_have_count(0)
    expect(
        office.get_by_text(re.compile("^Last test mail sent .* confirmed .* by Ward Example"))
    ).to_be_visible()
    expect(office.get_by_text("No test mail yet.").first).to_be_visible()
    page = vigil_server.open(browser, Role.COMMITTEE, "/alerts?t=00000000")
    expect(page.get_by_text("No test mail has the code of this link.", exact=False)).to_be_visible()


@pytest.mark.parametrize(("path", "name"), [("/alerts", "alerts"), ("/recipients", "recipients")])
def test_every_signal_stands_on_every_screen_without_a_serious_finding_of_axe(
    vigil_server: VigilServer, browser: Browser, path: str, name: str
) -> None:
    role = Role.INVESTIGATOR if path == "/alerts" else Role.COORDINATOR
    page = vigil_server.open(browser, role, path)
    if path == "/alerts":
        touch(page.get_by_text("Show the steps of every signal"))
        expect(page.get_by_role("table", name="P3: a missed assessment")).to_be_visible()
    assert findings_on_screens(page, name, (*TABLET_AND_DESK, ("light", PHONE))) == []
