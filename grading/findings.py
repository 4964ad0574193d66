"""From what was charted to the rows of the CRS table.

Each row is read from a few small codes, so that one function serves the single assessment
and, tabulated over all its codes, a million of them (`bulk.py`). First match decides, in the
order of the text in `docs/grading/crs.md`.
"""

from enum import IntEnum
from functools import cache
from typing import Final

from grading.astct_crs import COUNTED_AS, LOW_FLOW_AT_MOST_L_PER_MIN, Counting, Hypotension, Hypoxia
from grading.cells import Answer, Finding, Gap, Reading, attribute_elsewhere
from grading.charted import OxygenDevice, Vasopressor

_SEVERAL: Final = Hypotension.SEVERAL_VASOPRESSORS.grade
_ONE: Final = Hypotension.ONE_VASOPRESSOR.grade
_HYPOTENSION: Final = Hypotension.NO_VASOPRESSOR.grade
_LOW_FLOW: Final = Hypoxia.LOW_FLOW.grade
_HIGH_FLOW: Final = Hypoxia.HIGH_FLOW_OR_MASK.grade
_POSITIVE_PRESSURE: Final = Hypoxia.POSITIVE_PRESSURE.grade


class FeverFound(IntEnum):
    """Fever as charted in one row, before the course is looked at."""

    NOT_PRESENT = 0
    PRESENT = 1
    NOT_RECORDED = 2


class Agents(IntEnum):
    """Vasopressors as the table counts them."""

    NOT_RECORDED = 0
    NONE = 1
    ONE = 2
    SEVERAL = 3


class Device(IntEnum):
    """Oxygen devices as the table groups them."""

    NOT_RECORDED = 0
    ROOM_AIR = 1
    NASAL_CANNULA = 2
    BLOW_BY = 3
    HIGH_FLOW_OR_MASK = 4
    POSITIVE_PRESSURE = 5
    OTHER = 6


class Flow(IntEnum):
    """Oxygen flow against the published limit of 6 L/min."""

    NOT_RECORDED = 0
    ZERO = 1
    LOW = 2
    HIGH = 3


def fever_found(temperature: Reading, attributed: bool) -> FeverFound:
    """Fever is a temperature at or above the limit without another cause; a blank one proves nothing."""
    if temperature is Reading.NOT_RECORDED:
        return FeverFound.NOT_RECORDED
    return FeverFound.PRESENT if temperature is Reading.REACHED and not attributed else FeverFound.NOT_PRESENT


def count_agents(vasopressors: frozenset[Vasopressor] | None) -> Agents:
    """Count running agents: vasopressin once at most and never beside another, dobutamine never."""
    if vasopressors is None:
        return Agents.NOT_RECORDED
    counted = [COUNTED_AS[agent] for agent in vasopressors]
    if counted.count(Counting.EACH) > 1:
        return Agents.SEVERAL
    return Agents.ONE if any(counted) else Agents.NONE


def group_device(device: OxygenDevice | None) -> Device:
    """Group a device as the table does; cannula, blow-by and another device stand alone."""
    alone = {
        None: Device.NOT_RECORDED,
        OxygenDevice.NASAL_CANNULA: Device.NASAL_CANNULA,
        OxygenDevice.BLOW_BY: Device.BLOW_BY,
        OxygenDevice.OTHER: Device.OTHER,
    }
    if device is None or device in alone:
        return alone[device]
    return Device[Hypoxia.of(device).name if device is not OxygenDevice.ROOM_AIR else "ROOM_AIR"]


def classify_flow(oxygen_l_per_min: float | None) -> Flow:
    """Place a flow in L/min: 6 is low, anything above it high."""
    if oxygen_l_per_min is None:
        return Flow.NOT_RECORDED
    if oxygen_l_per_min <= 0:
        return Flow.ZERO
    return Flow.LOW if oxygen_l_per_min <= LOW_FLOW_AT_MOST_L_PER_MIN else Flow.HIGH


