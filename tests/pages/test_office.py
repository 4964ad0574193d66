"""The office pages in a real browser: enrolment, infusions and stays, recipients."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import select

from actions import context
from actions.patients import enrol_patient, record_infusion
from actions.screening import judge_criteria, record_screening, start_screening
from clock import utc_now
from db.inputs import InfusionIn, PatientIn, Sex
from db.models import AuditEvent, Infusion, Patient, Recipient
from db.queries.office import load_patient, load_stays
from db.roles import SYSTEM, Role
from db.session import reading
from tests.actions.screened import JUDGED, facts_in
from tests.support.browser import (
    TABLET,
    VigilServer,
    axe_violations,
    findings_on_screens,
    give_back_pages,
    screenshot,
    wait_until_drawn,
)
from tests.support.settled import touch, write

__all__ = ["give_back_pages"]

ODD_NAME = "*Ward* :red[7] <b>d</b> $x$"


def local(hours_ago: float) -> tuple[str, str]:
    """A moment in the hospital's zone, as typed."""
    at = (utc_now() - timedelta(hours=hours_ago)).astimezone(context.settings().zone)
    return f"{at:%Y-%m-%d}", f"{at:%H:%M}"


def fill_moment(page: Page | Locator, label: str, moment: tuple[str, str]) -> None:
    for box, text in zip(("date", "time"), moment, strict=True):
        write(page.get_by_label(f"{label}, {box}"), text)


def save(page: Page, button: str) -> None:
    touch(page.get_by_role("button", name=button, exact=True))


def pick(page: Page | Locator, words: str) -> None:
    """Touch one choice of a group."""
    touch(page.get_by_test_id("stButtonGroup").get_by_text(words, exact=True))


def open_form(page: Page, words: str) -> None:
    """Open a folded form that is not open yet."""
    form = page.locator("details").filter(has_text=words).first
    if form.get_attribute("open") is None:
        touch(form.locator("summary"))


def infused(office: VigilServer, code: str) -> int:
    """A patient infused 30 h ago, made by the coordinator when not there yet; the infusion's id."""
    coordinator, now = office.actor(Role.COORDINATOR), utc_now()
    with reading() as session:
        known = load_patient(session, code)
    if known is not None:
        return known.infusions[0].id
    enrol_patient(PatientIn(study_code=code), by=SYSTEM, now=now)
    infused_at = now - timedelta(hours=30)
    typed = InfusionIn(patient_id=code, infusion_number=1, infused_at=infused_at, weight_kg=28)
    return record_infusion(typed, by=coordinator, now=now)


def screened(office: VigilServer, code: str) -> None:
    """A woman who meets every criterion, judged and not yet signed for."""
    coordinator, now = office.actor(Role.COORDINATOR), utc_now()
    entry = PatientIn(study_code=code, sex=Sex.F, age_years=54)
    patient_id = start_screening(entry, by=coordinator, now=now)
    record_screening(patient_id, facts_in(), version=None, by=coordinator, now=now)
    judge_criteria(patient_id, JUDGED, version=1, by=office.actor(Role.INVESTIGATOR), now=now)


def expect_said(page: Page, words: str) -> None:
    expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()
    wait_until_drawn(page)  # what the run before left on the page is gone only now


@pytest.fixture(scope="module")
def office(vigil_server: VigilServer) -> VigilServer:
    """The server with an investigator to choose."""
    vigil_server.account(Role.INVESTIGATOR)
    return vigil_server


