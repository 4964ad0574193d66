"""Where each enrolled patient of the trial is: from the enrolment to the second infusion, and why not there.

Every patient stands in exactly one line of each level, so that the lines of a level add up to the one above.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from trial.safety_rows import Course


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPatient:
    """One enrolled patient up to a data cut-off.

    infusions  how many there were
    worst      worst proved grade of CRS or ICANS after the first infusion; None where nothing is proved
    left       withdrawn or lost to follow-up
    """

    code: str
    infusions: int
    worst: int | None = None
    died: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class FlowLine:
    """How many came so far, by study code; `level` 0 is everyone, a line of level 1 is a part of it."""

    label: str
    level: int
    codes: tuple[str, ...]


_NOT_INFUSED: Final = "Not infused"
_ONCE: Final = "Infused once"
_TWICE: Final = "Infused twice"
_BARRED: Final = "grade {} or more after the first"
"""Not "barred": two investigators may have released the bar."""

_DIED: Final = "died"
_LEFT: Final = "withdrawn or lost"
_STILL: Final = "still in the trial"
_PARTS: Final = {
    _NOT_INFUSED: (_DIED, _LEFT, _STILL),
    _ONCE: (_DIED, _LEFT, _BARRED, _STILL),
    _TWICE: (_DIED, _LEFT, _STILL),
}


def patient_flow(patients: Iterable[FlowPatient], barring_grade: int) -> tuple[FlowLine, ...]:
    """The lines; a reason that holds for nobody is left out. Who has died or left is so, whatever else holds.

    Args:
        patients: everyone enrolled by the cut-off.
        barring_grade: from this grade after the first infusion on, a second one is barred.
    """
    everyone = list(patients)
    lines = [FlowLine("Enrolled", 0, tuple(one.code for one in everyone))]
    for group, parts in _PARTS.items():
        of_group = [one for one in everyone if _group(one) == group]
        lines.append(FlowLine(group, 1, tuple(one.code for one in of_group)))
        for part in parts:
            codes = tuple(one.code for one in of_group if _part(one, barring_grade) == part)
            if codes:
                lines.append(FlowLine(f"{group}, {part.format(barring_grade)}", 2, codes))
    return tuple(lines)


def worst_after_the_first(courses: Iterable[Course]) -> dict[str, int]:
    """Study code -> the worst proved grade of either toxicity after the first infusion."""
    worst: dict[str, int] = {}
    for one in courses:
        if one.number == 1 and one.worst is not None:
            worst[one.code] = max(one.worst, worst.get(one.code, 0))
    return worst


def _group(patient: FlowPatient) -> str:
    if patient.infusions == 0:
        return _NOT_INFUSED
    return _ONCE if patient.infusions == 1 else _TWICE


def _part(patient: FlowPatient, barring_grade: int) -> str:
    if patient.died:
        return _DIED
    if patient.left:
        return _LEFT
    barred = patient.infusions == 1 and (patient.worst or 0) >= barring_grade
    return _BARRED if barred else _STILL
