"""What may be entered in a screening: the facts behind the criteria, as a form asks for them.

Numbers carry the unit of their question. What is outside its range is refused, most often because it is in
another unit; `trial.screening_checks` has the ranges, and the rules between facts and dates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from db.entries import Broken, Entry, Rule, Values
from db.readers import NONE, Day, FreeText, Number, OneWord, Reader, SeveralWords, Unreadable, YesNo
from trial.screening_checks import NUMBERS
from trial.screening_facts import (
    ActiveInfection,
    Histology,
    MalignancyKind,
    OtherMalignancy,
    PastEvent,
    PregnancyTest,
    RelapsedRefractory,
    ScreeningFacts,
    Sex,
    WorstGrade,
)

ANSWERED: Final = {
    "life_expectancy": "Life expectancy",
    "venous_access": "Venous access",
    "unstable_angina": "Unstable angina",
    "arrhythmia": "Severe arrhythmia",
    "organ_disorder": "Unstable disorder of liver, kidneys or metabolism",
}
"""The criteria that a person answers, and their names in a sentence."""
LATEST_DAY: Final = 365
"""The last day after an infusion that can be named as not settled."""


def number_of(name: str, usual: tuple[float, float] | None = None, *, whole: bool = False) -> Number:
    """The reader of one number, with its label, unit and range from `screening_checks`."""
    known = NUMBERS[name]
    label = known.label[0].upper() + known.label[1:]
    offer = _check_the_unit if known.unit else None
    return Number(label, known.low, known.high, known.unit, usual=usual, whole=whole, offer=offer)


def _check_the_unit(value: float) -> str:
    return f", not {value:g}. Check the unit."


@dataclass(frozen=True, slots=True)
class ManyOf:
    """Several entries of one kind, given as what was typed for each; the word none is the empty list.

    label  names one of them in a sentence, with its number
    which  the sentence where it is said that there is one, and none is named
    """

    label: str
    kind: type[Entry]
    which: str

    def __call__(self, typed: object) -> tuple[Entry, ...]:
        """Read them all; the first that cannot be is named."""
        if typed == NONE:
            return ()
        if isinstance(typed, str) or not isinstance(typed, Sequence) or not typed:
            raise Unreadable(self.which)
        return tuple(self._one(place, row) for place, row in enumerate(typed, start=1))

    def _one(self, place: int, row: Mapping[str, object]) -> Entry:
        entry, problems = self.kind.check(row)
        if entry is None:
            raise Unreadable(f"{self.label} {place}: {problems[0].sentence}")
        return entry


@dataclass(frozen=True, slots=True)
class DaysAfter:
    """Days after an infusion, with commas between: "3, 5"."""

    label: str

    def __call__(self, typed: object) -> tuple[int, ...]:
        """Read the days, each once, in order."""
        parts = [part.strip() for part in typed.split(",")] if isinstance(typed, str) else []
        if not parts or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
            raise Unreadable(f"{self.label} must be numbers with commas between, such as 3, 5.")
        days = sorted({int(part) for part in parts})
        if days[-1] > LATEST_DAY:
            raise Unreadable(f"{self.label} must be 0 to {LATEST_DAY}.")
        return tuple(days)


class MalignancyIn(Entry):
    """One other malignancy."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "kind": OneWord("Kind", MalignancyKind),
        "treated": YesNo("Treated so"),
        "last_active_on": Day("Last active on"),
    }
    required: ClassVar[Mapping[str, str]] = {"kind": "Choose its kind."}

    kind: MalignancyKind
    treated: bool | None = None
    last_active_on: date | None = None


