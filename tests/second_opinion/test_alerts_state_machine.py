"""The program against the second telling of alerts, over histories that nobody would think of.

After every step the stored alerts, notices and recipients are those of the rules; a refused action and one
that dies before its commit leave nothing; a second look at the same moment changes nothing; the audit chain
verifies at the end. On SQLite; `make soak` runs longer and makes what fails smaller.
"""

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from actions.alerts import acknowledge_alert, silence_alert
from actions.assessments import (
    correct_assessment,
    move_assessment,
    record_assessment,
    skip_assessment,
    void_assessment,
)
from actions.patients import record_lasting_findings, record_stay
from actions.recipients import add_recipient, end_recipient
from alerts.outbox import Result
from alerts.stored import version_to_acknowledge
from db import session as database
from db.inputs import AssessmentIn, RecipientIn, SkipIn, StayIn
from db.roles import Actor, Group, Role
from db.session import reading
from grading.charted import Sign
from tests.actions.conftest import CODE, INFUSED_AT, OTHER_CODE, Site, make_site
from tests.second_opinion.alerts_charting import Charting, charting
from tests.second_opinion.alerts_driver import Driver, minutes
from tests.support import made_up
from trial.calendar import StayKind

PLACES = ((CODE, 1), (OTHER_CODE, 1), (OTHER_CODE, 2))
SECOND_AT = INFUSED_AT + timedelta(hours=60)
STARTS_AT = INFUSED_AT + timedelta(hours=64)
ZONE_HOURS = (2, 6, 10, 14, 18, 22)

places = st.sampled_from((*PLACES[:1], *PLACES))
STEPS_MIN = (1, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1440, 4320)
GAPS_MIN = (1, 15, 120, 240, 240, 480, 720, 1440)
"""Between two entries, in minutes."""

shifts = st.lists(st.tuples(st.sampled_from(GAPS_MIN), charting()), min_size=1, max_size=4)
anyone = st.sampled_from((Role.WARD, Role.INVESTIGATOR))
picks = st.integers(min_value=0, max_value=1000)


