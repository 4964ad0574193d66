"""The visits page as each role has it, run in this process without a browser."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from actions import accounts
from actions.follow_up import record_follow_up
from actions.records import store_record
from actions.visits import record_visit
from db.inputs_follow_up import FollowUpIn, VisitIn
from db.queries.follow_up import load_events, load_visits
from db.roles import Actor, Role
from db.session import reading, writing
from settings import ROOT
from tests.actions.conftest import CODE, INFUSED_AT, OTHER_CODE, Site, make_site
from tests.pages.clocks import set_clocks
from tests.support import made_up

INFUSED_ON = date(2026, 3, 2)
NOW = INFUSED_AT + timedelta(days=62)  # 3 May 2026
PAGE = ROOT / "pages" / "office" / "visits.py"
Open = Callable[..., AppTest]


def day(number: int) -> date:
    return INFUSED_ON + timedelta(days=number)


@pytest.fixture
def site(sqlite_site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    set_clocks(monkeypatch, lambda: NOW)
    return sqlite_site


@pytest.fixture
def open_as(site: Site, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the page with somebody of a role signed in."""

    def opened(role: Role, code: str | None = CODE) -> AppTest:
        person: Actor = site.people[role]
        monkeypatch.setattr(accounts, "resume", lambda token, *, now, touch: person)
        app = AppTest.from_file(str(PAGE), default_timeout=60)
        if code:
            app.query_params["code"] = code
        return drawn(app.run())

    return opened


