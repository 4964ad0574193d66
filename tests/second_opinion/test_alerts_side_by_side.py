"""Histories that a random run meets too seldom, through the program and the second telling side by side.

Each step is compared as in the state machine; what is asserted here only shows that the history got there.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from alerts.outbox import Result
from db.roles import Group, Role
from tests.second_opinion.alerts_charting import PICTURES
from tests.second_opinion.test_alerts_state_machine import PLACES, AlertMachine
from tests.second_opinion.test_alerts_state_machine import machine as machine  # a fixture
from trial.calendar import StayKind

HERE, _, ELSEWHERE = PLACES
CODE: Final = HERE[0]


class Ward:
    """The machine, moved by hand; everybody is on the list."""

    def __init__(self, machine: AlertMachine) -> None:
        self.machine = machine
        machine.begin(groups=[group for group in Group if group is not Group.WARD], hours=0)

    def enter(self, *entries: tuple[int, str], by: Role = Role.WARD) -> None:
        """Pictures, each so many minutes after the last."""
        charted = [(gap, PICTURES[name]) for gap, name in entries]
        self.machine.work_a_shift(place=HERE, entries=charted, by=by)

    def late(self, hours_ago: float, name: str) -> None:
        self.machine.enter_late(place=HERE, charted=PICTURES[name], by=Role.WARD, hours_ago=hours_ago)
        self.machine.look()

    def correct(self, name: str, newest: int = 0) -> None:
        self.machine.correct(pick=newest, charted=PICTURES[name], moved=0)
        self.machine.look()

    def wait(self, *minutes: int) -> None:
        self.machine.time_passes(steps=list(minutes))
        self.machine.driver.sweep_again()

    def answer(self, signal: str) -> None:
        still_open = [alert for _, alert in self.machine.driver.same_alerts() if alert.state == "open"]
        places = [alert.place[1] for alert in reversed(still_open)]
        self.machine.acknowledge(pick=places.index(signal))
        self.machine.look()

    def told(self, signal: str) -> list[str]:
        """The kinds of all notices of this signal, here."""
        here = self.machine.driver.infusions[0]
        return [
            notice.kind
            for alert in self.machine.driver.replay.alerts
            if alert.place[:2] == (here, signal)
            for notice in alert.notices
        ]

    def states(self, signal: str) -> list[str | None]:
        """What ended each alert of this signal here, or its state."""
        here = self.machine.driver.infusions[0]
        alerts = [one for one in self.machine.driver.replay.alerts if one.place[:2] == (here, signal)]
        return [one.ended or one.state for one in alerts]


SHOCK: Final = "fever and a vasopressor"
GRAVE: Final = "fever and two vasopressors"


@pytest.fixture
def ward(machine: type[AlertMachine]) -> Iterator[Ward]:
    running = machine()
    yield Ward(running)
    running.teardown()


def test_a_relapse_of_an_answered_alert(ward: Ward) -> None:
    ward.enter((1, SHOCK))
    ward.answer("grade3")
    ward.enter((120, "fever"), (60, SHOCK), (60, "fever"), (720, "fever"))
    assert ward.told("grade3") == ["opening", "again", "escalation", "recovery"]
    ward.enter((60, SHOCK))
    assert ward.states("grade3") == ["recovered", "open"]


@pytest.mark.parametrize(
    ("name", "steps", "repeats"), [(SHOCK, (15, 15, 30, 60), 25), (GRAVE, (5, 5, 10, 60), 26)]
)
def test_every_step_at_its_minute_and_the_repeats_of_a_day(
    ward: Ward, name: str, steps: tuple[int, ...], repeats: int
) -> None:
    ward.enter((1, name))
    for step in steps:
        ward.wait(step - 1, 1)
    assert ward.told("grade3") == ["opening", *["escalation"] * 3, "repeat"]
    ward.wait(*[60] * 24, *[240] * 3)
    assert ward.told("grade3").count("repeat") == repeats


def test_mails_that_are_refused_for_good(ward: Ward) -> None:
    ward.enter((1, SHOCK))
    while ward.machine.driver.deliver(Result.REFUSED):
        ward.machine.look()
    assert ward.told("grade3") == ["opening", *["escalation"] * 3]


@pytest.mark.parametrize(("name", "hours"), [(SHOCK, 12), (GRAVE, 4)])
def test_an_answer_that_lapses(ward: Ward, name: str, hours: int) -> None:
    ward.enter((1, name))
    ward.answer("grade3")
    ward.wait(60 * hours - 1)
    assert ward.told("grade3") == ["opening"]
    ward.wait(1, 15)
    assert ward.told("grade3")[:2] == ["opening", "lapsed"]


def test_silence_and_a_change_to_grade_4_and_back(ward: Ward) -> None:
    ward.enter((1, SHOCK))
    alerts = [alert for _, alert in ward.machine.driver.same_alerts() if alert.live]
    pick = [alert.place[1] for alert in reversed(alerts)].index("grade3")
    ward.machine.silence(pick=pick, hours=24)
    ward.wait(60, 60)
    assert ward.told("grade3") == ["opening"]
    ward.enter((1, GRAVE))
    ward.wait(5)
    ward.correct(SHOCK)
    ward.wait(30, 60)
    assert ward.told("grade3")[:4] == ["opening", "worsened", "escalation", "amendment"]


@pytest.mark.parametrize("sent", [True, False])
def test_each_row_of_the_corrections(ward: Ward, sent: bool) -> None:
    ward.enter((1, SHOCK))
    while sent and ward.machine.driver.deliver(Result.SENT):
        pass
    ward.correct("fever")
    ward.correct(SHOCK)
    ward.enter((60, GRAVE))
    ward.correct(SHOCK)
    ward.correct("well", newest=1)
    ward.machine.move(pick=1, to=ELSEWHERE)
    ward.machine.look()
    assert ward.states("grade3") == ["corrected", "corrected"]
    told = ward.told("grade3")
    assert [kind for kind in told if kind != "escalation"] == [
        *("opening", "retraction", "opening", "worsened", "amendment", "amendment", "retraction")
    ]


def test_late_entries_into_what_is_over(ward: Ward) -> None:
    ward.enter((1, SHOCK), (240, "well"), (720, "well"))
    ward.late(17, SHOCK)
    ward.late(16.5, GRAVE)
    assert ward.told("grade3")[-1] == "late"
    ward.late(60, SHOCK)
    ward.machine.void(pick=0)
    ward.machine.look()
    assert ward.states("grade3")[0] == "recovered"


def test_two_episodes_that_grow_together_and_part_again(ward: Ward) -> None:
    ward.enter((1, SHOCK), (240, "well"), (720, "well"), (60, SHOCK), (60, SHOCK))
    ward.correct(SHOCK, newest=2)
    assert ward.states("grade3") == ["recovered", "open"]
    ward.correct("well")
    ward.wait(15)


def test_death_of_another_cause_with_alerts_of_every_kind(ward: Ward) -> None:
    ward.enter((1, SHOCK), (1, "ice 2"), (1, "nerves not recorded"))
    ward.wait(480)
    ward.machine.die(place=HERE, of="other", pick=0)  # not before its time: nothing is recorded
    ward.machine.driver.now = ward.machine.driver.now.replace(day=ward.machine.driver.now.day + 5)
    ward.machine.die(place=HERE, of="other", pick=0)
    ward.machine.look()
    ward.wait(60, 60)
    assert set(ward.states("grade3")) == {"death"}


def test_a_rise_that_grade_3_speaks_for_and_one_that_expires(ward: Ward) -> None:
    ward.enter((1, "well"), (60, "ice 6"), (60, "ice 2"), (1, "well"), (720, "well"))
    ward.enter((60, "ice 6"), (60, "fever"))
    ward.wait(4320)
    assert ward.states("rise2") == ["superseded", "expired"]


def test_support_that_is_judged_covered_stronger_and_gone(ward: Ward) -> None:
    low = "low pressure without fever"
    ward.enter((1, low))
    ward.enter((10, "low pressure of another cause"))
    assert ward.states("support_ungraded") == ["open"]
    ward.enter((10, "low pressure of another cause"), by=Role.INVESTIGATOR)
    ward.enter((10, low))
    assert ward.states("support_ungraded") == ["judged"]
    ward.enter((10, "mask without fever"))
    ward.enter((10, "well"), (10, "shock, no temperature"), (10, "well"), (10, "well"))
    assert ward.states("support_ungraded") == ["judged", "gone"]
    ward.enter((10, low), (10, "fever"))
    assert ward.states("support_ungraded") == ["judged", "gone", "graded"]


def test_light_support_that_becomes_strong_and_leaves(ward: Ward) -> None:
    ward.enter((1, "low pressure without fever"), (10, "mask without fever"))
    assert ward.told("support_ungraded") == ["opening", "worsened"]
    ward.wait(5)
    ward.machine.go(code=CODE, kind=StayKind.HOME)
    ward.wait(60)
    assert ward.states("support_ungraded") == ["left"]
    ward.machine.go(code=CODE, kind=StayKind.WARD)
    ward.enter((10, "mask without fever"))
    assert ward.told("support_ungraded") == ["opening", "worsened", "again"]


def test_unsettled_answered_settled_and_again(ward: Ward) -> None:
    ward.enter((1, "nothing recorded"), (240, "nothing recorded"), (60, "nothing recorded"))
    ward.wait(480)
    ward.answer("unsettled")
    ward.machine.the_clock_steps_back(step=9)
    ward.wait(5, 720)
    ward.enter((1, "well"))
    assert "settled" in ward.states("unsettled")
    ward.enter((1, "nothing recorded"))
    ward.wait(479, 1)
    assert ward.states("unsettled")[-1] == "open"


def test_missed_skipped_refused_and_met_late(ward: Ward) -> None:
    ward.enter((1, "well"))
    for reason, why in (("refused", None), ("refused", "wants to sleep"), ("asleep", None)):
        for hour in (2, 6, 10, 14, 18, 22):
            for kind in ("vital_signs", "ice"):
                ward.machine.skip(place=HERE, kind=kind, hour=hour, reason=reason, why=why, days_ago=0)
        ward.wait(60, 480)
    ward.wait(240)
    ward.enter((1, "well"))
    assert set(ward.states("missed")) >= {"met"}
