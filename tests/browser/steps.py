"""What people do on the pages, one function a deed: each leaves the page where the deed ends."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.ward import bar, choice_of, fill
from tests.support.browser import PASSWORD, TABLET, wait_until_drawn
from tests.support.settled import DRAWN_WITHIN_MS, fill_form, touch, watch, write

_IS_UNCOVERED = """e => {
  const box = e.getBoundingClientRect();
  return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === e;
}"""


@contextmanager
def step(words: str) -> Iterator[None]:
    """A step of a long test; a failure inside it says in `words` how far it had come."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"The step that failed: {words}")
        raise


def device(browser: Browser, url: str, *, size: tuple[int, int] = TABLET, theme: str = "light") -> Page:
    """An empty page on a device of its own, on which nobody has signed in yet."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,  # type: ignore[arg-type]
    )
    context.set_default_timeout(DRAWN_WITHIN_MS)
    return watch(context).new_page()


def set_up(page: Page, code: str, username: str, display_name: str) -> None:
    """Make the first administrator with the code of the console."""
    page.goto("/")
    expect(page.get_by_role("heading", name="First start")).to_be_visible()
    typed = {
        "Set-up code": code,
        "Username": username,
        "Name shown to others": display_name,
        "Password": PASSWORD,
        "Password once more": PASSWORD,
    }
    fill_form(page.locator("form"), typed)
    touch(page.get_by_role("button", name="Make the administrator"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill the sign-in page that is open."""
    fill_form(page.locator("form"), {"Username": username, "Password": password})
    touch(page.get_by_role("button", name="Sign in"))
    wait_until_drawn(page)


def add_account(page: Page, username: str, display_name: str, role: str) -> str:
    """On the accounts page: make an account; the one-time code for its password."""
    touch(page.get_by_text("Add an account"))
    typed = {"Username": username, "Name shown to others": display_name}
    fill_form(page.get_by_test_id("stForm"), typed, [page.get_by_role("radio", name=role)])
    touch(page.get_by_role("button", name="Add account"))
    expect(page.get_by_role("heading", name=f"One-time code for {username}")).to_be_visible()
    code = page.get_by_test_id("stCode").inner_text().strip()
    touch(page.get_by_role("button", name="I have noted it"))
    expect(page.get_by_text(code)).to_have_count(0)
    wait_until_drawn(page)
    expect(page.get_by_text(f"{display_name}, {role.lower()}. No password yet.")).to_be_visible()
    return code


def begin(page: Page, username: str, code: str) -> None:
    """On a device of one's own: set the password with the one-time code, and sign in with it."""
    page.goto("/sign-in")
    touch(page.get_by_role("link", name="Set a password with a one-time code"))
    typed = {
        "Username": username,
        "One-time code": code,
        "New password": PASSWORD,
        "New password once more": PASSWORD,
    }
    fill_form(page.locator("form"), typed)
    touch(page.get_by_role("button", name="Set password"))
    expect(page.get_by_text("The password is set. Sign in with it.")).to_be_visible()
    fill_form(page.locator("form"), {"Password": PASSWORD})
    touch(page.get_by_role("button", name="Sign in"))
    wait_until_drawn(page)


def go_to(page: Page, title: str) -> None:
    """Follow the navigation at the top."""
    expect(page.get_by_test_id("stTopNavLink").first).to_be_visible()
    side_by_side = page.get_by_test_id("stTopNavLink").get_by_text(title, exact=True)
    behind_a_word = page.get_by_test_id("stTopNavDropdownLink").get_by_text(title, exact=True)
    # Streamlit keeps an inert copy of the words to measure how many have room.
    words = page.locator('[data-testid="stTopNavSection"]:not([inert], [inert] *)').filter(visible=True)
    for word in words.all():
        if side_by_side.or_(behind_a_word).filter(visible=True).count():
            break
        word.click()
        page.get_by_test_id("stTopNavPopoverBody").filter(visible=True).wait_for()
    touch(side_by_side.or_(behind_a_word).filter(visible=True))
    expect(page).to_have_url(re.compile("/$" if title == "Board" else f"/{title.lower()}$"))
    wait_until_drawn(page)


def add_recipient(page: Page, name: str, address: str, group: str) -> None:
    """On the recipients page: one more address that alerts go to."""
    typed = {"Name": name, "E-mail address": address}
    fill_form(page.get_by_test_id("stForm"), typed, [page.get_by_role("radio", name=group)])
    touch(page.get_by_role("button", name="Add recipient"))
    expect(page.get_by_text(f"{name} is told of every alert from now on.")).to_be_visible()
    expect(page.get_by_role("heading", name="Told now (1)")).to_be_visible()


def enrol(coordinator: Page, investigator: Page, code: str, age: str, treating: str) -> None:
    """On the enrolment pages of both: a woman is screened, judged, found eligible and signed for."""
    start_screening(coordinator, code, age, treating)
    record_facts(coordinator, code)
    go_to(investigator, "Enrolment")
    choose_patient(investigator, code)
    judge(investigator, code)
    sign_enrolment(investigator, code)


def start_screening(page: Page, code: str, age: str, treating: str) -> None:
    """On the enrolment page: a study code, a woman's age and who treats her."""
    form = open_form(page, "Start a screening")
    choices = [form.get_by_role("radio", name=name) for name in ("Female", treating)]
    fill_form(form, {"Study code": code, "Age in years": age}, choices)
    touch(form.get_by_role("button", name="Start screening"))
    expect(page.get_by_text(f"{code} is in screening. Record the facts below.")).to_be_visible()