def test_a_screening_begins_and_nothing_typed_is_lost(office: VigilServer, browser: Browser) -> None:
    page = office.open(browser, Role.COORDINATOR, "/enrolment")
    open_form(page, "Start a screening")
    write(page.get_by_label("Study code"), "Li Wei")
    write(page.get_by_label("Age in years"), "61")
    pick(page, "Female")
    pick(page, "Investigator Example")
    save(page, "Start screening")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("Study code")).to_have_value("Li Wei")
    expect(page.get_by_label("Age in years")).to_have_value("61")
    screenshot(page, "office-enrolment-refused")
    write(page.get_by_label("Study code"), "CART-006")
    save(page, "Start screening")
    expect_said(page, "CART-006 is in screening.")
    expect(page.get_by_role("heading", name="Facts of CART-006")).to_be_visible()
    page.goto("/enrolment")
    expect(page.get_by_role("heading", name=re.compile(r"Enrolled \(\d of 15 planned\)"))).to_be_visible()
    touch(page.get_by_role("link", name="CART-006"))
    expect(page.get_by_role("heading", name="Facts of CART-006")).to_be_visible()
    with reading() as session:
        patient = session.exec(select(Patient).where(Patient.study_code == "CART-006")).one()
    assert (patient.sex, patient.age_years, patient.enrolled_at) == ("F", 61, None)


def test_a_patient_is_infused_and_followed_and_nothing_typed_is_lost(
    office: VigilServer, browser: Browser
) -> None:
    enrol_patient(PatientIn(study_code="CART-007"), by=SYSTEM, now=utc_now())
    page = office.open(browser, Role.COORDINATOR, "/infusions?code=CART-007")
    fill_moment(page, "Infusion", (local(30)[0], "25:00"))
    write(page.get_by_label("Dose in cells/kg"), "2e6")
    save(page, "Record the first infusion")
    expect(page.get_by_text("Enter the time as 02:30, on the 24 h clock.")).to_be_visible()
    expect(page.get_by_label("Dose in cells/kg")).to_have_value("2e6")
    fill_moment(page, "Infusion", local(30))
    write(page.get_by_label("Weight in kg"), "28")
    save(page, "Record the first infusion")
    expect(page.get_by_text("28", exact=False).filter(has_text="right").first).to_be_visible()
    touch(page.get_by_text("Yes, this is right"))
    save(page, "Record the first infusion")
    expect_said(page, "The first infusion of CART-007 is recorded.")

    pick(page, "Ward")
    fill_moment(page, "From", local(40))
    save(page, "Record stay")
    expect_said(page, "The stay of CART-007 is recorded.")
    touch(page.get_by_text("Record a stay"))
    form = page.locator("details").filter(has_text="Record a stay")
    pick(form, "Home")
    fill_moment(form, "From", local(1))
    touch(form.get_by_text("It ends the running stay"))
    save(page, "Record stay")
    expect(page.get_by_text("Say why the patient goes home before day 14", exact=False)).to_be_visible()
    screenshot(page, "office-stay-refused")
    write(page.get_by_label("Reason", exact=True), "wish of the patient")
    save(page, "Record stay")
    expect_said(page, "The stay of CART-007 is recorded.")
    with reading() as session:
        patient = session.exec(select(Patient).where(Patient.study_code == "CART-007")).one()
        infusion = session.exec(select(Infusion).where(Infusion.patient_id == patient.id)).one()
        stays = load_stays(session, patient.id or 0)
    assert (infusion.dose_cells_per_kg, infusion.weight_kg) == (2e6, 28)
    assert sorted(stay.kind for stay in stays) == ["home", "ward"]
    screenshot(page, "office-infusions")


def test_an_infusion_is_corrected_with_a_reason(office: VigilServer, browser: Browser) -> None:
    infusion_id = infused(office, "CART-020")
    page = office.open(browser, Role.COORDINATOR, "/infusions?code=CART-020")
    touch(page.get_by_text("Correct the first infusion of CART-020"))
    form = page.locator("details").filter(has_text="Correct the first infusion")
    write(form.get_by_label("Lot"), "=A1")
    touch(form.get_by_role("button", name="Correct", exact=True))
    expect(page.get_by_text("Say why the infusion is corrected", exact=False)).to_be_visible()
    expect(form.get_by_label("Lot")).to_have_value("=A1")
    write(form.get_by_label("Why is it corrected"), "lot forgotten")
    touch(form.get_by_role("button", name="Correct", exact=True))
    expect_said(page, "The first infusion of CART-020 is corrected.")
    expect(page.get_by_role("cell", name="lot forgotten")).to_be_visible()
    with reading() as session:
        assert session.get_one(Infusion, infusion_id).version == 2


