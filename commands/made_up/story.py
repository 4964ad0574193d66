"""What happens to a made-up patient, as data: fever curves and stretches of signs, in hours.

Hours count from the infusion. A negative hour counts back from now, so that a patient can be in grade 3
"since an hour ago" whenever the demonstration is started.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


def whole_day(day: int) -> tuple[float, float]:
    """The hours that hold every due time of a day, counted from an infusion at 11:00."""
    return 24 * day - 12.0, 24 * day + 14.0


HOME_ON_DAY: Final = 15
"""A patient who is well goes home on this day after an infusion."""


@dataclass(frozen=True, slots=True)
class Fever:
    """A fever from one hour to another; `to_h` None while it lasts. It rises and falls within 12 hours."""

    from_h: float
    to_h: float | None
    peak_c: float


@dataclass(frozen=True, slots=True)
class Signs:
    """Columns of an assessment that differ from a well patient's between two hours.

    A pair of numbers is a range to draw from; None is "not recorded".
    """

    from_h: float
    to_h: float | None
    columns: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry near this hour that was typed wrongly, and was corrected 40 minutes later."""

    at_h: float
    wrong: Mapping[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class InfusionStory:
    """One infusion and what follows it.

    days_ago       calendar days between the infusion and today
    intensive      hours in intensive care, from and to (None: still there)
    silent_since_h nothing is entered from this hour on
    gap_h          nothing is entered between these hours
    skipped_h      what is due between these hours is called off, because of a procedure
    extra_h        assessments beside the regular ones
    """

    days_ago: int
    fevers: tuple[Fever, ...] = ()
    signs: tuple[Signs, ...] = ()
    intensive: tuple[float, float | None] | None = None
    silent_since_h: float | None = None
    gap_h: tuple[float, float] | None = None
    skipped_h: tuple[float, float] | None = None
    extra_h: tuple[float, ...] = ()
    correction: Correction | None = None
    skips_ice_at_h: float | None = None


@dataclass(frozen=True, slots=True)
class PatientStory:
    """One patient: who it is, and one or two infusions, or none yet.

    screened     facts of the screening that differ from what is usual, as `FactsIn` takes them
    days_before  dates among them, so many days before the screening
    judged       what the investigator judged to be so in the screening, and why
    enrolled     False for somebody still in screening, or not eligible
    """

    code: str
    sex: str
    age_years: int
    weight_kg: float
    infusions: tuple[InfusionStory, ...] = ()
    lasting: tuple[str, ...] = ()
    lasting_note: str | None = None
    acknowledged: bool = True
    screened: Mapping[str, object] = field(default_factory=dict, kw_only=True)
    days_before: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    judged: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    enrolled: bool = field(default=True, kw_only=True)
    about: str = field(default="", kw_only=True)
