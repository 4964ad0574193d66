"""How long a grade stands in a strip, and where nobody looked."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from charts.segments import GradedAt, Segment, gaps_between, grade_segments, standing_grade, stands_until
from tests.charts.courses import INFUSED_AT, PROTOCOL, ZONE, hours


def six_hours(row: GradedAt) -> datetime:
    return row.at + timedelta(hours=6)


def row(at: float, grade: int | None, at_least: int | None = None) -> GradedAt:
    return GradedAt(hours(at), grade, (grade or 0) if at_least is None else at_least, f"id-{at}")


def seen(segments: list[Segment]) -> list[tuple[float, float, int | None, int]]:
    hour = timedelta(hours=1)
    return [
        ((one.from_at - INFUSED_AT) / hour, (one.to_at - INFUSED_AT) / hour, one.grade, one.at_least)
        for one in segments
    ]


def test_a_grade_lasts_to_the_next_entry() -> None:
    rows = [row(0, 0), row(4, 2), row(8, 1)]
    assert seen(grade_segments(rows, six_hours, hours(9))) == [(0, 4, 0, 0), (4, 8, 2, 2), (8, 9, 1, 1)]


def test_a_grade_does_not_last_into_silence() -> None:
    segments = grade_segments([row(0, 1), row(10, 1)], six_hours, hours(20))
    assert seen(segments) == [(0, 6, 1, 1), (10, 16, 1, 1)]
    gaps = gaps_between(segments, INFUSED_AT, hours(20))
    assert gaps == [(hours(6), hours(10)), (hours(16), hours(20))]


def test_a_row_that_does_not_settle_leaves_the_last_settled_grade_standing() -> None:
    rows = [row(0, 2), row(4, None, 0)]
    assert seen(grade_segments(rows, six_hours, hours(5))) == [(0, 5, 2, 2)]


def test_anything_higher_proved_since_leads() -> None:
    rows = [row(0, 1), row(3, None, 3), row(5, 1)]
    assert seen(grade_segments(rows, six_hours, hours(6))) == [(0, 3, 1, 1), (3, 5, None, 3), (5, 6, 1, 1)]


def test_when_the_settled_grade_no_longer_stands_only_what_is_proved_is_said() -> None:
    rows = [row(0, 2), row(4, None, 1)]
    assert seen(grade_segments(rows, six_hours, hours(8))) == [(0, 6, 2, 2), (6, 8, None, 1)]


def test_not_graded_yet_is_a_gap() -> None:
    segments = grade_segments([row(0, None, 0)], six_hours, hours(4))
    assert not segments[0].known
    assert gaps_between(segments, INFUSED_AT, hours(4)) == [(INFUSED_AT, hours(4))]


def test_a_stay_at_home_is_no_gap() -> None:
    segments = grade_segments([row(0, 0)], six_hours, hours(20))
    assert gaps_between(segments, INFUSED_AT, hours(20), [(hours(8), hours(30))]) == [(hours(6), hours(8))]


def test_no_entry_is_one_gap() -> None:
    assert grade_segments([], six_hours, hours(4)) == []
    assert gaps_between([], INFUSED_AT, hours(4)) == [(INFUSED_AT, hours(4))]
    assert standing_grade([], hours(1)) is None


def test_vital_signs_stand_until_two_hours_after_the_next_were_due() -> None:
    # 07:52 meets what was due at 06:00; the next is due at 10:00, and 12:00 is the end of its tolerance.
    at = datetime(2026, 3, 4, 7, 52, tzinfo=ZONE)
    end = stands_until(at, PROTOCOL.vital_sign_times, PROTOCOL, ZONE)
    assert end.astimezone(ZONE) == datetime(2026, 3, 4, 12, 0, tzinfo=ZONE)
    # 09:00 already meets 10:00.
    at = datetime(2026, 3, 4, 9, 0, tzinfo=ZONE)
    end = stands_until(at, PROTOCOL.vital_sign_times, PROTOCOL, ZONE)
    assert end.astimezone(ZONE) == datetime(2026, 3, 4, 16, 0, tzinfo=ZONE)


grades = st.one_of(
    st.integers(0, 5).map(lambda grade: (grade, grade)), st.integers(0, 5).map(lambda least: (None, least))
)
courses = st.lists(st.tuples(st.integers(0, 100), grades), max_size=25, unique_by=lambda one: one[0]).map(
    lambda found: [GradedAt(hours(at), grade, least, f"id-{at}") for at, (grade, least) in sorted(found)]
)


@given(courses, st.integers(0, 120))
def test_stretches_and_gaps_together_cover_the_time_once(rows: list[GradedAt], end: int) -> None:
    until = hours(end)
    segments = grade_segments(rows, six_hours, until)
    assert all(one.from_at < one.to_at <= until for one in segments)
    assert all(one.to_at <= other.from_at for one, other in pairwise(segments))
    known = sum((one.to_at - one.from_at for one in segments if one.known), timedelta())
    gaps = sum((to - since for since, to in gaps_between(segments, INFUSED_AT, until)), timedelta())
    assert known + gaps == until - INFUSED_AT


@given(courses)
def test_a_proved_grade_is_never_shown_as_less(rows: list[GradedAt]) -> None:
    """At the time of an entry the strip shows at least what that entry proves."""
    for one in rows:
        shown = standing_grade(rows, one.at, six_hours)
        assert shown is not None
        assert shown.at_least >= one.at_least
