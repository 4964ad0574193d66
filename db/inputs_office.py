"""What the office may enter: patients, infusions, stays, skipped assessments, recipients, users."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from db.entries import Broken, Entry, Gap, Problem, Question, Rule, Values
from db.readers import (
    MAIL_ADDRESS,
    USERNAME,
    FreeText,
    Instant,
    Number,
    OneWord,
    Reader,
    RowId,
    StudyCode,
    Unreadable,
)
from db.roles import Group, Role
from trial.calendar import SlotKind, StayKind
from trial.dose import dose_disagreement
from trial.screening_facts import Sex as Sex

REASON_MOST: Final = 2000
"""The longest reason or explanation, in characters."""

USUAL_INFUSION: Final = timedelta(hours=4)
"""Longer than this an infusion of CAR-T cells is rare; it is asked once more."""


class SkipReason(StrEnum):
    """Why a due assessment was not done."""

    ASLEEP = "asleep"
    PROCEDURE = "procedure"
    REFUSED = "refused"
    OTHER = "other"


_CODE: Final = StudyCode("Study code")
_NUMBER: Final = Number("Infusion number", 1, 2, whole=True)
_ENTER_CODE: Final = "Enter the study code, such as CART-007."


class PatientIn(Entry):
    """A patient to enrol; `treating_investigator_id` is a user."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "study_code": _CODE,
        "sex": OneWord("Sex", Sex),
        "age_years": Number("Age", 0, 120, " years", usual=(18, 90), whole=True),
        "treating_investigator_id": RowId("treating investigator"),
    }
    required: ClassVar[Mapping[str, str]] = {"study_code": _ENTER_CODE}

    study_code: str
    sex: Sex | None = None
    age_years: int | None = None
    treating_investigator_id: int | None = None


def _infusion_ends_after_it_began(values: Values) -> Iterator[Broken]:
    begin, end = values.get("infused_at"), values.get("ended_at")
    if begin is not None and end is not None and end < begin:
        yield ("ended_at", "The end of the infusion must not be before its beginning.")


def _long_infusion(values: Values) -> Iterator[Question]:
    begin, end = values.get("infused_at"), values.get("ended_at")
    if begin is not None and end is not None and end - begin > USUAL_INFUSION:
        hours = (end - begin) / timedelta(hours=1)
        yield Question("ended_at", None, f"An infusion of {hours:.3g} h is rare. Are both times right?")


def _doses_differ(values: Values) -> Iterator[Question]:
    given = {name: values.get(name) for name in ("weight_kg", "total_cells")}
    for sentence in dose_disagreement(**given, cells_per_kg=values.get("dose_cells_per_kg")):
        yield Question("dose_cells_per_kg", None, sentence)


class InfusionIn(Entry):
    """An infusion; columns named as in the infusion file, which has neither `total_cells` nor `ended_at`."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "infusion_number": _NUMBER,
        "infused_at": Instant("Time of the infusion"),
        "ended_at": Instant("End of the infusion"),
        "weight_kg": Number("Weight", 1, 400, " kg", usual=(30, 200)),
        "total_cells": Number("Total of cells", 1e3, 1e12, " cells", usual=(1e7, 1e9)),
        "dose_cells_per_kg": Number("Dose", 1e3, 1e10, " cells/kg", usual=(1e5, 1e8)),
        "lot": FreeText("Lot", 100),
        "baseline_ice": Number("Baseline ICE", 0, 10, usual=(7, 10), whole=True),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "infusion_number": "Enter the infusion number, 1 or 2.",
        "infused_at": "Enter the time of the infusion.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (_infusion_ends_after_it_began,)
    gaps: ClassVar[tuple[Gap, ...]] = (_long_infusion, _doses_differ)

    patient_id: str
    infusion_number: int
    infused_at: datetime
    ended_at: datetime | None = None
    weight_kg: float | None = None
    total_cells: float | None = None
    dose_cells_per_kg: float | None = None
    lot: str | None = None
    baseline_ice: int | None = None


def _ends_after_it_began(values: Values) -> Iterator[Broken]:
    begin, end = values.get("from_at"), values.get("to_at")
    if begin is not None and end is not None and end <= begin:
        yield ("to_at", "The end of the stay must be after its beginning.")


class StayIn(Entry):
    """A period on the ward, in intensive care or at home; `to_at` None while it lasts."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "kind": OneWord("Place", StayKind),
        "from_at": Instant("Beginning of the stay"),
        "to_at": Instant("End of the stay"),
        "reason": FreeText("Reason", REASON_MOST, lines=True),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "kind": "Choose where the patient is: ward, intensive care or home.",
        "from_at": "Enter the beginning of the stay.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (_ends_after_it_began,)

    patient_id: str
    kind: StayKind
    from_at: datetime
    to_at: datetime | None = None
    reason: str | None = None


