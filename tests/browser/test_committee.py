"""A committee member's ten minutes: what is new, its patient, a decision on a rule, a signed report."""

import io
import os
import re
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from clock import utc_now
from db.roles import Role
from tests.browser import steps
from tests.browser.steps import step
from tests.browser.ward import choice_of
from tests.support import made_up, made_up_trial
from tests.support.browser import (
    DESK,
    PASSWORD,
    VigilServer,
    axe_violations,
    give_back_pages,
    screenshot,
    vigil_server,
    wait_until_drawn,
)
from tests.support.settled import touch, write

__all__ = ["give_back_pages", "vigil_server"]

CODE = "CART-006"
ITEM = "CRS grade 3 after the second infusion"
COMMENT = "Tocilizumab was given in time. Ask for the trough pressure."
REASON = "Three of four after the second infusion. No further one before the dose is discussed."


@pytest.mark.timeout(240)
def test_a_member_sees_the_new_grade_3_decides_on_the_rule_and_signs_the_report(
    vigil_server: VigilServer, browser: Browser
) -> None:
    infusion = a_trial_one_event_below_the_limit(vigil_server)
    page = steps.device(browser, vigil_server.url, size=DESK)
    with step("a member signs in and looks at everything there is"):
        page.goto("/")
        steps.sign_in(page, "committee")
        expect(page.get_by_role("heading", name="Safety", level=1)).to_be_visible()
        steps.go_to(page, "Review")
        expect(page.get_by_text("You have not looked before.")).to_be_visible()
        touch(page.get_by_role("button", name="I have seen what changed"))
        expect(page.get_by_text("0 items have changed since then.")).to_be_visible()
    with step("meanwhile the ward charts a grade 3"):
        made_up.assess(*infusion, [(utc_now(), made_up_trial.CRS_3)], entered_after=timedelta(0))
    review_the_new_event(page)
    decide_on_the_rule(page)
    report = make_and_sign_the_report(page)
    assert any(CODE in sheet.extract_text() for sheet in PdfReader(io.BytesIO(report)).pages)
    page.context.close()


def a_trial_one_event_below_the_limit(server: VigilServer) -> tuple[int, int]:
    """Two of four events after the second infusion; CART-006 and that infusion, three days ago."""
    server.account(Role.COMMITTEE)
    now = utc_now()
    made_up_trial.small_trial(now)
    second_infusion(now, "CART-005", 20, made_up_trial.CRS_3)
    return second_infusion(now, CODE, 3, made_up_trial.CRS_1)


def second_infusion(now: datetime, code: str, days_ago: int, charted: Mapping[str, Any]) -> tuple[int, int]:
    """A patient whose second infusion was so long ago, charted two days later."""
    again = now - timedelta(days=days_ago)
    patient_id, (_, infusion_id) = made_up_trial.infused(code, again - timedelta(days=45), again)
    made_up.assess(patient_id, infusion_id, [(again + timedelta(days=2), charted)])
    return patient_id, infusion_id


def review_the_new_event(page: Page) -> None:
    with step("the new grade 3 is marked, and leads to its patient"):
        page.reload()
        wait_until_drawn(page)
        expect(
            page.get_by_text(re.compile(r"^You last looked on .*\. 1 item has changed since"))
        ).to_be_visible()
        frame = framed(page)
        expect(frame.get_by_text("New since your last look.", exact=False)).to_be_visible()
        screenshot(page, "committee-1-review-new")
        assert axe_violations(page) == []
        touch(frame.get_by_role("link", name=f"Open {CODE}"))
        wait_until_drawn(page)
        expect(page.get_by_role("heading", name=CODE, level=1)).to_be_visible()
        expect(page.get_by_text("norepinephrine (one vasopressor)", exact=False).first).to_be_visible()
        screenshot(page, "committee-2-patient")
    with step("the member comments, and ticks it off"):
        steps.go_to(page, "Review")
        touch(framed(page).get_by_text("Comment", exact=True))
        write(framed(page).get_by_label("Comment"), COMMENT)
        touch(framed(page).get_by_role("button", name="Keep comment"))
        expect(page.get_by_text(f"The comment on {CODE} is kept.")).to_be_visible()
        expect(framed(page).get_by_text(COMMENT)).to_be_visible()
        touch(framed(page).get_by_role("button", name=f"Reviewed: {CODE}"))
        expect(page.get_by_role("heading", name="Reviewed (1)")).to_be_visible()
        screenshot(page, "committee-3-review-done")


def framed(page: Page) -> Locator:
    """The frame of the item in the review."""
    return page.get_by_test_id("stVerticalBlock").filter(has_text=f"{CODE} {ITEM}").last


def decide_on_the_rule(page: Page) -> None:
    reached = page.get_by_text("This rule is reached by the immediate reading; windows are still open")
    with step("the rule is reached, and the decision needs the right password"):
        steps.go_to(page, "Stopping")
        expect(reached).to_have_text(re.compile("3 events among 4, the limit is 3"))
        screenshot(page, "committee-4-stopping-reached")
        assert axe_violations(page) == []
        form = page.locator("details").filter(has_text="Record a decision of the committee").first
        touch(choice_of(form, "Decision", "Pause further infusions"))
        write(form.get_by_label("Reasons"), REASON)
        write(form.get_by_label("Your password"), "not the password")
        touch(form.get_by_role("button", name="Sign the decision"))
        expect(form.get_by_text("The password is not right. Nothing was signed.")).to_be_visible()
    with step("the signed decision settles the rule"):
        write(form.get_by_label("Your password"), PASSWORD)
        touch(form.get_by_role("button", name="Sign the decision"))
        expect(
            page.get_by_text("The decision is recorded and signed: pause further infusions.")
        ).to_be_visible()
        expect(reached).to_have_count(0)
        decided = page.get_by_role("row", name="Pause further infusions")
        expect(decided).to_contain_text(REASON)
        expect(decided).to_contain_text(CODE)
        screenshot(page, "committee-5-stopping-decided")


def make_and_sign_the_report(page: Page) -> bytes:
    """The PDF of the open part, as it was downloaded."""
    with step("one touch makes the report"):
        steps.go_to(page, "Report")
        touch(page.get_by_role("button", name="Make report"))
        expect(page.get_by_text("Report 1 is made. Read it, then sign it.")).to_be_visible()
        expect(page.get_by_text("Nobody has signed this report.")).to_be_visible()
    with step("the member takes the PDF"), page.expect_download() as downloading:
        touch(page.get_by_role("link", name="PDF, report 1").first)
    assert downloading.value.suggested_filename == "vigil-report-1-open.pdf"
    with step("the member signs it with the password again"):
        touch(page.get_by_text("Sign report 1", exact=True).first)
        write(page.get_by_label("Your password"), PASSWORD)
        touch(page.get_by_role("button", name="Sign report 1"))
        expect(page.get_by_text("Report 1 is signed.")).to_be_visible()
        signature = page.get_by_role("row", name="Committee Example safety")
        expect(signature).to_contain_text("I have reviewed this report")
        with page.expect_download() as sheet:
            touch(page.get_by_role("link", name="Signatures of report 1 (PDF)"))
        words = PdfReader(sheet.value.path()).pages[0].extract_text()
        assert "Committee Example" in words
        assert "vigil-report-1-open.pdf" in words
        screenshot(page, "committee-6-report-signed")
        assert axe_violations(page) == []
    return keep_report(downloading.value.path())


def keep_report(path: Path) -> bytes:
    """The file's content; a copy beside the screenshots, where those are kept, to be looked at."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        shutil.copy(path, Path(folder) / "committee-report.pdf")
    return path.read_bytes()
