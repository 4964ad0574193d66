"""One lane for each patient: both infusions, grades, drugs, responses, and how far the patient was followed.

Days count from the first infusion, which is day 0.
"""

from collections.abc import Collection
from dataclasses import dataclass

from grading.scale import Toxicity
from trial.day_episodes import DailyGrades
from trial.drug_days import DrugGroup
from trial.second_infusion_facts import Response


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row with one worst grade of 1 or more, after the first or second infusion (`number`).

    A day without a grade parts two stretches.
    """

    toxicity: Toxicity
    number: int
    first_day: int
    last_day: int
    grade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One infused patient up to the data cut-off.

    last_day   the last day on which anything was recorded; of the death where there is one
    goes_on    whether the patient is still followed
    left_day   of withdrawal or loss to follow-up
    drug_days  (group, day) of each day on which a drug was given
    responses  (day, response) of each PET/CT that was read, earliest first
    """

    code: str
    last_day: int
    goes_on: bool
    stretches: tuple[Stretch, ...] = ()
    second_infusion_day: int | None = None
    died_day: int | None = None
    left_day: int | None = None
    drug_days: tuple[tuple[DrugGroup, int], ...] = ()
    responses: tuple[tuple[int, Response], ...] = ()

    def of(self, toxicities: Collection[Toxicity], numbers: Collection[int]) -> tuple[Stretch, ...]:
        """The stretches of these toxicities after these infusions."""
        return tuple(one for one in self.stretches if one.toxicity in toxicities and one.number in numbers)


def stretches(toxicity: Toxicity, number: int, grades: DailyGrades, from_day: int = 0) -> tuple[Stretch, ...]:
    """The stretches after one infusion, earliest first.

    Args:
        toxicity: the one that is graded.
        number: the infusion.
        grades: worst grade of each day since that infusion; None where nothing is proved.
        from_day: the day of that infusion, in days since the first.
    """
    found: list[Stretch] = []
    for day in sorted(grades):
        grade = grades[day]
        if not grade:
            continue
        last = found[-1] if found else None
        on = from_day + day
        if last is not None and (last.last_day, last.grade) == (on - 1, grade):
            found[-1] = Stretch(toxicity, number, last.first_day, on, grade)
        else:
            found.append(Stretch(toxicity, number, on, on, grade))
    return tuple(found)
