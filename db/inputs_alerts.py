"""What may be said when an alert is acknowledged or silenced."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from db.entries import Broken, Entry, Rule, Values
from db.readers import FreeText, Instant, OneWord, Reader


class ActionTaken(StrEnum):
    """What was done about an alert; `label` is what a person reads."""

    SEEN_AT_BEDSIDE = "seen_at_bedside"
    DRUG_GIVEN = "drug_given"
    INTENSIVE_CARE_CALLED = "intensive_care_called"
    INFORMED = "informed"
    COMMITTEE_CALLED = "committee_called"
    WILL_REPORT = "will_report"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The words on the screen."""
        return _LABELS.get(self, self.value.replace("_", " "))


_LABELS = {ActionTaken.INFORMED: "the team is informed", ActionTaken.WILL_REPORT: "I will report it"}


def _other_is_explained(values: Values) -> Iterator[Broken]:
    if values.get("action_taken") == ActionTaken.OTHER and "remark" not in values:
        yield ("remark", "Say in a few words what was done.")


class AcknowledgementIn(Entry):
    """The answer to "What was done?"."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "action_taken": OneWord("What was done", ActionTaken),
        "remark": FreeText("Remark", 2000, lines=True),
    }
    required: ClassVar[Mapping[str, str]] = {"action_taken": "Choose what was done."}
    rules: ClassVar[tuple[Rule, ...]] = (_other_is_explained,)

    action_taken: ActionTaken
    remark: str | None = None


class SilenceIn(Entry):
    """Why an alert's next steps and repeats may rest, and until when."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "reason": FreeText("Reason", 2000, lines=True),
        "until": Instant("End of the silence"),
    }
    required: ClassVar[Mapping[str, str]] = {
        "reason": "Say in a few words why nobody else needs to be told for now.",
        "until": "Choose when the silence ends.",
    }

    reason: str
    until: datetime
