"""What the safety page shows now: the filter, the cut-off, who is in it, and the rows each picture needs.

Every part is read once for one state of the data and kept for the next person: `key` names the data version,
the protocol, the filter and the last moment at which the clock alone changed something.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel import Session

from charts.heat_rows import last_change
from db.queries.committee import CommitteePatient, as_of, load_committee
from db.queries.committee_courses import load_courses
from db.queries.committee_people import Person, load_people
from db.queries.patient import data_version
from pages.parts.kept import Kept
from trial.protocol import Protocol
from trial.safety_filter import Asked, SafetyFilter
from trial.safety_rows import Course

PATIENTS_ON_A_SHEET: Final = 30
"""A picture with a line for each patient shows so many at once."""


@dataclass(frozen=True, slots=True)
class View:
    """The part of the trial that is shown.

    people    everyone enrolled by the cut-off whom the filter keeps
    enrolled  everyone enrolled by the cut-off
    at        where a person is on the page, in the address: the tab, the sheet of patients
    """

    asked: Asked
    cut_off: datetime
    people: tuple[Person, ...]
    enrolled: int
    key: Hashable
    protocol: Protocol
    zone: ZoneInfo
    at: tuple[tuple[str, str], ...] = ()

    @property
    def filter(self) -> SafetyFilter:
        """What is shown."""
        return self.asked.filter

    @property
    def window(self) -> int:
        """The last monitored day, which every rate of this page waits for."""
        return self.protocol.monitoring_days

    @property
    def infused(self) -> tuple[Person, ...]:
        """Those infused at least once by the cut-off."""
        return self.infused_with(1)

    def infused_with(self, number: int) -> tuple[Person, ...]:
        """Those who had this infusion by the cut-off."""
        return tuple(
            person
            for person in self.people
            if (infusion := person.infusion(number)) and infusion.infused_at <= self.cut_off
        )

    def address(self, page: str = "safety", **more: str) -> str:
        """The address of this view; `more` names a tab, a sheet or an opened day."""
        query = {**dict(self.at), **self.filter.address(), **more}
        return f"/{page}?{urlencode(query)}" if query else f"/{page}"


_kept: Final[Kept[Any]] = Kept(96)
_Part = TypeVar("_Part")


def load_view(
    session: Session,
    asked: Asked,
    *,
    now: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
    at: tuple[tuple[str, str], ...] = (),
) -> View:
    """Who is shown. `now` is the latest cut-off there is."""
    cut_off = asked.filter.cut_off_at(now, zone)
    data = (data_version(session), protocol.hash, zone.key)
    everyone: tuple[Person, ...] = _kept.get(("people", *data), lambda: load_people(session, zone))
    enrolled = [person for person in everyone if person.enrolled_at <= cut_off]
    people = [one for one in enrolled if asked.filter.keeps(one.sex, one.age_years, one.histology)]
    key = (*data, asked.filter, last_change(cut_off, protocol, zone))
    return View(asked, cut_off, tuple(people), len(enrolled), key, protocol, zone, at)


def part(view: View, name: Hashable, make: Callable[[], _Part]) -> _Part:
    """Something made of the view, kept as long as the view stays the same. Nobody may change it."""
    return cast("_Part", _kept.get((name, view.key), make))


def courses(session: Session, view: View) -> tuple[Course, ...]:
    """The overview of everyone shown: each toxicity after each infusion."""
    return part(view, "courses", lambda: load_courses(session, view.people, view.cut_off, view.zone))


def days(session: Session, view: View) -> tuple[CommitteePatient, ...]:
    """Everyone shown, day by day."""

    def read() -> tuple[CommitteePatient, ...]:
        shown = {person.study_code for person in view.people}
        everyone = load_committee(session, view.zone)
        return tuple(as_of(one, view.cut_off, view.zone) for one in everyone if one.study_code in shown)

    return part(view, "days", read)
