"""Episodes of CRS and ICANS from the grades: begin, end, worst, death, and what a person added to them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from grading.charted import Charted, CrsJudgement, FeverMaskingDrug, OxygenDevice, Vasopressor
from grading.crs_course import GradedAssessment, grade_course
from grading.scale import Toxicity
from trial.day_episodes import Ending
from trial.toxicity_episodes import GradedMoment, JudgedSpan, ToxicityEpisode, bind_records, toxicity_episodes

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CLEAR = 24.0


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def row(
    hours: float,
    grade: int | None,
    at_least: int = 0,
    *,
    judgement: CrsJudgement | None = None,
    died: bool = False,
) -> GradedMoment:
    return GradedMoment(int(hours * 10), at(hours), grade, grade or at_least, judgement, died)


def crs(*rows: GradedMoment) -> tuple[ToxicityEpisode, ...]:
    return toxicity_episodes(Toxicity.CRS, rows, CLEAR)


def test_no_assessment_and_no_sign_are_no_episode() -> None:
    assert crs() == ()
    assert crs(row(0, 0), row(4, None), row(8, 0)) == ()


def test_an_episode_ends_at_the_first_clear_assessment_once_it_has_been_clear_a_day() -> None:
    (episode,) = crs(row(0, 0), row(4, 1), row(8, 3), row(12, 2), row(16, 0), row(30, 0), row(36, 0))
    assert (episode.first_at, episode.last_sign_at, episode.ended_at) == (at(4), at(12), at(16))
    assert (episode.worst, episode.worst_settled, episode.worst_at, episode.worst_id) == (3, True, at(8), 80)
    assert episode.ending is Ending.ENDED


@pytest.mark.parametrize(
    ("hours", "ending"), [(27.9, Ending.ONGOING), (28, Ending.ENDED), (29, Ending.ENDED)]
)
def test_a_day_is_counted_from_the_last_sign(hours: float, ending: Ending) -> None:
    (episode,) = crs(row(4, 1), row(8, 0), row(hours, 0))
    assert (episode.ending, episode.clear_at) == (ending, at(8))
    assert episode.ended_at == (at(8) if ending is Ending.ENDED else None)


def test_silence_and_unsettled_assessments_end_nothing() -> None:
    (episode,) = crs(row(4, 1), row(200, None))
    assert (episode.ending, episode.clear_at) == (Ending.ONGOING, None)
    (episode,) = crs(row(4, 1), row(8, 0), row(20, None), row(40, 0))
    assert episode.ended_at == at(8)


def test_a_sign_before_the_day_is_over_goes_on_and_one_after_it_is_a_new_episode() -> None:
    (episode,) = crs(row(4, 2), row(8, 0), row(27, 1), row(40, 0))
    assert (episode.last_sign_at, episode.clear_at, episode.ending) == (at(27), at(40), Ending.ONGOING)
    first, second = crs(row(4, 2), row(8, 0), row(28, 0), row(32, 1))
    assert (first.ended_at, first.worst) == (at(8), 2)
    assert (second.first_at, second.worst, second.ending) == (at(32), 1, Ending.ONGOING)


def test_what_is_proved_counts_and_is_settled_by_any_settled_row_of_that_grade() -> None:
    (episode,) = crs(row(4, None, 3))
    assert (episode.worst, episode.worst_settled) == (3, False)
    (episode,) = crs(row(4, None, 3), row(8, 3), row(12, None, 3))
    assert (episode.worst, episode.worst_settled, episode.worst_id) == (3, True, 80)


def test_a_judgement_crs_is_a_sign_and_not_crs_is_passed_over() -> None:
    (episode,) = crs(row(4, 0, judgement=CrsJudgement.CRS))
    assert (episode.first_at, episode.worst) == (at(4), 0)
    (episode,) = crs(row(4, 1), row(30, 0, judgement=CrsJudgement.NOT_CRS))
    assert (episode.ending, episode.clear_at) == (Ending.ONGOING, None)
    assert toxicity_episodes(Toxicity.ICANS, [row(4, 0, judgement=CrsJudgement.CRS)], CLEAR) == ()
    (icans,) = toxicity_episodes(
        Toxicity.ICANS, [row(4, 1), row(40, 0, judgement=CrsJudgement.NOT_CRS)], CLEAR
    )
    assert icans.ended_at == at(40)


def test_a_death_ends_an_episode_that_goes_on_and_no_other() -> None:
    (episode,) = crs(row(4, 4), row(8, 5, died=True))
    assert (episode.ending, episode.worst, episode.ended_at) == (Ending.DIED, 5, None)
    (episode,) = crs(row(4, 1), row(8, 0), row(10, 0, died=True))
    assert episode.ending is Ending.DIED
    (episode,) = crs(row(4, 1), row(8, 0), row(30, 0), row(40, 0, died=True))
    assert episode.ending is Ending.ENDED


def test_the_order_of_entry_does_not_matter() -> None:
    rows = [row(4, 2), row(8, 0), row(32, 0), row(40, 1)]
    assert crs(*rows) == crs(*reversed(rows))


def moment_of(number: int, graded: GradedAssessment) -> GradedMoment:
    charted, grade = graded.charted, graded.crs
    return GradedMoment(number, charted.assessed_at, grade.grade, grade.at_least, charted.crs_judgement)


well = st.fixed_dictionaries({"temperature_c": st.just(36.8), "systolic_mmhg": st.just(120)})
ill = st.fixed_dictionaries(
    {
        "temperature_c": st.sampled_from([None, 36.8, 38.4]),
        "systolic_mmhg": st.sampled_from([None, 84, 120]),
        "fever_masking_drugs": st.sampled_from([None, frozenset({FeverMaskingDrug.DEXAMETHASONE})]),
        "crs_judgement": st.sampled_from([None, CrsJudgement.CRS, CrsJudgement.NOT_CRS]),
    }
)
REST = {"oxygen_device": OxygenDevice.ROOM_AIR, "spo2_percent": 97, "vasopressors": frozenset[Vasopressor]()}


@given(st.lists(st.tuples(st.sampled_from([4, 12, 25]), st.one_of(well, well, ill)), max_size=16))
def test_every_course_that_opens_or_recurs_is_an_episode_of_its_own(
    steps: list[tuple[int, dict[str, object]]],
) -> None:
    hours, rows = 0, []
    for step, values in steps:
        hours += step
        rows.append(Charted(assessed_at=at(hours), **REST, **values))  # type: ignore[arg-type]
    graded = grade_course(rows)
    beginnings = [
        one.charted.assessed_at
        for before, one in zip([None, *graded], graded, strict=False)
        if one.crs_state.recurrence or (_opens(before, one))
    ]
    episodes = crs(*(moment_of(number, one) for number, one in enumerate(graded)))
    event(f"{len(episodes)} episodes")
    assert [episode.first_at for episode in episodes] == beginnings


def _opens(before: GradedAssessment | None, one: GradedAssessment) -> bool:
    """Whether the course opens with this row: a sign where none was open."""
    was_open = before is not None and before.crs_state.course_open
    sign = one.crs.at_least > 0 or one.charted.crs_judgement is CrsJudgement.CRS
    return sign and not was_open


def span(key: str, first: int, last: int) -> JudgedSpan:
    return JudgedSpan(key, date(2026, 3, first), date(2026, 3, last))


def bound(episodes: tuple[ToxicityEpisode, ...], *judged: JudgedSpan) -> dict[str, int]:
    return bind_records(episodes, judged, SHANGHAI)


def test_what_was_added_stays_with_its_episode_while_assessments_are_corrected() -> None:
    day = 24
    episodes = crs(row(0, 1), row(2 * day, 3), row(3 * day, 0), row(3.5 * day, 0), row(8 * day, 1))
    assert [episode.ending for episode in episodes] == [Ending.ENDED, Ending.ONGOING]
    assert bound(episodes, span("a", 2, 4), span("b", 10, 12)) == {"a": 0, "b": 1}
    assert bound(episodes, span("b", 4, 20)) == {"b": 0}  # one shared day each: the earlier
    assert bound(episodes, span("late onset", 3, 3), span("second", 9, 11)) == {"late onset": 0, "second": 1}


def test_a_record_without_a_shared_day_and_a_second_one_have_no_episode() -> None:
    episodes = crs(row(0, 1), row(48, 3), row(72, 0), row(80, 0))
    assert bound(episodes, span("gone", 20, 22)) == {}
    assert bound(episodes, span("first", 2, 3), span("twin", 2, 4)) == {"first": 0}
    assert bound((), span("gone", 2, 3)) == {}
