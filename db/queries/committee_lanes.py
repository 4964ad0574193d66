"""The lanes of the swimmer picture, put together from days, drugs, scans and follow-up."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries.committee import CommitteePatient
from db.queries.committee_drugs import load_drug_days
from db.queries.committee_people import Person
from db.queries.endpoints import load_followed
from grading.scale import Toxicity
from trial.drug_days import DrugDays
from trial.endpoints import FollowedPatient
from trial.follow_up_facts import FollowUpKind
from trial.swimmer import Lane, Stretch, stretches


def load_lanes(
    session: Session,
    people: Iterable[Person],
    patients: Iterable[CommitteePatient],
    cut_off: datetime,
    zone: ZoneInfo,
) -> tuple[Lane, ...]:
    """A lane for everyone infused by the cut-off, in the order of the first infusion.

    Args:
        session: to read from.
        people: who is shown.
        patients: the same people day by day, as of the cut-off.
        cut_off: the instant up to which data count.
        zone: the hospital's.
    """
    days = {one.study_code: one for one in patients}
    followed = {one.study_code: one for one in load_followed(session, zone)}
    drugs = load_drug_days(session, cut_off, zone)
    infused = [
        (first.infused_at, person)
        for person in people
        if (first := person.infusion(1)) is not None and first.infused_at <= cut_off
    ]
    return tuple(
        _lane(
            person,
            infused_at.astimezone(zone).date(),
            days[person.study_code],
            followed[person.study_code],
            drugs.get(person.id, ()),
            cut_off.astimezone(zone).date(),
            zone,
        )
        for infused_at, person in sorted(infused, key=lambda one: (one[0], one[1].study_code))
    )


def _lane(
    person: Person,
    began: date,
    days: CommitteePatient,
    followed: FollowedPatient,
    drugs: Iterable[DrugDays],
    last: date,
    zone: ZoneInfo,
) -> Lane:
    def since(on: date | None) -> int | None:
        return None if on is None or not began <= on <= last else (on - began).days

    second = days.infusion(2)
    died_day = since(person.death.on if person.death else None)
    left_day = since(_left_on(person, followed, zone))
    ends = [day for day in (died_day, left_day) if day is not None]
    return Lane(
        code=person.study_code,
        last_day=min(ends, default=since(_last_seen(days, followed, began, last)) or 0),
        goes_on=not ends,
        stretches=_stretches(days, began, zone),
        second_infusion_day=since(second.infused_at.astimezone(zone).date()) if second else None,
        died_day=died_day,
        left_day=left_day,
        drug_days=tuple(
            (one.group, day) for one in drugs for on in one.days if (day := since(on)) is not None
        ),
        responses=tuple(
            sorted(
                (day, scan.response)
                for scan in followed.scans
                if scan.response is not None and (day := since(scan.scanned_on)) is not None
            )
        ),
    )


def _left_on(person: Person, followed: FollowedPatient, zone: ZoneInfo) -> date | None:
    """Withdrawal, wherever it was recorded, or loss to follow-up."""
    left = [one.on for one in followed.events if one.kind in (FollowUpKind.WITHDRAWAL, FollowUpKind.LOST)]
    if person.withdrawn_at is not None:
        left.append(person.withdrawn_at.astimezone(zone).date())
    return min(left, default=None)


def _last_seen(days: CommitteePatient, followed: FollowedPatient, began: date, last: date) -> date:
    """The last day up to the cut-off on which anything is known."""
    assessed = [
        worst.on_date
        for infusion in days.infusions
        for of_scale in infusion.days.values()
        for worst in of_scale.values()
    ]
    scanned = [scan.scanned_on for scan in followed.scans if scan.scanned_on is not None]
    seen = [on for on in (*assessed, *scanned, followed.seen_on) if on is not None and on <= last]
    return max([began, *seen])


def _stretches(days: CommitteePatient, began: date, zone: ZoneInfo) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for infusion in days.infusions:
        from_day = (infusion.infused_at.astimezone(zone).date() - began).days
        for toxicity in Toxicity:
            grades: Mapping[int, int | None] = {
                day: worst.worst_at_least if worst.is_graded else None
                for day, worst in infusion.days[toxicity].items()
            }
            found += stretches(toxicity, infusion.number, grades, from_day)
    return tuple(found)
