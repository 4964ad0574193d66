"""What holds a patient's pressure or oxygen up, read from an assessment's row as it was charted.

Attribution and judgement are left out on purpose: the signal asks whether anybody who may has made them.
"""

from collections.abc import Mapping
from typing import Any, Final

from alerts.model import Support
from grading.charted import OxygenDevice, Sign, Vasopressor, YesNo
from grading.settings import GradingSettings

SUPPORT_COLUMNS: Final = (
    "systolic_mmhg",
    "spo2_percent",
    "oxygen_device",
    "oxygen_l_per_min",
    "hypoxia",
    "vasopressors",
    "iv_fluid_bolus",
    "hypotension",
)
LOW_FLOW_L_PER_MIN: Final = 6
"""Up to here a nasal cannula is low flow (ASTCT 2019)."""

_STRONG_DEVICES: Final = frozenset(
    {
        OxygenDevice.HIGH_FLOW_NASAL_CANNULA,
        OxygenDevice.FACE_MASK,
        OxygenDevice.VENTURI_MASK,
        OxygenDevice.NON_REBREATHER_MASK,
        OxygenDevice.TRACHEOSTOMY_MASK,
        OxygenDevice.CPAP,
        OxygenDevice.BIPAP,
        OxygenDevice.MECHANICAL_VENTILATION,
        OxygenDevice.ECMO,
    }
)
_NOT_COUNTED: Final = {Vasopressor.DOBUTAMINE.value, "none", ""}


def support_of(
    row: Mapping[str, Any], settings: GradingSettings, *, lasting: frozenset[Sign] = frozenset()
) -> Support:
    """The strongest support of one assessment; `row` holds SUPPORT_COLUMNS as stored.

    A patient whose `lasting` findings include hypoxia brought the oxygen device along: it is not new.
    """
    device = Support.NONE if Sign.HYPOXIA in lasting else _device(row)
    return max(_pressure(row, settings), device, _saturation(row, settings))


def _pressure(row: Mapping[str, Any], settings: GradingSettings) -> Support:
    agents = set((row["vasopressors"] or "").split(";"))
    if agents - _NOT_COUNTED:
        return Support.STRONG
    systolic = row["systolic_mmhg"]
    low = systolic is not None and systolic < settings.low_systolic_mmhg
    held_up = YesNo.YES in (row["iv_fluid_bolus"], row["hypotension"])
    return Support.LIGHT if low or held_up else Support.NONE


def _device(row: Mapping[str, Any]) -> Support:
    device, flow = row["oxygen_device"], row["oxygen_l_per_min"]
    if device is None:
        return Support.LIGHT if flow else Support.NONE
    if device in _STRONG_DEVICES:
        return Support.STRONG
    if device == OxygenDevice.NASAL_CANNULA:
        if flow is None:
            return Support.LIGHT
        return Support.STRONG if flow > LOW_FLOW_L_PER_MIN else Support.LIGHT if flow > 0 else Support.NONE
    return Support.NONE if device == OxygenDevice.ROOM_AIR else Support.LIGHT


def _saturation(row: Mapping[str, Any], settings: GradingSettings) -> Support:
    spo2 = row["spo2_percent"]
    low = spo2 is not None and spo2 < settings.low_spo2_percent
    return Support.LIGHT if low or row["hypoxia"] == YesNo.YES else Support.NONE