@cache
def hypotension_finding(
    systolic: Reading, agents: Agents, bolus: Answer, judged: Answer, attributed: bool
) -> Finding:
    """Read the hypotension row."""
    finding = _hypotension(systolic, agents, bolus, judged)
    if attributed:
        return attribute_elsewhere(finding, "hypotension", any((systolic, agents, bolus, judged)))
    return finding


def _hypotension(systolic: Reading, agents: Agents, bolus: Answer, judged: Answer) -> Finding:
    if agents in (Agents.ONE, Agents.SEVERAL):
        return _on_vasopressors(agents, judged)
    present = _signs_of_hypotension(systolic, bolus, judged)
    if bolus is Answer.YES or judged is Answer.YES:
        return _without_vasopressor(present, agents, overruled=judged is Answer.NO)
    if judged is Answer.NO:
        return _judged_no_hypotension(systolic)
    if systolic is Reading.BELOW:
        return _without_vasopressor(present, agents)
    return _no_proof_of_hypotension(systolic, agents, bolus)


def _on_vasopressors(agents: Agents, judged: Answer) -> Finding:
    grade, words = (
        (_ONE, "one vasopressor") if agents is Agents.ONE else (_SEVERAL, "more than one vasopressor")
    )
    overruled = "Hypotension was judged absent, but a vasopressor is running: the vasopressor counts."
    notes = (overruled,) if judged is Answer.NO else ()
    return Finding(grade, grade, phrase=f"{{vasopressors}} ({words})", notes=notes)


def _signs_of_hypotension(systolic: Reading, bolus: Answer, judged: Answer) -> str:
    signs = {
        "hypotension judged present": judged is Answer.YES,
        "fluid bolus for low blood pressure": bolus is Answer.YES,
        "systolic {systolic_mmhg} mmHg": systolic is Reading.BELOW,
    }
    return " and ".join(sign for sign, present in signs.items() if present)


def _without_vasopressor(present: str, agents: Agents, *, overruled: bool = False) -> Finding:
    note = "Hypotension was judged absent, but fluid was given for low blood pressure: the fluid counts."
    notes = (note,) if overruled else ()
    if agents is Agents.NOT_RECORDED:
        gaps = (Gap("vasopressors", _SEVERAL),)
        return Finding(_HYPOTENSION, _SEVERAL, gaps, f"{present}, vasopressors not recorded", notes=notes)
    return Finding(_HYPOTENSION, _HYPOTENSION, phrase=f"{present} without a vasopressor", notes=notes)


def _judged_no_hypotension(systolic: Reading) -> Finding:
    if systolic is not Reading.BELOW:
        return Finding(0, 0, phrase="no hypotension (judged)")
    note = "Systolic {systolic_mmhg} mmHg is below {low_systolic_mmhg}, but was judged not to be hypotension."
    return Finding(0, 0, phrase="systolic {systolic_mmhg} mmHg judged not to be hypotension", notes=(note,))


def _no_proof_of_hypotension(systolic: Reading, agents: Agents, bolus: Answer) -> Finding:
    agents_gap = (Gap("vasopressors", _SEVERAL),) if agents is Agents.NOT_RECORDED else ()
    most = _SEVERAL if agents_gap else _HYPOTENSION
    if systolic is Reading.NOT_RECORDED:
        bolus_gap = (Gap("iv_fluid_bolus", _HYPOTENSION),) if bolus is Answer.NOT_RECORDED else ()
        return Finding(0, most, (Gap("systolic_mmhg", _HYPOTENSION), *agents_gap, *bolus_gap))
    if agents_gap:
        return Finding(0, most, agents_gap)
    return Finding(0, 0, phrase="no hypotension (systolic {systolic_mmhg} mmHg)")


@cache
def hypoxia_finding(device: Device, flow: Flow, spo2: Reading, judged: Answer, attributed: bool) -> Finding:
    """Read the hypoxia row."""
    finding = _hypoxia(device, flow, spo2, judged)
    if attributed:
        return attribute_elsewhere(finding, "hypoxia", any((device, flow, spo2, judged)))
    return finding


