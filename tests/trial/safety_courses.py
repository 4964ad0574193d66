"""Courses written as a word: the worst grade of each day from day 0, "-" for a day without a grade."""

from datetime import UTC, datetime, timedelta

from grading.scale import Toxicity
from trial.day_episodes import day_episodes
from trial.safety_rows import Course, CourseEnds, Spells

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def daily(word: str) -> dict[int, int | None]:
    """days_since_infusion -> grade."""
    return {day: None if grade == "-" else int(grade) for day, grade in enumerate(word)}


def course(
    code: str,
    word: str,
    *,
    number: int = 1,
    days: int = 40,
    toxicity: Toxicity = Toxicity.CRS,
    died: int | None = None,
    second: int | None = None,
    therapy: int | None = None,
) -> Course:
    """A course in the order of its code: A-1 was infused before A-2."""
    known = {day: grade for day, grade in daily(word).items() if grade is not None}
    first = tuple(min((d for d, g in known.items() if g >= at), default=None) for at in range(1, 6))
    return Course(
        code=code,
        number=number,
        toxicity=toxicity,
        infused_at=START + timedelta(days=int(code.rpartition("-")[2])),
        days=days,
        first_days=first,  # type: ignore[arg-type]
        last_assessed_day=len(word) - 1 if word else None,
        is_graded=bool(known),
        ends=CourseEnds(died=died, second_infusion=second, new_therapy=therapy),
    )


def spells(code: str, word: str, *, number: int = 1, died: int | None = None) -> Spells:
    """The same with its episodes."""
    episodes = day_episodes(daily(word), died_on_day=died)
    return Spells(course=course(code, word, number=number, died=died), episodes=episodes)
