"""The episodes of CRS and ICANS after one infusion, from the grades of its assessments; never typed.

An episode begins with the first sign: a grade of 1 or more that is proved, or the judgement "crs". It ends at
the first assessment settled at 0 of a stretch that has lasted the protocol's `clear_hours` since the last
sign (clinical rules, CRS rule 4; ICANS is read alike (J)). Its grade is the worst proved and does not come
down. Assessments that settle nothing neither end nor prolong it; those judged not to be CRS are passed over.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from grading.charted import CrsJudgement
from grading.scale import Toxicity
from trial.day_episodes import Ending


@dataclass(frozen=True, slots=True)
class GradedMoment:
    """One assessment as an episode sees it: its grade of one toxicity, the judgement, whether a death."""

    assessment_id: int
    at: datetime
    grade: int | None
    at_least: int
    judgement: CrsJudgement | None = None
    died: bool = False

    def is_sign(self, toxicity: Toxicity) -> bool:
        """Whether it shows the toxicity."""
        judged = toxicity is Toxicity.CRS and self.judgement is CrsJudgement.CRS
        return self.at_least > 0 or judged

    def is_passed_over(self, toxicity: Toxicity) -> bool:
        """Whether it was judged to be something else."""
        return toxicity is Toxicity.CRS and self.judgement is CrsJudgement.NOT_CRS


@dataclass(frozen=True, slots=True)
class ToxicityEpisode:
    """One episode.

    last_sign_at   the last assessment that shows it
    worst          the highest grade proved; `worst_settled` False is shown as "at least"
    worst_id       the first assessment of that grade, settled if any is
    clear_at       the first assessment settled at 0 since the last sign; the end, once it has lasted
    ending         ONGOING also while it has been clear for too short a time
    """

    toxicity: Toxicity
    first_at: datetime
    last_sign_at: datetime
    worst: int
    worst_settled: bool
    worst_at: datetime
    worst_id: int
    clear_at: datetime | None
    ending: Ending

    @property
    def ended_at(self) -> datetime | None:
        """When it ended; None while it goes on and after a death."""
        return self.clear_at if self.ending is Ending.ENDED else None


def toxicity_episodes(
    toxicity: Toxicity, moments: Iterable[GradedMoment], clear_hours: float
) -> tuple[ToxicityEpisode, ...]:
    """The episodes after one infusion, earliest first."""
    ordered = sorted(moments, key=lambda moment: moment.at)
    return tuple(_walk(toxicity, ordered, timedelta(hours=clear_hours)))


def _walk(toxicity: Toxicity, ordered: Sequence[GradedMoment], clear: timedelta) -> Iterator[ToxicityEpisode]:
    signs: list[GradedMoment] = []
    clear_at: datetime | None = None
    for moment in ordered:
        if moment.is_sign(toxicity) and not moment.is_passed_over(toxicity):
            signs.append(moment)
            clear_at = None
        elif signs and moment.grade == 0 and not moment.is_passed_over(toxicity):
            clear_at = clear_at or moment.at
            if moment.at - signs[-1].at >= clear:
                yield _episode(toxicity, signs, clear_at, Ending.ENDED)
                signs, clear_at = [], None
        if signs and moment.died:
            yield _episode(toxicity, signs, clear_at, Ending.DIED)
            signs, clear_at = [], None
    if signs:
        yield _episode(toxicity, signs, clear_at, Ending.ONGOING)


def _episode(
    toxicity: Toxicity, signs: Sequence[GradedMoment], clear_at: datetime | None, ending: Ending
) -> ToxicityEpisode:
    worst = max(sign.at_least for sign in signs)
    of_worst = [sign for sign in signs if sign.at_least == worst]
    settled = [sign for sign in of_worst if sign.grade == worst]
    shown = (settled or of_worst)[0]
    return ToxicityEpisode(
        toxicity=toxicity,
        first_at=signs[0].at,
        last_sign_at=signs[-1].at,
        worst=worst,
        worst_settled=bool(settled),
        worst_at=shown.at,
        worst_id=shown.assessment_id,
        clear_at=clear_at,
        ending=ending,
    )


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """What a person added to an episode: `key` names the record, the dates are the episode's at the time."""

    key: str
    from_on: date
    to_on: date


def bind_records(
    episodes: Sequence[ToxicityEpisode], judged: Iterable[JudgedSpan], zone: ZoneInfo
) -> dict[str, int]:
    """Key of a record -> place of the episode it belongs to; a record without an episode is absent.

    A record belongs to the episode with which it shares most days, and each episode takes one: the first
    given. So it stays with its episode while the assessments are corrected.
    """
    free = dict(enumerate(episodes))
    bound: dict[str, int] = {}
    for record in judged:
        shared = {place: _shared_days(record, episode, zone) for place, episode in free.items()}
        place = max(shared, key=lambda one: (shared[one], -one), default=None)
        if place is not None and shared[place] > 0:
            bound[record.key] = place
            del free[place]
    return bound


def _shared_days(record: JudgedSpan, episode: ToxicityEpisode, zone: ZoneInfo) -> int:
    first = max(record.from_on, episode.first_at.astimezone(zone).date())
    last = min(record.to_on, episode.last_sign_at.astimezone(zone).date())
    return (last - first).days + 1
