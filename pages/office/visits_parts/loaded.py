"""What the visits page shows: every infused patient's plan, what is recorded of it, and what ended it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries.deaths import Death, load_deaths
from db.queries.follow_up import EventVersion, VisitVersion, facts_of, load_events, load_visits
from db.queries.office import PatientRecord, load_patients
from trial.follow_up_facts import FollowUpFact, end_of_follow_up
from trial.follow_up_plan import FollowUpPlan
from trial.visits import RecordedVisit, Visit, next_visit, plan_visits, unplanned, visits_on

T = TypeVar("T", VisitVersion, EventVersion)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """The follow-up of one patient on a day.

    visits            the plan, the first infusion's visits first
    earlier           visits recorded under a plan that the protocol has since changed
    visit_versions    every version of every visit, and `event_versions` of every event
    ended             what ended the follow-up, None while it goes on
    """

    patient: PatientRecord
    visits: tuple[Visit, ...]
    earlier: tuple[RecordedVisit, ...]
    visit_versions: tuple[VisitVersion, ...]
    event_versions: tuple[EventVersion, ...]
    death: Death | None
    ended: FollowUpFact | None

    def of_infusion(self, number: int) -> tuple[Visit, ...]:
        """The visits planned from one infusion."""
        return tuple(visit for visit in self.visits if visit.planned.infusion_number == number)

    def version_of(self, recorded: RecordedVisit) -> VisitVersion:
        """The stored version behind a visit that is recorded."""
        place = (recorded.infusion_number, recorded.name)
        (found,) = [
            one for one in self.visit_versions if one.stands and (one.infusion_number, one.name) == place
        ]
        return found

    @property
    def events(self) -> tuple[EventVersion, ...]:
        """The events that stand, by the day they happened."""
        return tuple(one for one in self.event_versions if one.stands)


def load_follow_ups(session: Session, on: date, plan: FollowUpPlan, zone: ZoneInfo) -> list[FollowUp]:
    """Everyone who is enrolled or infused, by study code."""
    visits, events = _by_patient(load_visits(session)), _by_patient(load_events(session))
    deaths = load_deaths(session)
    return [
        _follow_up(patient, visits[patient.id], events[patient.id], deaths.get(patient.id), on, plan, zone)
        for patient in load_patients(session)
        if patient.enrolled_at is not None or patient.infusions
    ]


def next_first(shown: Iterable[tuple[FollowUp, int]]) -> list[tuple[FollowUp, int]]:
    """Patients with the number of an infusion, in the order in which somebody has to act.

    Overdue, due and open visits stand first, by the end of their window; who has no visit left stands last.
    """

    def place(one: tuple[FollowUp, int]) -> tuple[bool, int, date, str, int]:
        follow_up, number = one
        waiting = next_visit(follow_up.of_infusion(number))
        urgency, until = waiting.waits_until if waiting else (0, date.max)
        return waiting is None, urgency, until, follow_up.patient.study_code, number

    return sorted(shown, key=place)


def _follow_up(
    patient: PatientRecord,
    visits: list[VisitVersion],
    events: list[EventVersion],
    death: Death | None,
    on: date,
    plan: FollowUpPlan,
    zone: ZoneInfo,
) -> FollowUp:
    planned = plan_visits([one.infused_at.astimezone(zone).date() for one in patient.infusions], plan)
    recorded = [visit.fact() for visit in visits if visit.stands]
    ended = end_of_follow_up(facts_of(events, death, zone), on)
    return FollowUp(
        patient=patient,
        visits=visits_on(planned, recorded, ended, on),
        earlier=tuple(unplanned(planned, recorded)),
        visit_versions=tuple(visits),
        event_versions=tuple(events),
        death=death,
        ended=ended,
    )


def _by_patient(versions: Iterable[T]) -> defaultdict[int, list[T]]:
    found: defaultdict[int, list[T]] = defaultdict(list)
    for version in versions:
        found[version.patient_id].append(version)
    return found
