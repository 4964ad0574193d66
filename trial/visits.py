"""The planned visits of a patient, and how each stands on a day.

The plan follows from the infusion dates and the protocol; what is stored is how a visit went. A visit that is
recorded stays as recorded, whatever else happens.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from trial.follow_up_facts import FollowUpFact, VisitStatus, VisitTest
from trial.follow_up_plan import CountedFrom, FollowUpPlan, PlannedDay


class VisitState(StrEnum):
    """How a planned visit stands."""

    NOT_YET = "not_yet"
    """Its window has not opened."""
    OPEN = "open"
    """The window is open, the planned day has not come."""
    DUE = "due"
    """The planned day has come, the window is still open."""
    OVERDUE = "overdue"
    """The window has closed and nothing is recorded."""
    DONE = "done"
    MISSED = "missed"
    NO_LONGER = "no_longer"
    """Death, withdrawal, loss to follow-up or a second infusion came first."""


WAITS: Final = (VisitState.OVERDUE, VisitState.DUE, VisitState.OPEN, VisitState.NOT_YET)
"""What somebody still has to do, the most urgent first."""


def visit_label(name: str) -> str:
    """The name of a visit as people read it: "Day 28"."""
    return name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of the plan on its days. `replaced_on` is the second infusion that took its place."""

    infusion_number: int
    name: str
    day: int
    on: date
    from_on: date
    to_on: date
    tests: tuple[VisitTest, ...]
    replaced_on: date | None = None


@dataclass(frozen=True, slots=True)
class RecordedVisit:
    """A visit as it went. `tests` holds what was said to be done or not; an absent one is not recorded."""

    infusion_number: int
    name: str
    status: VisitStatus
    visited_on: date | None = None
    tests: Mapping[VisitTest, bool] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A planned visit and how it stands. `ended_by` is what made it fall away."""

    planned: PlannedVisit
    state: VisitState
    recorded: RecordedVisit | None = None
    ended_by: FollowUpFact | None = None

    @property
    def not_done(self) -> tuple[VisitTest, ...]:
        """Planned tests of a visit that took place which were not done."""
        return tuple(test for test in self._asked if self._said(test) is False)

    @property
    def not_recorded(self) -> tuple[VisitTest, ...]:
        """Planned tests of a visit that took place of which nobody has said whether they were done."""
        return tuple(test for test in self._asked if self._said(test) is None)

    @property
    def outside_window(self) -> bool:
        """Whether it took place on a day that the plan does not count."""
        on = self.recorded.visited_on if self.recorded else None
        return on is not None and not self.planned.from_on <= on <= self.planned.to_on

    @property
    def waits_until(self) -> tuple[int, date]:
        """What sorts the visits that wait: overdue, due, open, then those to come; by their next date."""
        place = WAITS.index(self.state)
        return place, self.planned.from_on if self.state is VisitState.NOT_YET else self.planned.to_on

    @property
    def _asked(self) -> tuple[VisitTest, ...]:
        return self.planned.tests if self.state is VisitState.DONE else ()

    def _said(self, test: VisitTest) -> bool | None:
        return self.recorded.tests.get(test) if self.recorded else None


def plan_visits(infused_on: Sequence[date], plan: FollowUpPlan) -> tuple[PlannedVisit, ...]:
    """The visits planned for a patient with these infusions, the first one first.

    Raises:
        ValueError: the infusions are more than two, or not in order.
    """
    if len(infused_on) > 2 or list(infused_on) != sorted(infused_on):
        raise ValueError(f"The dates of one or two infusions, the first one first, not {infused_on}.")
    counted = infused_on[:1] if plan.counted_from is CountedFrom.FIRST else infused_on
    replaced_on = infused_on[1] if plan.counted_from is CountedFrom.LAST and len(infused_on) > 1 else None
    return tuple(
        _planned(number, infusion, day, replaced_on if number == 1 else None)
        for number, infusion in enumerate(counted, 1)
        for day in plan.visits
    )


def _planned(number: int, infused_on: date, day: PlannedDay, replaced_on: date | None) -> PlannedVisit:
    on = infused_on + timedelta(days=day.day)
    return PlannedVisit(
        infusion_number=number,
        name=day.name,
        day=day.day,
        on=on,
        from_on=on - timedelta(days=day.before),
        to_on=on + timedelta(days=day.after),
        tests=day.tests,
        replaced_on=replaced_on if replaced_on is not None and on >= replaced_on else None,
    )


def visits_on(
    planned: Iterable[PlannedVisit],
    recorded: Iterable[RecordedVisit],
    ended: FollowUpFact | None,
    on: date,
) -> tuple[Visit, ...]:
    """How each planned visit stands on a day.

    Args:
        recorded: what was recorded and stands.
        ended: what ended the follow-up up to that day (`trial.follow_up_facts.end_of_follow_up`).
    """
    by_name = {(visit.infusion_number, visit.name): visit for visit in recorded}
    return tuple(
        _stands(visit, by_name.get((visit.infusion_number, visit.name)), ended, on) for visit in planned
    )


def _stands(
    planned: PlannedVisit, recorded: RecordedVisit | None, ended: FollowUpFact | None, on: date
) -> Visit:
    if recorded is not None:
        state = VisitState.DONE if recorded.status is VisitStatus.DONE else VisitState.MISSED
        return Visit(planned, state, recorded)
    if ended is not None and ended.on <= planned.to_on:
        return Visit(planned, VisitState.NO_LONGER, ended_by=ended)
    if planned.replaced_on is not None and planned.replaced_on <= on:
        return Visit(planned, VisitState.NO_LONGER)
    return Visit(planned, _by_the_calendar(planned, on))


def _by_the_calendar(planned: PlannedVisit, on: date) -> VisitState:
    if on < planned.from_on:
        return VisitState.NOT_YET
    if on < planned.on:
        return VisitState.OPEN
    return VisitState.DUE if on <= planned.to_on else VisitState.OVERDUE


def unplanned(planned: Iterable[PlannedVisit], recorded: Iterable[RecordedVisit]) -> Iterator[RecordedVisit]:
    """What was recorded under a plan that the protocol has since changed: it is shown, never dropped."""
    known = {(visit.infusion_number, visit.name) for visit in planned}
    return (visit for visit in recorded if (visit.infusion_number, visit.name) not in known)


def next_visit(visits: Iterable[Visit]) -> Visit | None:
    """The visit that comes first: overdue, due, open, then the next one planned; None where none is left."""
    waiting = [visit for visit in visits if visit.state in WAITS]
    return min(waiting, key=lambda visit: visit.waits_until, default=None)
