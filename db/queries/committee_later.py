"""Infections, blood counts and drugs after each infusion, as the committee counts them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries.committee_courses import course_ends
from db.queries.committee_drugs import load_drug_days
from db.queries.committee_people import Person, PersonInfusion
from db.queries.events import EventRecord, load_events
from db.queries.lab_results import load_lab_rows_of_all, load_trial_courses
from db.queries.treatments import load_treatments_of_all
from grading.units import Analyte
from trial.blood_counts import TrialCourse, baseline_before, grade_icaht
from trial.calendar import day_of
from trial.drug_days import DrugDays
from trial.laboratory import LabRow, baselines, grade_rows, worst_by_day
from trial.later_toxicity import WINDOW_DAYS, CountsCourse, InfectionCourse, TreatedCourse
from trial.protocol import Protocol
from trial.steroids import steroid_days
from trial.treatments import Treatment

CYTOPENIAS: Final = (Analyte.ANC, Analyte.PLATELETS, Analyte.HEMOGLOBIN)
VISIT_DAYS: Final = (28, 90)
"""The visits at which cytopenia is counted; their windows are those of the protocol's follow-up."""


@dataclass(frozen=True, slots=True)
class Infection:
    """One infection as it stands, and after which infusion of whom."""

    code: str
    number: int
    day: int
    event: EventRecord


def infused(people: Iterable[Person], cut_off: datetime) -> Iterable[tuple[Person, PersonInfusion]]:
    """Each infusion up to the cut-off with its patient."""
    for person in people:
        for infusion in person.infusions:
            if infusion.infused_at <= cut_off:
                yield person, infusion


def load_infections(
    session: Session, people: Iterable[Person], cut_off: datetime, zone: ZoneInfo
) -> tuple[Infection, ...]:
    """The infections that began after an infusion, up to the cut-off, by date."""
    began = {
        (person.id, infusion.number): (person.study_code, infusion.infused_at.astimezone(zone).date())
        for person, infusion in infused(people, cut_off)
    }
    last = cut_off.astimezone(zone).date()
    found = []
    for event in load_events(session):
        place = began.get((event.patient_id, event.infusion_number or 0))
        if event.is_infection and place is not None and event.onset_on <= last:
            code, on = place
            found.append(Infection(code, event.infusion_number or 0, (event.onset_on - on).days, event))
    return tuple(sorted(found, key=lambda one: (one.event.onset_on, one.code)))


def infection_courses(
    people: Iterable[Person], infections: Iterable[Infection], cut_off: datetime, zone: ZoneInfo
) -> tuple[InfectionCourse, ...]:
    """Every infusion with its infections, those without one included."""
    of: defaultdict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for one in infections:
        of[one.code, one.number].append((one.day, one.event.grade))
    return tuple(
        InfectionCourse(
            code=person.study_code,
            number=infusion.number,
            infused_at=infusion.infused_at,
            days=day_of(cut_off, infusion.infused_at, zone),
            observed_days=_observed(person, infusion, cut_off, zone) + 1,
            infections=tuple(sorted(of[person.study_code, infusion.number])),
        )
        for person, infusion in infused(people, cut_off)
    )


def _observed(person: Person, infusion: PersonInfusion, cut_off: datetime, zone: ZoneInfo) -> int:
    """Days from the infusion to what ends the time at risk of it."""
    ends = course_ends(person, infusion, cut_off, zone)
    known = [day_of(cut_off, infusion.infused_at, zone)]
    known += [day for day in (ends.died, ends.second_infusion) if day is not None]
    if person.withdrawn_at is not None and infusion.infused_at <= person.withdrawn_at <= cut_off:
        known.append(day_of(person.withdrawn_at, infusion.infused_at, zone))
    return min(known)


def load_counts(
    session: Session, people: Iterable[Person], cut_off: datetime, protocol: Protocol, zone: ZoneInfo
) -> tuple[CountsCourse, ...]:
    """ICAHT and cytopenia after each infusion, from the laboratory results up to the cut-off."""
    rows = load_lab_rows_of_all(session)
    courses = load_trial_courses(session, zone)
    return tuple(
        _counts(
            person,
            infusion,
            [row for row in rows.get(person.id, ()) if row.taken_at <= cut_off],
            courses[person.id],
            cut_off,
            protocol,
            zone,
        )
        for person, infusion in infused(people, cut_off)
    )