def test_an_investigator_records_lasting_findings_and_not_who_treats(
    office: VigilServer, browser: Browser
) -> None:
    infused(office, "CART-030")
    page = office.open(browser, Role.INVESTIGATOR, "/enrolment?code=CART-030")
    expect(page.get_by_text("Who treats CART-030")).to_have_count(0)
    signs = page.get_by_test_id("stForm").filter(has_text="Lasting findings of CART-030")
    pick(signs, "None of these")
    pick(signs, "Hypoxia")
    write(page.get_by_label("Note"), "home oxygen 2 L/min")
    save(page, "Save lasting findings")
    expect(page.get_by_text("None of these cannot stand beside a sign.", exact=False)).to_be_visible()
    pick(signs, "None of these")
    save(page, "Save lasting findings")
    expect_said(page, "Lasting findings of CART-030 are recorded.")
    with reading() as session:
        patient = session.exec(select(Patient).where(Patient.study_code == "CART-030")).one()
    assert (patient.lasting_findings, patient.lasting_findings_note) == ("hypoxia", "home oxygen 2 L/min")


def test_recipients_are_added_and_ended_and_odd_names_stay_plain_text(
    office: VigilServer, browser: Browser
) -> None:
    page = office.open(browser, Role.COORDINATOR, "/recipients")
    expect(page.get_by_text("Nobody is told of alerts. Add a recipient.")).to_be_visible()
    write(page.get_by_label("Name"), ODD_NAME)
    write(page.get_by_label("E-mail address"), "ward@hospital.org, other@hospital.org")
    save(page, "Add recipient")
    expect(page.get_by_role("alert").first).to_be_visible()
    write(page.get_by_label("E-mail address"), "ward@hospital.org")
    pick(page, "Ward")
    save(page, "Add recipient")
    expect(page.get_by_role("heading", name="Told now (1)")).to_be_visible()
    expect(page.get_by_role("heading", name=ODD_NAME, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=f"End {ODD_NAME}", exact=True)).to_be_visible()
    touch(page.get_by_role("button", name=f"End {ODD_NAME}", exact=True))
    touch(page.get_by_role("button", name="End now"))
    expect(page.get_by_text("is the last recipient", exact=False)).to_be_visible()
    touch(page.get_by_text("Add a recipient"))
    write(page.get_by_label("Name"), "Dr Wu")
    write(page.get_by_label("E-mail address"), "wu@hospital.org")
    pick(page, "Principal investigator")
    save(page, "Add recipient")
    expect(page.get_by_role("heading", name="Told now (2)")).to_be_visible()
    touch(page.get_by_role("button", name=f"End {ODD_NAME}", exact=True))
    touch(page.get_by_role("button", name="End now"))
    expect(page.get_by_role("heading", name="Told before (1)")).to_be_visible()
    screenshot(page, "office-recipients")
    with reading() as session:
        assert len(session.exec(select(Recipient)).all()) == 2
        assert len(session.exec(select(AuditEvent).where(AuditEvent.action == "end_recipient")).all()) == 1


