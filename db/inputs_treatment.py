"""What may be entered of a treatment: the drug, its dose with a unit, how it is given and when."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from db.entries import Broken, Entry, Rule, Values
from db.readers import FreeText, Instant, Number, OneWord, Reader, StudyCode
from trial.drugs import RATES, drug_words, units_of
from trial.treatment_facts import DoseUnit, Drug, Giving
from trial.treatments import Treatment

_REPEATED_WITHIN_H: Final = (0.25, 720)


def _other_is_named(values: Values) -> Iterator[Broken]:
    if values.get("drug") is Drug.OTHER and "drug_name" not in values:
        yield ("drug_name", "Enter the name of the drug.")
    if values.get("drug") not in (None, Drug.OTHER) and "drug_name" in values:
        yield ("drug_name", "A name belongs to another drug only. Take it away, or choose Another drug.")


def _dose_has_a_unit(values: Values) -> Iterator[Broken]:
    if "dose" in values and "dose_unit" not in values:
        yield ("dose_unit", "Choose the unit of the dose.")
    if "dose_unit" in values and "dose" not in values:
        yield ("dose", "Enter the dose, or take its unit away.")


def _unit_fits(values: Values) -> Iterator[Broken]:
    drug, unit, giving = (values.get(name) for name in ("drug", "dose_unit", "giving"))
    if drug is None or unit is None:
        return
    if unit not in units_of(drug):
        listed = ", ".join(units_of(drug))
        yield ("dose_unit", f"{unit} is not a unit of {drug_words(drug)} here: choose {listed}.")
    elif unit in RATES and giving in (Giving.ONCE, Giving.REPEATED):
        yield ("dose_unit", f"{unit} is the rate of a drug that runs. Choose Running, or another unit.")


def _interval_of_what_is_repeated(values: Values) -> Iterator[Broken]:
    giving = values.get("giving")
    if giving is Giving.REPEATED and "every_hours" not in values:
        yield ("every_hours", "Enter how many hours lie between the doses, such as 6.")
    if giving in (Giving.ONCE, Giving.RUNNING) and "every_hours" in values:
        yield ("every_hours", "Hours between doses belong to a repeated drug. Take them away, or choose it.")


def _end_after_beginning(values: Values) -> Iterator[Broken]:
    started, ended = values.get("started_at"), values.get("ended_at")
    if ended is None:
        return
    if values.get("giving") is Giving.ONCE:
        yield ("ended_at", "One dose has no end. Take the end away, or choose Repeated or Running.")
    elif started is not None and ended < started:
        yield ("ended_at", "The end must not be before the beginning.")


class TreatmentIn(Entry):
    """One treatment; without an end, what is repeated or runs is still going on."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": StudyCode("Study code"),
        "drug": OneWord("Drug", Drug),
        "drug_name": FreeText("Name of the drug", 100),
        "giving": OneWord("How it is given", Giving),
        "dose": Number("Dose", 0.000001, 1_000_000),
        "dose_unit": OneWord("Unit of the dose", DoseUnit),
        "every_hours": Number("Hours between doses", *_REPEATED_WITHIN_H, " h"),
        "weight_kg": Number("Weight", 1, 400, " kg"),
        "started_at": Instant("Beginning"),
        "ended_at": Instant("End"),
        "note": FreeText("Note", 2000, lines=True),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": "Enter the study code, such as CART-007.",
        "drug": "Choose the drug.",
        "giving": "Choose how it is given: one dose, repeated, or running.",
        "started_at": "Enter when it was given, or when it began.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (
        _other_is_named,
        _dose_has_a_unit,
        _unit_fits,
        _interval_of_what_is_repeated,
        _end_after_beginning,
    )

    patient_id: str
    drug: Drug
    giving: Giving
    started_at: datetime
    drug_name: str | None = None
    dose: float | None = None
    dose_unit: DoseUnit | None = None
    every_hours: float | None = None
    weight_kg: float | None = None
    ended_at: datetime | None = None
    note: str | None = None

    @property
    def fact(self) -> Treatment:
        """The treatment as the rules take it."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        rest = {name: value for name, value in values.items() if name not in ("patient_id", "giving", "note")}
        return Treatment(**rest, is_ongoing=self._goes_on)

    def columns(self) -> dict[str, Any]:
        """The columns of the table."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        kept = {name: value for name, value in values.items() if name not in ("patient_id", "giving")}
        return kept | {"is_ongoing": self._goes_on}

    @property
    def _goes_on(self) -> bool:
        return self.giving is not Giving.ONCE and self.ended_at is None
