"""What part of the trial the committee looks at: infusion, toxicity, data cut-off, age, sex, disease.

It stands in the page's address, so that a link opens the same view; every picture and table obeys it. The
cut-off is a date of the hospital and includes the whole of it: what had happened by then, as known now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from grading.scale import Toxicity
from trial.screening_facts import Histology, Sex

INFUSIONS: Final = (1, 2)
"""The infusions that the trial plans, by number."""

OLDER_FROM: Final = 65
"""Age in years from which labels and guidelines report older patients apart."""


class AgeBand(StrEnum):
    """Patients below 65, or from 65 years on, at enrolment."""

    YOUNGER = "under-65"
    OLDER = "65-and-over"

    @property
    def label(self) -> str:
        """The words of the choice."""
        return f"under {OLDER_FROM}" if self is AgeBand.YOUNGER else f"{OLDER_FROM} and over"

    def holds(self, age_years: int) -> bool:
        """Whether a patient of this age belongs to the band."""
        return (age_years >= OLDER_FROM) is (self is AgeBand.OLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyFilter:
    """The part that is shown; None is everyone.

    cut_off_on  the last day of the hospital that counts; None is up to now
    """

    infusions: tuple[int, ...] = INFUSIONS
    toxicities: tuple[Toxicity, ...] = tuple(Toxicity)
    cut_off_on: date | None = None
    age: AgeBand | None = None
    sex: Sex | None = None
    disease: Histology | None = None

    @property
    def narrows(self) -> bool:
        """Whether some patients may be left out."""
        return (self.age, self.sex, self.disease) != (None, None, None)

    def keeps(self, sex: str | None, age_years: int | None, histology: str | None) -> bool:
        """Whether a patient is shown. What is not recorded belongs to no choice, so it is left out."""
        if self.age is not None and (age_years is None or not self.age.holds(age_years)):
            return False
        asked = ((self.sex, sex), (self.disease, histology))
        return all(choice is None or choice == own for choice, own in asked)

    def cut_off_at(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The last instant that counts: now, or the end of the cut-off's day at the hospital if earlier."""
        if self.cut_off_on is None:
            return now
        next_day = datetime.combine(self.cut_off_on + timedelta(days=1), time(), zone)
        return min(now, next_day.astimezone(UTC) - timedelta.resolution)

    def address(self) -> dict[str, str]:
        """The query of the address, without what is shown anyway."""
        parts = {
            "infusion": str(self.infusions[0]) if len(self.infusions) == 1 else None,
            "toxicity": self.toxicities[0].value if len(self.toxicities) == 1 else None,
            "cutoff": self.cut_off_on.isoformat() if self.cut_off_on else None,
            "age": self.age,
            "sex": self.sex,
            "disease": self.disease,
        }
        return {name: str(value) for name, value in parts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asked for: the filter that holds, and a sentence for each value that cannot be."""

    filter: SafetyFilter
    problems: tuple[str, ...]


def read_filter(query: Mapping[str, str], today: date) -> Asked:
    """Read the query of an address. An impossible value is answered and leaves its filter open.

    Args:
        query: names and values of the address; other names are left alone.
        today: the hospital's date, after which no cut-off can be.
    """
    problems: list[str] = []

    def one(name: str, what: str, choices: Mapping[str, _T]) -> _T | None:
        asked = query.get(name)
        if asked is None or asked in choices:
            return None if asked is None else choices[asked]
        known = " or ".join(choices)
        problems.append(f"The {what} “{_short(asked)}” is not known. Use {known}; all are shown now.")
        return None

    infusion = one("infusion", "infusion", {str(number): number for number in INFUSIONS})
    toxicity = one("toxicity", "toxicity", _by_value(Toxicity))
    cut_off_on = _read_date(query.get("cutoff"), today, problems.append)
    found = SafetyFilter(
        infusions=INFUSIONS if infusion is None else (infusion,),
        toxicities=tuple(Toxicity) if toxicity is None else (toxicity,),
        cut_off_on=cut_off_on,
        age=one("age", "age", _by_value(AgeBand)),
        sex=one("sex", "sex", _by_value(Sex)),
        disease=one("disease", "disease", _by_value(Histology)),
    )
    return Asked(found, tuple(problems))


_T = TypeVar("_T")
_Choice = TypeVar("_Choice", bound=StrEnum)


def _by_value(choices: type[_Choice]) -> dict[str, _Choice]:
    return {choice.value: choice for choice in choices}


def _read_date(asked: str | None, today: date, complain: Callable[[str], None]) -> date | None:
    if asked is None:
        return None
    try:
        on = date.fromisoformat(asked)
    except ValueError:
        complain(
            f"The data cut-off “{_short(asked)}” is not a date. Write it as 2026-03-08; "
            "everything up to now is shown."
        )
        return None
    if on > today:
        complain(f"The data cut-off {on} is still to come. Everything up to now is shown.")
        return None
    return on


def _short(asked: str) -> str:
    return asked if len(asked) <= 30 else f"{asked[:30]}…"