def test_a_recipient_begins_later_and_the_steps_say_whom_they_reach(
    office: VigilServer, browser: Browser
) -> None:
    page = office.open(browser, Role.COORDINATOR, "/recipients")
    open_form(page, "Add a recipient")
    if page.get_by_text("Nobody is told of alerts.", exact=False).count():
        write(page.get_by_label("Name"), "Dr Li")
        write(page.get_by_label("E-mail address"), "li@hospital.org")
        pick(page, "Treating investigator")
        save(page, "Add recipient")
        expect_said(page, "Dr Li is told of every alert from now on.")
        open_form(page, "Add a recipient")
    write(page.get_by_label("Name"), "Dr Sun")
    write(page.get_by_label("E-mail address"), "sun@hospital.org\u00a0x")
    pick(page, "Deputy investigator")
    fill_moment(page, "Told from", local(48))
    save(page, "Add recipient")
    expect(page.get_by_text("Address must be one e-mail address without spaces", exact=False)).to_be_visible()
    write(page.get_by_label("E-mail address"), "sun@hospital.org")
    save(page, "Add recipient")
    expect(page.get_by_text("Told from must not be in the past.", exact=False)).to_be_visible()
    fill_moment(page, "Told from", local(-48))
    save(page, "Add recipient")
    expect_said(page, "Dr Sun is told of alerts from ")
    expect(page.get_by_role("heading", name="Told from later on (1)")).to_be_visible()
    steps = page.get_by_role("table", name=re.compile("^P3: a problem of the program"))
    expect(steps).to_contain_text("Deputy investigator: nobody")
    groups = page.get_by_text(re.compile("^Groups with nobody: .*deputy investigator"))
    expect(groups).to_be_visible()
    screenshot(page, "office-recipients-later")


@pytest.mark.parametrize("path", ["/enrolment?code=CART-040", "/infusions?code=CART-040", "/recipients"])
def test_no_page_breaks_a_serious_rule_of_axe(office: VigilServer, browser: Browser, path: str) -> None:
    infused(office, "CART-040")
    page = office.open(browser, Role.COORDINATOR, path)
    name = f"office{path.split('?')[0].replace('/', '-')}"
    assert findings_on_screens(page, name, (("light", TABLET), ("dark", TABLET))) == []


def test_the_criteria_and_the_signature_break_no_serious_rule_of_axe(
    office: VigilServer, browser: Browser
) -> None:
    screened(office, "CART-041")
    page = office.open(browser, Role.INVESTIGATOR, "/enrolment?code=CART-041", theme="dark")
    touch(page.get_by_text("Judge what the protocol leaves open for CART-041"))
    touch(page.get_by_text("All 2 versions of the facts"))
    expect(page.get_by_role("table", name="Versions of the facts, newest first")).to_be_visible()
    screenshot(page, "office-enrolment-eligible-dark")
    assert axe_violations(page) == []
    write(page.get_by_label("Your password"), "another one here")
    save(page, "Sign and enrol CART-041")
    expect(page.get_by_text("The password is not right. Nothing was signed.")).to_be_visible()
    expect(page.get_by_label("Your password")).to_have_value("")


def test_a_nurse_reads_that_these_pages_are_not_hers(office: VigilServer, browser: Browser) -> None:
    infused(office, "CART-050")
    page = office.open(browser, Role.WARD, "/enrolment")
    for path in ("/infusions?code=CART-050", "/recipients", "/enrolment?code=CART-050"):
        page.goto(path)
        expect(page.get_by_text("does not have this page", exact=False)).to_be_visible()
        expect(page.get_by_text("CART-050")).to_have_count(0)


def test_a_screening_is_started_by_keyboard_alone(office: VigilServer, browser: Browser) -> None:
    page = office.open(browser, Role.COORDINATOR, "/enrolment")
    summary = page.locator("summary").filter(has_text="Start a screening")
    summary.focus()
    if not page.get_by_label("Study code").is_visible():  # it begins open where nobody is known
        page.keyboard.press("Enter")
    expect(page.get_by_label("Study code")).to_be_visible()
    page.get_by_label("Study code").focus()
    page.keyboard.type("CART-008")
    page.keyboard.press("Tab")  # sex
    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.innerText").strip() == "Start screening":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_said(page, "CART-008 is in screening.")
