"""The last values in words, as they stand beside each question: "nasal cannula 2 L/min, 07:52"."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from grading.charted import EdemaOrRaisedIcp, OxygenDevice, Seizure, Vasopressor, Word
from pages.ward.assess_parts.answers import ABSENT, BLOCKS, NONE
from pages.ward.assess_parts.fields import Sheet, shown

NO_SIGNS: Final = {
    "iv_fluid_bolus": "No fluid bolus",
    "vasopressors": "No vasopressor",
    "seizure": "No seizure",
    "motor_weakness": "No weakness",
    "edema_or_raised_icp": "No edema, no raised pressure",
}
"""A sign that was looked for and not there."""

_Say = Callable[[str], str]


def phrase(kind: type[Word], word: str) -> str:
    """The words inside a sentence of one choice of a grading enum."""
    return next(member.phrase for member in kind if member.value == word)


def list_words(kind: type[Word], words: str) -> str:
    """The words of a stored list: "norepinephrine, vasopressin", or "none of these"."""
    return "none of these" if words == NONE else ", ".join(phrase(kind, word) for word in words.split(";"))


def oxygen_words(sheet: Sheet, device: str) -> str:
    """The device, with its flow where both were charted together."""
    flow, at = sheet.last.get("oxygen_l_per_min"), sheet.last["oxygen_device"].at
    together = flow is not None and flow.at == at and flow.value > 0
    return phrase(OxygenDevice, device) + (f" {shown(flow.value)} L/min" if flow and together else "")


def support_last(sheet: Sheet) -> str:
    """What was last said of fluid and vasopressors."""
    return _block_last(
        sheet,
        "support",
        {"iv_fluid_bolus": lambda _: "fluid bolus", "vasopressors": partial(list_words, Vasopressor)},
    )


def neurology_last(sheet: Sheet) -> str:
    """What was last said of seizure, weakness and raised pressure."""
    return _block_last(
        sheet,
        "neurology",
        {
            "seizure": partial(phrase, Seizure),
            "motor_weakness": lambda _: "deep focal weakness",
            "edema_or_raised_icp": partial(list_words, EdemaOrRaisedIcp),
        },
    )


def _block_last(sheet: Sheet, block: str, say: Mapping[str, _Say]) -> str:
    signs = BLOCKS[block]
    if _all_absent_together(sheet, signs):
        return sheet.last_words(signs[0], lambda _: "none of these", ", ")
    said = [sheet.last_words(sign, partial(_no_or, sign, say[sign]), ", ") for sign in signs]
    return "; ".join(filter(None, said))


def _all_absent_together(sheet: Sheet, signs: Sequence[str]) -> bool:
    lasts = [sheet.last.get(sign) for sign in signs]
    same = {last.at for last in lasts if last is not None}
    return len(same) == 1 and all(
        last is not None and last.value == ABSENT[sign] for last, sign in zip(lasts, signs, strict=True)
    )


def _no_or(sign: str, say: _Say, value: str) -> str:
    return NO_SIGNS[sign].lower() if value == ABSENT[sign] else say(value)
