"""The alerts page in a real browser: a touch, an answer in words, what changed meanwhile, axe."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import col, select

from actions.alerts import silence_alert
from alerts.model import SignalKind
from clock import utc_now
from db.models import Acknowledgement, Alert
from db.roles import Role
from db.session import reading
from tests.browser.scenes import GRADE_3, Scene, a_course, a_recipient
from tests.support import made_up
from tests.support.browser import DESK, PHONE, TABLET, Screen, VigilServer, findings_on_screens
from tests.support.settled import touch, write

SCREENS: Final[Sequence[Screen]] = (("light", TABLET), ("light", DESK), ("dark", PHONE))


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
    expect(card_of(page, alert_id)).to_be_visible()
    return page


def test_one_touch_acknowledges_with_what_was_done_and_another_action_is_said_in_words(
    vigil_server: VigilServer, browser: Browser
) -> None:
    scene = a_course(vigil_server, "CART-201", (5, made_up.WELL), (1, GRADE_3))
    other_id = alert_of(vigil_server, a_course(vigil_server, "CART-202", (1, GRADE_3)))
    alert_id = alert_of(vigil_server, scene)
    page = open_alert(vigil_server, browser, alert_id)
    card = card_of(page, alert_id)
    touched(card)
    with reading() as session:
        answer = session.exec(select(Acknowledgement).where(Acknowledgement.alert_id == alert_id)).one()
    assert (answer.level, answer.action_taken) == (3, "drug_given")
    said_in_words(card_of(page, other_id))


def touched(card: Locator) -> None:
    """One touch on the card of CART-201."""
    expect(
        card.get_by_role("heading", name=re.compile("CART-201 has grade 3 CRS, [23] days after"))
    ).to_be_visible()
    expect(card.get_by_text("Not acknowledged since", exact=False)).to_be_visible()
    touch(card.get_by_text("Drug given", exact=True))
    expect(
        card.get_by_text("for grade 3: drug given. A grade 4 will ask again.", exact=False)
    ).to_be_visible()
    expect(card.get_by_text("What was done?", exact=False)).to_have_count(0)
    expect(card.get_by_text("Silence CART-201", exact=True)).to_have_count(0)
    expect(card.get_by_role("alert")).to_have_count(0)


def said_in_words(card: Locator) -> None:
    """Another action on the card of CART-202."""
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
    card = card_of(page, alert_id)
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


def a_silenced_alert(server: VigilServer) -> None:
    """An open alert of which nobody else is told for now."""
    alert_id = alert_of(server, a_course(server, "CART-213", (0.05, GRADE_3)))
    now = utc_now()
    by = server.actor(Role.INVESTIGATOR)
    silence_alert(alert_id, "The team is at the bed", now + timedelta(hours=4), by=by, now=now)


def test_every_signal_stands_on_every_screen_without_a_serious_finding_of_axe(
    vigil_server: VigilServer, browser: Browser
) -> None:
    a_silenced_alert(vigil_server)
    page = vigil_server.open(browser, Role.INVESTIGATOR, "/alerts")
    expect(page.get_by_text("Silenced by Investigator Example", exact=False)).to_be_visible()
    touch(page.get_by_text("Show the steps of every signal"))
    expect(page.get_by_role("table", name="P3: a missed assessment")).to_be_visible()
    assert findings_on_screens(page, "alerts", SCREENS) == []


def test_the_recipients_stand_on_every_screen_without_a_serious_finding_of_axe(
    vigil_server: VigilServer, browser: Browser
) -> None:
    page = vigil_server.open(browser, Role.COORDINATOR, "/recipients")
    expect(page.get_by_text(re.compile(r"^prof\.li@hospital\.example\. Ward\."))).to_be_visible()
    assert findings_on_screens(page, "recipients", SCREENS) == []
