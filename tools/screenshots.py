"""Take the pictures of README and docs from the running demonstration.

Usage: python tools/screenshots.py [FOLDER], by default docs/screens. Needs chromium and the packages of
requirements-dev.lock. The demonstration in data/demo is built anew, as by every `make demo`.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import committee_pictures
import mail_pictures
from picture_files import keep_picture
from playwright.sync_api import Browser, Page, expect, sync_playwright

from settings import ROOT
from tests.browser import steps
from tests.browser.ward import bar, choice_of, fill
from tests.support.browser import DESK, TABLET, wait_until_drawn
from tests.support.command import running
from tests.support.programs import find_chromium
from tests.support.settled import touch

PHONE: Final = (390, 844)
LONG_TABLET: Final = (820, 1330)
"""As far as a person scrolls to see the days under the patient's picture."""
GRADE_3_NOW: Final = "CART-003"
RECOVERED_GRADE_4: Final = "CART-002"
BARRED: Final = "CART-006"
IN_FOLLOW_UP: Final = "CART-011"
INFUSED_TWICE: Final = "CART-001"
IN_SCREENING: Final = "CART-016"
_MAIL_MARGIN_PX: Final = 12


def main(folder: Path) -> None:
    """Run the demonstration, take every picture, say where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    # The pages name the folder of the mails: the one everybody has, not one of this machine.
    data = ROOT / "data"
    with _browser() as browser, running(data, command="demo") as demo:
        password = demo.wait_for("password of all:").split()[-1]
        demo.wait_for("Vigil is open at")
        for name, take in PICTURES.items():
            page = take(browser, demo.url, password)
            _keep(page, folder / f"{name}.png")
        committee_pictures.main(browser, demo.url, password, folder / "committee")
        page = show_mail(browser, data / "demo" / "mailbox" / "new")
        _keep(page, folder / "alert-mail.png")
    mail_pictures.main(folder / "mails")


def show_board(browser: Browser, url: str, password: str) -> Page:
    """The board on a tablet, as an investigator has it."""
    page = _open(browser, url, password, "investigator", "/")
    expect(page.get_by_role("heading", name="Needs you now", exact=False)).to_be_visible()
    return page


def show_assess(browser: Browser, url: str, password: str) -> Page:
    """A form half filled, its grade already proved."""
    page = _open(browser, url, password, "ward", f"/assess?code={GRADE_3_NOW}")
    fill(page, "Temperature (°C)", "38.9")
    fill(page, "Systolic (mmHg)", "92")
    fill(page, "SpO2 (%)", "94")
    choice_of(page, "Support for blood pressure", "Vasopressor").click()
    choice_of(page, "Which vasopressors are running?", "norepinephrine").click()
    expect(bar(page).get_by_text("CRS at least grade 3")).to_be_visible()
    page.get_by_role("heading", level=1).click()
    page.mouse.wheel(0, -5_000)
    return page


def show_patient(browser: Browser, url: str, password: str) -> Page:
    """A course with a grade 4 on one time axis."""
    address = f"/patient?code={RECOVERED_GRADE_4}"
    page = _open(browser, url, password, "ward", address, size=LONG_TABLET, theme="dark")
    expect(page.get_by_text("Blood pressure", exact=False).first).to_be_visible()
    return page


def show_safety(browser: Browser, url: str, password: str) -> Page:
    """Where the trial stands, on a desk."""
    page = _open(browser, url, password, "committee", "/safety", size=DESK)
    expect(page.get_by_role("heading", name="Where the trial stands")).to_be_visible()
    return page


def show_alerts(browser: Browser, url: str, password: str) -> Page:
    """What waits for an answer, and who was told."""
    page = _open(browser, url, password, "investigator", "/alerts")
    expect(page.get_by_text("What was done?", exact=False).first).to_be_visible()
    return page


def show_handover(browser: Browser, url: str, password: str) -> Page:
    """The sheet of the last shift, as the ward sees it before it prints it."""
    page = _open(browser, url, password, "ward", "/handover")
    touch(page.get_by_text("Last shift, since", exact=False))
    expect(page.get_by_text("and since. As of", exact=False)).to_be_visible()
    return page


def show_enrolment(browser: Browser, url: str, password: str) -> Page:
    """Who is in screening, and one patient whose facts are not complete yet."""
    address = f"/enrolment?code={IN_SCREENING}"
    page = _open(browser, url, password, "investigator", address, size=LONG_TABLET)
    result = page.get_by_text(re.compile(r"^Undecided: \d+ criteria are not yet known\.$")).first
    expect(result).to_be_visible()
    return page


def show_gate(browser: Browser, url: str, password: str) -> Page:
    """The gate of a barred patient, as an investigator sees it before signing the release."""
    page = _open(browser, url, password, "investigator", f"/second-infusion?code={BARRED}")
    expect(page.get_by_text("The gate of", exact=False).first).to_be_visible()
    return page


def show_of_the_trial(role: str, path: str, heading: str, browser: Browser, url: str, password: str) -> Page:
    """A page of the trial's records."""
    page = _open(browser, url, password, role, path)
    expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    return page


