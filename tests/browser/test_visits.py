"""The visits page in a real browser: a visit recorded by touch, and every part legible and reachable."""

from datetime import timedelta

from playwright.sync_api import Browser, expect

from actions.follow_up import record_follow_up
from clock import utc_now
from db.inputs_follow_up import FollowUpIn
from db.roles import Role
from tests.support import made_up
from tests.support.browser import VigilServer, findings_on_screens
from tests.support.settled import touch, write
from trial.follow_up_facts import FollowUpKind


def infused(server: VigilServer, code: str, days_ago: int) -> int:
    server.use_database()
    infused_at = utc_now() - timedelta(days=days_ago)
    patient_id = made_up.enrol(code, infused_at - timedelta(days=3), sex="F", age_years=61)
    made_up.infuse(patient_id, 1, infused_at)
    return patient_id


def test_a_coordinator_records_a_due_visit_by_touch(vigil_server: VigilServer, browser: Browser) -> None:
    infused(vigil_server, "CART-401", 29)
    on = (utc_now() - timedelta(days=1)).astimezone(vigil_server.settings.zone)
    page = vigil_server.open(browser, Role.COORDINATOR, "/visits?code=CART-401")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="CART-401"))
    expect(row.get_by_text("Due until", exact=False).first).to_be_visible()
    for words in ("Day 28, due", "Took place"):
        touch(page.get_by_test_id("stButtonGroup").get_by_text(words, exact=True))
    write(page.get_by_label("Date of the visit"), f"{on:%Y-%m-%d}")
    touch(page.get_by_test_id("stButtonGroup").get_by_text("Not done", exact=True).last)
    touch(page.get_by_role("button", name="Record the visit of CART-401"))
    expect(page.get_by_text("Day 28 of CART-401 is recorded.")).to_be_visible()
    expect(row.get_by_text("PET/CT not done")).to_be_visible()
    expect(page.get_by_role("heading", name="Endpoints")).to_have_count(0)


def test_axe_finds_nothing_serious(vigil_server: VigilServer, browser: Browser) -> None:
    code = "CART-402"
    infused(vigil_server, code, 100)
    event = FollowUpIn(
        patient_id=code,
        kind=FollowUpKind.PROGRESSION,
        occurred_on=(utc_now() - timedelta(days=20)).astimezone(vigil_server.settings.zone).date(),
    )
    record_follow_up(event, by=vigil_server.actor(Role.INVESTIGATOR), now=utc_now())
    page = vigil_server.open(browser, Role.INVESTIGATOR, f"/visits?code={code}")
    expect(page.get_by_role("heading", name="Endpoints")).to_be_visible()
    touch(page.get_by_text("Change progression of", exact=False))
    assert findings_on_screens(page, "visits") == []
