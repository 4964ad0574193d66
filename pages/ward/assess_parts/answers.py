"""Between the questions on the screen and the columns of an assessment.

The screen asks in blocks ("Support for blood pressure"), the record holds columns. An answer is plain JSON
(text, number, list of words), so that a draft is simply the answers. A question nobody touched has no
answer and its columns stay not recorded; `none` is written only where a person chose it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

NONE: Final = "none"

Answers = Mapping[str, Any]
"""Question -> answer. None, an empty list and an absent question all mean: not answered."""

NUMBERS: Final = (
    "temperature_c",
    "systolic_mmhg",
    "spo2_percent",
    "diastolic_mmhg",
    "heart_rate_per_min",
    "respiratory_rate_per_min",
)
ICE_ITEMS: Final[Mapping[str, int]] = {
    "ice_orientation": 4,
    "ice_naming": 3,
    "ice_commands": 1,
    "ice_writing": 1,
    "ice_attention": 1,
}
"""Each item of the ICE with its full marks."""

ICE_ALL, ICE_SCORED, ICE_NOT_DONE = "all", "items", "not_done"

BLOCKS: Final[Mapping[str, tuple[str, ...]]] = {
    "support": ("iv_fluid_bolus", "vasopressors"),
    "neurology": ("seizure", "motor_weakness", "edema_or_raised_icp"),
}
"""The blocks that ask for several columns at once, with "none of these" for all of them."""

# What a sign of a block is when it was looked for and not there.
ABSENT: Final[Mapping[str, str]] = {
    "iv_fluid_bolus": "no",
    "vasopressors": NONE,
    "seizure": NONE,
    "motor_weakness": NONE,
    "edema_or_raised_icp": NONE,
}
# Signs whose tick says everything; the others ask which.
_TICK_ALONE: Final[Mapping[str, str]] = {"iv_fluid_bolus": "yes", "motor_weakness": "deep_focal"}
_DIRECT: Final = (
    "oxygen_device",
    "oxygen_l_per_min",
    "hypoxia",
    "hypotension",
    "consciousness",
    "crs_judgement",
    "death_due_to",
)
FLOWLESS: Final = frozenset({"room_air", "cpap", "bipap", "mechanical_ventilation", "ecmo"})
"""Devices after which no flow is asked: none is given, or the grade never depends on it."""


def absent_question(block: str) -> str:
    """The question "looked for, and not there" of a block."""
    return f"{block}_absent"


def answered(answers: Answers, question: str) -> Any:  # noqa: ANN401 - text, number or list, by question
    """The answer, or None where nobody answered (an emptied list counts as not answered)."""
    answer = answers.get(question)
    return None if answer in ("", []) else answer


def columns_of(answers: Answers) -> dict[str, Any]:
    """The columns that the answers record, in the words of the assessment file.

    Only recorded columns are present. Numbers stay as typed: judging them is `db.inputs`' task.
    """
    columns: dict[str, Any] = {name: answered(answers, name) for name in (*NUMBERS, *_DIRECT)}
    columns |= _ice(answers)
    for block, signs in BLOCKS.items():
        columns |= {sign: _sign(answers, block, sign) for sign in signs}
    columns["fever_masking_drugs"] = _joined(answered(answers, "fever_masking_drugs"))
    columns["attributed_elsewhere"] = _joined(answered(answers, "attributed_elsewhere"))
    columns["comment"] = answered(answers, "comment")
    return {name: value for name, value in columns.items() if value is not None}


def answers_of(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that record exactly these columns: what a correction starts from."""
    held = {name: value for name, value in columns.items() if value is not None}
    answers: dict[str, Any] = {name: held[name] for name in (*NUMBERS, *_DIRECT, "comment") if name in held}
    answers |= _ice_answers(held)
    for block, signs in BLOCKS.items():
        answers |= _block_answers(held, block, signs)
    for name in ("fever_masking_drugs", "attributed_elsewhere"):
        if name in held:
            answers[name] = held[name].split(";")
    return answers


def unanswered_kinds(answers: Answers) -> list[str]:
    """Signs that were ticked as present while the question "which" is still open."""
    return [
        sign
        for block, signs in BLOCKS.items()
        for sign in signs
        if sign in (answered(answers, block) or ())
        and sign not in _TICK_ALONE
        and answered(answers, sign) is None
    ]


def _sign(answers: Answers, block: str, sign: str) -> str | None:
    ticked: Sequence[str] = answered(answers, block) or ()
    if NONE in ticked:
        return ABSENT[sign]
    if sign in ticked:
        return _TICK_ALONE.get(sign) or _joined(answered(answers, sign))
    absent = answered(answers, absent_question(block)) or ()
    return ABSENT[sign] if sign in absent else None


def _block_answers(held: Mapping[str, Any], block: str, signs: Sequence[str]) -> dict[str, Any]:
    absent = [sign for sign in signs if held.get(sign) == ABSENT[sign]]
    if len(absent) == len(signs):
        return {block: [NONE]}
    present = [sign for sign in signs if sign in held and sign not in absent]
    answers: dict[str, Any] = {block: present, absent_question(block): absent}
    for sign in present:
        if sign not in _TICK_ALONE:
            answers[sign] = held[sign] if sign == "seizure" else held[sign].split(";")
    return {question: answer for question, answer in answers.items() if answer}


def _ice(answers: Answers) -> dict[str, Any]:
    how = answered(answers, "ice")
    if how == ICE_ALL:
        return dict(ICE_ITEMS)
    if how == ICE_SCORED:
        return {name: answered(answers, name) for name in (*ICE_ITEMS, "ice_score")}
    if how == ICE_NOT_DONE:
        return {"ice_not_done": answered(answers, "ice_not_done")}
    return {}


def _ice_answers(held: Mapping[str, Any]) -> dict[str, Any]:
    if "ice_not_done" in held:
        return {"ice": ICE_NOT_DONE, "ice_not_done": held["ice_not_done"]}
    scored = {name: held[name] for name in (*ICE_ITEMS, "ice_score") if name in held}
    if scored == ICE_ITEMS:
        return {"ice": ICE_ALL}
    return {"ice": ICE_SCORED, **scored} if scored else {}


def _joined(words: Any) -> str | None:  # noqa: ANN401 - one word or a list of them
    if words is None:
        return None
    return words if isinstance(words, str) else ";".join(words)
