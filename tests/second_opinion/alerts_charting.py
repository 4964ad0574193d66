"""What a nurse may chart: bedside pictures that move the grades, and rows that only obey the file."""

from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from tests.actions.conftest import WELL
from tests.second_opinion.strategies import random_course

Charting = dict[str, Any]

_VITAL_SIGNS: Final = {name: WELL[name] for name in ("temperature_c", "systolic_mmhg", "spo2_percent")}
_ICANS: Final = ("ice_score", "consciousness", "seizure", "motor_weakness", "edema_or_raised_icp")

PICTURES: Final[dict[str, Charting]] = {
    "well": WELL,
    "fever": WELL | {"temperature_c": 38.6},
    "fever and a bolus": WELL | {"temperature_c": 38.6, "systolic_mmhg": 84, "iv_fluid_bolus": "yes"},
    "fever and a vasopressor": WELL | {"temperature_c": 38.9, "vasopressors": "norepinephrine"},
    "fever and two vasopressors": WELL | {"temperature_c": 39.2, "vasopressors": "norepinephrine;dopamine"},
    "shock, no temperature": {"systolic_mmhg": 78, "vasopressors": "norepinephrine"},
    "low pressure without fever": WELL | {"systolic_mmhg": 82},
    "mask without fever": WELL | {"oxygen_device": "face_mask", "oxygen_l_per_min": 8},
    "low pressure, not said to be low": WELL | {"systolic_mmhg": 82, "hypotension": "no"},
    "low pressure of another cause": WELL | {"systolic_mmhg": 82, "attributed_elsewhere": "hypotension"},
    "signs that are CRS": WELL | {"systolic_mmhg": 82, "crs_judgement": "crs"},
    "signs that are not CRS": WELL
    | {"temperature_c": 38.6, "vasopressors": "norepinephrine", "crs_judgement": "not_crs"},
    "vital signs alone": _VITAL_SIGNS,
    "fever, the rest not recorded": {"temperature_c": 38.4},
    "nothing recorded": {},
    "ice 6": WELL | {"ice_score": 6, "consciousness": "awakens_to_voice"},
    "ice 2": WELL | {"ice_score": 2},
    "unarousable": WELL | {"ice_score": None, "ice_not_done": "unarousable", "consciousness": "unarousable"},
    "ice refused": WELL | {"ice_score": None, "ice_not_done": "refused"},
    "nerves not recorded": {name: cell for name, cell in WELL.items() if name not in _ICANS},
    "both grave": WELL
    | {"temperature_c": 39, "vasopressors": "norepinephrine", "ice_score": 1, "seizure": "prolonged"},
}
"""Rows that make sense, named by what they show; the order is that in which a failure is made smaller."""


def charting() -> st.SearchStrategy[Charting]:
    """A picture, or, more rarely, a row that is valid and need not make sense."""
    pictures = st.sampled_from(sorted(PICTURES)).map(lambda name: PICTURES[name])
    return st.one_of(
        pictures,
        pictures,
        st.integers(min_value=0, max_value=2**20).map(hostile),
    )


def hostile(seed: int) -> Charting:
    """A random valid row; nobody dies in it, because that ends everything else."""
    (row,) = random_course(Random(seed), 1)
    place = ("patient_id", "infusion_number", "assessed_at", "death_due_to")
    return {name: cell for name, cell in row.items() if cell is not None and name not in place}
