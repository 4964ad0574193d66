"""The page of adverse events, run without a browser: record, judge, report, and what each role may do."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from actions import context
from actions.events import record_event
from actions.sae_reports import record_notification
from clock import utc_now
from db.inputs_event import EventIn, NotificationIn
from db.models import User
from db.queries.events import EventRecord, load_events
from db.queries.sae import load_notifications, load_report_pdf, load_reports
from db.roles import Actor, Role
from db.session import reading, writing
from settings import Settings
from tests.support import made_up
from tests.support.pages import open_page, ran, words_of
from trial.event_facts import Causality, InfectionTreatment, Outcome, SeriousCriterion
from trial.protocol import load_protocol

CODE = "CART-007"
SHOCK = {**made_up.WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}


@pytest.fixture
def people(sqlite_database: str, tmp_path: Path) -> dict[Role, Actor]:
    """An investigator, a coordinator and a member of the committee; a patient with CRS 3 two days ago."""
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    made = {}
    with writing() as session:
        for role in (Role.INVESTIGATOR, Role.COORDINATOR, Role.COMMITTEE):
            user = User(
                username=role.value, display_name=f"Example {role.value}", role=role, created_at=utc_now()
            )
            session.add(user)
            session.flush()
            made[role] = Actor(user.id, user.username, user.display_name, role)
    now = utc_now()
    patient_id = made_up.enrol(CODE, now - timedelta(days=20))
    infusion_id = made_up.infuse(patient_id, 1, now - timedelta(days=4))
    courses = ((60, SHOCK), (50, made_up.WELL), (30, made_up.WELL))
    made_up.assess(
        patient_id, infusion_id, [(now - timedelta(hours=hours), values) for hours, values in courses]
    )
    return made


def a_serious_event(people: dict[Role, Actor], *, hours_ago: float, term: str = "Sepsis") -> str:
    """A serious infection that the site learned of so long ago; its stable id."""
    now = utc_now()
    aware_at = now - timedelta(hours=hours_ago)
    entry = EventIn.model_validate(
        {
            "patient_id": CODE,
            "term": term,
            "grade": 3,
            "onset_on": aware_at.astimezone(context.settings().zone).date(),
            "is_ongoing": True,
            "is_infection": True,
            "organism": "Escherichia coli",
            "is_serious": True,
            "serious_criteria": "hospitalisation",
            "aware_at": aware_at,
        }
    )
    return record_event(entry, by=people[Role.COORDINATOR], now=now)


def events() -> list[EventRecord]:
    with reading() as session:
        return load_events(session)


def pick(app: AppTest, label: str, value: object) -> None:
    """Touch one choice of a group."""
    (group,) = (one for one in app.button_group if one.label == label)
    group.set_value(value)
    ran(app.run())


def write(app: AppTest, label: str, text: str) -> None:
    (box,) = (one for one in [*app.text_input, *app.text_area] if one.label == label)
    box.set_value(text)


def press(app: AppTest, words: str) -> AppTest:
    (button,) = (one for one in app.button if one.label == words)
    return ran(button.click().run())


def choose(app: AppTest, label: str, value: str) -> None:
    (box,) = (one for one in app.selectbox if one.label == label)
    box.set_value(value)
    ran(app.run())


def open_events(monkeypatch: pytest.MonkeyPatch, actor: Actor, **query: str) -> AppTest:
    return open_page(monkeypatch, "office/events.py", actor, query)


def test_the_list_shows_episodes_as_derived_and_nobody_s_clock(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = words_of(open_events(monkeypatch, people[Role.INVESTIGATOR]))
    assert "Serious events to report (0) No serious event waits for its report." in shown
    assert "CRS from the assessments" in shown
    assert "not judged" in shown
    assert "Choose a patient to record an event." in shown


def test_an_infection_is_recorded_by_its_term_and_only_its_grades_are_offered(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_events(monkeypatch, people[Role.COORDINATOR], code=CODE)
    choose(app, "Event", "Bacteremia")
    (grades,) = (one for one in app.button_group if one.label == "Grade")
    assert list(grades.options) == ["2"]
    choose(app, "Event", "Lung infection (pneumonia)")
    assert "Lung infection in CTCAE v5.0" in words_of(app)
    assert "IV antibiotic, antifungal, or antiviral intervention indicated" in words_of(app)
    pick(app, "Grade", 3)
    today = utc_now().astimezone(context.settings().zone).date()
    write(app, "Onset", (today - timedelta(days=1)).isoformat())
    write(app, "Organism", "Klebsiella pneumoniae")
    press(app, "Save event")
    assert "Say whether the event is serious: yes or no." in words_of(app)
    assert "Say whether the event goes on; where it does not, enter its end." in words_of(app)
    assert events() == []
    pick(app, "Does it go on?", True)
    pick(app, "Serious", False)
    pick(app, "Treatment of the infection", InfectionTreatment.ORAL)
    press(app, "Save event")
    assert "CTCAE grades an infection with oral treatment 2; 3 is chosen. Is it right?" in words_of(app)
    (confirm,) = app.checkbox
    confirm.check()
    press(app, "Save event")
    assert f"Lung infection of {CODE} is recorded." in words_of(app)
    (stored,) = events()
    assert (stored.term, stored.grade, stored.organism, stored.is_infection) == (
        "Lung infection",
        3,
        "Klebsiella pneumoniae",
        True,
    )
    assert (stored.neutropenic, stored.outcome, stored.is_serious) == (None, None, False)


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("CRS (from the assessments)", "CRS"),
        ("ICANS (from the assessments)", "ICANS"),
        ("Another term, by its name", "ICANS"),
    ],
)
def test_crs_and_icans_are_answered_and_never_entered(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch, name: str, scale: str
) -> None:
    app = open_events(monkeypatch, people[Role.COORDINATOR], code=CODE)
    choose(app, "Event", name)
    if name.startswith("Another"):
        write(app, "Name of the event", "ICANS grade 2")
        ran(app.run())
    assert f"{scale} is not entered here: its episodes come from the assessments." in words_of(app)
    assert [button.label for button in app.button] == []


def test_another_term_is_recorded_by_its_name(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_events(monkeypatch, people[Role.COORDINATOR], code=CODE)
    choose(app, "Event", "Another term, by its name")
    assert [button.label for button in app.button] == []
    write(app, "Name of the event", "Hiccups")
    ran(app.run())
    for label, value in (
        ("Grade", 1),
        ("Is it an infection?", False),
        ("Does it go on?", False),
        ("Serious", False),
    ):
        pick(app, label, value)
    today = utc_now().astimezone(context.settings().zone).date().isoformat()
    write(app, "Onset", today)
    write(app, "End", today)
    press(app, "Save event")
    (stored,) = events()
    assert (stored.term, stored.grade, stored.ended_on, stored.is_infection) == (
        "Hiccups",
        1,
        stored.onset_on,
        False,
    )


def test_what_runs_out_first_stands_first(people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    a_serious_event(people, hours_ago=2, term="Sepsis")
    a_serious_event(people, hours_ago=25.5, term="Lung infection")
    shown = words_of(open_events(monkeypatch, people[Role.COMMITTEE]))
    assert "Serious events to report (2)" in shown
    assert shown.index("Report overdue by 1 h 30 min") < shown.index("in 21 h 5")
    assert shown.index(f"{CODE}: Lung infection, grade 3") < shown.index(f"{CODE}: Sepsis, grade 3")


def test_a_report_is_made_downloaded_and_told_and_the_clock_stops(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    stable_id = a_serious_event(people, hours_ago=2)
    app = open_events(monkeypatch, people[Role.INVESTIGATOR], event=stable_id)
    assert "No report is made yet." in words_of(app)
    press(app, "Make version 1")
    assert "Tell what happened" in words_of(app)
    write(app, "What happened", "Chills and hypotension; meropenem.")
    press(app, "Make version 1")
    with reading() as session:
        (report,) = load_reports(session)[stable_id]
        pdf = load_report_pdf(session, report.id)
    assert "Chills and hypotension" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert report.content_hash in words_of(app)
    pieces = "".join(getattr(getattr(one, "proto", None), "body", "") for one in app.main)
    assert f'href="/sae-report/{report.id}" download="">Download version 1 (PDF)</a>' in pieces
    now = utc_now().astimezone(context.settings().zone)
    write(app, "To", "sponsor safety desk")
    write(app, "At, date", f"{now:%Y-%m-%d}")
    write(app, "At, time", f"{now:%H:%M}")
    (sent,) = (group for group in app.button_group if group.label == "With")
    sent.set_value(report.id)
    press(app, "Record report")
    with reading() as session:
        (told,) = load_notifications(session)[stable_id]
    assert (told.reported_to, told.report_version) == ("sponsor safety desk", 1)
    assert "Reported to sponsor safety desk" in words_of(app)
    shown = words_of(open_events(monkeypatch, people[Role.INVESTIGATOR]))
    assert "No serious event waits for its report." in shown


def test_a_report_that_was_never_sent_is_withdrawn_with_a_reason(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    stable_id = a_serious_event(people, hours_ago=25)
    entry = NotificationIn(reported_at=utc_now(), reported_to="sponsor safety desk")
    record_notification(stable_id, entry, by=people[Role.COORDINATOR], now=utc_now())
    app = open_events(monkeypatch, people[Role.INVESTIGATOR], event=stable_id)
    assert "Report overdue" not in words_of(app)
    press(app, "Withdraw report")
    assert "Say why the report is withdrawn" in words_of(app)
    write(app, "Why is the report withdrawn", "another patient's report")
    press(app, "Withdraw report")
    shown = words_of(app)
    assert "Report overdue by 1 h" in shown
    assert "Not reported to anybody yet." in shown
    assert "another patient's report" in shown
    assert "Withdraw report" not in [button.label for button in app.button]
    with reading() as session:
        (told,) = load_notifications(session)[stable_id]
    assert not told.stands


def test_an_event_is_corrected_and_withdrawn_with_a_reason(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    stable_id = a_serious_event(people, hours_ago=2)
    app = open_events(monkeypatch, people[Role.COORDINATOR], event=stable_id)
    pick(app, "Outcome", Outcome.RECOVERING)
    press(app, "Correct")
    assert "Say why the event is corrected" in words_of(app)
    write(app, "Why is it corrected", "better today")
    press(app, "Correct")
    (stored,) = events()
    assert (stored.version, stored.outcome, stored.reason) == (2, "recovering", "better today")
    assert stored.organism == "Escherichia coli"
    write(app, "Why is it withdrawn", "entered twice")
    press(app, "Withdraw")
    assert "Withdrawn: entered twice" in words_of(app)
    assert events() == []


def test_seriousness_is_added_to_a_derived_episode(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_events(monkeypatch, people[Role.INVESTIGATOR])
    key = words_in_address(page)
    app = open_events(monkeypatch, people[Role.INVESTIGATOR], code=CODE, episode=key)
    shown = words_of(app)
    assert f"CRS after the first infusion of {CODE}" in shown
    assert "Grade, onset and end follow from the assessments." in shown
    assert not any(group.label == "Grade" for group in app.button_group)
    pick(app, "Caused by: CAR-T cells", Causality.DEFINITE)
    pick(app, "Serious", True)
    pick(app, "Criteria", [SeriousCriterion.LIFE_THREATENING])
    aware = (utc_now() - timedelta(hours=1)).astimezone(context.settings().zone)
    write(app, "The site learned of it, date", f"{aware:%Y-%m-%d}")
    write(app, "The site learned of it, time", f"{aware:%H:%M}")
    press(app, "Save")
    (stored,) = events()
    assert (stored.term, stored.grade, stored.causality_car_t) == ("CRS", 3, "definite")
    assert "Report due" in words_of(app)
    assert "Make version 1" in [button.label for button in app.button]


def words_in_address(app: AppTest) -> str:
    """The key of the first episode that the list links to."""
    html = " ".join(one.proto.body for one in app.get("html"))
    return html.split("episode=")[1].split('"')[0]


def test_the_committee_reads_and_enters_nothing(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    stable_id = a_serious_event(people, hours_ago=2)
    app = open_events(monkeypatch, people[Role.COMMITTEE], event=stable_id)
    assert "Escherichia coli" in words_of(app)
    assert [button.label for button in app.button] == []
    listed = open_events(monkeypatch, people[Role.COMMITTEE], code=CODE)
    assert [button.label for button in listed.button] == []
    assert "Choose a patient" not in words_of(listed)


@pytest.mark.parametrize("query", [{"event": "0" * 32}, {"episode": "crs-1-1-0"}])
def test_an_unknown_address_leads_back_to_the_list(
    people: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    shown = words_of(open_events(monkeypatch, people[Role.COMMITTEE], **query))
    assert "Back to the list" in shown