OF_THE_TRIAL: Final[dict[str, tuple[str, str, str]]] = {
    "treatments": ("ward", f"/treatments?code={RECOVERED_GRADE_4}", "Treatments"),
    "laboratory": ("ward", f"/laboratory?code={RECOVERED_GRADE_4}", "Laboratory"),
    "events": ("coordinator", f"/events?code={RECOVERED_GRADE_4}", "Adverse events"),
    "visits": ("coordinator", f"/visits?code={IN_FOLLOW_UP}", "Visits"),
    "response": ("coordinator", f"/response?code={IN_FOLLOW_UP}", "Response and ctDNA"),
    "infusions": ("coordinator", f"/infusions?code={INFUSED_TWICE}", "Infusions and stays"),
    "whole-course": ("investigator", f"/patient?code={INFUSED_TWICE}&picture=course", INFUSED_TWICE),
    "patient-laboratory": ("ward", f"/patient?code={RECOVERED_GRADE_4}&picture=labs", RECOVERED_GRADE_4),
}
"""Name of the picture -> who looks, at which address, and a heading that stands there."""

PICTURES: Final[Mapping[str, Callable[[Browser, str, str], Page]]] = {
    "board": show_board,
    "assess": show_assess,
    "patient": show_patient,
    "safety": show_safety,
    "alerts": show_alerts,
    "handover": show_handover,
    "enrolment": show_enrolment,
    "second-infusion": show_gate,
} | {name: partial(show_of_the_trial, *about) for name, about in OF_THE_TRIAL.items()}


def show_mail(browser: Browser, mailbox: Path) -> Page:
    """The opening mail of the grade 3 of now, as a phone shows it."""
    mails = [_read(path) for path in mailbox.iterdir()]
    opening = [mail for mail in mails if f"Patient {GRADE_3_NOW} has" in _html(mail)]
    newest = max(opening, key=lambda mail: mail["Date"].datetime)
    page = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, device_scale_factor=2
    ).new_page()
    page.set_content(_html(newest))
    height = page.evaluate("document.body.scrollHeight") + _MAIL_MARGIN_PX
    page.set_viewport_size({"width": PHONE[0], "height": height})
    return page


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)


def _html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    return "" if part is None else str(part.get_content())


def _open(
    browser: Browser,
    url: str,
    password: str,
    username: str,
    path: str,
    *,
    size: tuple[int, int] = TABLET,
    theme: str = "light",
) -> Page:
    page = steps.device(browser, url, size=size, theme=theme)
    page.goto(path)
    steps.sign_in(page, username, password)
    wait_until_drawn(page)
    return page


def _keep(page: Page, path: Path) -> None:
    """Save what the window shows with few colours, which makes a picture of text small."""
    page.evaluate("document.fonts.ready")
    keep_picture(page.screenshot(animations="disabled", caret="hide"), path)
    page.context.close()


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens")