def _hypoxia(device: Device, flow: Flow, spo2: Reading, judged: Answer) -> Finding:
    if judged is Answer.NO:
        return _judged_no_hypoxia(device, spo2)
    if device is Device.NOT_RECORDED:
        return _without_device(flow, spo2, judged)
    if device is Device.ROOM_AIR or (device is Device.NASAL_CANNULA and flow is Flow.ZERO):
        return _on_room_air(spo2, judged)
    return _on_oxygen(device, flow)


def _judged_no_hypoxia(device: Device, spo2: Reading) -> Finding:
    notes = ("SpO2 {spo2_percent} % is below {low_spo2_percent}, but was judged not to be hypoxia.",)
    low = spo2 is Reading.BELOW
    found = ["{oxygen_device}"] * (device > Device.ROOM_AIR) + ["SpO2 {spo2_percent} %"] * low
    phrase = f"{' and '.join(found)} judged not to be hypoxia" if found else "no hypoxia (judged)"
    return Finding(0, 0, phrase=phrase, notes=notes if low else ())


def _without_device(flow: Flow, spo2: Reading, judged: Answer) -> Finding:
    flow_gap = (Gap("oxygen_l_per_min", _HIGH_FLOW),) if flow is Flow.NOT_RECORDED else ()
    gaps = (Gap("oxygen_device", _POSITIVE_PRESSURE), *flow_gap)
    signs = {
        "hypoxia judged present": judged is Answer.YES,
        "SpO2 {spo2_percent} %": spo2 is Reading.BELOW,
        "oxygen {oxygen_l_per_min} L/min": flow in (Flow.LOW, Flow.HIGH),
    }
    present = [sign for sign, found in signs.items() if found]
    if present:
        phrase = f"{' and '.join(present)}, oxygen device not recorded"
        return Finding(_LOW_FLOW, _POSITIVE_PRESSURE, gaps, phrase)
    spo2_gap = (Gap("spo2_percent", _LOW_FLOW),) if spo2 is Reading.NOT_RECORDED else ()
    return Finding(0, _POSITIVE_PRESSURE, (*spo2_gap, *gaps))


def _on_room_air(spo2: Reading, judged: Answer) -> Finding:
    signs = ["hypoxia judged present"] * (judged is Answer.YES) + ["SpO2 {spo2_percent} %"] * (
        spo2 is Reading.BELOW
    )
    if signs:
        return Finding(_LOW_FLOW, _LOW_FLOW, phrase=f"{' and '.join(signs)} on {{oxygen}}")
    if spo2 is Reading.NOT_RECORDED:
        return Finding(0, _LOW_FLOW, (Gap("spo2_percent", _LOW_FLOW),))
    return Finding(0, 0, phrase="no hypoxia ({oxygen}, SpO2 {spo2_percent} %)")


def _on_oxygen(device: Device, flow: Flow) -> Finding:
    if device is Device.POSITIVE_PRESSURE:
        return Finding(_POSITIVE_PRESSURE, _POSITIVE_PRESSURE, phrase="{oxygen_device} (positive pressure)")
    if device is Device.HIGH_FLOW_OR_MASK:
        return Finding(_HIGH_FLOW, _HIGH_FLOW, phrase="{oxygen} (high flow or mask)")
    if device is Device.OTHER:
        note = "The oxygen device is charted as another device: naming it would settle the grade."
        return Finding(_LOW_FLOW, _POSITIVE_PRESSURE, phrase="{oxygen}", to_settle=note)
    if device is Device.BLOW_BY or flow is Flow.LOW:
        return Finding(_LOW_FLOW, _LOW_FLOW, phrase="{oxygen} (low flow)")
    if flow is Flow.HIGH:
        return Finding(_HIGH_FLOW, _HIGH_FLOW, phrase="{oxygen} (more than 6 L/min)")
    gaps = (Gap("oxygen_l_per_min", _HIGH_FLOW),)
    return Finding(_LOW_FLOW, _HIGH_FLOW, gaps, "nasal cannula, flow not recorded")
