"""What may be entered of the follow-up: how a planned visit went, and what happened to the patient."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import ClassVar, Final

from db.entries import Broken, Entry, Gap, Question, Rule, Values
from db.readers import Day, FreeText, Number, OneWord, Reader, StudyCode
from trial.follow_up_facts import (
    TEST_LABELS,
    DeathCause,
    DoneOrNot,
    FollowUpKind,
    VisitStatus,
    VisitTest,
)

_CODE: Final = StudyCode("Study code")
_ENTER_CODE: Final = "Enter the study code, such as CART-007."
_CHOOSE_VISIT: Final = "Choose the visit."
_NAME: Final = FreeText("Visit", 40)
_NOTE: Final = FreeText("Note", 2000, lines=True)


def _done_has_a_date(values: Values) -> Iterator[Broken]:
    if values.get("status") == VisitStatus.DONE and "visited_on" not in values:
        yield ("visited_on", "Enter the date of the visit.")


def _missed_has_no_day(values: Values) -> Iterator[Broken]:
    if values.get("status") != VisitStatus.MISSED:
        return
    if "visited_on" in values:
        yield ("visited_on", "A missed visit has no date. Clear it, or choose done.")
    for test in VisitTest:
        if values.get(test.value) == DoneOrNot.DONE:
            yield (
                test.value,
                f"{TEST_LABELS[test]} cannot be done at a missed visit. Clear it, or choose done.",
            )


def _missed_has_a_reason(values: Values) -> Iterator[Broken]:
    if values.get("status") == VisitStatus.MISSED and "note" not in values:
        yield ("note", "Say why the visit was missed, such as: in another hospital.")


class VisitIn(Entry):
    """A planned visit as it went; `note` says why it was missed. A blank test is not recorded."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "infusion_number": Number("Infusion number", 1, 2, whole=True),
        "name": _NAME,
        "status": OneWord("Visit", VisitStatus),
        "visited_on": Day("Date of the visit"),
        **{test.value: OneWord(TEST_LABELS[test], DoneOrNot) for test in VisitTest},
        "note": _NOTE,
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "infusion_number": _CHOOSE_VISIT,
        "name": _CHOOSE_VISIT,
        "status": "Choose whether the visit took place.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (_done_has_a_date, _missed_has_no_day, _missed_has_a_reason)

    patient_id: str
    infusion_number: int
    name: str
    status: VisitStatus
    visited_on: date | None = None
    blood_tests: DoneOrNot | None = None
    ctdna: DoneOrNot | None = None
    pet_ct: DoneOrNot | None = None
    note: str | None = None


def _death_has_a_cause(values: Values) -> Iterator[Broken]:
    kind = values.get("kind")
    if kind == FollowUpKind.DEATH and "cause" not in values:
        yield ("cause", "Choose why the patient died; unknown is an answer.")
    if kind is not None and kind != FollowUpKind.DEATH and "cause" in values:
        yield ("cause", "A cause belongs to a death only. Clear it, or choose death.")


def _therapy_is_named(values: Values) -> Iterator[Question]:
    if values.get("kind") == FollowUpKind.NEW_THERAPY and "note" not in values:
        yield Question("note", None, "Which therapy was begun is not recorded. Leave it so?")


class FollowUpIn(Entry):
    """Progression, relapse, new lymphoma therapy, death, withdrawal or loss to follow-up."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "kind": OneWord("What happened", FollowUpKind),
        "occurred_on": Day("Date"),
        "cause": OneWord("Cause of death", DeathCause),
        "note": _NOTE,
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "kind": "Choose what happened.",
        "occurred_on": "Enter the date; of a loss to follow-up, that of the last contact.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (_death_has_a_cause,)
    gaps: ClassVar[tuple[Gap, ...]] = (_therapy_is_named,)

    patient_id: str
    kind: FollowUpKind
    occurred_on: date
    cause: DeathCause | None = None
    note: str | None = None