def choose_patient(page: Page, code: str) -> None:
    """In the list of patients of an office page."""
    touch(page.get_by_label("Patient", exact=True))
    touch(page.get_by_role("option", name=code))


FACTS: Final[Mapping[str, str]] = {
    "Weight, kg": "61.5",
    "Measurable lesions, number": "2",
    "Haemoglobin, g/L": "101",
    "Neutrophils, 10^9/L": "2.4",
    "Platelets, 10^9/L": "130",
    "Creatinine, umol/L": "70",
    "ULN of creatinine, umol/L": "84",
    "Bilirubin, umol/L": "12",
    "ULN of bilirubin, umol/L": "21",
    "ALT, U/L": "24",
    "ULN of ALT, U/L": "40",
    "AST, U/L": "30",
    "ULN of AST, U/L": "35",
    "LVEF, %": "62",
    "SpO2 on room air, %": "97",
}
ANSWERS: Final[Mapping[str, str]] = {
    "ECOG": "1",
    "Histology (WHO 2016)": "Diffuse large B-cell lymphoma",
    "Course so far": "At least one relapse",
    "Congestive heart failure": "No heart failure",
    "Stroke or TIA, ever": "No",
    "Myocardial infarction, ever": "No",
    "Serum pregnancy test": "Negative",
    "Another malignancy, now or before": "No",
    "Active infection": "No",
    "Axi-cel before this trial": "No",
    "Life expectancy above 12 weeks": "Yes",
    "Venous access for leukapheresis": "Yes",
    "Unstable angina": "No",
    "Severe arrhythmia needing drugs": "No",
    "Unstable hepatic, renal or metabolic disorder": "No",
}
"""What settles every criterion that a person does not judge; question or box -> what is typed or touched."""


def record_facts(page: Page, code: str) -> None:
    """On the enrolment page of a woman in screening: everything that is asked, and recorded."""
    form = page.locator("details").filter(has_text=f"Record the facts of {code}").first
    fill_form(form, FACTS, (choice_of(form, question, choice) for question, choice in ANSWERS.items()))
    touch(form.get_by_role("button", name=f"Record the facts of {code}"))
    expect(page.get_by_text(f"The facts of {code} are recorded and judged.")).to_be_visible()


def judge(page: Page, code: str) -> None:
    """On the enrolment page, as an investigator: nothing stands in the way, with a reason each time."""
    subjects = ("consent and compliance", "comorbidity", "another risk")
    reasons = {f"Reason, on {subject}": "nothing found on history and examination" for subject in subjects}
    questions = ("Anything that impairs consent", "Uncontrolled comorbidity", "Another unacceptable risk")
    form = page.get_by_test_id("stForm").filter(has_text=questions[0])
    fill_form(form, reasons, [choice_of(form, question, "No") for question in questions])
    touch(page.get_by_role("button", name=f"Record the judgements on {code}"))
    expect(page.get_by_text(f"The judgements on {code} are recorded.")).to_be_visible()


def sign_enrolment(page: Page, code: str) -> None:
    """On the enrolment page of somebody eligible, as an investigator: the password again, and enrolled."""
    expect(page.get_by_text("Eligible: every criterion speaks for enrolment.").first).to_be_visible()
    write(page.get_by_label("Your password"), PASSWORD)
    touch(page.get_by_role("button", name=f"Sign and enrol {code}"))
    expect(
        page.get_by_text(f"{code} is enrolled. Record the infusion on the page Infusions.")
    ).to_be_visible()


def infuse(page: Page, code: str, on: str, at: str, which: str = "first") -> None:
    """On the infusions page: an infusion of a patient, at a date and time of the hospital."""
    choose_patient(page, code)
    record_infusion(page, on, at, which)
    said = page.get_by_text(f"The {which} infusion of {code} is recorded.", exact=False)
    expect(said).to_be_in_viewport()
    assert said.evaluate(_IS_UNCOVERED), "the page's header covers what was said"


def record_infusion(page: Page, on: str, at: str, which: str) -> None:
    """Fill the form of one infusion of the patient who is chosen, and send it."""
    form = open_form(page, f"Record the {which} infusion")
    typed = {
        "Infusion, date": on,
        "Infusion, time": at,
        "Weight in kg": "61.5",
        "Dose in cells/kg": "2e6",
        "Lot": "LOT-4711",
        "Baseline ICE, 0 to 10": "10",
    }
    fill_form(form, typed)
    touch(form.get_by_role("button", name=f"Record the {which} infusion"))


def open_form(page: Page, words: str) -> Locator:
    """A folded form of an office page, open."""
    form = page.locator("details").filter(has_text=words).first
    if form.get_attribute("open") is None:
        touch(form.locator("summary"))
    return form


def chart_fever_and_norepinephrine(page: Page, comment: str) -> None:
    """On the assess page: fever, a vasopressor and a comment; the grade and its reason stand at once."""
    fill(page, "Temperature (°C)", "38.6")
    touch(choice_of(page, "Support for blood pressure", "Vasopressor"))
    touch(choice_of(page, "Which vasopressors are running?", "norepinephrine"))
    expect(bar(page).get_by_text("CRS at least grade 3")).to_be_visible()
    expect(bar(page)).to_contain_text("norepinephrine (one vasopressor)")
    touch(page.get_by_text("Another cause, judgement, comment"))
    fill(page, "Comment", comment)


def acknowledge(page: Page, code: str, done: str) -> None:
    """On the alerts page: one touch that says what was done."""
    touch(
        page.get_by_role("radiogroup", name=f"acknowledges {code} at grade 3").get_by_text(done, exact=True)
    )
