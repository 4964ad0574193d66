"""The endpoints' input as it comes from the stored records."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions import context
from actions.records import standing_version, store_record, void_record
from db.queries.endpoints import load_followed
from db.roles import SYSTEM
from db.session import reading, writing
from settings import Settings
from tests.alerts.conftest import INFUSED_AT, at
from tests.support import made_up
from trial.endpoints import FollowedPatient, Status, endpoint_rows
from trial.follow_up_facts import DeathCause, FollowUpKind
from trial.protocol import load_protocol
from trial.second_infusion_facts import Response, Scan

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2024, 3, 2)
NOW = at(24 * 400)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@pytest.fixture(autouse=True)
def site(sqlite_database: str, tmp_path: Any) -> None:
    settings = Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone=str(ZONE))
    context.configure(settings, load_protocol())


def admit(code: str, *infused_on: int) -> int:
    patient_id = made_up.enrol(code, INFUSED_AT)
    for number, days in enumerate(infused_on, 1):
        made_up.infuse(patient_id, number, INFUSED_AT + timedelta(days=days))
    return patient_id


def record(table: str, patient_id: int, **values: Any) -> str:
    with writing() as session:
        return store_record(session, table, patient_id, values, by=SYSTEM, now=NOW, action="made up")


def withdraw(table: str, stable_id: str) -> None:
    with writing() as session:
        stored = standing_version(session, table, stable_id, 1, {}, NOW)
        void_record(session, table, stored, "other patient", by=SYSTEM, now=NOW, action="made up")


def followed() -> dict[str, FollowedPatient]:
    with reading() as session:
        return {one.study_code: one for one in load_followed(session, ZONE)}


def test_nobody_infused_is_nobody() -> None:
    admit("CART-001")
    assert followed() == {}


def test_infusions_scans_and_events_stand_by_the_hospital_s_dates() -> None:
    patient_id = admit("CART-001", 0, 40)
    record("response_assessment", patient_id, scanned_on=day(28), response="PR", deauville=4)
    record("response_assessment", patient_id, scanned_on=day(90))
    record("follow_up_event", patient_id, kind="progression", occurred_on=day(200))
    (one,) = followed().values()
    assert one.infused_on == (FIRST, day(40))
    assert one.scans == (Scan(day(28), Response.PR, 4), Scan(day(90)))
    assert [(event.kind, event.on) for event in one.events] == [(FollowUpKind.PROGRESSION, day(200))]
    assert one.seen_on == day(200)


def test_what_was_withdrawn_counts_for_nothing() -> None:
    patient_id = admit("CART-001", 0)
    for table, values in (
        ("response_assessment", {"scanned_on": day(90), "response": "CR"}),
        ("follow_up_event", {"kind": "progression", "occurred_on": day(100)}),
        ("visit", {"infusion_number": 1, "name": "day_28", "status": "done", "visited_on": day(28)}),
    ):
        withdraw(table, record(table, patient_id, **values))
    (one,) = followed().values()
    assert (one.scans, one.events, one.seen_on) == ((), (), FIRST)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("visit", {"infusion_number": 1, "name": "day_28", "status": "done", "visited_on": day(29)}),
        ("ctdna_result", {"sampled_on": day(29)}),
        ("lab_result", {"analyte": "crp", "value": 5.0, "unit": "mg/L", "taken_at": at(24 * 29)}),
        ("treatment", {"drug": "tocilizumab", "started_at": at(24 * 29)}),
        ("adverse_event", {"term": "Tremor", "ctcae_version": "5.0", "grade": 1, "onset_on": day(29)}),
    ],
)
def test_every_record_says_when_the_patient_was_last_seen(table: str, values: dict[str, Any]) -> None:
    flags: dict[str, dict[str, Any]] = {
        "lab_result": {"confirmed": False, "source": "form"},
        "treatment": {"is_ongoing": False, "confirmed": False, "source": "form"},
        "adverse_event": {"is_serious": False, "is_infection": False},
    }
    record(table, admit("CART-001", 0), **values, **flags.get(table, {}))
    assert followed()["CART-001"].seen_on == day(29)


def test_an_assessment_says_it_too_by_the_hospital_s_date() -> None:
    patient_id = made_up.enrol("CART-001", INFUSED_AT)
    infusion_id = made_up.infuse(patient_id, 1, INFUSED_AT)
    made_up.assess(patient_id, infusion_id, [(at(15), made_up.WELL)])  # 01:00 of the next day
    assert followed()["CART-001"].seen_on == day(1)


def test_a_death_of_the_bedside_is_an_event_and_the_follow_up_names_its_cause() -> None:
    patient_id = made_up.enrol("CART-001", INFUSED_AT)
    infusion_id = made_up.infuse(patient_id, 1, INFUSED_AT)
    made_up.assess(patient_id, infusion_id, [(at(30), {**made_up.WELL, "death_due_to": "other"})])
    (event,) = followed()["CART-001"].events
    assert (event.kind, event.on, event.cause) == (FollowUpKind.DEATH, day(1), None)
    record("follow_up_event", patient_id, kind="death", occurred_on=day(1), cause="infection")
    (event,) = followed()["CART-001"].events
    assert (event.on, event.cause) == (day(1), DeathCause.INFECTION)


def test_the_rows_of_the_stored_trial_carry_their_reasons() -> None:
    responder, dead = admit("CART-001", 0), admit("CART-002", 0)
    record("response_assessment", responder, scanned_on=day(91), response="CR")
    record("follow_up_event", dead, kind="death", occurred_on=day(50), cause="lymphoma")
    rows = endpoint_rows(followed().values(), load_protocol().endpoints, day(120))
    assert [(row.study_code, row.month_3_cr.status) for row in rows] == [
        ("CART-001", Status.YES),
        ("CART-002", Status.NO),
    ]
    assert "death of lymphoma on 21 Apr 2024 (day 50)" in rows[1].month_3_cr.why
    assert (rows[0].pfs.day, rows[1].os.day) == (91, 50)
