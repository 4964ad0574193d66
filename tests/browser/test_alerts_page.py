"""The alerts page in a real browser: why, who was told, and the answer for what was shown."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import col, select

from actions import context
from alerts.model import Signal, SignalKind, SignalState
from alerts.outbox import Outcome, Result, claim_next, record_outcome
from alerts.reconcile import reconcile_course, reconcile_program
from clock import utc_now
from db.models import Acknowledgement, Alert, Delivery, Notice, Receipt, Recipient, Silence
from db.roles import SYSTEM, Role
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


def alert_of(
    server: VigilServer, scene: Scene, kind: SignalKind = SignalKind.GRADE_3, slot: str | None = None
) -> int:
    server.use_database()
    query = select(Alert.id).where(Alert.infusion_id == scene.infusion_id, Alert.signal == kind.value)
    with reading() as session:
        found = session.exec(query if slot is None else query.where(Alert.slot == slot)).one()
    assert found is not None
    return found


def sweep(server: VigilServer, scene: Scene) -> None:
    """What the worker's sweep does for this course."""
    server.use_database()
    with writing() as session:
        reconcile_course(
            session,
            infusion_id=scene.infusion_id,
            now=utc_now(),
            protocol=context.protocol(),
            by=SYSTEM,
            settings=server.settings,
            by_the_clock=True,
        )


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


