"""The episodes of CRS and ICANS, read from the stored grades, with what a person added to them.

What was added is an adverse event of its own and is bound to its episode by the days they share
(`trial.toxicity_episodes.bind_records`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session

from db.models import Record
from db.queries.events import EventRecord
from grading.charted import CrsJudgement
from grading.scale import Toxicity
from trial.calendar import day_of
from trial.toxicity_episodes import GradedMoment, JudgedSpan, ToxicityEpisode, bind_records, toxicity_episodes

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_GRADES: Final = Record.metadata.tables["grade"]
_INFUSIONS: Final = Record.metadata.tables["infusion"]
_PATIENTS: Final = Record.metadata.tables["patient"]


@dataclass(frozen=True, slots=True)
class DerivedEpisode:
    """An episode of CRS or ICANS after an infusion, and what a person added to it (None: nothing)."""

    patient_id: int
    study_code: str
    infusion_id: int
    infusion_number: int
    infused_at: datetime
    episode: ToxicityEpisode
    added: EventRecord | None

    def day_of(self, at: datetime, zone: ZoneInfo) -> int:
        """Days since the infusion."""
        return day_of(at, self.infused_at, zone)


@dataclass(frozen=True, slots=True)
class Derived:
    """Every derived episode, and what was added to episodes that the assessments no longer show."""

    episodes: tuple[DerivedEpisode, ...]
    orphans: tuple[EventRecord, ...]

    def of_record(self, stable_id: str) -> DerivedEpisode | None:
        """The episode that this record was added to."""
        return next((one for one in self.episodes if one.added and one.added.stable_id == stable_id), None)


def load_derived(
    session: Session,
    events: Iterable[EventRecord],
    clear_hours: float,
    zone: ZoneInfo,
    patient_id: int | None = None,
) -> Derived:
    """The episodes of CRS and ICANS with what was added to them (`events`, as they stand)."""
    added: defaultdict[tuple[int, int | None, Toxicity | None], list[EventRecord]] = defaultdict(list)
    for event in events:
        if event.toxicity is not None:
            added[event.patient_id, event.infusion_number, event.toxicity].append(event)
    found: list[DerivedEpisode] = []
    orphans: list[EventRecord] = []
    courses = _load_courses(session, patient_id)
    for course in courses:
        for toxicity in Toxicity:
            records = added.pop((course.patient_id, course.number, toxicity), [])
            bound, lost = _bind(course, toxicity, records, clear_hours, zone)
            found += bound
            orphans += lost
    orphans += [record for records in added.values() for record in records]
    found.sort(key=lambda one: (one.study_code, one.episode.first_at, one.episode.toxicity))
    return Derived(tuple(found), tuple(orphans))


@dataclass(frozen=True, slots=True)
class _Course:
    patient_id: int
    study_code: str
    infusion_id: int
    number: int
    infused_at: datetime
    moments: Mapping[Toxicity, Sequence[GradedMoment]]


def _bind(
    course: _Course, toxicity: Toxicity, records: list[EventRecord], clear_hours: float, zone: ZoneInfo
) -> tuple[list[DerivedEpisode], list[EventRecord]]:
    episodes = toxicity_episodes(toxicity, course.moments[toxicity], clear_hours)
    spans = [JudgedSpan(one.stable_id, one.onset_on, one.span_until) for one in records]
    place = bind_records(episodes, spans, zone)
    by_place = {place[one.stable_id]: one for one in records if one.stable_id in place}
    bound = [
        DerivedEpisode(
            course.patient_id,
            course.study_code,
            course.infusion_id,
            course.number,
            course.infused_at,
            episode,
            by_place.get(number),
        )
        for number, episode in enumerate(episodes)
    ]
    return bound, [one for one in records if one.stable_id not in place]


def _load_courses(session: Session, patient_id: int | None) -> list[_Course]:
    moments: defaultdict[tuple[int, Toxicity], list[GradedMoment]] = defaultdict(list)
    graded = _GRADED if patient_id is None else _GRADED.where(_ASSESSMENTS.c.patient_id == patient_id)
    for infusion_id, row_id, at, judgement, death, scale, grade, at_least in session.connection().execute(
        graded
    ):
        judged = None if judgement is None else CrsJudgement(judgement)
        moment = GradedMoment(row_id, at, grade, at_least, judged, death is not None)
        moments[infusion_id, Toxicity(scale)].append(moment)
    infused = _INFUSED if patient_id is None else _INFUSED.where(_INFUSIONS.c.patient_id == patient_id)
    return [
        _Course(*row, {toxicity: moments[row.id, toxicity] for toxicity in Toxicity})
        for row in session.connection().execute(infused)
    ]


_INFUSED: Final = (
    select(
        _INFUSIONS.c.patient_id,
        _PATIENTS.c.study_code,
        _INFUSIONS.c.id,
        _INFUSIONS.c.number,
        _INFUSIONS.c.infused_at,
    )
    .join(_PATIENTS, _PATIENTS.c.id == _INFUSIONS.c.patient_id)
    .order_by(_PATIENTS.c.study_code, _INFUSIONS.c.number)
)
_GRADED: Final = (
    select(
        _ASSESSMENTS.c.infusion_id,
        _ASSESSMENTS.c.id,
        _ASSESSMENTS.c.assessed_at,
        _ASSESSMENTS.c.crs_judgement,
        _ASSESSMENTS.c.death_due_to,
        _GRADES.c.scale,
        _GRADES.c.grade,
        _GRADES.c.at_least,
    )
    .join(_GRADES, _GRADES.c.assessment_id == _ASSESSMENTS.c.id)
    .where(
        _ASSESSMENTS.c.superseded_at.is_(None),
        _ASSESSMENTS.c.status == "recorded",
        _GRADES.c.superseded_at.is_(None),
    )
    .order_by(_ASSESSMENTS.c.assessed_at)
)
