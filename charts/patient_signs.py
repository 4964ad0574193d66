"""The lines, ticks and bars of the patient's picture: one trace a sign, never a line through silence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.queries.charted_entries import Entry
from grading.cells import write_number
from grading.charted import FeverMaskingDrug, OxygenDevice, Vasopressor

Value = Callable[[Entry], float | None]
OXYGEN: Final = "oxygen"
FLUID_BOLUS: Final = "fluid bolus"
_VASOPRESSORS: Final = {word.value: word.phrase for word in Vasopressor}
_DRUGS: Final = {word.value: word.phrase for word in FeverMaskingDrug}
_DEVICES: Final = {word.value: word.phrase for word in OxygenDevice}


@dataclass(frozen=True, slots=True)
class Line:
    """One sign over time; None in x and y is a break. `ids` and `hovers` go with each point."""

    x: list[datetime | None]
    y: list[float | None]
    ids: list[str | None]
    hovers: list[str]
    corrected: list[bool]


def line_of(
    entries: Sequence[Entry],
    value: Value,
    clock: Callable[[datetime], datetime],
    stands_until: Callable[[datetime], datetime],
    hover: Callable[[Entry, float], str],
) -> Line:
    """The points of one sign, broken wherever the next one came after the last no longer stood."""
    line = Line([], [], [], [], [])
    last_at: datetime | None = None
    for entry in entries:
        found = value(entry)
        if found is None:
            continue
        if last_at is not None and entry.assessed_at > stands_until(last_at):
            _add(line, None, None, None, "", False)
        _add(line, clock(entry.assessed_at), found, entry.stable_id, hover(entry, found), entry.corrected)
        last_at = entry.assessed_at
    return line


def _add(
    line: Line, x: datetime | None, y: float | None, stable_id: str | None, hover: str, corrected: bool
) -> None:
    line.x.append(x)
    line.y.append(y)
    line.ids.append(stable_id)
    line.hovers.append(hover)
    line.corrected.append(corrected)


@dataclass(frozen=True, slots=True)
class Given:
    """One thing given at one entry. `name` is the row it stands in."""

    name: str
    entry: Entry
    words: str


def drugs_given(entries: Sequence[Entry]) -> list[Given]:
    """Vasopressors, fluid boluses and drugs that mask fever, at the entry that records them."""
    found: list[Given] = []
    for entry in entries:
        words = [_VASOPRESSORS[word] for word in _list(entry, "vasopressors")]
        words += [FLUID_BOLUS] if entry.values.get("iv_fluid_bolus") == "yes" else []
        words += [_DRUGS[word] for word in _list(entry, "fever_masking_drugs")]
        found += [Given(_row_name(word), entry, word) for word in words]
    return found


@dataclass(frozen=True, slots=True)
class OxygenStretch:
    """Oxygen from one entry to the next, as charted at the first."""

    from_at: datetime
    to_at: datetime
    words: str


def oxygen_stretches(
    entries: Sequence[Entry], stands_until: Callable[[datetime], datetime], until: datetime
) -> list[OxygenStretch]:
    """When oxygen was given: from each entry that charts it to the next that charts the device."""
    charted = [entry for entry in entries if "oxygen_device" in entry.values]
    found: list[OxygenStretch] = []
    for position, entry in enumerate(charted):
        if not on_oxygen(entry):
            continue
        ends = [stands_until(entry.assessed_at), until]
        ends += [charted[position + 1].assessed_at] if position + 1 < len(charted) else []
        found.append(OxygenStretch(entry.assessed_at, min(ends), oxygen_words(entry)))
    return found


def on_oxygen(entry: Entry) -> bool:
    """Whether a device other than room air, or a flow, is charted."""
    device = entry.values.get("oxygen_device")
    return device not in (None, OxygenDevice.ROOM_AIR.value)


def oxygen_words(entry: Entry) -> str:
    """ "nasal cannula 2 L/min"."""
    words = _DEVICES[entry.values["oxygen_device"]]
    flow = entry.values.get("oxygen_l_per_min")
    return words if flow is None else f"{words} {write_number(flow)} L/min"


def rows_of(given: Sequence[Given], oxygen: Sequence[OxygenStretch]) -> list[str]:
    """The names of the rows from the bottom up: first given lowest, oxygen on top."""
    names = list(dict.fromkeys(one.name for one in given))
    return names + ([OXYGEN] if oxygen else [])


def oxygen_label(oxygen: Sequence[OxygenStretch]) -> str:
    """ "oxygen 2 L/min" where the flow never changed, otherwise "oxygen"."""
    flows = {one.words.partition(" L/min")[0].rsplit(" ", 1)[-1] for one in oxygen if "L/min" in one.words}
    whole = len(flows) == 1 and all("L/min" in one.words for one in oxygen)
    return f"{OXYGEN} {flows.pop()} L/min" if whole else OXYGEN


def _list(entry: Entry, column: str) -> list[str]:
    words = entry.values.get(column)
    return [] if words in (None, "none") else str(words).split(";")


def _row_name(words: str) -> str:
    # The label's margin is narrow; "another ..." stands for a drug that the list does not name.
    return {"another drug that masks fever": "other drug", "another vasopressor": "other vasopressor"}.get(
        words, words
    )