def test_who_was_told_stands_with_the_mail_servers_words(vigil_server: VigilServer, browser: Browser) -> None:
    scene = a_course(vigil_server, "CART-204", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    with writing() as session:
        now = utc_now()
        while (delivery := claim_next(session, worker="test", now=now)) is not None:
            record_outcome(session, delivery, Outcome(Result.SENT, "250 2.0.0 <queued> as 4F2"), now=now)
    page = open_alert(vigil_server, browser, alert_id)
    table = page.locator(f".st-key-alert-card-{alert_id}").get_by_role("table")
    expect(table.get_by_text("2 people told.", exact=False)).to_be_visible()
    row = table.get_by_role("row", name="Prof Li", exact=False)
    expect(row.get_by_text("opened, grade 3")).to_be_visible()
    expect(row.get_by_text("sent: 250 2.0.0 <queued> as 4F2", exact=False)).to_be_visible()


def test_the_alert_of_a_link_stands_first_even_when_it_is_over(
    vigil_server: VigilServer, browser: Browser
) -> None:
    scene = a_course(vigil_server, "CART-206", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    made_up.correct(scene.entries[0], utc_now(), "Charted for another patient", status="voided")
    page = open_alert(vigil_server, browser, alert_id)
    first = page.locator('[class*="st-key-alert-card-"]').first
    expect(first.get_by_text("Withdrawn since", exact=False)).to_be_visible()
    headings = page.get_by_role("heading", level=2)
    expect(headings.nth(0)).to_have_text("The alert you opened")
    expect(headings.nth(1)).to_have_text(re.compile(r"Open \(\d+\)"))
    expect(
        first.get_by_role("heading", name="CART-206 did not have grade 3 CRS", exact=False)
    ).to_be_visible()


def test_history_is_listed_apart(vigil_server: VigilServer, browser: Browser) -> None:
    vigil_server.use_database()
    at = utc_now() - timedelta(days=400)
    patient_id = made_up.enrol("CART-207", at)
    infusion_id = made_up.infuse(patient_id, 1, at)
    made_up.assess(patient_id, infusion_id, [(at + timedelta(days=2), GRADE_3)], historical=True)
    page = vigil_server.open(browser, Role.COMMITTEE, "/alerts")
    expect(page.get_by_role("heading", name="From imported history (2)")).to_be_visible()  # one is the bar
    expect(page.get_by_text("CART-207", exact=False)).to_have_count(0)
    touch(page.get_by_text("Show them"))
    touch(page.get_by_role("row", name="CART-207").filter(has_text="CRS").get_by_role("link"))
    wait_until_drawn(page)
    expect(page.get_by_text("nobody was mailed about it alone", exact=False)).to_be_visible()


def test_a_link_to_no_alert_is_answered(vigil_server: VigilServer, browser: Browser) -> None:
    page = vigil_server.open(browser, Role.WARD, "/alerts?a=999999")
    expect(page.get_by_text("The alert of this link is not known here.", exact=False)).to_be_visible()


def test_a_missed_assessment_is_acknowledged_and_says_how_to_end_it(
    vigil_server: VigilServer, browser: Browser
) -> None:
    scene = a_course(vigil_server, "CART-211", (40, made_up.WELL))
    sweep(vigil_server, scene)
    alert_id = alert_of(vigil_server, scene, SignalKind.MISSED, "vital_signs")
    page = open_alert(vigil_server, browser, alert_id)
    card = card_of(page, alert_id)
    expect(card.get_by_role("heading", name="CART-211: vital signs are missed", exact=False)).to_be_visible()
    expect(card.get_by_text("enter vital signs that settle CRS, or say why", exact=False)).to_be_visible()
    expect(card.get_by_role("link", name="Assess CART-211")).to_be_visible()
    expect(card.get_by_text("A touch acknowledges CART-211, vital signs missed.")).to_be_visible()
    touch(card.get_by_text("Seen at bedside", exact=True))
    words = re.compile(r"^Acknowledged by .*: seen at bedside\. It lapses at .*Time to acknowledgement")
    expect(card.get_by_text(words)).to_be_visible()
    vigil_server.use_database()
    with reading() as session:
        answer = session.exec(select(Acknowledgement).where(Acknowledgement.alert_id == alert_id)).one()
    assert (answer.level, answer.assessment_id) == (0, None)


def test_support_without_a_grade_is_shown_with_what_was_charted(
    vigil_server: VigilServer, browser: Browser
) -> None:
    scene = a_course(vigil_server, "CART-212", (1, {**made_up.WELL, "vasopressors": "norepinephrine"}))
    alert_id = alert_of(vigil_server, scene, SignalKind.SUPPORT_UNGRADED)
    card = card_of(open_alert(vigil_server, browser, alert_id), alert_id)
    expect(card.get_by_role("heading", name="CART-212 has support for pressure", exact=False)).to_be_visible()
    expect(card.get_by_text("Vasopressors: Norepinephrine", exact=False)).to_be_visible()
    touch(card.get_by_text("Drug given", exact=True))
    expect(card.get_by_text(re.compile("^Acknowledged by .*: drug given"))).to_be_visible()


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


def test_what_is_most_urgent_cannot_be_silenced_and_the_ward_silences_nothing(
    vigil_server: VigilServer, browser: Browser
) -> None:
    worst = {**GRADE_3, "vasopressors": "norepinephrine;epinephrine"}
    alert_id = alert_of(vigil_server, a_course(vigil_server, "CART-214", (1, worst)))
    card = card_of(open_alert(vigil_server, browser, alert_id), alert_id)
    expect(card.get_by_text("P1. Not acknowledged since", exact=False)).to_be_visible()
    expect(card.get_by_text("Silence CART-214", exact=True)).to_have_count(0)
    other = alert_of(vigil_server, a_course(vigil_server, "CART-215", (1, GRADE_3)))
    card = card_of(open_alert(vigil_server, browser, other, Role.WARD), other)
    expect(card.get_by_text("Silence CART-215", exact=True)).to_have_count(0)


def test_a_refused_mail_stands_in_red_on_the_thread(vigil_server: VigilServer, browser: Browser) -> None:
    scene = a_course(vigil_server, "CART-216", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    with writing() as session:
        now = utc_now()
        while (delivery := claim_next(session, worker="test", now=now)) is not None:
            outcome = Outcome(Result.REFUSED, "550 5.1.1 <prof.li> unknown")
            record_outcome(session, delivery, outcome, now=now)
    card = card_of(open_alert(vigil_server, browser, alert_id), alert_id)
    row = card.get_by_role("table").get_by_role("row", name="Prof Li", exact=False)
    expect(row.get_by_text("failed: not told by mail")).to_be_visible()
    expect(row.get_by_text("550 5.1.1 <prof.li> unknown", exact=False)).to_be_visible()
    expect(
        card.get_by_text(re.compile("^Next: deputy investigator .Dr Sun. within a minute"))
    ).to_be_visible()


def a_problem(server: VigilServer, slot: str) -> int:
    """The worker has seen a problem of the program itself."""
    server.use_database()
    now = utc_now()
    signal = Signal(SignalKind.SYSTEM, slot, SignalState.FIRING, 0, 3, now, now)
    with writing() as session:
        reconcile_program(
            session, [signal], now=now, protocol=context.protocol(), by=SYSTEM, settings=server.settings
        )
    with reading() as session:
        return int(session.exec(select(Alert.id).where(Alert.slot == slot)).one() or 0)


def test_a_problem_of_the_program_is_in_the_banner_and_answered_in_words(
    vigil_server: VigilServer, browser: Browser
) -> None:
    alert_id = a_problem(vigil_server, "backup")
    page = open_alert(vigil_server, browser, alert_id)
    banner = page.get_by_role("status").filter(has_text="The last backup is too old since")
    expect(banner).to_contain_text("Tell the administrator.")
    card = card_of(page, alert_id)
    expect(card.get_by_role("heading", name="The program: the last backup is too old.")).to_be_visible()
    write(card.get_by_label("In a few words, what was done?"), "Disk replaced")
    touch(card.get_by_role("button", name="Acknowledge the alert"))
    expect(card.get_by_text("Remark: Disk replaced")).to_be_visible()
    board = vigil_server.open(browser, Role.WARD, "/")
    expect(board.get_by_role("status").filter(has_text="The last backup is too old since")).to_be_visible()


def test_who_would_be_told_stands_for_every_signal(vigil_server: VigilServer, browser: Browser) -> None:
    page = vigil_server.open(browser, Role.WARD, "/alerts")
    touch(page.get_by_text("Show the steps of every signal"))
    table = page.get_by_role("table", name=re.compile("^P2: CRS or ICANS grade 3"))
    expect(table.get_by_role("row", name="15 min")).to_contain_text("Dr Sun (dr.sun@hospital.example)")
    expect(table.get_by_role("row", name="15 min")).to_contain_text("Principal investigator: nobody")
    expect(page.get_by_role("table", name="P3: a missed assessment")).to_be_visible()
    expect(page.get_by_text("Quiet hours 22:00 to 07:00", exact=False)).to_be_visible()


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


def test_what_is_over_says_who_acknowledged_and_why_it_ended(
    vigil_server: VigilServer, browser: Browser
) -> None:
    scene = a_course(vigil_server, "CART-217", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    page = open_alert(vigil_server, browser, alert_id)
    touch(card_of(page, alert_id).get_by_text("Drug given", exact=True))
    vigil_server.use_database()
    made_up.correct(scene.entries[0], utc_now(), "Charted for another patient", status="voided")
    page = vigil_server.open(browser, Role.WARD, "/alerts")
    over = page.get_by_role("table", name="Alerts that are over")
    row = over.get_by_role("row", name="CART-217").filter(has_text="CRS")  # the other is that of the bar
    expect(row).to_contain_text("Investigator Example")
    expect(row).to_contain_text("withdrawn: the entry behind it was corrected")


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