def drawn(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """Everything that stands on the page as text."""
    html = " ".join(re.sub("<[^>]+>", " ", str(one.proto.body)) for one in app.get("html"))
    heads = " ".join(one.value for one in (*app.header, *app.subheader))
    return " ".join(unescape(f"{heads} {html} {' '.join(one.value for one in app.text)}").split())


def table(app: AppTest, region: str) -> str:
    """The rows of one table, each between bars."""
    (found,) = [str(one.proto.body) for one in app.get("html") if f'aria-label="{region}' in one.proto.body]
    return unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", found.replace("</tr>", " | "))))


def box(app: AppTest, field: str, form: str = "_new_") -> Any:
    """The box of a field in the form of a new visit or event, or in another one."""
    kinds = ("text_input", "text_area", "button_group")
    found = [one for kind in kinds for one in app.get(kind) if str(one.key).endswith(f"_{field}")]
    (one,) = [one for one in found if form in str(one.key)]
    return one


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [one for one in app.button if one.label == label]
    return drawn(button.click().run())


def choose(app: AppTest, field: str, value: object, form: str = "_new_") -> AppTest:
    box(app, field, form).set_value(value)
    return drawn(app.run())


def visited(site: Site, **values: Any) -> str:
    typed: dict[str, Any] = {
        "patient_id": CODE,
        "infusion_number": 1,
        "name": "day_28",
        "status": "done",
        "visited_on": day(28),
        "blood_tests": "done",
        "ctdna": "done",
        "pet_ct": "done",
    }
    return record_visit(VisitIn(**typed | values), by=site.coordinator, now=NOW)


def happened(site: Site, kind: str, on: int, **values: Any) -> str:
    typed: dict[str, Any] = {"patient_id": CODE, "kind": kind, "occurred_on": day(on)}
    return record_follow_up(FollowUpIn(**typed | values), by=site.coordinator, now=NOW)


class TestCalendar:
    def test_everyone_has_a_row_the_next_due_first(self, site: Site, open_as: Open) -> None:
        visited(site, pet_ct="not_done", ctdna=None)
        app = open_as(Role.COORDINATOR, None)
        rows = table(app, "Planned visits as of 3 May 2026, counted from the first infusion")
        first, second = [row for row in rows.split(" | ") if "CART-" in row]
        assert OTHER_CODE in first
        assert "Day 28 : overdue since 7 Apr" in first
        assert CODE in second
        assert "Done 30 Mar PET/CT not done ctDNA not recorded" in second
        assert "Due until 8 May" in second
        assert "Planned 31 May" in second
        assert "Planned 2 Mar 2027" in second
        assert "1 visit is overdue and 2 visits are due." in words(app)

    def test_what_ended_the_follow_up_stands_in_words(self, site: Site, open_as: Open) -> None:
        visited(site, visited_on=day(40))
        visited(
            site,
            name="day_60",
            status="missed",
            visited_on=None,
            blood_tests=None,
            ctdna=None,
            pet_ct=None,
            note="abroad",
        )
        happened(site, "death", 61, cause="lymphoma")
        app = open_as(Role.COORDINATOR)
        (row,) = [one for one in table(app, "Planned visits").split(" | ") if CODE in one]
        assert "none left" in row
        assert "Done 11 Apr outside its window (day 40)" in row
        assert "Missed" in row
        assert row.count("No longer: died 2 May") == 4
        assert "abroad" in table(app, "Counted from the first infusion")
        assert "Died 2 May 2026 of lymphoma." in words(app)

    def test_nobody_infused_has_a_sentence(
        self, sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Site, "enrol", lambda self, code: None)
        person = make_site(sqlite_database, tmp_path).investigator
        monkeypatch.setattr(accounts, "resume", lambda token, *, now, touch: person)
        app = drawn(AppTest.from_file(str(PAGE), default_timeout=60).run())
        assert "Nobody is infused yet. Visits are planned from the infusion on." in words(app)
        assert "Counted from the first infusion: nobody is infused once yet." in words(app)

    def test_a_patient_who_is_not_infused_can_be_opened(self, site: Site, open_as: Open) -> None:
        made_up.enrol("CART-009", NOW)
        app = open_as(Role.COORDINATOR, "CART-009")
        assert "CART-009 has no infusion yet." in words(app)


class TestVisits:
    def test_a_visit_is_recorded_with_each_test(self, site: Site, open_as: Open) -> None:
        app = open_as(Role.COORDINATOR)
        assert box(app, "name").options[:2] == [
            "Day 28, overdue",
            "Day 60, due",
        ]
        app = choose(app, "name", (1, "day_28"))
        app = choose(app, "status", "done")
        box(app, "visited_on").set_value("2026-03-29")
        box(app, "blood_tests").set_value("done")
        box(app, "pet_ct").set_value("not_done")
        app = press(app, f"Record the visit of {CODE}")
        assert f"Day 28 of {CODE} is recorded." in words(app)
        with reading() as session:
            (one,) = load_visits(session, site.patients[CODE])
        assert (one.visited_on, len(one.tests), one.entered_by) == (day(27), 2, "Coordinator Example")

    def test_what_is_refused_stays_as_typed_with_its_sentence(self, site: Site, open_as: Open) -> None:
        app = press(open_as(Role.COORDINATOR), f"Record the visit of {CODE}")
        assert "Choose the visit." in words(app)
        app = choose(app, "name", (1, "day_28"))
        app = choose(app, "status", "missed")
        app = press(app, f"Record the visit of {CODE}")
        assert "Say why the visit was missed" in words(app)
        app = choose(app, "status", "done")
        box(app, "visited_on").set_value("30.3.2026")
        app = press(app, f"Record the visit of {CODE}")
        assert "Date of the visit must be a date, such as 2026-03-08." in words(app)
        assert box(app, "visited_on").value == "30.3.2026"
        assert site.rows("visit") == []

    def test_a_date_outside_the_window_is_asked_once_more(self, site: Site, open_as: Open) -> None:
        app = choose(open_as(Role.COORDINATOR), "name", (1, "day_28"))
        app = choose(app, "status", "done")
        box(app, "visited_on").set_value("2026-04-11")
        app = press(app, f"Record the visit of {CODE}")
        asked = "11 Apr 2026 is outside the window of Day 28 (23 Mar 2026 to 6 Apr 2026). Is it right?"
        assert asked in words(app)
        assert site.rows("visit") == []
        app.checkbox[0].check()
        app = press(app, f"Record the visit of {CODE}")
        assert len(site.rows("visit")) == 1

    def test_a_visit_is_corrected_and_withdrawn_with_a_reason(self, site: Site, open_as: Open) -> None:
        visited(site)
        named, at_the_start = f"visit Day 28 of {CODE}", f"Visit Day 28 of {CODE}"
        app = press(open_as(Role.INVESTIGATOR), f"Correct {named}")
        assert "Say why the visit is corrected." in words(app)
        box(app, "visited_on", "_correct_").set_value("2026-03-29")
        box(app, "why", "_correct_").set_value("wrong date")
        app = press(app, f"Correct {named}")
        assert f"{at_the_start} is corrected." in words(app)
        box(app, "reason", "_withdraw_").set_value("other patient")
        app = press(app, f"Withdraw {named}")
        assert f"{at_the_start} is withdrawn." in words(app)
        history = table(app, "Visits that were corrected or withdrawn")
        assert "Done 30 Mar 2026" in history
        assert "wrong date" in history
        assert "Withdrawn" in history
        assert [row["voided"] for row in site.rows("visit")] == [False, False, True]

    def test_a_visit_of_an_earlier_plan_is_named(self, site: Site, open_as: Open) -> None:
        values = {"infusion_number": 1, "name": "day_45", "status": "done", "visited_on": day(45)}
        with writing() as session:
            store_record(
                session, "visit", site.patients[CODE], values, by=site.coordinator, now=NOW, action="x"
            )
        app = open_as(Role.COORDINATOR)
        assert "Recorded under an earlier plan of the protocol: Day 45." in words(app)
        assert f"Withdraw visit Day 45 of {CODE}" in [one.label for one in app.button]


class TestEvents:
    def test_progression_is_recorded_without_a_second_question(self, site: Site, open_as: Open) -> None:
        app = choose(open_as(Role.INVESTIGATOR), "kind", "progression")
        box(app, "occurred_on").set_value("2026-05-01")
        box(app, "note", "event_new_").set_value("new lesion")
        app = press(app, f"Record progression of {CODE}")
        assert f"Progression of {CODE} is recorded." in words(app)
        assert "Progression 1 May 2026 new lesion" in table(app, f"Events of {CODE}")

    def test_a_death_asks_for_its_cause_and_once_more(self, site: Site, open_as: Open) -> None:
        app = choose(open_as(Role.COORDINATOR), "kind", "death")
        box(app, "occurred_on").set_value("2026-05-01")
        app = press(app, f"Record death of {CODE}")
        assert "Choose why the patient died; unknown is an answer." in words(app)
        app = choose(app, "cause", "unknown")
        app = press(app, f"Record death of {CODE}")
        assert (
            f"Death of {CODE} on 1 May 2026. Monitoring, visits and open alerts of this patient end"
            in words(app)
        )
        assert site.rows("follow_up_event") == []
        app.checkbox[0].check()
        app = press(app, f"Record death of {CODE}")
        assert "Died 1 May 2026 of an unknown cause." in words(app)
        assert "death" not in [option.lower() for option in box(app, "kind").options]

    def test_a_contradiction_stands_at_its_box(self, site: Site, open_as: Open) -> None:
        site.record(30, death_due_to="crs", now=NOW)
        app = open_as(Role.COORDINATOR)
        assert "Died 3 Mar 2026 16:00 of CRS." in words(app)
        assert "Record it here too for its cause." in words(app)
        app = choose(app, "kind", "death")
        box(app, "occurred_on").set_value("2026-03-03")
        app = choose(app, "cause", "lymphoma")
        app = press(app, f"Record death of {CODE}")
        app.checkbox[0].check()
        app = press(app, f"Record death of {CODE}")
        assert "records the death of CART-007 due to CRS, not lymphoma. Correct one of them." in words(app)
        assert box(app, "occurred_on").value == "2026-03-03"

    def test_an_event_is_corrected_and_withdrawn_with_a_reason(self, site: Site, open_as: Open) -> None:
        happened(site, "withdrawal", 40)
        assert site.rows("patient", study_code=CODE)[0]["withdrawn_at"] is not None
        app = open_as(Role.COORDINATOR)
        box(app, "occurred_on", "_correct_").set_value("2026-04-12")
        box(app, "why", "_correct_").set_value("misread")
        app = press(app, "Correct withdrawal of 11 Apr 2026")
        assert "Withdrew 12 Apr 2026." in words(app)
        box(app, "reason", "_withdraw_").set_value("came back")
        app = press(app, "Withdraw the record of withdrawal of 12 Apr 2026")
        assert site.rows("patient", study_code=CODE)[0]["withdrawn_at"] is None
        assert "came back" in table(app, "Events that were corrected or withdrawn")
        with reading() as session:
            assert [one.stands for one in load_events(session, site.patients[CODE])] == [False, False, False]


class TestRoles:
    @pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.COMMITTEE])
    def test_who_sees_efficacy_sees_each_endpoint_with_its_reason(
        self, role: Role, site: Site, open_as: Open
    ) -> None:
        scan = {"scanned_on": day(28), "response": "PR"}
        with writing() as session:
            store_record(
                session,
                "response_assessment",
                site.patients[CODE],
                scan,
                by=site.coordinator,
                now=NOW,
                action="x",
            )
        happened(site, "progression", 50)
        app = open_as(role)
        rows = table(app, "Counted from the first infusion, in the order of infusion")
        (one,) = [row for row in rows.split(" | ") if CODE in row]
        assert "No progression on 21 Apr 2026 (day 50), before a CR of day 90 could count" in one
        assert "Yes best response PR, on 30 Mar 2026 (day 28)" in one
        assert "Event, day 50 progression on 21 Apr 2026" in one
        assert "Censored, day 50" in one
        said = words(app)
        assert "3-month CR: 0 of 1 (0 %; 0 to 98 %); 1 pending." in said
        assert "Objective response: 1 of 1 (100 %; 3 to 100 %); 1 pending." in said
        assert "PFS: 1 event in 2 patients, median" in said
        assert "Counted from the second infusion: nobody is infused twice yet." in said
        assert "of two equally near the later" in said

    def test_the_coordinator_enters_visits_and_sees_no_endpoint(self, site: Site, open_as: Open) -> None:
        app = open_as(Role.COORDINATOR)
        assert f"Record the visit of {CODE}" in [one.label for one in app.button]
        said = words(app)
        for word in ("Endpoints", "3-month CR", "PFS", "Objective response", "Censored"):
            assert word not in said

    def test_the_committee_reads_and_enters_nothing(self, site: Site, open_as: Open) -> None:
        visited(site)
        happened(site, "progression", 50)
        app = open_as(Role.COMMITTEE)
        assert [one.label for one in app.button] == []
        assert [one.label for one in app.text_input] == []
        assert "Progression 21 Apr 2026" in table(app, f"Events of {CODE}")

    @pytest.mark.parametrize("role", [Role.WARD, Role.ADMIN, Role.DISPLAY])
    def test_the_page_is_closed_to_the_others(self, role: Role, open_as: Open) -> None:
        app = open_as(role)
        assert "does not have this page" in words(app)
        assert CODE not in words(app)
