"""Made-up courses for the tests of signals."""

from datetime import UTC, datetime, timedelta

from alerts.model import AssessmentFact, CourseFacts, FactGrade

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
WELL = FactGrade(0, 0)

# One letter a row: what an assessment found on one scale.
ROWS = {
    "0": FactGrade(0, 0),
    "1": FactGrade(1, 1),
    "2": FactGrade(2, 2),
    "3": FactGrade(3, 3),
    "4": FactGrade(4, 4),
    "?": FactGrade(None, 0),  # nothing proved
    "m": FactGrade(None, 2),  # at least 2
    "M": FactGrade(None, 3),  # at least 3
    "u": FactGrade(0, 0, closes=False),  # judged "not CRS" in a file, unconfirmed
    "d": FactGrade(2, 2),  # a death due to something else
    "5": FactGrade(5, 5),  # a death due to the toxicity
}


def course_of(rows: str, *, hours: int | list[int] = 4, scale: str = "crs") -> CourseFacts:
    """A course with one row a letter, `hours` apart or at the given hours; the other scale is well."""
    times = hours if isinstance(hours, list) else [hours * index for index in range(len(rows))]
    return CourseFacts(1, tuple(_fact(n, row, times[n], scale) for n, row in enumerate(rows)))


def _fact(number: int, row: str, hour: int, scale: str) -> AssessmentFact:
    at = START + timedelta(hours=hour)
    crs, icans = (ROWS[row], WELL) if scale == "crs" else (WELL, ROWS[row])
    return AssessmentFact(f"a{number}", 100 + number, 1, at, at, crs, icans, died=row in "d5")