class AlertMachine(RuleBasedStateMachine):
    """One ward, from the first look to the end of the run."""

    template: Path
    staff: dict[Role, Actor]

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "vigil.db"
        shutil.copy(self.template, path)
        database.configure(f"sqlite:///{path}")
        self.driver = Driver(f"sqlite:///{path}", STARTS_AT, self.staff)
        self.tokens = count()

    def teardown(self) -> None:
        try:
            assert self.driver.audit_is_whole()
        finally:
            database.close()
            self.folder.cleanup()

    @initialize(groups=st.lists(st.sampled_from(sorted(Group)), unique=True), hours=st.integers(0, 200))
    def begin(self, groups: list[Group], hours: int) -> None:
        self.driver.now += timedelta(hours=hours)
        for group in groups:
            self.add_to_the_list(group)

    # --- Entries ----------------------------------------------------------------------------------------

    @rule(place=places, entries=shifts, by=anyone)
    def work_a_shift(self, place: tuple[str, int], entries: list[tuple[int, Charting]], by: Role) -> None:
        for gap, charted in entries:
            self.driver.now += minutes(gap)
            self.record(place, charted, by, timedelta(0))
            self.look()

    @rule(place=places, charted=charting(), by=anyone, hours_ago=st.floats(0.25, 100))
    def enter_late(self, place: tuple[str, int], charted: Charting, by: Role, hours_ago: float) -> None:
        self.record(place, charted, by, minutes(round(60 * hours_ago)))

    @rule(place=places, of=st.sampled_from(("crs", "icans", "other")), pick=picks)
    @precondition(lambda self: self.driver.now > STARTS_AT + timedelta(hours=100))
    def die(self, place: tuple[str, int], of: str, pick: int) -> None:
        if pick % 4 == 0:
            self.record(place, {"death_due_to": of}, Role.WARD, minutes(1))

    @rule(pick=picks, charted=charting(), moved=st.sampled_from((0, 0, 0, -600, -7, 30)))
    def correct(self, pick: int, charted: Charting, moved: int) -> None:
        row = self.pick(self.driver.standing(), pick)
        if row is None:
            return
        entry = self.entry(self.place_of(row), charted, row["assessed_at"] + minutes(moved))
        if entry is None:
            return
        change = partial(
            correct_assessment, row["stable_id"], row["version"], entry, "wrong line", self.token()
        )
        self.driver.act(partial(change, by=self.investigator, now=self.driver.now), row["infusion_id"])

    @rule(pick=picks, charted=charting())
    def correct_what_was_changed_meanwhile(self, pick: int, charted: Charting) -> None:
        row = self.pick(self.driver.standing(), pick)
        entry = None if row is None else self.entry(self.place_of(row), charted, row["assessed_at"])
        if row is None or entry is None:
            return
        change = partial(
            correct_assessment, row["stable_id"], row["version"] + 1, entry, "late", self.token()
        )
        assert not self.driver.act(partial(change, by=self.investigator, now=self.driver.now))

    @rule(pick=picks)
    def void(self, pick: int) -> None:
        row = self.pick(self.driver.standing(), pick)
        if row is not None:
            change = partial(void_assessment, row["stable_id"], row["version"], "entered twice")
            self.driver.act(partial(change, by=self.investigator, now=self.driver.now), row["infusion_id"])

    @rule(pick=picks, to=places)
    def move(self, pick: int, to: tuple[str, int]) -> None:
        row = self.pick(self.driver.standing(), pick)
        if row is not None:
            change = partial(move_assessment, row["stable_id"], row["version"], *to, "wrong patient")
            here = self.driver.infusions[PLACES.index(to)]
            self.driver.act(
                partial(change, by=self.investigator, now=self.driver.now), row["infusion_id"], here
            )

    @rule(place=places, charted=charting())
    def die_before_the_commit(self, place: tuple[str, int], charted: Charting) -> None:
        entry = self.entry(place, charted, self.driver.now)
        if entry is not None:
            act = partial(record_assessment, entry, self.token(), by=self.nurse, now=self.driver.now)
            self.driver.crash(act)

    # --- What was not done, and where the patient is ----------------------------------------------------

    @rule(
        place=places,
        kind=st.sampled_from(("vital_signs", "ice")),
        hour=st.sampled_from(ZONE_HOURS),
        reason=st.sampled_from(("asleep", "refused", "other")),
        why=st.sampled_from((None, "at CT")),
        days_ago=st.integers(0, 1),
    )
    def skip(
        self, place: tuple[str, int], kind: str, hour: int, reason: str, why: str | None, days_ago: int
    ) -> None:
        day = (self.driver.now + timedelta(hours=8)).date() - timedelta(days=days_ago)
        due_at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=8)
        code, number = place
        typed = {"patient_id": code, "infusion_number": number, "kind": kind, "due_at": due_at}
        entry, _ = SkipIn.check(typed | {"reason": reason, "explanation": why})
        if entry is not None:
            self.driver.now += timedelta(seconds=1)  # no two answers are given at one instant
            self.driver.act(partial(skip_assessment, entry, by=self.nurse, now=self.driver.now))
            self.sweep()

    @rule(code=st.sampled_from((CODE, OTHER_CODE)), kind=st.sampled_from(sorted(StayKind)))
    def go(self, code: str, kind: StayKind) -> None:
        entry = StayIn(patient_id=code, kind=kind, from_at=self.driver.now, reason="as planned")
        act = partial(record_stay, entry, ends_current=True, by=self.coordinator, now=self.driver.now)
        self.driver.act(act)
        self.sweep()

    @rule(code=st.sampled_from((CODE, OTHER_CODE)), findings=st.sampled_from((None, (), (Sign.HYPOXIA,))))
    def find_what_lasts(self, code: str, findings: tuple[Sign, ...] | None) -> None:
        rows = self.driver.read("patient")["patient"]
        (patient_id,) = (row["id"] for row in rows if row["study_code"] == code)
        act = partial(record_lasting_findings, patient_id, findings, None, by=self.investigator)
        self.driver.act(partial(act, now=self.driver.now))
        self.sweep()

    # --- Alerts and mails -------------------------------------------------------------------------------

    @rule(pick=picks)
    def acknowledge(self, pick: int) -> None:
        pairs = [pair for pair in self.driver.same_alerts() if pair[1].state == "open"]
        if not pairs:
            return
        row, alert = pairs[-1 - pick % len(pairs)]
        with reading() as session:
            shown = version_to_acknowledge(session, row["id"])
        act = partial(acknowledge_alert, row["id"], row["level"], shown, "seen_at_bedside")
        assert self.driver.act(partial(act, by=self.investigator, now=self.driver.now))
        self.driver.replay.acknowledged(alert, self.driver.now)

    @rule(pick=picks)
    def acknowledge_what_was_not_shown(self, pick: int) -> None:
        row = self.pick(self.driver.read("alert")["alert"], pick)
        if row is not None:
            act = partial(acknowledge_alert, row["id"], row["level"] + 1, None, "seen_at_bedside")
            assert not self.driver.act(partial(act, by=self.investigator, now=self.driver.now))

    @rule(pick=picks, hours=st.sampled_from((1, 6, 24, 25)))
    def silence(self, pick: int, hours: int) -> None:
        pairs = [pair for pair in self.driver.same_alerts() if pair[1].live]
        if not pairs:
            return
        row, alert = pairs[-1 - pick % len(pairs)]
        until = self.driver.now + timedelta(hours=hours)
        act = partial(silence_alert, row["id"], "the team is at the bedside", until)
        done = self.driver.act(partial(act, by=self.investigator, now=self.driver.now))
        assert done == (alert.urgency != 1 and hours <= 24)
        if done:
            self.driver.replay.silenced(alert, until)

    @rule(outcomes=st.lists(st.sampled_from(sorted(Result)), min_size=1, max_size=6))
    def deliver(self, outcomes: list[Result]) -> None:
        for outcome in outcomes:
            if not self.driver.deliver(outcome):
                return

    @rule(group=st.sampled_from(sorted(Group)))
    def add_to_the_list(self, group: Group) -> None:
        number = next(self.tokens)
        entry = RecipientIn(name=f"{group} {number}", address=f"r{number}@hospital.org", group=group)
        if self.driver.act(partial(add_recipient, entry, by=self.coordinator, now=self.driver.now)):
            self.driver.recipients_changed()

    @rule(pick=picks)
    def end_on_the_list(self, pick: int) -> None:
        rows = self.driver.read("recipient")["recipient"]
        row = self.pick([one for one in rows if one["valid_from"] < self.driver.now], pick)
        if row is not None:
            self.driver.act(partial(end_recipient, row["id"], by=self.coordinator, now=self.driver.now))

    # --- Time -------------------------------------------------------------------------------------------

    @rule(steps=st.lists(st.sampled_from(STEPS_MIN), min_size=1, max_size=4))
    def time_passes(self, steps: list[int]) -> None:
        for step in steps:
            self.driver.now += minutes(step)
            self.look()

    @rule(step=st.integers(1, 400))
    def some_time_passes_unseen(self, step: int) -> None:
        self.driver.now += minutes(step)

    @rule(step=st.integers(1, 10))
    def the_clock_steps_back(self, step: int) -> None:
        self.driver.now -= minutes(step)
        self.sweep()

    @rule()
    def sweep(self) -> None:
        self.look()
        self.driver.sweep_again()

    # --- What must hold ---------------------------------------------------------------------------------

    @invariant()
    def the_program_does_what_the_rules_say(self) -> None:
        self.look()

    # --- Helpers ----------------------------------------------------------------------------------------

    def look(self) -> None:
        """One sweep, and the comparison."""
        self.driver.sweep()
        self.driver.compare()

    @property
    def nurse(self) -> Actor:
        return self.staff[Role.WARD]

    @property
    def investigator(self) -> Actor:
        return self.staff[Role.INVESTIGATOR]

    @property
    def coordinator(self) -> Actor:
        return self.staff[Role.COORDINATOR]

    def token(self) -> str:
        return f"token-{next(self.tokens)}"

    def pick(self, rows: list[dict[str, Any]], number: int) -> dict[str, Any] | None:
        return rows[-1 - number % len(rows)] if rows else None

    def place_of(self, row: dict[str, Any]) -> tuple[str, int]:
        return PLACES[self.driver.infusions.index(row["infusion_id"])]

    def entry(self, place: tuple[str, int], charted: Charting, at: datetime) -> AssessmentIn | None:
        code, number = place
        place_and_time = {"patient_id": code, "infusion_number": number, "assessed_at": at}
        return AssessmentIn.check(charted | place_and_time)[0]

    def record(self, place: tuple[str, int], charted: Charting, by: Role, ago: timedelta) -> None:
        entry = self.entry(place, charted, self.driver.now - ago)
        if entry is not None:
            act = partial(record_assessment, entry, self.token(), by=self.staff[by], now=self.driver.now)
            self.driver.act(act, self.driver.infusions[PLACES.index(place)])


@pytest.fixture
def machine(sqlite_database: str, sqlite_template: Path, tmp_path: Path) -> type[AlertMachine]:
    """The machine, on a ward whose people, patients and infusions were entered once."""
    site = prepared(sqlite_database, tmp_path)
    database.close()
    AlertMachine.template, AlertMachine.staff = tmp_path / "vigil.db", site.people
    return AlertMachine


def prepared(url: str, folder: Path) -> Site:
    site = make_site(url, folder)
    made_up.infuse(site.patients[OTHER_CODE], 2, SECOND_AT)
    return site


def run(machine: type[AlertMachine], examples: int, steps: int, phases: tuple[Phase, ...]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=phases,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(180)
def test_the_program_tells_what_the_rules_say(machine: type[AlertMachine]) -> None:
    # A failing history is short as it is; making it smaller would outlast the time of a test.
    run(machine, examples=8, steps=14, phases=(Phase.generate,))


@pytest.mark.soak
def test_the_program_tells_what_the_rules_say_over_long_runs(machine: type[AlertMachine]) -> None:
    run(machine, examples=100, steps=60, phases=(Phase.generate, Phase.shrink))
