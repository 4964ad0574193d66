"""The stored values of an assessment as the texts that fill the templates of reasons and notes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from grading.astct_crs import COUNTED_AS, Counting
from grading.cells import write_number
from grading.charted import Charted, EdemaOrRaisedIcp, OxygenDevice, Vasopressor, Word
from grading.ice import ice_score, item_points, write_items
from grading.settings import GradingSettings


def join_words(words: Sequence[str]) -> str:
    """Join words as English does: "a", "a and b", "a, b and c"."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def write_list(chosen: Collection[Word], order: type[Word]) -> str:
    """Write a list column in the order in which its words are defined."""
    return join_words([word.phrase for word in order if word in chosen])


def write_vasopressors(running: Collection[Vasopressor]) -> str:
    """Write the agents that are counted; dobutamine has a note of its own."""
    return write_list([agent for agent in running if COUNTED_AS[agent] is not Counting.NEVER], Vasopressor)


def write_oxygen(device: OxygenDevice | None, oxygen_l_per_min: float | None) -> str:
    """Write the device with its flow: "nasal cannula 4 L/min"."""
    name = "" if device is None else device.phrase
    return name if oxygen_l_per_min is None else f"{name} {write_number(oxygen_l_per_min)} L/min"


def write_temperature(temperature_c: float) -> str:
    """Write a temperature unrounded, whole degrees with their decimal: 38.0, 37.96."""
    return repr(float(temperature_c))


def limits(settings: GradingSettings) -> dict[str, str]:
    """The limits that notes mention."""
    return {
        "low_systolic_mmhg": write_number(settings.low_systolic_mmhg),
        "low_spo2_percent": write_number(settings.low_spo2_percent),
        "late_after_day": str(settings.late_after_day),
    }


WRITE: Final[Mapping[str, Callable[[float], str]]] = {
    "temperature_c": write_temperature,
    "systolic_mmhg": write_number,
    "diastolic_mmhg": write_number,
    "heart_rate_per_min": write_number,
    "respiratory_rate_per_min": write_number,
    "spo2_percent": write_number,
    "oxygen_l_per_min": write_number,
}
"""How each number is written."""


def stored_values(charted: Charted, settings: GradingSettings) -> dict[str, str]:
    """All values of one assessment, by the name that stands in the templates."""
    numbers = {name: getattr(charted, name) for name in WRITE}
    return {
        **{name: WRITE[name](value) for name, value in numbers.items() if value is not None},
        **limits(settings),
        **_words(charted),
        **_ice(charted),
    }


def _words(charted: Charted) -> dict[str, str]:
    single = ("oxygen_device", "ice_not_done", "consciousness", "seizure", "motor_weakness")
    chosen: dict[str, Word | None] = {name: getattr(charted, name) for name in single}
    return {
        **{name: word.phrase for name, word in chosen.items() if word is not None},
        "oxygen": write_oxygen(charted.oxygen_device, charted.oxygen_l_per_min),
        "vasopressors": write_vasopressors(charted.vasopressors or ()),
        "edema_or_raised_icp": write_edema(charted.edema_or_raised_icp or ()),
    }


def write_edema(signs: Collection[Word]) -> str:
    """Write signs of edema or raised pressure; the empty list says that there was none."""
    return write_list(signs, EdemaOrRaisedIcp) or "no edema or raised intracranial pressure"


def _ice(charted: Charted) -> dict[str, str]:
    items = item_points(charted)
    score = ice_score(items, charted.ice_score)
    return {"ice_score": str(score.best), "ice_items": write_items(items)}
