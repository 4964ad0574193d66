"""From the first start to the committee, on a fresh server: web and worker, a mail server, real browsers."""

import os
import re
import signal
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from clock import utc_now
from settings import ROOT
from tests.browser import steps
from tests.browser.steps import step
from tests.browser.ward import bar
from tests.support.browser import DESK, PHONE, screenshot, wait_until_drawn
from tests.support.command import Running, is_gone, running
from tests.support.ports import find_free_port
from tests.support.settled import touch
from tests.support.smtp import ReceivedMail, SmtpServer

ZONE = ZoneInfo("Asia/Shanghai")
CODE = "CART-007"
COMMENT = "Mrs Wang in bed 12 is cold"
PEOPLE = {
    "nurse.li": ("Nurse Li", "Ward"),
    "dr.chen": ("Dr Chen", "Investigator"),
    "prof.sun": ("Prof Sun", "Safety committee"),
    "co.zhao": ("Co Zhao", "Coordinator"),
}
AT_THE_DESK = "co.zhao"
"""Works at the computer that the administrator used before."""


@dataclass
class House:
    """The folder and port stay over a restart of the command; almost everybody has a device of their own."""

    folder: Path
    browser: Browser
    mail: SmtpServer
    port: int = field(default_factory=find_free_port)
    devices: dict[str, Page] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """A patient infused two days before the first entry has missed a lot: that is not told here."""
        protocol = self.folder / "protocol.toml"
        text = (ROOT / "trial" / "protocol.toml").read_text()
        protocol.write_text(text.replace("missed_hours = 2 ", "missed_hours = 8000 "))
        return {
            "PROTOCOL_FILE": str(protocol),
            "SMTP_HOST": self.mail.host,
            "SMTP_PORT": str(self.mail.port),
            "SMTP_SECURITY": "none",
            "SMTP_FROM": "vigil@hospital.example",
            "SITE_TIMEZONE": ZONE.key,
        }


@pytest.mark.timeout(420)
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_from_the_first_start_to_the_committee(
    tmp_path: Path, browser: Browser, smtp_server: SmtpServer
) -> None:
    house = House(tmp_path, browser, smtp_server)
    with running(house.folder, house.port, house.environment) as vigil:
        make_the_accounts(house, vigil)
        prepare_the_patient(house)
        kill_the_worker(vigil)
        enter_a_grade_3(house)
        with step("the mail of the alert reaches the mail server"):
            link = read_the_mail(house)
        with step("Ctrl-C ends web and worker"):
            end(vigil)
    with running(house.folder, house.port, house.environment) as vigil:
        with step("the link of the mail is the first request to the server"):
            vigil.wait_for("Vigil is open at")
            answer_the_alert(house, link)
        review(house)
        with step("Ctrl-C ends web and worker again"):
            end(vigil)


def make_the_accounts(house: House, vigil: Running) -> None:
    with step("the first start makes the administrator with the code of the console"):
        code = vigil.wait_for("set-up code").split()[-1]
        vigil.wait_for("Vigil is open at")
        office = steps.device(house.browser, house.url, size=DESK)
        steps.set_up(office, code, "chief", "Chief Wu")
        steps.sign_in(office, "chief")
    for username, (name, role) in PEOPLE.items():
        with step(f"the administrator adds {username}, who sets a password"):
            code = steps.add_account(office, username, name, role)
            if username == AT_THE_DESK:
                expect(office.get_by_text("Alerts are not being sent", exact=False)).to_have_count(0)
                touch(office.get_by_role("button", name="Sign out"))
            page = office if username == AT_THE_DESK else steps.device(house.browser, house.url)
            steps.begin(page, username, code)
            house.devices[username] = page


def prepare_the_patient(house: House) -> None:
    page = house.devices["co.zhao"]
    with step("the coordinator adds a recipient"):
        steps.go_to(page, "Recipients")
        expect(page.get_by_text("Nobody is told of alerts. Add a recipient.")).to_be_visible()
        steps.add_recipient(page, "Duty phone", "duty@hospital.example", "Ward")
    with step("the coordinator screens the patient, and the investigator signs the enrolment"):
        steps.go_to(page, "Enrolment")
        steps.enrol(page, house.devices["dr.chen"], CODE, "61", "Dr Chen")
        screenshot(house.devices["dr.chen"], "whole-path-enrolment")
    with step("the coordinator records the infusion"):
        infused_on = utc_now().astimezone(ZONE).date() - timedelta(days=2)
        steps.go_to(page, "Infusions")
        steps.infuse(page, CODE, infused_on.isoformat(), "10:30")
        screenshot(page, "whole-path-infusion")


def kill_the_worker(vigil: Running) -> None:
    with step("a killed worker is started again"):
        before = vigil.children()
        os.kill(before["worker.py"], signal.SIGKILL)
        vigil.wait_for("The worker ended")
        vigil.wait_for("is ready", times=2)
        assert vigil.children()["app.py"] == before["app.py"]


def enter_a_grade_3(house: House) -> None:
    page = house.devices["nurse.li"]
    with step("the nurse finds the patient on the board"):
        steps.go_to(page, "Board")
        touch(page.get_by_role("button", name=f"Assess {CODE}"))
        expect(page.get_by_role("heading", name=f"Assess {CODE}", level=1)).to_be_visible()
    with step("the grade and its reason stand on the screen before Save"):
        steps.chart_fever_and_norepinephrine(page, COMMENT)
        expect(bar(page).get_by_text("To settle it:").first).to_be_visible()
        screenshot(page, "whole-path-assess")
        touch(page.get_by_role("button", name="Save assessment"))
    with step("the board says what was saved, and who is told"):
        said = page.get_by_text(re.compile(rf"^Saved\. {CODE} at "))
        expect(said).to_contain_text("CRS at least 3")
        expect(said).to_contain_text("1 person is being told now.")
        expect(page.get_by_text(re.compile("^CRS at least 3 since .*, not acknowledged"))).to_be_visible()
        screenshot(page, "whole-path-board")
    with step("the reason stands on the patient's page after Save"):
        touch(page.get_by_role("button", name="Open", exact=True))
        expect(page.get_by_role("heading", name=CODE, level=1)).to_be_visible()
        touch(page.get_by_role("table", name=re.compile("newest first")).get_by_role("link").first)
        expect(page.get_by_role("heading", name=re.compile("^Entry of "))).to_be_visible()
        expect(page.get_by_text(re.compile("norepinephrine .one vasopressor."))).to_be_visible()
        screenshot(page, "whole-path-patient")


