"""What the committee is shown is read: who counts, worst grades, completeness, events, at a cut-off."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions import context
from actions.records import store_record
from alerts.model import SignalState
from db.queries.committee import as_of, load_committee
from db.queries.committee_courses import load_courses, with_episodes
from db.queries.committee_lanes import load_lanes
from db.queries.committee_later import infection_courses, load_counts, load_infections, load_treated
from db.queries.committee_people import Person, load_people
from db.queries.committee_signs import load_signs
from db.queries.committee_slots import load_completeness
from db.roles import SYSTEM
from db.session import reading, writing
from grading.scale import Toxicity
from reports.events import load_events
from settings import Settings
from tests.support import made_up
from trial.completeness import SlotCount
from trial.day_episodes import DayEpisode, Ending
from trial.drug_days import DrugGroup
from trial.later_toxicity import CountsCourse
from trial.protocol import load_protocol
from trial.safety_rows import Course, CourseEnds
from trial.second_infusion_facts import Response
from trial.swimmer import Lane

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
INFUSED_AT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # 11:00 at the hospital
NOW = INFUSED_AT + timedelta(days=40)
FEVER = {**made_up.WELL, "temperature_c": 38.6}
GRADE_3 = {**FEVER, "vasopressors": "norepinephrine"}
NOTHING_PROVED = {"temperature_c": 36.8}


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    context.configure(Settings(data_dir=tmp_path, site_timezone="Asia/Shanghai"), PROTOCOL)


def admit(code: str, *days: Any, number: int = 1, at: datetime = INFUSED_AT, **more: Any) -> int:
    """A patient with one entry at noon of each day, written as its values; None is a day without one."""
    patient_id = made_up.enrol(code, at - timedelta(days=5), **more)
    enter(patient_id, *days, number=number, at=at)
    return patient_id


def enter(patient_id: int, *days: Any, number: int, at: datetime = INFUSED_AT) -> None:
    infusion_id = made_up.infuse(patient_id, number, at)
    entries = [(at + timedelta(days=day, hours=1), one) for day, one in enumerate(days) if one is not None]
    if entries:
        made_up.assess(patient_id, infusion_id, entries)


def record(table: str, patient_id: int, **values: Any) -> None:
    with writing() as session:
        store_record(session, table, patient_id, values, by=SYSTEM, now=NOW, action="made up")


def people() -> dict[str, Person]:
    with reading() as session:
        return {person.study_code: person for person in load_people(session, ZONE)}


def courses(cut_off: datetime = NOW) -> dict[tuple[str, int, Toxicity], Course]:
    with reading() as session:
        found = load_courses(session, load_people(session, ZONE), cut_off, ZONE)
    return {(one.code, one.number, one.toxicity): one for one in found}


def test_the_overview_sums_up_what_the_days_say(database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL, FEVER, GRADE_3, None, FEVER, made_up.WELL)
    enter(patient_id, FEVER, number=2, at=INFUSED_AT + timedelta(days=30))
    admit("CART-002", NOTHING_PROVED)
    admit("CART-003")
    found = courses()
    assert len(found) == 8
    crs = found["CART-001", 1, Toxicity.CRS]
    assert crs.first_days == (1, 2, 2, None, None)
    assert (crs.worst, crs.peak_day, crs.last_assessed_day, crs.days) == (3, 2, 5, 40)
    assert crs.ends == CourseEnds(second_infusion=30)
    icans = found["CART-001", 1, Toxicity.ICANS]
    assert (icans.worst, icans.first_days) == (0, (None,) * 5)
    assert found["CART-001", 2, Toxicity.CRS].first_days[:2] == (0, None)
    not_graded = found["CART-002", 1, Toxicity.ICANS]
    assert (not_graded.worst, not_graded.last_assessed_day) == (None, 0)
    unseen = found["CART-003", 1, Toxicity.CRS]
    assert (unseen.worst, unseen.last_assessed_day) == (None, None)


def test_the_overview_and_the_days_agree(sqlite_database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL, FEVER, GRADE_3, None, FEVER, made_up.WELL, NOTHING_PROVED)
    enter(patient_id, FEVER, FEVER, number=2, at=INFUSED_AT + timedelta(days=30))
    for cut_off in (NOW, INFUSED_AT + timedelta(days=4, hours=3)):
        with reading() as session:
            patients = [as_of(one, cut_off, ZONE) for one in load_committee(session, ZONE)]
        for spells in with_episodes(courses(cut_off).values(), patients):
            course = spells.course
            infusion = patients[0].infusion(course.number)
            assert infusion is not None
            days = infusion.days[course.toxicity]
            worst = [one.worst_at_least for one in days.values() if one.is_graded]
            assert course.worst == max(worst, default=None)
            assert course.last_assessed_day == max(days, default=None)
            assert course.first_day(1) == (spells.episodes[0].first_day if spells.episodes else None)


def test_episodes_of_days_end_go_on_or_end_with_death(sqlite_database: str) -> None:
    admit("CART-001", made_up.WELL, FEVER, FEVER, made_up.WELL)
    admit("CART-002", FEVER, FEVER)
    admit("CART-003", FEVER, {**FEVER, "death_due_to": "other"})
    with reading() as session:
        patients = load_committee(session, ZONE)
    found = {
        spells.course.code: spells.episodes
        for spells in with_episodes(courses().values(), patients)
        if spells.course.toxicity is Toxicity.CRS
    }
    assert found == {
        "CART-001": (DayEpisode(1, 2, Ending.ENDED),),
        "CART-002": (DayEpisode(0, 1, Ending.ONGOING),),
        "CART-003": (DayEpisode(0, 1, Ending.DIED),),
    }


def test_a_cut_off_hides_everything_after_its_day(sqlite_database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL, FEVER, GRADE_3, made_up.WELL)
    enter(patient_id, FEVER, number=2, at=INFUSED_AT + timedelta(days=30))
    record("follow_up_event", patient_id, kind="death", occurred_on=date(2026, 4, 6), cause="lymphoma")
    cut_off = INFUSED_AT + timedelta(days=1, hours=3)
    found = courses(cut_off)
    assert set(found) == {("CART-001", 1, scale) for scale in Toxicity}
    crs = found["CART-001", 1, Toxicity.CRS]
    assert (crs.worst, crs.days, crs.last_assessed_day, crs.ends) == (1, 1, 1, CourseEnds())
    with reading() as session:
        (patient,) = (as_of(one, cut_off, ZONE) for one in load_committee(session, ZONE))
        assert load_events(session, [patient], cut_off, PROTOCOL, ZONE) == []
    assert patient.died_at is None
    assert [sorted(one.days[Toxicity.CRS]) for one in patient.infusions] == [[0, 1]]
    assert courses(INFUSED_AT - timedelta(days=1)) == {}


def test_only_the_enrolled_count_and_bring_what_the_filters_ask(sqlite_database: str) -> None:
    first = admit("CART-001", sex="F", age_years=61)
    record(
        "screening",
        first,
        purpose="enrolment",
        facts={},
        histology="dlbcl",
        judged_on=date(2026, 2, 20),
        verdict="eligible",
        protocol_hash="a" * 64,
    )
    made_up.enrol("CART-002", NOW)
    made_up.enrol("CART-003", None, screened_at=NOW)  # type: ignore[arg-type]
    found = people()
    assert list(found) == ["CART-001", "CART-002"]
    one = found["CART-001"]
    assert (one.sex, one.age_years, one.histology) == ("F", 61, "dlbcl")
    assert found["CART-002"].infusion(1) is None
    with reading() as session:
        assert [patient.study_code for patient in load_committee(session, ZONE)] == ["CART-001", "CART-002"]


def test_of_two_records_of_a_death_the_earlier_date_and_the_judged_cause_count(sqlite_database: str) -> None:
    bedside = admit("CART-001", FEVER, {**FEVER, "death_due_to": "crs"})
    record("follow_up_event", bedside, kind="death", occurred_on=date(2026, 3, 4), cause="infection")
    later = admit("CART-002", FEVER)
    record("follow_up_event", later, kind="death", occurred_on=date(2026, 4, 1), cause="lymphoma")
    admit("CART-003", {**FEVER, "death_due_to": "crs"})
    deaths = {code: person.death for code, person in people().items() if person.death}
    assert {code: (death.on, death.cause) for code, death in deaths.items()} == {
        "CART-001": (date(2026, 3, 3), "infection"),
        "CART-002": (date(2026, 4, 1), "lymphoma"),
        "CART-003": (date(2026, 3, 2), "CRS"),
    }
    assert courses()["CART-003", 1, Toxicity.CRS].ends == CourseEnds(died=0)
    assert courses()["CART-002", 1, Toxicity.CRS].ends == CourseEnds(died=30)


def test_a_death_in_the_follow_up_ends_an_event_that_was_not_over(sqlite_database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL, GRADE_3)
    record("follow_up_event", patient_id, kind="death", occurred_on=date(2026, 3, 20), cause="crs")
    with reading() as session:
        (event,) = load_events(session, load_committee(session, ZONE), NOW, PROTOCOL, ZONE)
    assert (event.grade, event.state) == (3, SignalState.DIED)


def test_a_new_lymphoma_therapy_ends_the_time_at_risk(sqlite_database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL)
    for on in (date(2026, 3, 20), date(2026, 3, 12)):
        record("follow_up_event", patient_id, kind="new_therapy", occurred_on=on)
    assert courses()["CART-001", 1, Toxicity.CRS].ends == CourseEnds(new_therapy=10)


def completeness(cut_off: datetime) -> dict[str, SlotCount]:
    with reading() as session:
        patients = [as_of(one, cut_off, ZONE) for one in load_committee(session, ZONE)]
        counted = load_completeness(session, patients, cut_off, PROTOCOL, ZONE)
    return {one.code: one.count for one in counted}


def test_completeness_counts_each_due_time_of_each_kind(sqlite_database: str) -> None:
    # By midnight 14:00, 18:00, 22:00 were due, ICE at the first and the last; the first until 16:00.
    admit("CART-001", made_up.WELL)  # entered at 12:00, which meets 14:00
    admit("CART-002")
    assert completeness(INFUSED_AT + timedelta(hours=5)) == {"CART-001": SlotCount(), "CART-002": SlotCount()}
    midnight = INFUSED_AT + timedelta(hours=13, minutes=1)
    assert completeness(midnight) == {"CART-001": SlotCount(2, 0, 3), "CART-002": SlotCount(0, 0, 5)}


def test_what_is_due_ends_with_the_window(sqlite_database: str) -> None:
    admit("CART-001", *[made_up.WELL] * 15)
    whole = completeness(INFUSED_AT + timedelta(days=15, hours=20))
    assert whole == completeness(NOW)
    # 14 whole days of 6 + 3, and 3 + 2 on day 0; noon meets 10:00 and 14:00, and ICE at 14:00.
    assert whole["CART-001"].due == 14 * 9 + 5
    assert whole["CART-001"].done == 14 * 3 + 2


def lanes(cut_off: datetime = NOW) -> dict[str, Lane]:
    with reading() as session:
        patients = [as_of(one, cut_off, ZONE) for one in load_committee(session, ZONE)]
        found = load_lanes(session, load_people(session, ZONE), patients, cut_off, ZONE)
    return {lane.code: lane for lane in found}


def test_a_lane_puts_both_infusions_drugs_scans_and_the_end_on_one_axis(sqlite_database: str) -> None:
    charted = {**FEVER, "fever_masking_drugs": "tocilizumab;acetaminophen"}
    patient_id = admit("CART-001", made_up.WELL, charted, FEVER, made_up.WELL)
    enter(patient_id, FEVER, number=2, at=INFUSED_AT + timedelta(days=30))
    record("treatment", patient_id, drug="dexamethasone", started_at=INFUSED_AT + timedelta(days=2))
    for day, response in ((28, "PR"), (-3, "SD"), (20, None)):
        on = (INFUSED_AT + timedelta(days=day)).date()
        record("response_assessment", patient_id, scanned_on=on, response=response)
    admit("CART-002", FEVER, {**FEVER, "death_due_to": "other"})
    gone = admit("CART-003", made_up.WELL)
    record("follow_up_event", gone, kind="lost_to_follow_up", occurred_on=date(2026, 3, 22))
    made_up.enrol("CART-004", INFUSED_AT)
    found = lanes()
    assert list(found) == ["CART-001", "CART-002", "CART-003"]
    one = found["CART-001"]
    assert (one.second_infusion_day, one.goes_on, one.last_day) == (30, True, 30)
    assert one.responses == ((28, Response.PR),)
    assert one.drug_days == ((DrugGroup.TOCILIZUMAB, 1), (DrugGroup.STEROID, 2))
    assert [(part.number, part.first_day, part.last_day) for part in one.of([Toxicity.CRS], (1, 2))] == [
        (1, 1, 2),
        (2, 30, 30),
    ]
    dead, left = found["CART-002"], found["CART-003"]
    assert (dead.died_day, dead.last_day, dead.goes_on) == (1, 1, False)
    assert (left.left_day, left.last_day, left.goes_on) == (20, 20, False)


def test_a_lane_knows_nothing_after_the_cut_off(sqlite_database: str) -> None:
    patient_id = admit("CART-001", FEVER, made_up.WELL)
    enter(patient_id, FEVER, number=2, at=INFUSED_AT + timedelta(days=30))
    record("treatment", patient_id, drug="tocilizumab", started_at=INFUSED_AT + timedelta(days=2))
    record("follow_up_event", patient_id, kind="death", occurred_on=date(2026, 4, 6), cause="lymphoma")
    lane = lanes(INFUSED_AT + timedelta(days=1, hours=3))["CART-001"]
    assert (lane.last_day, lane.goes_on, lane.second_infusion_day, lane.died_day) == (1, True, None, None)
    assert lane.drug_days == ()


def test_signs_are_the_highest_temperature_and_the_lowest_ice_of_each_day(sqlite_database: str) -> None:
    patient_id = made_up.enrol("CART-001", INFUSED_AT)
    infusion_id = made_up.infuse(patient_id, 1, INFUSED_AT)
    items = {"ice_orientation": 4, "ice_naming": 3, "ice_commands": 1, "ice_writing": 0, "ice_attention": 1}
    no_ice = {name: value for name, value in made_up.WELL.items() if name != "ice_score"}
    made_up.assess(
        patient_id,
        infusion_id,
        [
            (INFUSED_AT + timedelta(hours=1), {**made_up.WELL, "temperature_c": 38.2}),
            (INFUSED_AT + timedelta(hours=5), {**no_ice, **items, "temperature_c": 37.0}),
            (INFUSED_AT + timedelta(days=2), {**no_ice, "temperature_c": None}),
            (INFUSED_AT + timedelta(days=16), made_up.WELL),
        ],
    )
    with reading() as session:
        (found,) = load_signs(session, load_committee(session, ZONE), 14, ZONE)
    assert (found.code, found.number) == ("CART-001", 1)
    assert (dict(found.temperature_c), dict(found.ice_score)) == ({0: 38.2}, {0: 9})


def lab(patient_id: int, day: float, analyte: str, value: float, **more: Any) -> None:
    taken_at = INFUSED_AT + timedelta(days=day)
    record("lab_result", patient_id, analyte=analyte, taken_at=taken_at, value=value, unit="10^9/L", **more)


def test_infections_belong_to_their_infusion_and_end_with_the_cut_off(sqlite_database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL)
    enter(patient_id, made_up.WELL, number=2, at=INFUSED_AT + timedelta(days=30))
    for number, on, grade, infection in (
        (1, date(2026, 3, 9), 3, True),
        (2, date(2026, 4, 3), 2, True),
        (1, date(2026, 3, 5), 4, False),
        (None, date(2026, 3, 1), 2, True),
    ):
        record(
            "adverse_event",
            patient_id,
            term="Sepsis",
            grade=grade,
            infusion_number=number,
            onset_on=on,
            is_infection=infection,
        )

    def at(cut_off: datetime) -> tuple[list[tuple[int, int]], list[int]]:
        with reading() as session:
            people = load_people(session, ZONE)
            found = load_infections(session, people, cut_off, ZONE)
        courses = infection_courses(people, found, cut_off, ZONE)
        return [(one.number, one.day) for one in found], [one.observed_days for one in courses]

    assert at(NOW) == ([(1, 7), (2, 2)], [31, 11])
    assert at(INFUSED_AT + timedelta(days=8)) == ([(1, 7)], [9])
    assert at(INFUSED_AT + timedelta(days=6)) == ([], [7])


def test_blood_counts_are_graded_up_to_the_cut_off_and_the_next_therapy(sqlite_database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL)
    for day in range(1, 12):
        lab(patient_id, day, "anc", 0.05)
    lab(patient_id, 26, "anc", 2.0)
    lab(patient_id, 29, "platelets", 30, lln=125)
    lab(patient_id, 29, "anc", 3.0, lln=1.8)
    enter(patient_id, made_up.WELL, number=2, at=INFUSED_AT + timedelta(days=35))

    def counts(cut_off: datetime) -> dict[int, CountsCourse]:
        with reading() as session:
            people = load_people(session, ZONE)
            found = load_counts(session, people, cut_off, PROTOCOL, ZONE)
        return {one.number: one for one in found}

    first = counts(NOW)[1]
    assert (first.early.at_least, first.ended, sorted(first.closed)) == (3, True, [28, 90])
    assert first.cytopenia == {28: 3}  # day 29 is nearer than day 26; day 90 never came
    early = counts(INFUSED_AT + timedelta(days=3))
    assert (early[1].early.at_least, early[1].cytopenia) == (1, {28: None, 90: None})
    assert not early[1].closed
    second = counts(NOW)[2]
    assert (second.days, second.ended, second.early.grade) == (5, False, None)
    assert not second.closed


def test_drugs_belong_to_the_month_after_their_infusion(sqlite_database: str) -> None:
    patient_id = admit("CART-001", made_up.WELL, {**FEVER, "fever_masking_drugs": "tocilizumab"})
    steroid = {"drug": "dexamethasone", "dose": 10, "dose_unit": "mg"}
    for day in (3, 20, 29):
        record("treatment", patient_id, started_at=INFUSED_AT + timedelta(days=day), **steroid)
    enter(patient_id, made_up.WELL, number=2, at=INFUSED_AT + timedelta(days=20))
    with reading() as session:
        first, second = load_treated(session, load_people(session, ZONE), NOW, ZONE)
    assert first.given == {DrugGroup.TOCILIZUMAB: (1,), DrugGroup.STEROID: (3,)}
    assert first.doses == {DrugGroup.STEROID: 1}
    assert second.given == {DrugGroup.STEROID: (0, 9)}
    assert [float(one.steroid_mg) for one in (first, second)] == [10, 20]
