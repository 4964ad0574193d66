"""The overview: the worst grades after each infusion, one row for each toxicity, summed up in SQL.

Read from `patient_day` as of a data cut-off. Sixty days of a patient come as four rows, so the first page of
the committee stays quick at any size; its other pictures read the days themselves.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Row, case, func, or_, select
from sqlmodel import Session, col

from db.models import PatientDay
from db.queries.committee import CommitteePatient, WorstOfDay
from db.queries.committee_people import Person, PersonInfusion
from grading.scale import Toxicity
from trial.calendar import day_of
from trial.day_episodes import DayEpisode, day_episodes
from trial.safety_rows import GRADES, Course, CourseEnds, Spells

_Overview = Mapping[tuple[int, str], Row[tuple[int, ...]]]


def load_courses(
    session: Session, people: Iterable[Person], cut_off: datetime, zone: ZoneInfo
) -> tuple[Course, ...]:
    """Each toxicity after each infusion up to the cut-off, by study code and infusion.

    Someone infused whom nobody has assessed yet has rows, too: without a grade.
    """
    overview = load_overview(session, cut_off.astimezone(zone).date())
    return tuple(
        _course(person, infusion, toxicity, overview, cut_off, zone)
        for person in people
        for infusion in person.infusions
        if infusion.infused_at <= cut_off
        for toxicity in Toxicity
    )


def load_overview(session: Session, up_to: date) -> _Overview:
    """(infusion id, toxicity) -> what its days say, in one query over `patient_day`.

    The columns: infusion, toxicity, first day of at least grade 1 to 5, last day assessed, whether anything
    is proved (0 or 1).
    """
    day, worst = col(PatientDay.days_since_infusion), col(PatientDay.worst_at_least)
    proved = case((or_(worst > 0, col(PatientDay.settled)), 1), else_=0)
    query = (
        select(
            col(PatientDay.infusion_id),
            col(PatientDay.scale),
            *(func.min(case((worst >= grade, day))) for grade in GRADES[1:]),
            func.max(day),
            func.max(proved),
        )
        .where(col(PatientDay.on_date) <= up_to, day >= 0)
        .group_by(col(PatientDay.infusion_id), col(PatientDay.scale))
    )
    return {(row[0], row[1]): row for row in session.connection().execute(query)}


def with_episodes(courses: Iterable[Course], patients: Iterable[CommitteePatient]) -> tuple[Spells, ...]:
    """The courses with their episodes of grade 1 or more, from the days of the same patients and cut-off."""
    days = {
        (patient.study_code, infusion.number): infusion.days
        for patient in patients
        for infusion in patient.infusions
    }
    return tuple(
        Spells(course=one, episodes=_episodes(one, days[one.code, one.number][one.toxicity]))
        for one in courses
    )


def _episodes(course: Course, days: Mapping[int, WorstOfDay]) -> tuple[DayEpisode, ...]:
    grades = {day: worst.worst_at_least if worst.is_graded else None for day, worst in days.items()}
    return day_episodes(grades, died_on_day=course.ends.died)


def course_ends(person: Person, infusion: PersonInfusion, cut_off: datetime, zone: ZoneInfo) -> CourseEnds:
    """What ended the time after an infusion up to the cut-off, in days since it."""
    began, last = (at.astimezone(zone).date() for at in (infusion.infused_at, cut_off))
    second = person.infusion(2) if infusion.number == 1 else None

    def since(on: date | None) -> int | None:
        return None if on is None or not began <= on <= last else (on - began).days

    return CourseEnds(
        died=since(person.death.on if person.death else None),
        second_infusion=None
        if second is None or second.infused_at > cut_off
        else since(second.infused_at.astimezone(zone).date()),
        new_therapy=since(person.new_therapy_on),
    )


def _course(
    person: Person,
    infusion: PersonInfusion,
    toxicity: Toxicity,
    overview: _Overview,
    cut_off: datetime,
    zone: ZoneInfo,
) -> Course:
    found = overview.get((infusion.id, toxicity.value))
    none = (None,) * len(GRADES[1:])
    *first_days, last_day, proved = (*none, None, 0) if found is None else found[2:]
    return Course(
        code=person.study_code,
        number=infusion.number,
        toxicity=toxicity,
        infused_at=infusion.infused_at,
        days=day_of(cut_off, infusion.infused_at, zone),
        first_days=tuple(first_days),  # type: ignore[arg-type]
        last_assessed_day=last_day,
        is_graded=bool(proved),
        ends=course_ends(person, infusion, cut_off, zone),
    )
