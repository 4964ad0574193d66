"""The visits page in a real browser: a visit recorded by touch, and every part legible and reachable."""

from datetime import timedelta
from itertools import count

from playwright.sync_api import Browser, expect

from actions.follow_up import record_follow_up
from clock import utc_now
from db.inputs_follow_up import FollowUpIn
from db.roles import Role
from tests.support import made_up
from tests.support.browser import VigilServer, findings_on_screens
from tests.support.settled import touch, write
from trial.follow_up_facts import FollowUpKind

CODES = (f"CART-{number}" for number in count(401))


def infused(server: VigilServer, code: str, days_ago: int) -> int:
    server.use_database()
    infused_at = utc_now() - timedelta(days=days_ago)
    patient_id = made_up.enrol(code, infused_at - timedelta(days=3), sex="F", age_years=61)
    made_up.infuse(patient_id, 1, infused_at)
    return patient_id


def progressed(server: VigilServer, code: str, days_ago: int) -> None:
    at = utc_now() - timedelta(days=days_ago)
    event = FollowUpIn(
        patient_id=code,
        kind=FollowUpKind.PROGRESSION,
        occurred_on=at.astimezone(server.settings.zone).date(),
    )
    record_follow_up(event, by=server.actor(Role.INVESTIGATOR), now=utc_now())


def test_every_part_reads_on_the_tablet_and_a_due_visit_is_recorded_by_touch(
    vigil_server: VigilServer, browser: Browser
) -> None:
    code = next(CODES)
    infused(vigil_server, code, 29)
    progressed(vigil_server, code, 20)
    on = (utc_now() - timedelta(days=1)).astimezone(vigil_server.settings.zone)
    page = vigil_server.open(browser, Role.INVESTIGATOR, f"/visits?code={code}")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=code))
    expect(row.get_by_text("Due until", exact=False).first).to_be_visible()
    for words in ("Day 28, due", "Took place"):
        touch(page.get_by_test_id("stButtonGroup").get_by_text(words, exact=True))
    expect(page.get_by_role("heading", name="Endpoints")).to_be_visible()
    touch(page.get_by_text("Change progression of", exact=False))
    assert findings_on_screens(page, "visits") == []
    write(page.get_by_label("Date of the visit"), f"{on:%Y-%m-%d}")
    touch(page.get_by_test_id("stButtonGroup").get_by_text("Not done", exact=True).last)
    touch(page.get_by_role("button", name=f"Record the visit of {code}"))
    expect(page.get_by_text(f"Day 28 of {code} is recorded.")).to_be_visible()
    expect(row.get_by_text("PET/CT not done").first).to_be_visible()
