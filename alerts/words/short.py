"""What an alert is about, in a few words: the same on the pages, in the banner and in the report."""

from collections.abc import Mapping
from typing import Final

from alerts.model import SignalKind
from grading.scale import Toxicity

SLOT_WORDS: Final[Mapping[str, str]] = {"vital_signs": "vital signs", "ice": "the ICE score"}
"""What was due."""

PROGRAM_WORDS: Final[Mapping[str, str]] = {
    "worker": "the worker is silent",
    "queue": "urgent mails are waiting",
    "delivery": "a mail was refused for good",
    "audit": "the audit trail does not verify",
    "disk": "the disk is nearly full",
    "backup": "the last backup is too old",
    "clock": "the clock of this machine jumped",
}
"""What is wrong with the program, by the part of it."""

PROGRAM_ADVICE: Final[Mapping[str, str]] = {
    "worker": "Alerts are not being sent. Tell the administrator.",
    "queue": "Telephone the people on the Alerts page, and tell the administrator.",
    "delivery": "Telephone the person whom the Alerts page names.",
    "audit": "Somebody may have changed stored records. Tell the administrator and the sponsor.",
    "disk": "Entries and alerts may soon not be saved. Tell the administrator.",
    "backup": "Tell the administrator.",
    "clock": "Times of entries and alerts may be wrong. Compare with another clock; tell the administrator.",
}
"""What to do about it."""


def short_words(signal: str, slot: str, level: int, *, is_settled: bool = True) -> str:
    """ "ICANS at least 3", "CRS risen to 2", "vital signs missed", "the last backup is too old"."""
    least = "" if is_settled else "at least "
    match signal:
        case SignalKind.RISE_2:
            return f"{toxicity(slot)} risen to {least}{level}"
        case SignalKind.SUPPORT_UNGRADED:
            return "support without a CRS grade"
        case SignalKind.UNSETTLED:
            return f"{toxicity(slot)} not settled, could be 3 or more,"
        case SignalKind.MISSED:
            return f"{SLOT_WORDS.get(slot, slot).removeprefix('the ')} missed"
        case SignalKind.SYSTEM:
            return PROGRAM_WORDS.get(slot, f"the program has a problem ({slot})")
        case SignalKind.GRADE_3:
            return f"{toxicity(slot)} {least}{level}"
        case SignalKind.BARRED:
            return "second infusion barred"
        case SignalKind.BOUNDARY:
            return "stopping rule reached"
        case SignalKind.SAE_CLOCK:
            return "report of a serious event"
        case _:
            return signal.replace("_", " ")


def toxicity(slot: str) -> str:
    """ "CRS" or "ICANS"."""
    return Toxicity(slot).label if slot in set(Toxicity) else slot.upper()
