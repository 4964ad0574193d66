"""The pages of `docs/grading/`, written from the tables: what a clinician reads and signs.

`manage.py docs` writes them; `manage.py docs --check` compares them, so that no table can
change without its page.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from grading import astct_crs, astct_icans
from grading.astct_crs import (
    COUNTED_AS,
    KEEPS_COURSE_OPEN,
    REFERENCE,
    Counting,
    FeverCell,
    Hypotension,
    Hypoxia,
)
from grading.astct_icans import (
    DepressedConsciousness,
    Ice,
    MotorFindings,
    RaisedPressure,
    Seizures,
)
from grading.cells import Answer, Cell, Finding, Reading
from grading.charted import FILE_COLUMNS, OxygenDevice, Word
from grading.findings import Agents, Device, Flow, hypotension_finding, hypoxia_finding
from grading.ice import FULL_SCORE, ICE_ITEMS
from grading.laboratory_documents import ctcae_page, icaht_page, scores_page
from grading.markdown import SIGNATURE, numbered, page, table
from grading.scale import RULESET
from grading.settings import DEFAULT_SETTINGS, GradingSettings

FOLDER: Final = "docs/grading"
_COLUMNS: Final = (1, 2, 3, 4)
_UNITS: Final = {
    "low_systolic_mmhg": "mmHg; a systolic pressure below it is hypotension",
    "low_spo2_percent": "%; an SpO2 below it on room air is hypoxia",
    "fever_c": "°C; a temperature at or above it is fever",
    "clear_hours": "hours without a sign before a course closes",
    "drug_hours": "hours since the last steroid or anticytokine drug before it closes",
    "late_after_day": "day after the infusion; CRS that begins later is flagged",
}


def render_pages(settings: GradingSettings = DEFAULT_SETTINGS) -> dict[str, str]:
    """The text of every page, by its path in the repository."""
    return {
        f"{FOLDER}/README.md": _overview(settings),
        f"{FOLDER}/crs.md": _crs(settings),
        f"{FOLDER}/icans.md": _icans(settings),
        f"{FOLDER}/icaht.md": icaht_page(),
        f"{FOLDER}/ctcae.md": ctcae_page(),
        f"{FOLDER}/scores.md": scores_page(),
    }


def _row(name: str, cells: type[Cell], none_at: int | None = None) -> list[str]:
    """One row in the paper's layout; `none_at` is the grade whose column holds the cell of grade 0."""
    by_grade = {cell.grade: cell.published for cell in cells}
    words = [by_grade.get(0 if grade == none_at else grade, "not applicable") for grade in _COLUMNS]
    return [name, *words]


def _numbered(readings: Sequence[str], settings: GradingSettings) -> str:
    values = {name: _plain(getattr(settings, name)) for name in _UNITS}
    return numbered(reading.format_map(values) for reading in readings)


