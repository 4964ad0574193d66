"""What counts as support, on both sides of each limit; a blank is no support and no proof of none."""

from typing import Any

import pytest

from alerts.model import Support
from alerts.support import SUPPORT_COLUMNS, support_of
from grading.charted import OxygenDevice, Sign, Vasopressor
from grading.settings import GradingSettings

NONE, LIGHT, STRONG = Support
SETTINGS = GradingSettings()
BLANK: dict[str, Any] = dict.fromkeys(SUPPORT_COLUMNS)
# Typed from the rules, not from the program.
STRONG_DEVICES = [
    "high_flow_nasal_cannula",
    "face_mask",
    "venturi_mask",
    "non_rebreather_mask",
    "tracheostomy_mask",
    "cpap",
    "bipap",
    "mechanical_ventilation",
    "ecmo",
]


def support(*, lasting: frozenset[Sign] = frozenset(), **charted: Any) -> Support:
    return support_of(BLANK | charted, SETTINGS, lasting=lasting)


@pytest.mark.parametrize(
    ("charted", "expected"),
    [
        ({}, NONE),
        ({"systolic_mmhg": 90.0}, NONE),
        ({"systolic_mmhg": 89.9}, LIGHT),
        ({"spo2_percent": 90.0}, NONE),
        ({"spo2_percent": 89.0}, LIGHT),
        ({"iv_fluid_bolus": "yes"}, LIGHT),
        ({"iv_fluid_bolus": "no"}, NONE),
        ({"hypotension": "yes"}, LIGHT),
        ({"hypotension": "no", "systolic_mmhg": 84.0}, LIGHT),
        ({"hypoxia": "yes"}, LIGHT),
        ({"hypoxia": "no", "spo2_percent": 85.0}, LIGHT),
        ({"vasopressors": "none"}, NONE),
        ({"vasopressors": "dobutamine"}, NONE),
        ({"vasopressors": "dobutamine;vasopressin"}, STRONG),
        ({"oxygen_device": "room_air"}, NONE),
        ({"oxygen_device": "nasal_cannula"}, LIGHT),
        ({"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 0.0}, NONE),
        ({"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 6.0}, LIGHT),
        ({"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 6.1}, STRONG),
        ({"oxygen_device": "blow_by"}, LIGHT),
        ({"oxygen_device": "other"}, LIGHT),
        ({"oxygen_l_per_min": 2.0}, LIGHT),
        ({"oxygen_l_per_min": 0.0}, NONE),
        ({"systolic_mmhg": 84.0, "oxygen_device": "cpap"}, STRONG),
    ],
)
def test_each_sign_counts_as_the_rules_say(charted: dict[str, Any], expected: Support) -> None:
    assert support(**charted) is expected


def test_every_device_and_agent_has_its_place() -> None:
    light = {"nasal_cannula", "blow_by", "other"}
    for device in OxygenDevice:
        expected = STRONG if device in STRONG_DEVICES else LIGHT if device in light else NONE
        assert support(oxygen_device=device.value) is expected
    for agent in Vasopressor:
        assert support(vasopressors=agent.value) is (NONE if agent == "dobutamine" else STRONG)


def test_a_device_brought_from_home_is_not_new_and_a_low_reading_still_is() -> None:
    at_home = frozenset({Sign.HYPOXIA})
    assert support(lasting=at_home, oxygen_device="cpap") is NONE
    assert support(lasting=at_home, oxygen_device="cpap", spo2_percent=88.0) is LIGHT
    assert support(lasting=frozenset({Sign.HYPOTENSION}), oxygen_device="cpap") is STRONG