class InfectionIn(Entry):
    """One infection that is not over."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "site": FreeText("Site", 100),
        "localised": YesNo("Localised"),
        "uncontrolled_serious": YesNo("Serious and uncontrolled"),
    }
    required: ClassVar[Mapping[str, str]] = {"site": "Enter its site, such as lung."}

    site: str
    localised: bool | None = None
    uncontrolled_serious: bool | None = None


def _days_have_a_grade(values: Values) -> Iterator[Broken]:
    for toxicity in ("crs", "icans"):
        if f"{toxicity}_unsettled_days" in values and f"worst_{toxicity}" not in values:
            sentence = f"Choose the highest {toxicity.upper()} grade that is proved, 0 where none is."
            yield (f"worst_{toxicity}", sentence)


class FactsIn(Entry):
    """The facts of one screening; a field left blank is not yet known.

    The judgements are not among them: an investigator gives those, by an action of its own.
    """

    readers: ClassVar[Mapping[str, Reader]] = {
        "age_years": number_of("age_years", (18, 90), whole=True),
        "sex": OneWord("Sex", Sex),
        "weight_kg": number_of("weight_kg", (35, 150)),
        "ecog": number_of("ecog", whole=True),
        "histology": OneWord("Histology", Histology),
        "relapsed_refractory": SeveralWords("Course so far", RelapsedRefractory),
        "measurable_lesions": number_of("measurable_lesions", (0, 50), whole=True),
        "haemoglobin_g_per_l": number_of("haemoglobin_g_per_l", (50, 180)),
        "anc_10e9_per_l": number_of("anc_10e9_per_l", (0, 30)),
        "platelets_10e9_per_l": number_of("platelets_10e9_per_l", (0, 800)),
        "creatinine_umol_per_l": number_of("creatinine_umol_per_l", (25, 500)),
        "creatinine_uln_umol_per_l": number_of("creatinine_uln_umol_per_l", (60, 130)),
        "bilirubin_umol_per_l": number_of("bilirubin_umol_per_l", (2, 150)),
        "bilirubin_uln_umol_per_l": number_of("bilirubin_uln_umol_per_l", (15, 30)),
        "gilbert_syndrome": YesNo("Gilbert syndrome"),
        "alt_u_per_l": number_of("alt_u_per_l", (4, 500)),
        "alt_uln_u_per_l": number_of("alt_uln_u_per_l", (25, 70)),
        "ast_u_per_l": number_of("ast_u_per_l", (4, 500)),
        "ast_uln_u_per_l": number_of("ast_uln_u_per_l", (25, 70)),
        "hepatic_involvement": YesNo("Hepatic involvement"),
        "lvef_percent": number_of("lvef_percent", (30, 80)),
        "spo2_room_air_percent": number_of("spo2_room_air_percent", (85, 100)),
        "nyha_class": number_of("nyha_class", whole=True),
        "stroke_or_tia": YesNo("Stroke or TIA"),
        "stroke_or_tia_on": Day("Last stroke or TIA on"),
        "infarction": YesNo("Myocardial infarction"),
        "infarction_on": Day("Last infarction on"),
        "pregnancy_test": OneWord("Serum pregnancy test", PregnancyTest),
        "last_menses_on": Day("Last menses on"),
        "surgically_sterilised": YesNo("Surgically sterilised"),
        "other_malignancies": ManyOf("Malignancy", MalignancyIn, "Say which other malignancy it is."),
        "infections": ManyOf("Infection", InfectionIn, "Say which active infection it is."),
        "prior_axi_cel": YesNo("Prior axi-cel"),
        "worst_crs": Number("Worst CRS grade", 0, 5, whole=True),
        "crs_unsettled_days": DaysAfter("Days on which CRS is not settled"),
        "worst_icans": Number("Worst ICANS grade", 0, 5, whole=True),
        "icans_unsettled_days": DaysAfter("Days on which ICANS is not settled"),
        **{name: YesNo(label) for name, label in ANSWERED.items()},
    }
    rules: ClassVar[tuple[Rule, ...]] = (_days_have_a_grade,)

    age_years: int | None = None
    sex: Sex | None = None
    weight_kg: float | None = None
    ecog: int | None = None
    histology: Histology | None = None
    relapsed_refractory: frozenset[RelapsedRefractory] | None = None
    measurable_lesions: int | None = None
    haemoglobin_g_per_l: float | None = None
    anc_10e9_per_l: float | None = None
    platelets_10e9_per_l: float | None = None
    creatinine_umol_per_l: float | None = None
    creatinine_uln_umol_per_l: float | None = None
    bilirubin_umol_per_l: float | None = None
    bilirubin_uln_umol_per_l: float | None = None
    gilbert_syndrome: bool | None = None
    alt_u_per_l: float | None = None
    alt_uln_u_per_l: float | None = None
    ast_u_per_l: float | None = None
    ast_uln_u_per_l: float | None = None
    hepatic_involvement: bool | None = None
    lvef_percent: float | None = None
    spo2_room_air_percent: float | None = None
    nyha_class: int | None = None
    stroke_or_tia: bool | None = None
    stroke_or_tia_on: date | None = None
    infarction: bool | None = None
    infarction_on: date | None = None
    pregnancy_test: PregnancyTest | None = None
    last_menses_on: date | None = None
    surgically_sterilised: bool | None = None
    other_malignancies: tuple[MalignancyIn, ...] | None = None
    infections: tuple[InfectionIn, ...] | None = None
    prior_axi_cel: bool | None = None
    worst_crs: int | None = None
    crs_unsettled_days: tuple[int, ...] | None = None
    worst_icans: int | None = None
    icans_unsettled_days: tuple[int, ...] | None = None
    life_expectancy: bool | None = None
    venous_access: bool | None = None
    unstable_angina: bool | None = None
    arrhythmia: bool | None = None
    organ_disorder: bool | None = None

    def facts(self) -> ScreeningFacts:
        """The same facts as the criteria ask for them, without any judgement."""
        answers = {name: getattr(self, name) for name in ANSWERED if getattr(self, name) is not None}
        return ScreeningFacts(
            **{name: getattr(self, name) for name in _ALIKE},
            other_malignancies=_all(self.other_malignancies, OtherMalignancy),
            infections=_all(self.infections, ActiveInfection),
            stroke_or_tia=PastEvent(self.stroke_or_tia, self.stroke_or_tia_on),
            infarction=PastEvent(self.infarction, self.infarction_on),
            worst_crs=_worst(self.worst_crs, self.crs_unsettled_days),
            worst_icans=_worst(self.worst_icans, self.icans_unsettled_days),
            answers=answers,
        )


class JudgementIn(Entry):
    """What an investigator judged of one question."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "holds": YesNo("The judgement"),
        "reason": FreeText("Reason", 2000, lines=True),
    }
    required: ClassVar[Mapping[str, str]] = {
        "holds": "Choose yes or no.",
        "reason": "Give the reason for the judgement.",
    }

    holds: bool
    reason: str


