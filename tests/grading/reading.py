"""Rows of the assessment file as text, turned into what the grader takes. For tests only."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from grading.charted import (
    Charted,
    Consciousness,
    CrsJudgement,
    DeathDueTo,
    EdemaOrRaisedIcp,
    FeverMaskingDrug,
    IceNotDone,
    MotorWeakness,
    OxygenDevice,
    Seizure,
    Sign,
    Vasopressor,
    YesNo,
)

WORDS: dict[str, type[StrEnum]] = {
    "oxygen_device": OxygenDevice,
    "hypoxia": YesNo,
    "iv_fluid_bolus": YesNo,
    "hypotension": YesNo,
    "crs_judgement": CrsJudgement,
    "ice_not_done": IceNotDone,
    "consciousness": Consciousness,
    "seizure": Seizure,
    "motor_weakness": MotorWeakness,
    "death_due_to": DeathDueTo,
}
LISTS: dict[str, type[StrEnum]] = {
    "vasopressors": Vasopressor,
    "fever_masking_drugs": FeverMaskingDrug,
    "edema_or_raised_icp": EdemaOrRaisedIcp,
    "attributed_elsewhere": Sign,
}
NUMBERS = (
    "temperature_c",
    "systolic_mmhg",
    "diastolic_mmhg",
    "heart_rate_per_min",
    "respiratory_rate_per_min",
    "spo2_percent",
    "oxygen_l_per_min",
)
POINTS = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention", "ice_score")


def read_value(column: str, text: str) -> object:
    """Turn one cell into the value of its column."""
    if column in WORDS:
        return WORDS[column](text)
    if column in LISTS:
        return frozenset(LISTS[column](word) for word in text.split(";") if word != "none")
    if column in POINTS:
        return int(text)
    return float(text)


def read_charted(row: Mapping[str, str | None], **extra: object) -> Charted:
    """Turn one row of text into `Charted`; blank cells stay not recorded."""
    known = (*NUMBERS, *POINTS, *WORDS, *LISTS)
    values: dict[str, object] = {name: read_value(name, text) for name in known if (text := row.get(name))}
    at = datetime.fromisoformat(row["assessed_at"] or "")
    return Charted(assessed_at=at, **(values | extra))  # type: ignore[arg-type]
