"""The treatments page in a real browser: recorded, warned of, ended with one touch, on the tablet."""

import re
from datetime import timedelta

from playwright.sync_api import Browser, Locator, Page, expect

from actions.treatments import record_treatment
from clock import utc_now
from db.inputs_treatment import TreatmentIn
from db.roles import Role
from tests.browser.scenes import FEVER
from tests.browser.ward import patient
from tests.support.browser import VigilServer, findings_on_screens
from tests.support.settled import touch, write


def pick(page: Page, words: str) -> None:
    """Touch one choice of a group."""
    touch(page.get_by_test_id("stButtonGroup").get_by_text(words, exact=True))


def sized_for_fingers(targets: Locator) -> bool:
    """Whether everything that is touched is 44 px high at least."""
    boxes = [targets.nth(number).bounding_box() for number in range(targets.count())]
    return bool(boxes) and all(box is not None and box["height"] >= 44 for box in boxes)


def give(server: VigilServer, code: str, hours_ago: float, **typed: object) -> None:
    started_at = utc_now() - timedelta(hours=hours_ago)
    entry = TreatmentIn.model_validate({"patient_id": code, "started_at": started_at, **typed})
    record_treatment(entry, by=server.actor(Role.WARD), now=utc_now())


def test_it_reads_on_the_tablet_and_a_dose_beyond_a_limit_is_asked_once_more(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code, _, _ = patient(vigil_server, [(8, FEVER)])
    give(vigil_server, code, 30, drug="dexamethasone", giving="repeated", every_hours=6)
    give(vigil_server, code, 3, drug="tocilizumab", giving="once", dose=560, dose_unit="mg")
    give(vigil_server, code, 2, drug="norepinephrine", giving="running")
    page = vigil_server.open(browser, Role.INVESTIGATOR, f"/treatments?code={code}")
    for words in ("Tocilizumab", "One dose", "Earlier"):
        pick(page, words)
    expect(page.get_by_label("Given, date")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert sized_for_fingers(page.get_by_test_id("stButtonGroup").get_by_role("radio"))
    assert sized_for_fingers(page.get_by_role("button", name=re.compile("^End ")))
    assert findings_on_screens(page, "treatments") == []
    touch(page.get_by_test_id("stButtonGroup").get_by_text(re.compile(r"^Now \(")))
    write(page.get_by_label("Dose in mg"), "900")
    touch(page.get_by_role("button", name="Record tocilizumab"))
    expect(page.get_by_text("Tocilizumab 900 mg is above the maximum of 800 mg")).to_be_visible()
    touch(page.get_by_text("Yes, this is right"))
    touch(page.get_by_role("button", name="Record tocilizumab"))
    expect(page.get_by_role("status").filter(has_text="Tocilizumab is recorded.")).to_be_visible()
    touch(page.get_by_role("button", name="End norepinephrine now"))
    expect(page.get_by_role("status").filter(has_text="Norepinephrine ended at")).to_be_visible()
