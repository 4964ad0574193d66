"""Clocks that jump, nights of 23 and 25 hours, the end of a month: nothing is lost, nothing told twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from actions import context
from alerts.jobs import sweep
from db.audit import verify_chain
from db.models import AuditEvent, Recipient, SkippedAssessment
from db.session import reading, writing
from tests.alerts.conftest import Ward, at, make_ward
from tests.alerts.test_reconcile import GRADE_3
from tests.support import made_up
from tests.support.protocols import of_a_course_alone

BERLIN = ZoneInfo("Europe/Berlin")


def look(ward: Ward, now: datetime) -> int:
    """One sweep at this moment."""
    return sweep(ward.settings, context.protocol(), lambda: now)


def use_protocol(ward: Ward, **changed: object) -> None:
    """The real plans; nothing is missed, so that only the alert at hand speaks."""
    context.configure(ward.settings, replace(of_a_course_alone(), missed_hours=10_000, **changed))  # type: ignore[arg-type]


@pytest.fixture
def chased(ward: Ward) -> Iterator[Ward]:
    """A patient whose grade 3 nobody has answered, told at 6 minutes past hour 4."""
    use_protocol(ward)
    ward.assess(4, **GRADE_3)
    yield ward
    with reading() as session:
        assert verify_chain(session).whole


def opened() -> datetime:
    return at(4.1)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.postgresql_in_soak
def test_nobody_answers_and_everyone_is_told_step_by_step(chased: Ward) -> None:
    for after_min in range(181):
        look(chased, opened() + minutes(after_min))
    told = [(one.kind, one.step, (one.created_at - opened()) / minutes(1)) for one in chased.notices()]
    assert told == [
        ("opening", 0, 0),
        ("escalation", 1, 15),
        ("escalation", 3, 30),  # no committee chair and no sponsor is on the list: everyone is next
        ("repeat", 3, 90),
        ("repeat", 3, 150),
    ]
    by_notice = [sum(mail.notice_id == one.id for mail in chased.deliveries()) for one in chased.notices()]
    assert by_notice == [3, 1, 3, 3, 3]


def test_a_clock_that_jumps_ahead_tells_once(chased: Ward) -> None:
    assert look(chased, opened() + timedelta(days=1)) == 1
    assert look(chased, opened() + timedelta(days=1)) == 0
    assert chased.kinds() == ["opening", "escalation"]
    assert chased.notices()[-1].step == 3


@pytest.mark.postgresql_in_soak
def test_and_set_back_again_tells_nothing_twice_and_stays_silent_no_longer_than_its_time(
    chased: Ward,
) -> None:
    look(chased, opened() + timedelta(days=1))
    for after_min in range(0, 115, 5):
        assert look(chased, opened() + minutes(after_min)) == 0
    assert look(chased, opened() + minutes(120)) == 1
    assert chased.kinds() == ["opening", "escalation", "repeat"]


@pytest.mark.postgresql_in_soak
def test_a_clock_set_back_behind_the_opening_counts_from_when_that_was_seen(chased: Ward) -> None:
    back = opened() - timedelta(hours=3)
    assert look(chased, back) == 1
    assert look(chased, back + minutes(1)) == 0
    assert look(chased, back + minutes(14)) == 0
    assert look(chased, back + minutes(15)) == 1
    assert chased.kinds() == ["opening", "escalation"]
    with reading() as session:
        assert "count_alert_from_now" in {event.action for event in session.exec(select(AuditEvent)).all()}


@pytest.mark.postgresql_in_soak
def test_a_missed_assessment_is_not_met_by_a_clock_set_back(ward: Ward) -> None:
    context.configure(ward.settings, of_a_course_alone())
    ward.assess(0.5)
    for hours in (6.5, 5, 6.6):  # vital signs and ICE were due at 14:00, 4 h after the infusion
        look(ward, at(hours))
    missed = [one for one in ward.alerts() if one.signal == "missed"]
    assert {one.state for one in missed} == {"open"}
    assert len(missed) == 2
    assert ward.kinds() == ["opening", "opening"]


@pytest.mark.postgresql_in_soak
def test_an_expired_rise_is_not_reopened_by_a_clock_set_back(ward: Ward) -> None:
    use_protocol(ward)
    ward.assess(4)
    ward.assess(8, temperature_c=38.6, oxygen_device="nasal_cannula", oxygen_l_per_min=2.0)
    assert [one.signal for one in ward.alerts()] == ["rise2"]
    look(ward, at(8 + 72))
    assert ward.alert().ended_reason == "expired"
    told = ward.kinds()
    look(ward, at(8 + 71))
    assert (ward.alert().state, ward.kinds()) == ("closed", told)


def in_berlin(url: str, folder: Path, infused_at: datetime) -> Ward:
    """A hospital in Berlin, with a patient infused on the eve of a night that the clock changes in."""
    ward = make_ward(url, folder, site_timezone="Europe/Berlin")
    context.configure(ward.settings, of_a_course_alone())
    ward.patient_id = made_up.enrol("CART-008", infused_at)
    ward.infusion_id = made_up.infuse(ward.patient_id, 1, infused_at)
    with writing() as session:
        for person in session.exec(select(Recipient)).all():
            person.valid_from = infused_at
            session.add(person)
    return ward


@pytest.mark.parametrize(
    ("eve", "round_at"),
    [
        # 02:00 does not exist in this night: the round is due when the clock shows 03:00.
        (datetime(2026, 3, 28, 21, 0, tzinfo=BERLIN), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        # 02:00 comes twice: the first one counts.
        (datetime(2026, 10, 24, 21, 0, tzinfo=BERLIN), datetime(2026, 10, 25, 0, 0, tzinfo=UTC)),
    ],
)
def test_the_round_of_the_night_is_due_once_and_missed_after_two_hours_that_passed(
    sqlite_database: str, tmp_path: Path, eve: datetime, round_at: datetime
) -> None:
    ward = in_berlin(sqlite_database, tmp_path, eve.astimezone(UTC))
    made_up.assess(
        ward.patient_id, ward.infusion_id, [(eve.astimezone(UTC) + timedelta(hours=1), made_up.WELL)]
    )
    look(ward, round_at + timedelta(hours=2))
    assert ward.alerts() == []
    look(ward, round_at + timedelta(hours=2) + minutes(1))
    (alert,) = ward.alerts()
    assert (alert.signal, alert.slot, alert.first_observed_at) == ("missed", "vital_signs", round_at)
    look(ward, round_at + timedelta(hours=3))
    assert ward.kinds() == ["opening"]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
@pytest.mark.parametrize("day", [datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)])
def test_the_end_of_a_month_is_a_night_like_any_other(
    sqlite_database: str, tmp_path: Path, zone: str, day: datetime
) -> None:
    ward = make_ward(sqlite_database, tmp_path, site_timezone=zone)
    context.configure(ward.settings, of_a_course_alone())
    infused_at = day.replace(tzinfo=ZoneInfo(zone), hour=21).astimezone(UTC)
    patient_id = made_up.enrol("CART-009", infused_at)
    infusion_id = made_up.infuse(patient_id, 1, infused_at)
    made_up.assess(patient_id, infusion_id, [(infused_at + timedelta(hours=1), made_up.WELL)])
    due_at = infused_at + timedelta(hours=5)  # 02:00 of the next month
    look(ward, due_at + timedelta(hours=2) + minutes(1))
    assert [(one.slot, one.first_observed_at) for one in ward.alerts()] == [("vital_signs", due_at)]


@pytest.mark.postgresql_in_soak
def test_what_was_not_done_because_is_never_told_of(ward: Ward) -> None:
    context.configure(ward.settings, of_a_course_alone())
    ward.assess(0.5)
    with writing() as session:
        for kind in ("vital_signs", "ice"):
            session.add(
                SkippedAssessment(
                    patient_id=ward.patient_id,
                    infusion_id=ward.infusion_id,
                    kind=kind,
                    due_at=at(4),
                    reason="procedure",
                    entered_at=at(4),
                )
            )
    look(ward, at(7))
    assert ward.alerts() == []


def test_a_death_after_one_infusion_ends_what_stood_after_the_other(ward: Ward) -> None:
    context.configure(ward.settings, of_a_course_alone())
    made_up.assess(ward.patient_id, ward.infusion_id, [(at(0.5), made_up.WELL)])
    second = made_up.infuse(ward.patient_id, 2, at(24 * 10))
    look(ward, at(24 * 10 + 20))
    standing = [one for one in ward.alerts() if one.infusion_id == second and one.state == "open"]
    assert {one.signal for one in standing} == {"missed"}
    made_up.assess(
        ward.patient_id, ward.infusion_id, [(at(24 * 10 + 21), {**made_up.WELL, "death_due_to": "other"})]
    )
    look(ward, at(24 * 10 + 22))
    ended = [one for one in ward.alerts() if one.infusion_id == second]
    assert {(one.state, one.ended_reason) for one in ended} == {("closed", "left")}


@pytest.mark.postgresql_in_soak
def test_a_clock_set_back_a_few_minutes_repeats_nothing(chased: Ward) -> None:
    look(chased, opened() + timedelta(hours=6))
    assert look(chased, opened() + timedelta(hours=5, minutes=51)) == 0
    assert chased.kinds() == ["opening", "escalation"]


@pytest.mark.postgresql_in_soak
def test_a_clock_set_back_a_few_minutes_does_not_say_that_something_settled(ward: Ward) -> None:
    use_protocol(ward)
    nothing: dict[str, Any] = dict.fromkeys(made_up.WELL)
    ward.assess(4, **nothing)
    for after_hours in (8, 7.95, 7.95, 7.9, 8.05):
        look(ward, at(4 + after_hours))
    assert {(one.signal, one.state) for one in ward.alerts()} == {("unsettled", "open")}
    assert set(ward.kinds()) == {"opening"}
