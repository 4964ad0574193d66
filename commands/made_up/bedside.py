"""What a nurse finds at one moment of a made-up patient's story."""

from random import Random
from typing import Final

from commands.made_up.story import Fever, InfusionStory

_RAMP_H: Final = 12.0
_NORMAL_C: Final = 36.7
_VITAL_SIGNS: Final = {
    "oxygen_device": "room_air",
    "vasopressors": "none",
    "iv_fluid_bolus": "no",
}
_NEUROLOGIC: Final = {
    "ice_score": 10,
    "consciousness": "alert",
    "seizure": "none",
    "motor_weakness": "none",
    "edema_or_raised_icp": "none",
}


def find(story: InfusionStory, hour: float, until_h: float, rng: Random, *, ice: bool) -> dict[str, object]:
    """The columns of an assessment `hour` hours after the infusion; `until_h` is now.

    ice   also the ICE score and what is examined with it
    """
    temperature_c = round(_temperature(story.fevers, hour, until_h) + rng.gauss(0, 0.12), 1)
    found = _vital_signs(temperature_c, rng) | (_NEUROLOGIC if ice else {})
    found["fever_masking_drugs"] = (
        ["acetaminophen"] if temperature_c >= 38.3 and rng.random() < 0.6 else "none"
    )
    for signs in story.signs:
        if _holds(hour, signs.from_h, signs.to_h, until_h):
            found |= {
                column: _draw(value, rng)
                for column, value in signs.columns.items()
                if ice or column not in (*_NEUROLOGIC, "ice_not_done")
            }
    return {column: value for column, value in found.items() if value is not None}


def has_icans(story: InfusionStory, hour: float, until_h: float) -> bool:
    """Whether the story holds a depressed ICE at this hour, which makes ICE due every time."""
    return any(
        "ice_score" in signs.columns and _holds(hour, signs.from_h, signs.to_h, until_h)
        for signs in story.signs
    )


def hour_of(hour: float, until_h: float) -> float:
    """Hours after the infusion; a negative one counts back from now."""
    return hour if hour >= 0 else until_h + hour


def _vital_signs(temperature_c: float, rng: Random) -> dict[str, object]:
    systolic = rng.randint(106, 132)
    return {
        "temperature_c": temperature_c,
        "systolic_mmhg": systolic,
        "diastolic_mmhg": round(systolic * 0.6) + rng.randint(-4, 3),
        "heart_rate_per_min": round(76 + 11 * max(temperature_c - _NORMAL_C, 0) + rng.gauss(0, 4)),
        "respiratory_rate_per_min": round(15 + 2 * max(temperature_c - _NORMAL_C, 0) + rng.gauss(0, 1)),
        "spo2_percent": rng.randint(96, 99),
        **_VITAL_SIGNS,
    }


def _temperature(fevers: tuple[Fever, ...], hour: float, until_h: float) -> float:
    """A curve that rises and falls within twelve hours, with dips by day as fevers have."""
    highest = _NORMAL_C
    for fever in fevers:
        begin = hour_of(fever.from_h, until_h)
        end = until_h + _RAMP_H if fever.to_h is None else hour_of(fever.to_h, until_h)
        if begin <= hour <= end:
            share = min((hour - begin) / _RAMP_H, (end - hour) / _RAMP_H, 1.0)
            dip = 0.5 if hour % 24 < 8 else 0.0
            highest = max(highest, _NORMAL_C + (fever.peak_c - _NORMAL_C) * share - dip * share)
    return highest


def _holds(hour: float, from_h: float, to_h: float | None, until_h: float) -> bool:
    ends = to_h is None or hour < hour_of(to_h, until_h)
    return hour_of(from_h, until_h) <= hour and ends


def _draw(value: object, rng: Random) -> object:
    return rng.randint(*value) if isinstance(value, tuple) else value
