"""Take a picture of every kind of mail as a phone shows it, from the courses of events that the tests play.

Usage: python tools/mail_pictures.py [FOLDER], by default docs/screens/mails. Needs chromium and the packages
of requirements-dev.lock.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from alerts.messages import Addressee, Envelope, build_message
from alerts.words.rounds import DigestFacts, TestFacts, content_of_digest, content_of_test_mail
from alerts.words.shell import MailContent
from db import session
from db.migrate import upgrade
from grading.scale import RULESET
from settings import ROOT
from tests.alerts.conftest import Ward, at
from tests.alerts.latched_scenarios import LATCHED_SCENARIOS
from tests.alerts.lively import lively_ward, raw_mails_of
from tests.alerts.mail_scenarios import GRADE_3, SCENARIOS
from tests.alerts.test_messages import part
from tests.support import made_up
from tests.support.programs import find_chromium

ZONE: Final = ZoneInfo("Asia/Shanghai")
_PHONE_WIDTH: Final = 390
_MARGIN_PX: Final = 12
_COLOURS: Final = 48
_TREATING: Final = Addressee("Dr Li", "li@hospital.org", "treating")

PICTURES: Final = {
    "opening": ("grade3_unanswered", 0),
    "escalation": ("grade3_unanswered", 1),
    "lapsed": ("grade3_course", 2),
    "recovery": ("grade3_course", 4),
    "rise": ("rise2", 0),
    "support": ("support_graded", 1),
    "support-explained": ("support_explained", 1),
    "unsettled": ("unsettled", 0),
    "missed": ("missed", 0),
    "missed-late-entry": ("missed", 3),
    "program": ("program", 2),
}
"""The picture's name, the course of events, and which of its mails."""

PICTURES_OF_THE_TRIAL: Final = {
    "barred": ("barred", 0),
    "barred-attempt": ("barred", 2),
    "barred-released": ("barred", 4),
    "stopping-rule": ("boundary", 0),
    "stopping-rule-decided": ("boundary", 5),
    "serious-event": ("sae", 0),
    "serious-event-reminder": ("sae", 3),
    "serious-event-overdue": ("sae", 5),
    "serious-event-reported": ("sae", 7),
}
"""The same, of the alerts that only a person ends."""


def main(folder: Path) -> None:
    """Play every course of events and take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    mails = {name: _played(SCENARIOS[scenario])[which] for name, (scenario, which) in PICTURES.items()}
    for name, (scenario, which) in PICTURES_OF_THE_TRIAL.items():
        play, signal = LATCHED_SCENARIOS[scenario]
        mails[name] = _played(play, signal)[which]
    mails["retraction"] = _played(_taken_back)[1]
    mails |= {"digest": _built(_digest()), "test": _built(_test_mail())}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for name, message in mails.items():
            _take(browser, message, folder / f"{name}.png")
        browser.close()


def _played(scenario: Callable[[Ward], None], signal: str | None = None) -> list[bytes]:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'vigil.db'}"
        upgrade(url)
        session.configure(url)
        try:
            ward = lively_ward(url, Path(folder))
            scenario(ward)
            return raw_mails_of(ward, signal)
        finally:
            session.close()


def _taken_back(ward: Ward) -> None:
    entry = ward.assess(24, **GRADE_3)
    ward.mark_sent()
    made_up.correct(entry, at(24.5), "wrong line filled", vasopressors="none")


def _digest() -> MailContent:
    now = at(22)  # 08:00
    return content_of_digest(
        DigestFacts(
            open_alerts=2,
            unacknowledged=1,
            overdue=1,
            patients=4,
            mail_path="ok",
            last_backup_at=now - timedelta(hours=5, minutes=50),
            unconfirmed_tests=0,
            at=now,
            told=("ward", "treating", "pi"),
            app_url="https://vigil.hospital.org",
            zone=ZONE,
            ruleset=RULESET,
        )
    )


def _test_mail() -> MailContent:
    return content_of_test_mail(
        TestFacts(
            code="7a2f90c1",
            at=at(23),
            told=("treating",),
            app_url="https://vigil.hospital.org",
            zone=ZONE,
            ruleset=RULESET,
        )
    )


def _built(content: MailContent) -> bytes:
    return build_message(content, _TREATING, Envelope("picture", at(23), None, "vigil@hospital.org", ZONE))


def _take(browser: Browser, message: bytes, path: Path) -> None:
    """At the width of a phone, as long as the mail is, with few colours, which makes the picture small."""
    context = browser.new_context(viewport={"width": _PHONE_WIDTH, "height": 400}, device_scale_factor=1.5)
    page = context.new_page()
    page.set_content(part(message, "html"))
    height = page.evaluate("document.body.scrollHeight") + _MARGIN_PX
    page.set_viewport_size({"width": _PHONE_WIDTH, "height": height})
    shot = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    shot.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens" / "mails")
