"""One bedside assessment as it may be entered, column by column as in the assessment file."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar, Final

from db.charted_columns import CHARTED_COLUMNS, LIST_COLUMNS, WORD_COLUMNS, list_text
from db.entries import Broken, Entry, Gap, Problem, Question, Rule, Values
from db.readers import FreeText, Instant, Number, OneWord, Reader, SeveralWords, StudyCode, celsius_offer
from grading.charted import (
    COLUMN_WORDS,
    FILE_COLUMNS,
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

ICE_ITEMS: Final[Mapping[str, int]] = {
    "ice_orientation": 4,
    "ice_naming": 3,
    "ice_commands": 1,
    "ice_writing": 1,
    "ice_attention": 1,
}
"""The items of the ICE and the points of each."""

COMMENT_MOST: Final = 2000
"""The longest comment, in characters."""


def label_of(column: str) -> str:
    """The words of a column at the beginning of a sentence."""
    words = COLUMN_WORDS[column]
    return words[0].upper() + words[1:]


def _numbers() -> dict[str, Reader]:
    per_minute = " per minute"
    numbers: dict[str, dict[str, Any]] = {
        "infusion_number": {"low": 1, "high": 2, "whole": True},
        "temperature_c": {"low": 25, "high": 45, "unit": " °C", "usual": (32, 42), "offer": celsius_offer},
        "systolic_mmhg": {"low": 20, "high": 300, "unit": " mmHg", "usual": (50, 250)},
        "diastolic_mmhg": {"low": 5, "high": 200, "unit": " mmHg", "usual": (30, 150)},
        "heart_rate_per_min": {"low": 0, "high": 300, "unit": per_minute, "usual": (30, 220)},
        "respiratory_rate_per_min": {"low": 0, "high": 100, "unit": per_minute, "usual": (5, 60)},
        "spo2_percent": {"low": 1, "high": 100, "unit": " %", "usual": (60, 100)},
        "oxygen_l_per_min": {"low": 0, "high": 80, "unit": " L/min"},
        **{item: {"low": 0, "high": most, "whole": True} for item, most in ICE_ITEMS.items()},
        "ice_score": {"low": 0, "high": 10, "whole": True},
    }
    return {column: Number(label_of(column), **limits) for column, limits in numbers.items()}


def _readers() -> dict[str, Reader]:
    by_column: dict[str, Reader] = {
        "patient_id": StudyCode(label_of("patient_id")),
        "assessed_at": Instant(label_of("assessed_at")),
        "comment": FreeText(label_of("comment"), COMMENT_MOST, lines=True),
        **_numbers(),
        **{column: OneWord(label_of(column), words) for column, words in WORD_COLUMNS.items()},
        **{column: SeveralWords(label_of(column), words) for column, words in LIST_COLUMNS.items()},
    }
    return {column: by_column[column] for column in FILE_COLUMNS}


def _diastolic_below_systolic(values: Values) -> Iterator[Broken]:
    diastolic, systolic = values.get("diastolic_mmhg"), values.get("systolic_mmhg")
    if diastolic is not None and systolic is not None and diastolic >= systolic:
        yield ("diastolic_mmhg", f"Diastolic must be below systolic ({systolic:g}).")


def _no_flow_on_room_air(values: Values) -> Iterator[Broken]:
    flow = values.get("oxygen_l_per_min")
    if flow and values.get("oxygen_device") == OxygenDevice.ROOM_AIR:
        sentence = (
            f"There is no oxygen flow on room air; it is {flow:g} L/min. Correct the device or the flow."
        )
        yield ("oxygen_l_per_min", sentence)


def _ice_total_fits_items(values: Values) -> Iterator[Broken]:
    score = values.get("ice_score")
    given = sum(values.get(item, 0) for item in ICE_ITEMS)
    best = sum(values.get(item, most) for item, most in ICE_ITEMS.items())
    if score is None or given <= score <= best:
        return
    adds_up = (
        f"the items add up to {given}" if given == best else f"the items given make it {given} to {best}"
    )
    yield ("ice_score", f"ICE score is {score}, {adds_up}. Correct one of them.")


def _ice_not_done_has_no_ice(values: Values) -> Iterator[Broken]:
    why = values.get("ice_not_done")
    if why is not None and any(column in values for column in (*ICE_ITEMS, "ice_score")):
        sentence = "ICE has both points and a reason why it was not done. Clear one of them."
        yield ("ice_not_done", sentence)


def _unarousable_is_unarousable(values: Values) -> Iterator[Broken]:
    why, consciousness = values.get("ice_not_done"), values.get("consciousness")
    if why == IceNotDone.UNAROUSABLE and consciousness not in (None, Consciousness.UNAROUSABLE):
        sentence = (
            f"ICE not done because unarousable does not go with consciousness {consciousness}. "
            "Correct one of them."
        )
        yield ("ice_not_done", sentence)


def _unarousable_scores_nothing(values: Values) -> Iterator[Broken]:
    if values.get("consciousness") != Consciousness.UNAROUSABLE:
        return
    for column in (*ICE_ITEMS, "ice_score"):
        if values.get(column, 0) > 0:
            sentence = f"An unarousable patient has 0 points; {COLUMN_WORDS[column]} is {values[column]}."
            yield (column, f"{sentence} Correct one of them.")


def _death_of_crs_is_crs(values: Values) -> Iterator[Broken]:
    if values.get("death_due_to") == DeathDueTo.CRS and values.get("crs_judgement") == CrsJudgement.NOT_CRS:
        sentence = (
            "A death due to CRS does not go with the judgement that it is not CRS. Correct one of them."
        )
        yield ("death_due_to", sentence)


def _cannula_has_a_flow(values: Values) -> Iterator[Question]:
    if values.get("oxygen_device") == OxygenDevice.NASAL_CANNULA and "oxygen_l_per_min" not in values:
        sentence = "Enter the oxygen flow in L/min, or leave it: without it the CRS grade may stay open."
        yield Question("oxygen_l_per_min", None, sentence)


class AssessmentIn(Entry):
    """One assessment: `assessed_at` in UTC, a blank column None, an empty list the empty set."""

    readers: ClassVar[Mapping[str, Reader]] = _readers()
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": "Enter the study code, such as CART-007.",
        "assessed_at": "Enter the time of the assessment with its offset from UTC.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (
        _diastolic_below_systolic,
        _no_flow_on_room_air,
        _ice_total_fits_items,
        _ice_not_done_has_no_ice,
        _unarousable_is_unarousable,
        _unarousable_scores_nothing,
        _death_of_crs_is_crs,
    )
    gaps: ClassVar[tuple[Gap, ...]] = (_cannula_has_a_flow,)

    patient_id: str
    infusion_number: int = 1
    assessed_at: datetime
    temperature_c: float | None = None
    systolic_mmhg: float | None = None
    diastolic_mmhg: float | None = None
    heart_rate_per_min: float | None = None
    respiratory_rate_per_min: float | None = None
    spo2_percent: float | None = None
    oxygen_device: OxygenDevice | None = None
    oxygen_l_per_min: float | None = None
    hypoxia: YesNo | None = None
    vasopressors: frozenset[Vasopressor] | None = None
    iv_fluid_bolus: YesNo | None = None
    hypotension: YesNo | None = None
    fever_masking_drugs: frozenset[FeverMaskingDrug] | None = None
    crs_judgement: CrsJudgement | None = None
    ice_orientation: int | None = None
    ice_naming: int | None = None
    ice_commands: int | None = None
    ice_writing: int | None = None
    ice_attention: int | None = None
    ice_score: int | None = None
    ice_not_done: IceNotDone | None = None
    consciousness: Consciousness | None = None
    seizure: Seizure | None = None
    motor_weakness: MotorWeakness | None = None
    edema_or_raised_icp: frozenset[EdemaOrRaisedIcp] | None = None
    attributed_elsewhere: frozenset[Sign] | None = None
    death_due_to: DeathDueTo | None = None
    comment: str | None = None

    def charted(self, *, confirmed_by_investigator: bool = True) -> Charted:
        """What the grader takes; pass False for a judgement that came from a file."""
        return charted_from(self.__dict__, confirmed_by_investigator=confirmed_by_investigator)

    def columns(self) -> dict[str, Any]:
        """The columns of `assessment` that this entry fills, from `assessed_at` to `comment`, as stored."""
        return {
            column: _stored(column, getattr(self, column))
            for column in FILE_COLUMNS
            if column not in ("patient_id", "infusion_number")
        }


def check_assessment(typed: Mapping[str, object]) -> tuple[AssessmentIn | None, list[Problem]]:
    """The assessment, or None and every problem in it."""
    return AssessmentIn.check(typed)


def charted_from(values: Values, *, confirmed_by_investigator: bool = True) -> Charted:
    """What the grader takes of the values that `AssessmentIn.judge` could read; the rest is not recorded.

    `assessed_at` must be among them.
    """
    charted = {column: values[column] for column in CHARTED_COLUMNS if column in values}
    return Charted(**charted | {"confirmed_by_investigator": confirmed_by_investigator})


def check_against_patient(
    entry: AssessmentIn,
    *,
    now: datetime,
    infused_at: datetime | None,
    died_at: datetime | None = None,
    last_assessed_at: datetime | None = None,
    zone: tzinfo = UTC,
) -> list[Problem]:
    """What the entry's moment breaks: the future, the time before the infusion, or after a death.

    infused_at        the infusion the entry names; None when none is recorded
    died_at           the time of the patient's row that records a death, other than this entry
    last_assessed_at  the patient's latest other row: a death may not come before it
    """
    sentences = _moment_sentences(entry, now, infused_at, died_at, last_assessed_at, zone)
    return [Problem("assessed_at", entry.assessed_at, sentence) for sentence in sentences]


def _moment_sentences(
    entry: AssessmentIn,
    now: datetime,
    infused_at: datetime | None,
    died_at: datetime | None,
    last_assessed_at: datetime | None,
    zone: tzinfo,
) -> Iterator[str]:
    at, label = entry.assessed_at, label_of("assessed_at")
    if at > now:
        yield f"{label} must not be in the future; it is now {_shown(now, zone)}."
    if infused_at is None:
        yield f"Infusion {entry.infusion_number} of {entry.patient_id} is not recorded. Record it first."
    elif at < infused_at:
        yield f"{label} must not be before the infusion of {_shown(infused_at, zone)}."
    if died_at is not None and at > died_at:
        died = _shown(died_at, zone)
        yield f"The death of {entry.patient_id} is recorded at {died}; nothing comes after it."
    if entry.death_due_to is not None and last_assessed_at is not None and last_assessed_at > at:
        last = _shown(last_assessed_at, zone)
        yield f"{entry.patient_id} has an assessment of {last}, after this death. Correct one of them."


def _shown(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def _stored(column: str, value: Any) -> Any:  # noqa: ANN401 -- any column
    if column in LIST_COLUMNS:
        return list_text(value)
    return str(value) if column in WORD_COLUMNS and value is not None else value
