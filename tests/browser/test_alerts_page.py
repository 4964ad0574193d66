"""The alerts page in a real browser: why, who was told, and the answer for what was shown."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from alerts.outbox import Outcome, Result, claim_next, record_outcome
from clock import utc_now
from db.models import Acknowledgement, Alert
from db.roles import Role
from db.session import reading, writing
from tests.browser.scenes import GRADE_3, Scene, a_course, a_recipient
from tests.support import made_up
from tests.support.browser import (
    DESK,
    TABLET,
    Theme,
    VigilServer,
    axe_violations,
    screenshot,
    wait_until_drawn,
)
from tests.support.settled import touch, write


@pytest.fixture(scope="module", autouse=True)
def recipients(vigil_server: VigilServer) -> None:
    """Two people on the list."""
    for name in ("Ward phone", "Prof Li"):
        a_recipient(vigil_server, name)


def alert_of(server: VigilServer, scene: Scene) -> int:
    server.use_database()
    with reading() as session:
        found = session.exec(select(Alert.id).where(Alert.infusion_id == scene.infusion_id)).one()
    assert found is not None
    return found


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
        card.get_by_role("heading", name="CART-201 has grade 3 CRS, 2 days after", exact=False)
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
    vigil_server.use_database()
    with reading() as session:
        answers = session.exec(select(Acknowledgement).where(col(Acknowledgement.alert_id) == alert_id)).all()
    assert not answers


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


def test_only_an_investigator_is_asked(vigil_server: VigilServer, browser: Browser) -> None:
    scene = a_course(vigil_server, "CART-205", (1, GRADE_3))
    alert_id = alert_of(vigil_server, scene)
    for role in (Role.WARD, Role.COMMITTEE, Role.ADMIN):
        card = open_alert(vigil_server, browser, alert_id, role).locator(f".st-key-alert-card-{alert_id}")
        expect(card.get_by_text("An investigator acknowledges it.")).to_be_visible()
        expect(card.get_by_text("Drug given", exact=True)).to_have_count(0)


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
    expect(page.get_by_role("heading", name="From imported history (1)")).to_be_visible()
    expect(page.get_by_text("CART-207", exact=False)).to_have_count(0)
    touch(page.get_by_text("Show them"))
    touch(page.get_by_role("row", name="CART-207", exact=False).get_by_role("link"))
    wait_until_drawn(page)
    expect(page.get_by_text("nobody was mailed about it alone", exact=False)).to_be_visible()


def test_a_link_to_no_alert_is_answered(vigil_server: VigilServer, browser: Browser) -> None:
    page = vigil_server.open(browser, Role.WARD, "/alerts?a=999999")
    expect(page.get_by_text("The alert of this link is not known here.", exact=False)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(vigil_server: VigilServer, browser: Browser, theme: Theme) -> None:
    page = vigil_server.open(browser, Role.INVESTIGATOR, "/alerts", theme=theme)
    for size, name in ((TABLET, "tablet"), (DESK, "desk")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        screenshot(page, f"alerts-{name}-{theme}")
        assert axe_violations(page) == []
