"""The program and the second telling, driven side by side: every step is done by both, then compared.

The program works on a real database through its actions; its clock is `now`. The second telling gets the rows
that the tables hold after each step, and nothing else.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import select

from actions import context
from actions.errors import Refused
from alerts.jobs import sweep
from alerts.outbox import ANSWERED_BEFORE, Outcome, Result, claim_next, record_outcome
from db import session as database
from db.audit import verify_chain
from db.models import Record
from db.roles import Actor, Role
from db.session import reading, writing
from tests.second_opinion.alerts import Replay
from tests.second_opinion.alerts_course import course_at
from tests.second_opinion.alerts_told import Alert, Notice
from tests.support.protocols import of_a_course_alone

FACTS: Final = ("patient", "infusion", "assessment", "grade", "stay", "skipped_assessment", "recipient")
TELLING: Final = ("alert", "alert_assessment", "notice", "delivery", "acknowledgement")
EPISODES: Final = ("grade3", "rise2", "support_ungraded")
BY_THE_CLOCK: Final = ("escalation", "repeat")
PROTOCOL: Final = of_a_course_alone()
Alerts = dict[tuple[Any, ...], list[dict[str, Any]]]
Tables = Mapping[str, list[dict[str, Any]]]


class Crash(Exception):  # noqa: N818 -- what a kill looks like from inside
    """The program ends before its commit."""


class Driver:
    """One database, one clock, and the alerts as the second telling has them."""

    def __init__(self, url: str, now: datetime, people: Mapping[Role, Actor]) -> None:
        self.url, self.now, self.people = url, now, people
        context.configure(context.settings(), PROTOCOL)
        roles = {one.user_id: one.role.value for one in people.values() if one.user_id is not None}
        self.replay = Replay(PROTOCOL, context.settings().zone, roles)
        self.faults: list[str] = []
        self._watch_the_log()
        self.infusions = [row["id"] for row in self.read("infusion")["infusion"]]

    # --- Steps ------------------------------------------------------------------------------------------

    def act(self, action: Callable[[], object], *infusions: int) -> bool:
        """Do something that a person does, which the program follows by looking at these infusions.

        False where it was refused; nothing may have been written then.
        """
        before = self.everything()
        try:
            action()
        except Refused:
            self.unchanged(before, "a refused action")
            return False
        self.replay.look(self.now, infusions, self.read(*FACTS))
        if infusions:
            self.compare(by_the_clock=False)
        return True

    def crash(self, action: Callable[[], object]) -> None:
        """The program ends before the commit and starts again: nothing of the action may be left."""
        before = self.everything()
        with suppress(Crash, Refused), _no_commit():
            action()
        database.close()
        database.configure(self.url)
        self.unchanged(before, "an action without a commit")

    def sweep(self) -> None:
        """The worker's minute."""
        sweep(context.settings(), PROTOCOL, now=lambda: self.now)
        self.replay.look(self.now, self.infusions, self.read(*FACTS))

    def sweep_again(self) -> None:
        """A second look at the same moment changes nothing."""
        before = self.everything()
        sweep(context.settings(), PROTOCOL, now=lambda: self.now)
        self.unchanged(before, "a second sweep at the same moment")

    def deliver(self, result: Result) -> bool:
        """Send the next mail with this outcome; False where none is due."""
        with writing() as session:
            claimed = claim_next(session, worker="driver", now=self.now)
        if claimed is None:
            return False
        with writing() as session:
            record_outcome(session, claimed, Outcome(result, "250 or not"), now=self.now, spread=0.0)
        for row, notice in self._mails():
            if row["id"] == claimed.id:
                # A call that ends because it was answered is no refusal.
                refused = row["state"] == "failed" and row["last_error"] != ANSWERED_BEFORE
                kept = notice.mails[row["recipient_id"]] == "failed" or refused
                notice.mails[row["recipient_id"]] = "failed" if kept else "tried"
        return True

    def recipients_changed(self) -> None:
        """Somebody new is on the list."""
        self.replay.recipient_added(self.now, self.read(*FACTS))

    def unchanged(self, before: Tables, what: str) -> None:
        """No row of any table has changed."""
        assert not self.faults, self.faults
        after = self.everything()
        new = {
            name: [row for row in rows if row not in before[name]]
            for name, rows in after.items()
            if rows != before[name]
        }
        assert after == before, f"{what} has written {new}"

    # --- The comparison ---------------------------------------------------------------------------------

    def _watch_the_log(self) -> None:
        """A mail in fixed words, or a course that could not be swept, is a fault met in service."""
        faults = self.faults

        class Watch(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                faults.append(self.format(record))

        for name in ("alerts.telling", "alerts.jobs"):
            logging.getLogger(name).handlers = [Watch(logging.ERROR)]

    def compare(self, *, by_the_clock: bool = True) -> None:
        """Every stored alert, notice and recipient is what the second telling says, and nothing else is.

        Without `by_the_clock` only what an entry tells by itself: what merely stands, further steps and
        repeats come with the next sweep.
        """
        assert not self.faults, self.faults
        stored, told = self.stored(), self.told()
        if not by_the_clock:
            stored, told = _of_entries(stored), _of_entries(told)
        for place in sorted(set(stored) | set(told), key=str):
            assert stored.get(place, []) == told.get(place, []), self._difference(place, stored, told)

    def stored(self) -> Alerts:
        """The alerts of the database, by infusion, signal and slot."""
        tables = self.read(*TELLING)
        found = defaultdict(list)
        for alert in tables["alert"]:
            members = [one for one in tables["alert_assessment"] if one["alert_id"] == alert["id"]]
            notices = [one for one in tables["notice"] if one["alert_id"] == alert["id"]]
            found[alert["infusion_id"], alert["signal"], alert["slot"]].append(
                {name: alert[name] for name in ("state", "level", "urgency", "historical", "opened_at")}
                | {"closed_at": alert["closed_at"], "ended": alert["ended_reason"]}
                | {"members": sorted(one["assessment_stable_id"] for one in members)}
                | {"notices": [_stored_notice(one, tables["delivery"]) for one in notices]}
            )
        return dict(found)

    def told(self) -> Alerts:
        """The alerts of the second telling, in the same form."""
        found = defaultdict(list)
        for alert in self.replay.alerts:
            found[alert.place].append(
                {name: getattr(alert, name) for name in ("state", "level", "urgency", "historical")}
                | {"opened_at": alert.opened_at, "closed_at": alert.closed_at, "ended": alert.ended}
                | {"members": sorted(alert.members)}
                | {"notices": [_told_notice(one) for one in alert.notices]}
            )
        return dict(found)

    def same_alerts(self) -> Iterator[tuple[dict[str, Any], Alert]]:
        """Each stored alert and the same one of the second telling."""
        rest = list(self.replay.alerts)
        for row in self.read("alert")["alert"]:
            place = (row["infusion_id"], row["signal"], row["slot"])
            same = next(one for one in rest if one.place == place)
            rest = [one for one in rest if one is not same]
            yield row, same

    def audit_is_whole(self) -> bool:
        """Whether the chain of the audit trail verifies."""
        with reading() as session:
            return verify_chain(session).whole

    # --- What the database holds ------------------------------------------------------------------------

    def read(self, *names: str) -> Tables:
        """The rows of these tables, oldest first."""
        with reading() as session:
            connection = session.connection()
            return {name: [dict(row) for row in connection.execute(_ALL[name]).mappings()] for name in names}

    def everything(self) -> Tables:
        """The rows of all tables."""
        return self.read(*_ALL)

    def standing(self) -> list[dict[str, Any]]:
        """The assessments that stand."""
        rows = self.read("assessment")["assessment"]
        return [row for row in rows if row["superseded_at"] is None and row["status"] == "recorded"]

    def _mails(self) -> Iterator[tuple[dict[str, Any], Notice]]:
        """Each stored delivery and the notice of the second telling that it belongs to."""
        tables = self.read("notice", "delivery")
        for row, alert in self.same_alerts():
            notices = [one["id"] for one in tables["notice"] if one["alert_id"] == row["id"]]
            for delivery in tables["delivery"]:
                if delivery["notice_id"] in notices:
                    yield delivery, alert.notices[notices.index(delivery["notice_id"])]

    def _difference(self, place: tuple[Any, ...], stored: Mapping[Any, Any], told: Mapping[Any, Any]) -> str:
        """Both sides with times as hours after the first infusion, and what is the same left out."""
        sides = [stored.get(place, []), told.get(place, [])]
        lines = [f"{place} at {self._hours(self.now)}"]
        for number in range(max(map(len, sides))):
            pair = [side[number] if number < len(side) else {} for side in sides]
            names = sorted({*pair[0], *pair[1]})
            differing = [name for name in names if pair[0].get(name) != pair[1].get(name)]
            for name in differing:
                lines += [f"  alert {number}, {name}: {self._plain(one.get(name))}" for one in pair]
        return "\n".join([*lines, *self._course(place[0])])

    def _course(self, infusion_id: int) -> list[str]:
        """What the second telling makes of the entries, a line each."""
        known, roles = self.read(*FACTS), self.replay.roles
        course = course_at(known, infusion_id, self.now, PROTOCOL, context.settings().zone, roles)
        return [
            f"  entry of {self._hours(one.at)}: CRS {one.crs}, ICANS {one.icans}, support {one.support}"
            f"{', judged' * one.judged}{', died' * one.died}"
            for one in course.entries
        ]

    def _plain(self, value: object) -> object:
        if isinstance(value, datetime):
            return self._hours(value)
        if isinstance(value, list | tuple):
            return [self._plain(one) for one in value]
        return value

    def _hours(self, at: datetime) -> float:
        first: datetime = min(row["infused_at"] for row in self.read("infusion")["infusion"])
        return round((at - first).total_seconds() / 3600, 3)


_ALL: Final = {
    name: select(table).order_by(table.c.id)
    for name, table in Record.metadata.tables.items()
    if name != "draft"
}


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def _of_entries(alerts: Alerts) -> Alerts:
    """The alerts that assessments raise, without what only time adds to them."""
    return {
        place: [
            one | {"notices": [notice for notice in one["notices"] if notice[0] not in BY_THE_CLOCK]}
            for one in found
        ]
        for place, found in alerts.items()
        if place[1] in EPISODES
    }


def _stored_notice(row: dict[str, Any], deliveries: list[dict[str, Any]]) -> tuple[Any, ...]:
    people = sorted(one["recipient_id"] for one in deliveries if one["notice_id"] == row["id"])
    return row["kind"], row["created_at"], row["urgency"], row["step"], people


def _told_notice(notice: Notice) -> tuple[Any, ...]:
    return notice.kind, notice.at, notice.urgency, notice.step, sorted(notice.mails)


@contextmanager
def _no_commit() -> Iterator[None]:
    def fail(point: str) -> None:
        if point == "session.before_commit":
            raise Crash

    with patch("db.session.reach", fail):
        yield