def read_the_mail(house: House) -> str:
    """The link of the one mail, after a look at everything the mail says and must not say."""
    house.mail.wait_for(1)
    (mail,) = house.mail.received
    assert mail.recipients == ["duty@hospital.example"]
    assert re.fullmatch(r"P2 at least grade 3 CRS \(A-\d{4}\)", str(mail.message["Subject"]))
    text = words_of(mail, "plain")
    joined = " ".join(text.split())
    # Day 3 when midnight passes during the test.
    assert re.search(
        rf"Patient {CODE} has at least grade 3 CRS, [23] days after the first infusion\.", joined
    )
    assert "Why: Temperature 38.6 °C; norepinephrine (one vasopressor)." in joined
    (link,) = {str(found) for found in re.findall(r"http\S+", text)}
    assert re.fullmatch(rf"{re.escape(house.url)}/alerts\?a=\d+", link)
    html = words_of(mail, "html")
    assert f'href="{link}"' in html
    for name in ("Wang", "bed 12", "Nurse", "nurse.li", "Li,", "Chen", "61", "4711"):
        assert name not in text.replace(link, ""), name  # the port is any number
    for name in ("Wang", "bed 12", "Nurse", "nurse.li", "Chen", "4711"):
        assert name not in html, name
    return link


def words_of(mail: ReceivedMail, kind: str) -> str:
    part = mail.message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def end(vigil: Running) -> None:
    children = vigil.children()
    assert set(children) == {"app.py", "worker.py"}
    vigil.process.send_signal(signal.SIGINT)
    assert vigil.process.wait(timeout=30) == 0
    assert all(is_gone(number) for number in children.values())
    assert "Traceback" not in "".join(vigil.lines)


def answer_the_alert(house: House, link: str) -> None:
    """The investigator opens the mail on a phone nobody has signed in on yet."""
    page = steps.device(house.browser, house.url, size=PHONE, theme="dark")
    page.goto(link)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert CODE not in page.content()
    with step("after sign-in the investigator is at the alert of the mail"):
        steps.sign_in(page, "dr.chen")
        assert page.url == link
        expect(
            page.get_by_role("heading", name=re.compile(f"^{CODE} has at least grade 3 CRS"))
        ).to_be_visible()
        # The alert of the bar, which rests on the same entry, stands below it.
        expect(page.get_by_text("norepinephrine (one vasopressor)").first).to_be_visible()
        told = page.get_by_role("table", name="Who was told. 1 person told.")
        expect(told.get_by_role("row", name="Duty phone")).to_contain_text("250 2.0.0 Ok: queued")
        screenshot(page, "whole-path-alert-phone")
    with step("the alert leads to the patient"):
        touch(page.get_by_role("link", name=f"Open the entry of {CODE}").first)
        wait_until_drawn(page)
        expect(page.get_by_role("heading", name=CODE, level=1)).to_be_visible()
        touch(page.get_by_role("link", name="Open the alert").first)
        wait_until_drawn(page)
    with step("the investigator acknowledges with what was done"):
        steps.acknowledge(page, CODE, "Drug given")
        expect(
            page.get_by_text(
                re.compile(
                    r"^Acknowledged by Dr Chen at .* for grade 3: drug given\. A grade 4 will ask again"
                )
            )
        ).to_be_visible()
        screenshot(page, "whole-path-acknowledged-phone")


def review(house: House) -> None:
    """The committee's sign-in from before the restart still holds."""
    page = house.devices["prof.sun"]
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    with step("the committee sees the event and the day in the grid"):
        page.goto("/safety")
        wait_until_drawn(page)
        events = page.get_by_role("table", name=re.compile("^The grade is the highest of the episode"))
        event = events.get_by_role("row", name=CODE)
        expect(event).to_contain_text("norepinephrine (one vasopressor)")
        expect(event).to_contain_text("not over")
        page.goto("/safety?tab=days&toxicity=crs")
        wait_until_drawn(page)
        touch(page.get_by_text("Show as table: CRS: worst grade by day"))
        grid = page.get_by_role("table", name=re.compile("^CRS after the first infusion"))
        day = grid.get_by_role("link", name=re.compile(f"{CODE}.*at least grade 3"))
        expect(day).to_be_visible()
        screenshot(page, "whole-path-safety")
    with step("a day in the grid opens its entries, and they the patient"):
        touch(day)
        wait_until_drawn(page)
        expect(
            page.get_by_role("heading", name=re.compile(f"^{CODE}, first infusion, day [23]"))
        ).to_be_visible()
        touch(page.get_by_role("link", name=f"Open {CODE}"))
        wait_until_drawn(page)
        expect(page.get_by_role("heading", name=CODE, level=1)).to_be_visible()
        expect(page.get_by_text(re.compile("^CRS 3 acknowledged by Dr Chen at "))).to_be_visible()
        expect(page.get_by_role("button", name=f"Assess {CODE}")).to_have_count(0)
        screenshot(page, "whole-path-committee-patient")