def _plain(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _words(words: Iterable[Word]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _overview(settings: GradingSettings) -> str:
    values = [[f"`{name}`", _plain(getattr(settings, name)), meaning] for name, meaning in _UNITS.items()]
    return page(
        "Grading",
        f"Rule set of CRS and ICANS: {RULESET}. A grade is decision support; every grade shows the signs "
        "that decided it, to be checked by the clinician.",
        "* [CRS](crs.md), with the rules of its course\n* [ICANS](icans.md), with the ICE score\n"
        "* [ICAHT](icaht.md), early and late, from the neutrophils after an infusion\n"
        "* [CTCAE v5.0](ctcae.md), the terms graded here, with the units of the laboratory\n"
        "* [Scores](scores.md): EASIX, m-EASIX, CAR-HEMATOTOX, NEWS2, and the suspicion flag of IEC-HS",
        "## Settings",
        "A site may change them in its protocol file; these are the defaults.",
        table(("Setting", "Value", "Meaning"), values),
        "## What a grade carries",
        "* `grade`: 0 to 5, or none while something not recorded could still raise it.\n"
        "* `at_least`: what is proved. Alerts, the worst grade of a day and all counts use it.\n"
        "* `missing`: blank columns whose value, alone or with others, could still raise the grade.\n"
        "* `reasons` and `notes`: the signs that decided, with the stored values, unrounded.\n"
        "* Not recorded is never normal: no blank is ever read as 0, with the one exception of reading 5 "
        "in [CRS](crs.md).\n"
        "* `ruleset`: the edition of the scale and the version of the readings, stored with every grade.",
    )


def _crs(settings: GradingSettings) -> str:
    head = ("CRS", "Grade 1", "Grade 2", "Grade 3", "Grade 4")
    fever = FeverCell.PRESENT.published
    rows = [
        ["Fever", fever, fever, fever, fever],
        _row("With hypotension", Hypotension, none_at=1),
        _row("And/or hypoxia", Hypoxia, none_at=1),
    ]
    return page(
        "Cytokine release syndrome (CRS)",
        f"{REFERENCE} Table 2. Rule set: {RULESET}.",
        table(head, rows),
        f"Grade {astct_crs.DEATH}: death due to CRS. Grade 0: no CRS.",
        "Fever, hypotension and hypoxia count only where not attributable to another cause. The worse of "
        "hypotension and hypoxia decides. In patients who have CRS and then receive an antipyretic, an "
        "anticytokine drug or a steroid, fever is no longer required. Organ toxicity is graded by CTCAE and "
        "does not influence the grade.",
        "## How charting is placed",
        table(("Charted", "Placed as", "Grade"), [*_devices(), *_agents()]),
        "## Drugs that mask fever",
        table(("Charted", "Keeps a course open"), _drugs()),
        "## Readings of this project",
        _numbered(astct_crs.READINGS, settings),
        "## What is not recorded",
        "A blank leaves its row between a least and a most; the grade is settled when all rows together "
        "leave one grade. Without a temperature and without an open course nothing is proved.",
        table(("Recorded", "At least", "At most", "To settle it"), _bounds()),
        SIGNATURE,
    )


def _devices() -> list[list[str]]:
    placed = [
        [f"`{device}`", cell.published, str(cell.grade)]
        for cell in Hypoxia
        for device in cell.charted
        if device not in (OxygenDevice.ROOM_AIR, OxygenDevice.NASAL_CANNULA)
    ]
    low, high = Hypoxia.LOW_FLOW, Hypoxia.HIGH_FLOW_OR_MASK
    return [
        ["`room_air`", "none, unless hypoxia is judged or the SpO2 is low (reading 7)", "0 or 2"],
        ["`nasal_cannula` up to 6 L/min", low.published, str(low.grade)],
        ["`nasal_cannula` above 6 L/min", high.published, str(high.grade)],
        *placed,
        ["`other` device", "at least low flow, at most positive pressure", "2 to 4"],
    ]


def _agents() -> list[list[str]]:
    by_counting = {
        kind: _words(agent for agent, counted in COUNTED_AS.items() if counted is kind) for kind in Counting
    }
    one, several = Hypotension.ONE_VASOPRESSOR, Hypotension.SEVERAL_VASOPRESSORS
    return [
        [f"one of {by_counting[Counting.EACH]}", one.published, str(one.grade)],
        [f"{by_counting[Counting.ONCE_AT_MOST]} alone or beside one of them", one.published, str(one.grade)],
        ["two or more of them", several.published, str(several.grade)],
        [by_counting[Counting.NEVER], "recorded, not counted", ""],
    ]


def _drugs() -> list[list[str]]:
    return [[f"`{drug}`", "yes" if keeps else "no"] for drug, keeps in KEEPS_COURSE_OPEN.items()]


_NO: Final = Answer.NOT_RECORDED
_BLANK: Final = Reading.NOT_RECORDED


def _bounds() -> list[list[str]]:
    """What a blank leaves open, asked of the grader itself."""
    unsettled = {
        "systolic blank, vasopressors `none`": hypotension_finding(_BLANK, Agents.NONE, _NO, _NO, False),
        "systolic low, vasopressors blank": hypotension_finding(
            Reading.BELOW, Agents.NOT_RECORDED, _NO, _NO, False
        ),
        "systolic normal, vasopressors blank": hypotension_finding(
            Reading.REACHED, Agents.NOT_RECORDED, _NO, _NO, False
        ),
        "nothing of the hypotension row": hypotension_finding(_BLANK, Agents.NOT_RECORDED, _NO, _NO, False),
        "nasal cannula, flow blank": hypoxia_finding(
            Device.NASAL_CANNULA, Flow.NOT_RECORDED, Reading.REACHED, _NO, False
        ),
        "room air, SpO2 blank": hypoxia_finding(Device.ROOM_AIR, Flow.NOT_RECORDED, _BLANK, _NO, False),
        "SpO2 low, device and flow blank": hypoxia_finding(
            Device.NOT_RECORDED, Flow.NOT_RECORDED, Reading.BELOW, _NO, False
        ),
        "another device": hypoxia_finding(Device.OTHER, Flow.LOW, Reading.REACHED, _NO, False),
        "nothing of the hypoxia row": hypoxia_finding(
            Device.NOT_RECORDED, Flow.NOT_RECORDED, _BLANK, _NO, False
        ),
    }
    return [[recorded, *_limits_of(finding)] for recorded, finding in unsettled.items()]


def _limits_of(finding: Finding) -> list[str]:
    columns = {gap.column for gap in finding.gaps}
    named = ", ".join(f"`{column}`" for column in FILE_COLUMNS if column in columns)
    return [str(finding.least), str(finding.most), named or "the name of the device"]


def _icans(settings: GradingSettings) -> str:
    head = ("Domain", "Grade 1", "Grade 2", "Grade 3", "Grade 4")
    ice = [*_row("ICE score", Ice)[:4], "0 (patient is unarousable and unable to perform ICE: next row)"]
    rows = [
        ice,
        _row("Depressed level of consciousness", DepressedConsciousness),
        _row("Seizure", Seizures),
        _row("Motor findings", MotorFindings),
        _row("Elevated ICP or cerebral edema", RaisedPressure),
    ]
    items = [[f"`{item.column}`", item.published, str(item.points)] for item in ICE_ITEMS]
    return page(
        "Immune effector cell-associated neurotoxicity syndrome (ICANS)",
        f"{REFERENCE} Table 5, patients of 12 years and over. Rule set: {RULESET}.",
        table(head, rows),
        f"Grade {astct_icans.DEATH}: death due to ICANS. Grade 0: ICE {FULL_SCORE}, alert and none of the "
        "others. The most severe domain not attributable to another cause decides. Tremor and myoclonus are "
        "graded by CTCAE; intracranial haemorrhage is not part of the scale.",
        "## ICE score",
        "Table 4 of the same publication.",
        table(("Column", "Item", "Points"), [*items, ["`ice_score`", "total", str(FULL_SCORE)]]),
        "## How charting is placed",
        table(("Charted", "Placed as", "Grade"), _placed()),
        "## Readings of this project",
        _numbered(astct_icans.READINGS, settings),
        SIGNATURE,
    )


def _placed() -> list[list[str]]:
    tables: Mapping[str, type[Cell]] = {
        "consciousness": DepressedConsciousness,
        "seizure": Seizures,
        "motor_weakness": MotorFindings,
        "edema_or_raised_icp": RaisedPressure,
    }
    return [
        [f"`{column}`: {_words(cell.charted) or '`none`'}", cell.published, str(cell.grade)]
        for column, cells in tables.items()
        for cell in cells
    ]
