"""How an action says no: with sentences a person can act on, and nothing saved."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RefusedField:
    """One thing to put right.

    field     the name of the file's column or of the form's box, "" when it concerns the whole entry
    value     what was typed, unchanged
    sentence  what to do, in the words of the question
    """

    field: str
    value: object
    sentence: str


class Refused(Exception):  # noqa: N818 -- a sentence for people, not a fault of the program
    """An action that was not done; `problems` says why, and nothing was written."""

    def __init__(self, problems: str | Sequence[Any]) -> None:
        """Take one sentence, or problems with `field`, `value` and `sentence` (as `db.inputs` gives them)."""
        self.problems: list[Any] = (
            [RefusedField("", None, problems)] if isinstance(problems, str) else list(problems)
        )
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """All problems in one line."""
        return " ".join(problem.sentence for problem in self.problems)


class NotPermitted(Refused):
    """The person's role does not allow this."""


class AlreadyRecorded(Refused):
    """What was to be written stands already, with other content."""


class ChangedMeanwhile(Refused):
    """Somebody else changed the entry first; nothing of this one was saved.

    theirs, yours  field name -> value, only the fields that differ
    """

    def __init__(self, sentence: str, *, theirs: Mapping[str, object], yours: Mapping[str, object]) -> None:
        """Take the sentence and both sides of the difference."""
        self.theirs = dict(theirs)
        self.yours = dict(yours)
        super().__init__(sentence)


class NotConfirmed(Refused):
    """Possible, but to be asked once more; `sentences` are what a person must confirm before it is saved."""

    def __init__(self, sentences: Sequence[str]) -> None:
        """Take every question, those already confirmed too."""
        self.sentences = list(sentences)
        super().__init__(" ".join(sentences))


def refuse_unconfirmed(sentences: Sequence[str], confirmed: Collection[str]) -> None:
    """Go on only where a person has confirmed each of these sentences; otherwise raises NotConfirmed."""
    if any(sentence not in confirmed for sentence in sentences):
        raise NotConfirmed(sentences)
