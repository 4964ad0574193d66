"""The parts of the safety page behind its tabs."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from pages.committee.safety_parts import (
    blood_counts,
    by_day,
    course,
    infections,
    overview,
    patients,
    rates,
    treatments,
)
from pages.committee.safety_parts.view import View


class Tab(NamedTuple):
    """A part of the page: its words, and what reads and draws it."""

    words: str
    show: Callable[[View], None]


TABS: Final[Mapping[str, Tab]] = {
    "overview": Tab("Overview", overview.show),
    "days": Tab("By day", by_day.show),
    "rates": Tab("Rates", rates.show),
    "course": Tab("Course", course.show),
    "patients": Tab("Patients", patients.show),
    "infections": Tab("Infections", infections.show),
    "counts": Tab("Blood counts", blood_counts.show),
    "treatments": Tab("Treatments", treatments.show),
}
"""Name in the address -> tab."""
