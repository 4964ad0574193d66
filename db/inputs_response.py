"""What may be entered of a patient's response: PET/CT scans and ctDNA samples."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import ClassVar, Final

from db.entries import Broken, Entry, Gap, Question, Rule, Values
from db.readers import Day, FreeText, Number, OneWord, Reader, StudyCode
from trial.second_infusion_facts import CtDnaResult, Response, Scan

_CODE: Final = StudyCode("Study code")
_ENTER_CODE: Final = "Enter the study code, such as CART-007."


def _odd_reading(values: Values) -> Iterator[Question]:
    scan = Scan(values.get("scanned_on"), values.get("response"), values.get("deauville"))
    if odd := scan.odd_reading():
        yield Question("deauville", None, odd)


class ScanIn(Entry):
    """One PET/CT by Lugano 2014; `response` None until it is read."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "scanned_on": Day("Date of the PET/CT"),
        "response": OneWord("Response", Response),
        "deauville": Number("Deauville score", 1, 5, whole=True),
        "note": FreeText("Note", 2000, lines=True),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "scanned_on": "Enter the date of the PET/CT; a response without it cannot be dated.",
    }
    gaps: ClassVar[tuple[Gap, ...]] = (_odd_reading,)

    patient_id: str
    scanned_on: date
    response: Response | None = None
    deauville: int | None = None
    note: str | None = None


def _value_has_a_unit(values: Values) -> Iterator[Broken]:
    if "value" in values and "unit" not in values:
        yield ("unit", "Enter the unit of the value as the laboratory writes it, such as hGE/mL.")
    if "unit" in values and "value" not in values:
        yield ("value", "Enter the value, or take the unit away.")


def _value_has_a_result(values: Values) -> Iterator[Broken]:
    known = values.get("result") in (CtDnaResult.POSITIVE, CtDnaResult.NEGATIVE)
    if "value" in values and not known:
        yield ("result", "Choose positive or negative: a value is recorded.")
    elif "resulted_on" in values and not known:
        yield ("result", "Choose positive or negative: a date of the result is recorded.")


def _result_after_sampling(values: Values) -> Iterator[Broken]:
    sampled, resulted = values.get("sampled_on"), values.get("resulted_on")
    if sampled is not None and resulted is not None and resulted < sampled:
        yield ("resulted_on", f"The result must not be dated before the sample was taken, on {sampled}.")


def _positive_with_nothing(values: Values) -> Iterator[Question]:
    if values.get("result") is CtDnaResult.POSITIVE and values.get("value") == 0:
        yield Question("value", None, "A positive result with the value 0 is rare. Is it right?")


class CtDnaIn(Entry):
    """One ctDNA sample; `result` None while it is awaited."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "sampled_on": Day("Date of sampling"),
        "result": OneWord("Result", CtDnaResult),
        "value": Number("Value", 0, 1e9),
        "unit": FreeText("Unit", 40),
        "resulted_on": Day("Date of the result"),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "sampled_on": "Enter the date on which the sample was taken.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (_value_has_a_unit, _value_has_a_result, _result_after_sampling)
    gaps: ClassVar[tuple[Gap, ...]] = (_positive_with_nothing,)

    patient_id: str
    sampled_on: date
    result: CtDnaResult | None = None
    value: float | None = None
    unit: str | None = None
    resulted_on: date | None = None