def _counts(
    person: Person,
    infusion: PersonInfusion,
    rows: Sequence[LabRow],
    course: TrialCourse,
    cut_off: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
) -> CountsCourse:
    icaht = grade_icaht(
        rows,
        course,
        infusion.number,
        now=cut_off,
        zone=zone,
        lymphodepletion_days=protocol.treatments.lymphodepletion_days,
    )
    days = day_of(cut_off, infusion.infused_at, zone)
    ends = course_ends(person, infusion, cut_off, zone)
    competing = ends.first_competing()
    end = None if competing is None else competing[0]
    windows = _visit_windows(protocol)
    return CountsCourse(
        code=person.study_code,
        number=infusion.number,
        infused_at=infusion.infused_at,
        days=days,
        ended=end is not None,
        early=icaht.early,
        late=icaht.late,
        cytopenia={
            day: _cytopenia(rows, course, infusion, window, protocol, zone)
            for day, window in windows.items()
            if end is None or end >= window[0]
        },
        closed=frozenset(day for day, window in windows.items() if days > window[2] or end is not None),
    )


def _visit_windows(protocol: Protocol) -> Mapping[int, tuple[int, int, int]]:
    """Visit's day -> first day of its window, the day itself, last day."""
    planned = {visit.day: visit for visit in protocol.follow_up.visits}
    return {
        day: (day - planned[day].before, day, day + planned[day].after)
        for day in VISIT_DAYS
        if day in planned
    }


def _cytopenia(
    rows: Sequence[LabRow],
    course: TrialCourse,
    infusion: PersonInfusion,
    window: tuple[int, int, int],
    protocol: Protocol,
    zone: ZoneInfo,
) -> int | None:
    """The worst proved grade on the day with a count that is nearest to the visit's; of two, the later."""
    known = baselines(rows, baseline_before(course, protocol.treatments.lymphodepletion_days))
    counts = [row for row in rows if row.analyte in CYTOPENIAS]
    graded = worst_by_day(grade_rows(counts, known), infusion.infused_at, zone)
    first, day, last = window
    within = {on for _, on in graded if first <= on <= last}
    if not within:
        return None
    nearest = min(within, key=lambda on: (abs(on - day), -on))
    return max(
        one.grade.at_least for (_, on), one in graded.items() if on == nearest and one.grade is not None
    )


def load_treated(
    session: Session, people: Iterable[Person], cut_off: datetime, zone: ZoneInfo
) -> tuple[TreatedCourse, ...]:
    """The drugs given within the window after each infusion, up to the cut-off or the next infusion."""
    drugs = load_drug_days(session, cut_off, zone)
    treatments = load_treatments_of_all(session)
    return tuple(
        _treated(person, infusion, drugs.get(person.id, ()), treatments.get(person.id, []), cut_off, zone)
        for person, infusion in infused(people, cut_off)
    )


def _treated(
    person: Person,
    infusion: PersonInfusion,
    drugs: Iterable[DrugDays],
    treatments: Sequence[Treatment],
    cut_off: datetime,
    zone: ZoneInfo,
) -> TreatedCourse:
    began = infusion.infused_at.astimezone(zone).date()
    last = _last_of_window(person, infusion, began, zone)
    within = {one.group: one.between(began, last) for one in drugs}
    mg = sum(
        (day.mg for day in steroid_days(treatments, cut_off, zone) if began <= day.on <= last), Decimal(0)
    )
    return TreatedCourse(
        code=person.study_code,
        number=infusion.number,
        infused_at=infusion.infused_at,
        days=day_of(cut_off, infusion.infused_at, zone),
        given={
            group: tuple((on - began).days for on in one.days) for group, one in within.items() if one.days
        },
        doses={
            group: number
            for group, one in within.items()
            if one.days and (number := one.number_of_doses) is not None
        },
        steroid_mg=mg,
    )


def _last_of_window(person: Person, infusion: PersonInfusion, began: date, zone: ZoneInfo) -> date:
    """The day before the second infusion ends the window of the first."""
    last = began + timedelta(days=WINDOW_DAYS)
    second = person.infusion(2) if infusion.number == 1 else None
    if second is None:
        return last
    return min(last, second.infused_at.astimezone(zone).date() - timedelta(days=1))