def _other_is_explained(values: Values) -> Iterator[Broken]:
    if values.get("reason") == SkipReason.OTHER and "explanation" not in values:
        yield ("explanation", "Say in a few words why the assessment was not done.")


class SkipIn(Entry):
    """A due assessment that was not done, and why."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "infusion_number": _NUMBER,
        "kind": OneWord("Kind of assessment", SlotKind),
        "due_at": Instant("Time when it was due"),
        "reason": OneWord("Reason", SkipReason),
        "explanation": FreeText("Explanation", REASON_MOST, lines=True),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "infusion_number": "Enter the infusion number, 1 or 2.",
        "kind": "Choose what was not done: vital signs or ICE.",
        "due_at": "Choose the time when it was due.",
        "reason": "Choose why it was not done.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (_other_is_explained,)

    patient_id: str
    infusion_number: int
    kind: SlotKind
    due_at: datetime
    reason: SkipReason
    explanation: str | None = None


def _one_address(typed: object) -> str:
    """One mail address; the sentence says what is wrong with the one typed."""
    text = typed.strip() if isinstance(typed, str) else ""
    if len(text) > MAIL_ADDRESS.most:
        raise Unreadable(f"Address must be at most {MAIL_ADDRESS.most} characters; it has {len(text)}.")
    one = "Address must be one e-mail address"
    if any(sign in text for sign in "\r\n"):
        raise Unreadable(f"{one} in one line, without a line break.")
    if text.count("@") > 1:
        raise Unreadable(f"{one}; more than one stands there. Add each recipient by itself.")
    if any(sign.isspace() for sign in text):
        raise Unreadable(f"{one} without spaces, such as ward@hospital.org.")
    name, at, domain = text.partition("@")
    if name and not (at and domain):
        raise Unreadable(f"{one} with its domain after the @, such as ward@hospital.org.")
    return MAIL_ADDRESS(text)


class RecipientIn(Entry):
    """One address that alerts go to; `valid_from` None from now on."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "name": FreeText("Name", 100),
        "address": _one_address,
        "group": OneWord("Group", Group),
        "valid_from": Instant("Told from"),
    }
    required: ClassVar[Mapping[str, str]] = {
        "name": "Enter the name of the recipient, such as Ward 7 duty phone.",
        "address": MAIL_ADDRESS.sentence,
        "group": "Choose the group of the recipient.",
    }

    name: str
    address: str
    group: Group
    valid_from: datetime | None = None


class UserIn(Entry):
    """An account to open; the username is kept in small letters."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "username": USERNAME,
        "display_name": FreeText("Name", 100),
        "role": OneWord("Role", Role),
    }
    required: ClassVar[Mapping[str, str]] = {
        "username": USERNAME.sentence,
        "display_name": "Enter the name that colleagues see, such as Dr Chen.",
        "role": "Choose the role.",
    }

    username: str
    display_name: str
    role: Role


def check_not_future(field: str, at: datetime, label: str, now: datetime) -> list[Problem]:
    """A moment that has not come yet cannot be recorded."""
    return [Problem(field, at, f"{label} must not be in the future.")] if at > now else []
