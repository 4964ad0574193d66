"""The daily digest and the weekly test mail: once, late rather than never, by the hospital's clock."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from actions import context
from alerts.jobs import make_rounds
from alerts.posting import quiet_until
from alerts.rounds import last_daily, last_weekly
from db.models import AuditEvent, Delivery, Notice, Recipient
from db.session import reading, writing
from tests.alerts.conftest import PEOPLE, Ward, at
from tests.alerts.test_reconcile import GRADE_3, mail_of, text_of
from trial.protocol import load_protocol

pytestmark = pytest.mark.postgresql_in_soak

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def local(zone: ZoneInfo, *when: int) -> datetime:
    year, month, day, hour, minute = (*when, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def rounds(ward: Ward, now: datetime) -> int:
    return make_rounds(ward.settings, context.protocol(), now=now)


def told_since(ward: Ward, first: int) -> list[tuple[str, str]]:
    return [(one.name, mail_of(one.message)["Subject"]) for one in ward.deliveries()[first:]]


def test_the_digest_comes_at_eight_every_day_also_when_nothing_is_open(ward: Ward) -> None:
    # Infused at 10:00 on Saturday, 2 March 2024; the list begins then.
    assert rounds(ward, at(21.9)) == 0
    assert rounds(ward, at(22)) == 1
    assert rounds(ward, at(22.1)) == 0
    assert ward.kinds() == ["digest"]
    assert [name for name, _ in told_since(ward, 0)] == [person.name for person in PEOPLE]
    text = " ".join(text_of(ward.deliveries()[0].message).split())
    assert "0 open, 0 overdue, mail path ok, no backup recorded" in text
    assert rounds(ward, at(22 + 24)) == 1


def test_a_worker_that_was_down_sends_it_late_and_only_the_last_one(ward: Ward) -> None:
    assert rounds(ward, at(22 + 5)) == 1
    assert rounds(ward, at(22 + 6)) == 0
    # Three days later: one digest, and Monday's test mails.
    assert rounds(ward, at(22 + 72 + 5)) == 1 + len(PEOPLE)


def test_a_clock_set_back_sends_none_twice(ward: Ward) -> None:
    assert rounds(ward, at(22)) == 1
    assert rounds(ward, at(21)) == 0
    assert rounds(ward, at(22)) == 0


def test_who_joined_after_eight_gets_the_next_one(ward: Ward) -> None:
    with writing() as session:
        for person in session.exec(select(Recipient)).all():
            person.valid_from = at(23)
            session.add(person)
    assert rounds(ward, at(30)) == 0
    assert rounds(ward, at(46)) == 1


def test_the_digest_counts_what_is_open(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    rounds(ward, at(22))
    text = " ".join(text_of(ward.deliveries()[-1].message).split())
    assert "1 open, 0 overdue" in text
    assert "In monitoring: 1 patient." in text


def test_the_test_mail_comes_on_monday_with_a_code_for_each(ward: Ward) -> None:
    monday_at_nine = at(47)
    assert rounds(ward, monday_at_nine - timedelta(minutes=1)) == 1  # the digest
    assert rounds(ward, monday_at_nine) == len(PEOPLE)
    assert rounds(ward, monday_at_nine + timedelta(days=1)) == 1  # the digest of Tuesday
    tests = ward.deliveries()[len(PEOPLE) : 2 * len(PEOPLE)]
    codes = [one.uid[:8] for one in tests]
    assert [f"P4 test mail: please confirm {code}" for code in codes] == [
        mail_of(one.message)["Subject"] for one in tests
    ]
    assert len(set(codes)) == len(PEOPLE)
    digest = " ".join(text_of(ward.deliveries()[-1].message).split())
    assert "3" in digest.partition("Test mails:")[2].partition("As of")[0]


def test_every_round_leaves_one_audit_event(ward: Ward) -> None:
    rounds(ward, at(47))
    with reading() as session:
        actions = [
            event.action for event in session.exec(select(AuditEvent)).all() if event.subject == "notice"
        ]
    assert actions == ["post_digest", "post_test_mails"]


def test_nobody_on_the_list_means_no_round(ward: Ward) -> None:
    with writing() as session:
        for person in session.exec(select(Recipient)).all():
            person.valid_to = at(1)
            session.add(person)
    assert rounds(ward, at(47)) == 0
    assert ward.notices() == []


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        (local(SHANGHAI, 2026, 3, 29, 8, 0), SHANGHAI, local(SHANGHAI, 2026, 3, 29, 8, 0)),
        (local(SHANGHAI, 2026, 3, 29, 7, 59), SHANGHAI, local(SHANGHAI, 2026, 3, 28, 8, 0)),
        (local(SHANGHAI, 2026, 3, 1, 7, 0), SHANGHAI, local(SHANGHAI, 2026, 2, 28, 8, 0)),
        # The night the clock goes forward in Berlin has 23 hours, the other one 25.
        (local(BERLIN, 2026, 3, 29, 8, 0), BERLIN, datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
        (local(BERLIN, 2026, 3, 29, 7, 59), BERLIN, datetime(2026, 3, 28, 7, 0, tzinfo=UTC)),
        (local(BERLIN, 2026, 10, 25, 8, 0), BERLIN, datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
        (local(BERLIN, 2026, 10, 25, 7, 59), BERLIN, datetime(2026, 10, 24, 6, 0, tzinfo=UTC)),
    ],
)
def test_eight_o_clock_is_the_hospitals(now: datetime, zone: ZoneInfo, expected: datetime) -> None:
    assert last_daily(now, time(8), zone) == expected


@pytest.mark.parametrize("hours", range(0, 24 * 15, 7))
@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_the_weekly_time_is_the_last_such_monday(hours: int, zone: ZoneInfo) -> None:
    now = datetime(2026, 3, 20, 1, 0, tzinfo=UTC) + timedelta(hours=hours)
    found = last_weekly(now, 1, time(9), zone)
    assert (found.astimezone(zone).isoweekday(), found.astimezone(zone).time()) == (1, time(9))
    assert timedelta(0) <= now - found < timedelta(days=7, hours=1)
    assert now < last_weekly(found, 1, time(9), zone) + timedelta(days=7, hours=1) or found == now


class TestQuietHours:
    """Mails of urgency 3 and 4 wait, but not to the ward."""

    protocol = load_protocol()

    @pytest.mark.parametrize(
        ("clock", "until"),
        [
            ((2026, 3, 2, 21, 59), None),
            ((2026, 3, 2, 22, 0), (2026, 3, 3, 7, 0)),
            ((2026, 3, 2, 23, 59), (2026, 3, 3, 7, 0)),
            ((2026, 3, 3, 0, 0), (2026, 3, 3, 7, 0)),
            ((2026, 3, 3, 6, 59), (2026, 3, 3, 7, 0)),
            ((2026, 3, 3, 7, 0), None),
            ((2026, 2, 28, 22, 30), (2026, 3, 1, 7, 0)),
        ],
    )
    @pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
    def test_they_run_over_midnight(
        self, clock: tuple[int, ...], until: tuple[int, ...] | None, zone: ZoneInfo
    ) -> None:
        found = quiet_until(local(zone, *clock), self.protocol, zone)
        assert found == (None if until is None else local(zone, *until))

    def test_they_may_lie_within_a_day(self) -> None:
        protocol = replace(self.protocol, quiet_from=time(12), quiet_to=time(14))
        assert quiet_until(local(SHANGHAI, 2026, 3, 2, 13), protocol, SHANGHAI) == local(
            SHANGHAI, 2026, 3, 2, 14
        )
        assert quiet_until(local(SHANGHAI, 2026, 3, 2, 14), protocol, SHANGHAI) is None

    def test_none_where_they_begin_and_end_at_once(self) -> None:
        protocol = replace(self.protocol, quiet_from=time(12), quiet_to=time(12))
        assert quiet_until(local(SHANGHAI, 2026, 3, 2, 12), protocol, SHANGHAI) is None

    def test_a_recovery_at_night_waits_for_all_but_the_ward_and_a_grade_3_for_nobody(
        self, ward: Ward
    ) -> None:
        ward.assess(4, **GRADE_3)
        ward.mark_sent()
        ward.assess(12.5)  # 22:30
        ward.assess(17)  # 03:00 of the next day
        with reading() as session:
            waits = {
                (kind, name): due_at - created_at
                for kind, name, due_at, created_at in session.execute(
                    select(Notice.kind, Delivery.name, Delivery.due_at, Delivery.created_at).join(Notice)
                )
            }
        assert {waits["opening", person.name] for person in PEOPLE} == {timedelta(0)}
        assert waits["recovery", "Ward 7"] == timedelta(0)
        assert waits["recovery", "Dr Li"] == at(21) - at(17.1)
