"""One row, one sign at a time: what is proved, what is still possible, and which blank columns matter.

Each sign has a `prove` function that says what its cells prove as they stand. Everything else is counted out:
the most the sign could still be is the most that any filling of its blank cells would prove, and a blank cell
matters where some filling of it, alone or beside others, would prove more. Nothing here is clever on purpose.
The readings referred to as (1), (2) ... are listed in `grader.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product

from tests.second_opinion import tables

Row = dict[str, str | None]
Cells = dict[str, str | None]
Prove = Callable[[Cells], int]


@dataclass(frozen=True)
class Bounds:
    """A sign on one row: the least grade that is proved and the most that is still possible.

    `raises` pairs each blank column that matters with the highest grade that column could still prove.
    """

    least: int
    most: int
    raises: tuple[tuple[str, int], ...] = ()

    def raised_above(self, grade: int) -> list[str]:
        """The blank columns that could still prove more than `grade`."""
        return [column for column, reach in self.raises if reach > grade]


NO_SIGN = Bounds(0, 0)


def listed(cell: str | None) -> set[str]:
    """The values of a list cell, empty when it is blank."""
    return set() if cell is None else {value.strip() for value in cell.split(";")}


def found(row: Row, sign: str) -> bool:
    """Whether any column of the sign is filled, so that the sign can be attributed elsewhere."""
    if sign == "consciousness" and row.get("ice_not_done") == "unarousable":
        return True  # (8)
    return any(row.get(column) is not None for column in tables.FINDING_COLUMNS[sign])


def attributed(row: Row, sign: str) -> bool:
    """Whether the sign is present in the record and has another cause."""
    return sign in listed(row.get("attributed_elsewhere")) and found(row, sign)


# --- Fever -----------------------------------------------------------------------------------------------


def fever(row: Row) -> str:
    """`present`, `absent` or `unknown`: what the row says about fever that counts."""
    temperature_c = row.get("temperature_c")
    if temperature_c is None:
        return "unknown"
    if attributed(row, "fever"):
        return "absent"
    return "present" if Decimal(temperature_c) >= tables.FEVER_C else "absent"


# --- Hypotension -----------------------------------------------------------------------------------------


def vasopressor_level(agents: set[str]) -> str:
    """`none`, `one_vasopressor` or `several_vasopressors`, from the agents running."""
    counted = {agent for agent in agents if tables.VASOPRESSOR_COUNTS.get(agent) == "as one of several"}
    if len(counted) >= 2:
        return "several_vasopressors"
    if counted or "vasopressin" in agents:
        return "one_vasopressor"
    return "none"


def prove_hypotension(cells: Cells) -> int:
    """The first match of the hypotension row."""
    level = vasopressor_level(listed(cells["vasopressors"]))
    if level != "none":
        return tables.CRS_HYPOTENSION[level]
    if cells["hypotension"] == "yes" or cells["iv_fluid_bolus"] == "yes":
        return tables.CRS_HYPOTENSION["no_vasopressor"]
    if cells["hypotension"] == "no":
        return 0
    systolic_mmhg = cells["systolic_mmhg"]
    if systolic_mmhg is not None and Decimal(systolic_mmhg) < tables.LOW_SYSTOLIC_MMHG:
        return tables.CRS_HYPOTENSION["no_vasopressor"]
    return 0


@cache
def hypotension_bounds(
    systolic_mmhg: str | None, vasopressors: str | None, iv_fluid_bolus: str | None, hypotension: str | None
) -> Bounds:
    """The hypotension row, not attributed elsewhere."""
    if hypotension == "no" and vasopressors is None and iv_fluid_bolus != "yes":
        return NO_SIGN  # `no` settles the row, whatever else is blank (9)
    cells: Cells = {
        "systolic_mmhg": systolic_mmhg,
        "vasopressors": vasopressors,
        "iv_fluid_bolus": iv_fluid_bolus,
        "hypotension": hypotension,
    }
    choices = {
        "systolic_mmhg": ["80", "120"],
        "vasopressors": ["none", "norepinephrine", "norepinephrine;epinephrine"],
        "iv_fluid_bolus": ["yes", "no"],
    }
    normal_systolic = systolic_mmhg is not None and Decimal(systolic_mmhg) >= tables.LOW_SYSTOLIC_MMHG
    if normal_systolic or hypotension == "no":
        del choices["iv_fluid_bolus"]  # a blank bolus counts as no bolus here (9, 10)
    return counted_out(cells, choices, prove_hypotension)


# --- Hypoxia ---------------------------------------------------------------------------------------------


def prove_hypoxia(cells: Cells) -> int:
    """The first match of the hypoxia row; the device decides before the flow."""
    if cells["hypoxia"] == "no":
        return 0
    flow = cells["oxygen_l_per_min"]
    device = cells["oxygen_device"]
    if device == "nasal_cannula" and flow is not None:
        if Decimal(flow) == 0:
            device = "room_air"
        elif Decimal(flow) > tables.LOW_FLOW_L_PER_MIN:
            return tables.CRS_HYPOXIA["high_flow_or_mask"]
    if device is not None and device != "room_air":
        return tables.CRS_HYPOXIA[tables.OXYGEN_DEVICE[device]]
    spo2_percent = cells["spo2_percent"]
    low_spo2 = spo2_percent is not None and Decimal(spo2_percent) < tables.LOW_SPO2_PERCENT
    flowing = device is None and flow is not None and Decimal(flow) > 0
    if cells["hypoxia"] == "yes" or low_spo2 or flowing:
        return tables.CRS_HYPOXIA["low_flow"]
    return 0


@cache
def hypoxia_bounds(
    spo2_percent: str | None, oxygen_device: str | None, oxygen_l_per_min: str | None, hypoxia: str | None
) -> Bounds:
    """The hypoxia row, not attributed elsewhere."""
    if hypoxia == "no":
        return NO_SIGN
    if oxygen_device == "other":
        return Bounds(2, 4)  # no blank column tells what the device is (6)
    cells: Cells = {
        "spo2_percent": spo2_percent,
        "oxygen_device": oxygen_device,
        "oxygen_l_per_min": oxygen_l_per_min,
        "hypoxia": hypoxia,
    }
    choices = {
        "spo2_percent": ["85", "97"],
        "oxygen_device": list(tables.OXYGEN_DEVICE),
        "oxygen_l_per_min": ["0", "3", "10"],
    }
    return counted_out(cells, choices, prove_hypoxia)


# --- ICANS -----------------------------------------------------------------------------------------------


def prove_ice(cells: Cells) -> int:
    """The grade of the best score still possible."""
    score = cells["ice_score"]
    if score is not None:
        return tables.ICE_GRADE[int(score)]
    best = 0
    for column, maximum in tables.ICE_MAXIMUM.items():
        item = cells[column]
        best += maximum if item is None else int(item)
    return tables.ICE_GRADE[best]


@cache
def ice_bounds(items: tuple[str | None, ...], ice_score: str | None) -> Bounds:
    """The ICE row, not attributed elsewhere."""
    cells: Cells = {**dict(zip(tables.ICE_MAXIMUM, items, strict=True)), "ice_score": ice_score}
    if ice_score is not None:
        return counted_out(cells, {}, prove_ice)
    by_items = {column: [str(n) for n in range(most + 1)] for column, most in tables.ICE_MAXIMUM.items()}
    items_counted = counted_out(cells, by_items, prove_ice)
    if None not in items:
        return items_counted
    sum_of_items = sum(int(item) for item in items if item is not None)
    could_add = sum(
        most for (most, item) in zip(tables.ICE_MAXIMUM.values(), items, strict=True) if item is None
    )
    by_score = {"ice_score": [str(n) for n in range(sum_of_items, sum_of_items + could_add + 1)]}
    score_counted = counted_out(cells, by_score, prove_ice)
    return Bounds(
        items_counted.least,
        max(items_counted.most, score_counted.most),
        items_counted.raises + score_counted.raises,
    )


@cache
def domain_bounds(column: str, cell: str | None) -> Bounds:
    """Consciousness, seizure, motor weakness or edema, not attributed elsewhere."""
    grade_of = tables.ICANS[column]

    def prove(cells: Cells) -> int:
        return max((grade_of[value] for value in listed(cells[column])), default=0)

    return counted_out({column: cell}, {column: list(grade_of)}, prove)


# --- Counting out ----------------------------------------------------------------------------------------


def fillings(cells: Cells, choices: dict[str, list[str]]) -> Iterator[Cells]:
    """Every way to fill some, all or none of the blank cells that have choices and make a valid row."""
    blank = [column for column in choices if cells[column] is None]
    for values in product(*([None, *choices[column]] for column in blank)):
        filled = {**cells, **dict(zip(blank, values, strict=True))}
        if filled.get("oxygen_device") == "room_air" and Decimal(filled["oxygen_l_per_min"] or 0) > 0:
            continue  # the file refuses a flow on room air
        yield filled


def counted_out(cells: Cells, choices: dict[str, list[str]], prove: Prove) -> Bounds:
    """Try every filling of the blank cells."""
    reach: dict[str, int] = {}
    most = least = prove(cells)
    for filled in fillings(cells, choices):
        proved = prove(filled)
        most = max(most, proved)
        for column in choices:
            if cells[column] is None and filled[column] is not None:
                without = prove({**filled, column: None})
                if proved > without and proved > least:
                    reach[column] = max(reach.get(column, 0), proved)
    return Bounds(least, most, tuple((column, reach[column]) for column in choices if column in reach))
