"""How many patients were at which worst grade on each day, before anything is drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.queries.committee import CommitteePatient
from grading.scale import Toxicity
from trial.safety_rows import GRADES

Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayShare:
    """The patients assessed on one day after one infusion, by study code.

    by_grade  at worst grade 0 to 5
    ungraded  assessed, and nothing is proved
    """

    number: int
    day: int
    by_grade: tuple[Codes, ...]
    ungraded: Codes

    @property
    def assessed(self) -> int:
        """The denominator: patients with an assessment on that day."""
        return sum(len(codes) for codes in self.by_grade) + len(self.ungraded)

    def codes(self, grade: str) -> Codes:
        """Who is in one part of the bar: grade "0" to "5", or "?"."""
        return self.ungraded if grade == "?" else self.by_grade[int(grade)]


def day_shares(
    patients: Sequence[CommitteePatient], scale: Toxicity, last_day: int, numbers: Iterable[int]
) -> tuple[DayShare, ...]:
    """For each of these infusions and each day to the last, the patients at each worst grade."""
    return tuple(_share(patients, scale, number, day) for number in numbers for day in range(last_day + 1))


def _share(patients: Sequence[CommitteePatient], scale: Toxicity, number: int, day: int) -> DayShare:
    worst = [
        (patient.study_code, infusion.days[scale][day])
        for patient in patients
        if (infusion := patient.infusion(number)) is not None and day in infusion.days[scale]
    ]
    return DayShare(
        number,
        day,
        tuple(
            tuple(code for code, one in worst if one.is_graded and one.worst_at_least == grade)
            for grade in GRADES
        ),
        tuple(code for code, one in worst if not one.is_graded),
    )
