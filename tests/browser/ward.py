"""What the browser tests of the ward's pages share: a hand that counts its touches, and made-up patients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import Session, col, func, select, update

from clock import utc_now
from db.models import Assessment, Draft, LoginSession, User
from db.roles import Role
from db.session import reading, writing
from tests.support import made_up
from tests.support.browser import VigilServer
from tests.support.settled import touch, write

_codes = count(101)


@dataclass
class Hand:
    """A person's hand on a page. `touches` counts taps and keys outside the on-screen keyboard's own."""

    page: Page
    touches: int = 0

    def tap(self, target: Locator) -> None:
        """Touch a button, a choice or a box."""
        touch(target)
        self.touches += 1

    def type(self, label: str, text: str) -> None:
        """Tap a box and type into it; it is left when the next thing is touched."""
        self.tap(self.page.get_by_label(label, exact=True))
        self.page.keyboard.type(text)
        self.touches += len(text)

    def choose(self, question: str, choice: str) -> None:
        """Touch one choice of a question."""
        self.tap(choice_of(self.page, question, choice))


def open_form(
    server: VigilServer, browser: Browser, code: str, role: Role = Role.WARD, more: str = ""
) -> Page:
    """The assess page of a patient, with that role signed in."""
    page = server.open(browser, role, f"/assess?code={code}{more}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(code)
    return page


def end_sign_in(server: VigilServer, username: str) -> None:
    """The person's sign-in has run out."""
    users = select(User.id).where(User.username == username)
    with writing() as session:
        session.execute(
            update(LoginSession)
            .where(col(LoginSession.user_id).in_(users))
            .values(expires_at=utc_now() - timedelta(seconds=1))
        )
    del server.tokens[username]


def group(page: Page | Locator, question: str) -> Locator:
    """The choices under a question, by the words it begins with."""
    return page.locator('[data-testid="stButtonGroup"]').filter(
        has=(page if isinstance(page, Page) else page.page).locator(
            '[data-testid="stWidgetLabel"]', has_text=question
        )
    )


def choice_of(page: Page | Locator, question: str, choice: str) -> Locator:
    """One choice of a question."""
    return group(page, question).get_by_text(choice, exact=True)


def fill(page: Page, label: str, text: str) -> None:
    """Type into a box and leave it."""
    write(page.get_by_label(label, exact=True), text)


def bar(page: Page) -> Locator:
    """The bar at the bottom of the assess page."""
    return page.get_by_test_id("stBottom")


def patient(
    server: VigilServer,
    entries: Sequence[tuple[float, Mapping[str, Any]]] = (),
    *,
    infused_hours_ago: float = 80,
    now: datetime | None = None,
) -> tuple[str, int, list[str]]:
    """A patient on the ward: study code, infusion id, stable ids. `entries` are (hours ago, columns)."""
    server.use_database()
    at = now or utc_now()
    code = f"CART-{next(_codes)}"
    patient_id = made_up.enrol(code, at - timedelta(days=40))
    infusion_id = made_up.infuse(patient_id, 1, at - timedelta(hours=infused_hours_ago))
    rows = [(at - timedelta(hours=hours), values) for hours, values in entries]
    return code, infusion_id, made_up.assess(patient_id, infusion_id, rows) if rows else []


def stored(infusion_id: int) -> list[Assessment]:
    """The current assessments of an infusion, by time observed."""

    def read(session: Session) -> list[Assessment]:
        query = (
            select(Assessment)
            .where(Assessment.infusion_id == infusion_id, col(Assessment.superseded_at).is_(None))
            .order_by(col(Assessment.assessed_at))
        )
        return list(session.exec(query))

    with reading() as session:
        return read(session)


def drafts_of_saved_entries() -> int:
    """How many drafts carry the token of a stored assessment; a saved entry takes its draft with it."""
    with reading() as session:
        return session.exec(
            select(func.count()).where(col(Draft.form_token).in_(select(Assessment.form_token)))
        ).one()


def examine_well(page: Page) -> Hand:
    """Everything a well patient needs, but for Save."""
    hand = Hand(page)
    hand.type("Temperature (°C)", "36.8")
    hand.type("Systolic (mmHg)", "112")
    hand.type("SpO2 (%)", "97")
    hand.choose("Support for blood pressure", "None of these")
    hand.choose("Oxygen", "Room air")
    hand.choose("Given since the last assessment", "None of these")
    hand.choose("ICE score", "All 10 correct")
    hand.choose("Consciousness", "Alert")
    hand.choose("Seizure, weakness", "None of these")
    expect(bar(page).get_by_text("CRS grade 0")).to_be_visible()
    expect(bar(page).get_by_text("ICANS grade 0")).to_be_visible()
    return hand