_COMPOSED: Final = frozenset(
    {"other_malignancies", "infections", "stroke_or_tia", "infarction", "worst_crs", "worst_icans"}
)
_ALIKE: Final = tuple(
    name
    for name in FactsIn.model_fields
    if name in ScreeningFacts.__dataclass_fields__ and name not in _COMPOSED
)


def typed_facts(facts: ScreeningFacts) -> dict[str, Any]:
    """The facts as the boxes of a form hold them, for `FactsIn`; what is not known is left out."""
    typed: dict[str, Any] = {name: getattr(facts, name) for name in _ALIKE} | dict(facts.answers)
    for name in ("stroke_or_tia", "infarction"):
        event: PastEvent = getattr(facts, name)
        typed |= {name: event.happened, f"{name}_on": event.last_on}
    for toxicity in ("crs", "icans"):
        worst: WorstGrade | None = getattr(facts, f"worst_{toxicity}")
        if worst is not None:
            days = ", ".join(str(day) for day in worst.unsettled_days)
            typed |= {f"worst_{toxicity}": worst.at_least, f"{toxicity}_unsettled_days": days}
    typed["other_malignancies"] = _rows(facts.other_malignancies, MalignancyIn)
    typed["infections"] = _rows(facts.infections, InfectionIn)
    return {name: value for name, value in typed.items() if value is not None}


def _rows(known: Sequence[object] | None, kind: type[Entry]) -> list[dict[str, Any]] | str | None:
    if known is None:
        return None
    return [{name: getattr(one, name) for name in kind.readers} for one in known] or NONE


def _all(entries: Sequence[Entry] | None, kind: type[Any]) -> tuple[Any, ...] | None:
    return None if entries is None else tuple(kind(**one.model_dump()) for one in entries)


def _worst(grade: int | None, days: tuple[int, ...] | None) -> WorstGrade | None:
    return None if grade is None else WorstGrade(grade, days or ())
