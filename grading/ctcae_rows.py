"""One laboratory result against its row of CTCAE: how much is proved, how far it could still rise.

Result, limits and baseline are decimal numbers in one unit; for counts and fibrinogen it is the
unit of the table.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from grading.ctcae_tables import (
    CREATININE_ABOVE_BASELINE,
    CREATININE_ABOVE_ULN,
    FIBRINOGEN_BELOW_G_PER_L,
    FIBRINOGEN_BELOW_LLN,
    FIBRINOGEN_FALL,
    CountRow,
    Limits,
    RatioRow,
)
from grading.units import write_decimal

_WORST: Final = 4


class Bounds(NamedTuple):
    """What is known of the grade.

    least, most  the lowest and the highest grade that what is recorded allows
    missing      the inputs that leave it open
    phrase       the comparison that decided
    """

    least: int
    most: int
    missing: tuple[str, ...]
    phrase: str


def count_bounds(row: CountRow, value: Decimal, lln: Decimal | None) -> Bounds:
    """A falling count: absolute limits first, then the LLN."""
    grade = _below(value, row.below)
    if grade:
        return _settled(grade, f"below {write_decimal(row.below[grade])}")
    if lln is None:
        return _up_to(1, ("lln",), "LLN not recorded")
    return _settled(int(value < lln), _limit_phrase("below", value < lln, "LLN", lln))


def ratio_bounds(row: RatioRow, value: Decimal, uln: Decimal | None, baseline: Decimal | None) -> Bounds:
    """A rising result: against the ULN, or against the baseline where that was above the ULN."""
    if uln is not None and baseline is not None:
        if baseline <= uln:
            return _settled(*_above_with_phrase(value, row.above, "ULN", uln))
        return _from_abnormal(row, value, baseline)
    if uln is not None:
        # A baseline above the ULN could only lower the grade, down to 0.
        most, phrase = _above_with_phrase(value, row.above, "ULN", uln)
        return _up_to(most, ("baseline",), phrase)
    if baseline is not None:
        # With a ULN below it the baseline decides; a higher ULN could only lower the grade.
        most, phrase = _above_with_phrase(value, row.above, "baseline", baseline)
        return _up_to(most, ("uln",), phrase)
    return _up_to(_WORST if value else 0, ("uln", "baseline"), "ULN and baseline not recorded")


def _from_abnormal(row: RatioRow, value: Decimal, baseline: Decimal) -> Bounds:
    grade, phrase = _above_with_phrase(value, row.above, "abnormal baseline", baseline)
    if grade == 1 and row.from_baseline is not None:
        reached = value >= row.from_baseline * baseline
        sign = "at least" if reached else "below"
        times = f"{sign} {row.from_baseline} x abnormal baseline {write_decimal(baseline)}"
        return _settled(int(reached), times)
    return _settled(grade, phrase)


def creatinine_bounds(value: Decimal, uln: Decimal | None, baseline: Decimal | None) -> Bounds:
    """The worse of creatinine against the ULN and against the baseline."""
    known: list[tuple[int, str]] = []
    reach: dict[str, int] = {}
    for name, limits, reference in (
        ("ULN", CREATININE_ABOVE_ULN, uln),
        ("baseline", CREATININE_ABOVE_BASELINE, baseline),
    ):
        if reference is not None:
            known.append(_above_with_phrase(value, limits, name, reference))
        elif value:
            reach[name.lower()] = max(limits)
    least = max((grade for grade, _ in known), default=0)
    missing = tuple(name for name, grade in reach.items() if grade > least)
    phrases = [phrase for grade, phrase in known if grade == least] or ["ULN and baseline not recorded"]
    return Bounds(least, max([least, *reach.values()]), missing, ", ".join(phrases))


def fibrinogen_bounds(value: Decimal, lln: Decimal | None, baseline: Decimal | None) -> Bounds:
    """Fibrinogen in g/L: the absolute limit, then the LLN, or the fall from a baseline below it."""
    if value < FIBRINOGEN_BELOW_G_PER_L:
        return _settled(_WORST, f"below {FIBRINOGEN_BELOW_G_PER_L}")
    if lln is not None:
        if baseline is None:
            # An abnormal baseline is below the LLN, so the fall from it is never worse.
            most, phrase = _below_lln(value, lln)
            return _up_to(most, ("baseline",), phrase)
        if baseline >= lln:
            return _settled(*_below_lln(value, lln))
    if baseline is None:
        return _up_to(_WORST, ("lln", "baseline"), "LLN and baseline not recorded")
    grade, phrase = _fall(value, baseline)
    # A LLN at or below the baseline could only lower the grade.
    return _up_to(grade, ("lln",), phrase) if lln is None else _settled(grade, phrase)


def _below_lln(value: Decimal, lln: Decimal) -> tuple[int, str]:
    grade = _below(value, {grade: part * lln for grade, part in FIBRINOGEN_BELOW_LLN.items()})
    part = FIBRINOGEN_BELOW_LLN[max(grade, 1)]
    return grade, _limit_phrase("below", grade > 0, _times(part, "LLN"), lln)


def _fall(value: Decimal, baseline: Decimal) -> tuple[int, str]:
    if value >= baseline:
        return 0, f"no fall from the baseline {write_decimal(baseline)}"
    grade = max(grade for grade, part in FIBRINOGEN_FALL.items() if baseline - value >= part * baseline)
    percent = write_decimal(100 * FIBRINOGEN_FALL[grade])
    words = f"a fall of {percent} % or more" if grade > 1 else "a fall"
    return grade, f"{words} from the abnormal baseline {write_decimal(baseline)}"


def _settled(grade: int, phrase: str) -> Bounds:
    return Bounds(grade, grade, (), phrase)


def _up_to(most: int, missing: tuple[str, ...], phrase: str) -> Bounds:
    """Nothing is proved; open up to a grade, settled where that is 0."""
    return Bounds(0, most, missing if most else (), phrase)


def _below(value: Decimal, limits: Limits) -> int:
    return max((grade for grade, limit in limits.items() if value < limit), default=0)


def _above_with_phrase(value: Decimal, limits: Limits, name: str, reference: Decimal) -> tuple[int, str]:
    """The grade against multiples of a reference, and the comparison in words."""
    grade = max((grade for grade, times in limits.items() if value > times * reference), default=0)
    times = limits[grade or min(limits)]
    return grade, _limit_phrase("above", grade > 0, _times(times, name), reference)


def _times(times: Decimal, name: str) -> str:
    return name if times == 1 else f"{times} x {name}"


def _limit_phrase(side: str, met: bool, name: str, reference: Decimal) -> str:
    return f"{side if met else f'not {side}'} {name} {write_decimal(reference)}"
