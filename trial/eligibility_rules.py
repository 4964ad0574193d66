"""How each computed criterion is found from the facts; `trial/eligibility.py` has the readings (J)."""

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from operator import ge, gt, le
from typing import Final

from trial.clearance import clearance_ml_per_min, exact
from trial.limits import EligibilityLimits
from trial.screening_checks import NUMBERS
from trial.screening_facts import (
    ActiveInfection,
    Histology,
    Judgement,
    MalignancyKind,
    OtherMalignancy,
    PastEvent,
    PregnancyTest,
    RelapsedRefractory,
    ScreeningFacts,
    Sex,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What the facts say of one criterion; as the fields of `eligibility.Line`."""

    holds: bool | None
    facts: tuple[str, ...]
    missing: tuple[str, ...] = ()
    judgement: Judgement | None = None


Rule = Callable[[ScreeningFacts, EligibilityLimits, date], Found]


def any_of(held: Iterable[bool | None]) -> bool | None:
    """Whether one of them holds; None where what is not known could be the one."""
    seen = set(held)
    return True if True in seen else None if None in seen else False


def all_of(held: Iterable[bool | None]) -> bool | None:
    """Whether each of them holds; None where one that is not known could fail."""
    seen = set(held)
    return False if False in seen else None if None in seen else True


def months_before(on: date, months: int) -> date:
    """The same day of the month so many months before, or the last day of that month."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def _write(facts: ScreeningFacts, *names: str) -> tuple[str, ...]:
    return tuple(
        f"{NUMBERS[name].label} not recorded"
        if (value := getattr(facts, name)) is None
        else NUMBERS[name].write(value)
        for name in names
    )


def _blank(facts: ScreeningFacts, *names: str) -> tuple[str, ...]:
    return tuple(name for name in names if getattr(facts, name) is None)


def _number(name: str, compare: Callable[[float, float], bool], limit: str) -> Rule:
    """One number against one limit."""

    def rule(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
        value = getattr(facts, name)
        holds = None if value is None else compare(value, getattr(limits, limit))
        return Found(holds, _write(facts, name), _blank(facts, name))

    return rule


def _blood_count(name: str, limit: str) -> Rule:
    """As `_number`, but the investigator may judge that collection is acceptable."""
    plain = _number(name, ge, limit)

    def rule(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
        found = plain(facts, limits, on)
        judgement = facts.collection_acceptable
        if found.holds is not False or judgement is None:
            return found
        return Found(judgement.holds, found.facts, judgement=judgement)

    return rule


def _histology(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
    if facts.histology is None:
        return Found(None, ("histology not recorded",), ("histology",))
    return Found(facts.histology is not Histology.OTHER, (facts.histology.label,))


def _relapsed_refractory(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
    if facts.relapsed_refractory is None:
        return Found(None, ("course so far not recorded",), ("relapsed_refractory",))
    words = [one.label for one in RelapsedRefractory if one in facts.relapsed_refractory]
    return Found(bool(words), tuple(words) or ("none of these",))


def _creatinine(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
    """Either way is enough. What the clearance is computed from is shown whenever there is something."""
    names = ("creatinine_umol_per_l", "creatinine_uln_umol_per_l", "age_years", "weight_kg")
    ratio = _ratio(facts, "creatinine_umol_per_l", "creatinine_uln_umol_per_l")
    clearances = _clearances(facts)
    enough = {one >= exact(limits.clearance_ml_per_min_from) for one in clearances}
    by_clearance = enough.pop() if len(enough) == 1 else None
    by_ratio = None if ratio is None else ratio <= exact(limits.creatinine_uln_to)
    sex = "sex not recorded" if facts.sex is None else f"sex {facts.sex.value}"
    shown = [*_write(facts, *names), sex, *_ratio_words(ratio)]
    if clearances:
        # Rounded down, so that what is shown never meets a limit that the value misses.
        words = " or ".join(f"{floor(one * 10) / 10:g}" for one in clearances)
        shown.append(f"clearance {words} mL/min (Cockcroft-Gault)")
    holds = any_of((by_ratio, by_clearance))
    missing = () if holds is not None else _blank(facts, *names, "sex")
    return Found(holds, tuple(shown), missing)


def _clearances(facts: ScreeningFacts) -> tuple[Fraction, ...]:
    """The clearance of each sex that is possible, the lower one first; none where an input is missing."""
    if facts.age_years is None or facts.weight_kg is None or facts.creatinine_umol_per_l is None:
        return ()
    return tuple(
        clearance_ml_per_min(
            facts.age_years, facts.weight_kg, facts.creatinine_umol_per_l, woman=sex is Sex.F
        )
        for sex in Sex
        if facts.sex in (None, sex)
    )


def _ratio(facts: ScreeningFacts, name: str, uln_name: str) -> Fraction | None:
    value, uln = getattr(facts, name), getattr(facts, uln_name)
    return None if value is None or uln is None else exact(value) / exact(uln)


def _ratio_words(ratio: Fraction | None) -> tuple[str, ...]:
    # Rounded up, so that what is shown never meets a limit that the value exceeds.
    return () if ratio is None else (f"{ceil(ratio * 100) / 100:g} x ULN",)


def _times_uln(name: str, uln_name: str, exception: str, label: str, limit: str, wider: str) -> Rule:
    """A value against a multiple of the upper limit of normal, which an exception widens."""

    def rule(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
        ratio, excepted = _ratio(facts, name, uln_name), getattr(facts, exception)
        said = "not recorded" if excepted is None else "yes" if excepted else "no"
        shown = (*_write(facts, name, uln_name), *_ratio_words(ratio), f"{label}: {said}")
        if ratio is None:
            return Found(None, shown, _blank(facts, name, uln_name))
        if ratio <= exact(getattr(limits, limit)):
            return Found(True, shown)
        if ratio > exact(getattr(limits, wider)):
            return Found(False, shown)
        return Found(excepted, shown, _blank(facts, exception))

    return rule


def _pregnancy(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
    if facts.sex is Sex.M:
        return Found(True, ("a man",))
    menses_on, test = facts.last_menses_on, facts.pregnancy_test
    exempt_from = months_before(on, 12 * limits.years_since_menses_from)
    shown = (
        "a woman" if facts.sex else "sex not recorded",
        f"serum pregnancy test {test.value if test else 'not recorded'}",
        f"last menses {menses_on or 'not recorded'}",
        "sterilised: " + {None: "not recorded", True: "yes", False: "no"}[facts.surgically_sterilised],
    )
    if test is not None:
        return Found(test is PregnancyTest.NEGATIVE, shown)
    exempt = any_of((facts.surgically_sterilised, menses_on is not None and menses_on <= exempt_from))
    if exempt:
        return Found(True, shown)
    names = ("sex", "pregnancy_test", "last_menses_on", "surgically_sterilised")
    return Found(None, shown, _blank(facts, *names))


def _other_malignancy(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
    known = facts.other_malignancies
    if known is None:
        return Found(None, ("other malignancies not recorded",), ("other_malignancies",))
    since = months_before(on, 12 * limits.other_malignancy_years)
    holds = any_of(_counts(one, since) for one in known)
    words = tuple(_malignancy_words(one) for one in known) or ("none",)
    return Found(holds, words, ("other_malignancies",) if holds is None else ())


def _counts(one: OtherMalignancy, since: date) -> bool | None:
    recent = None if one.last_active_on is None else one.last_active_on >= since
    excepted = False if one.kind is MalignancyKind.OTHER else one.treated
    return all_of((recent, None if excepted is None else not excepted))


def _malignancy_words(one: OtherMalignancy) -> str:
    treated = {None: "treatment not recorded", True: "so treated", False: "not so treated"}[one.treated]
    last_on = f"last active {one.last_active_on or 'on a day not recorded'}"
    return (
        f"{one.kind.label} ({last_on})"
        if one.kind is MalignancyKind.OTHER
        else (f"{one.kind.label} ({treated}, {last_on})")
    )


def _infection(excludes: Callable[[ActiveInfection], bool | None]) -> Rule:
    def rule(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
        if facts.infections is None:
            return Found(None, ("active infections not recorded",), ("infections",))
        holds = any_of(excludes(one) for one in facts.infections)
        words = tuple(_infection_words(one) for one in facts.infections) or ("no active infection",)
        return Found(holds, words, ("infections",) if holds is None else ())

    return rule


def _infection_words(one: ActiveInfection) -> str:
    where = {None: "extent not recorded", True: "localised", False: "not localised"}[one.localised]
    how = {
        None: "control not recorded",
        True: "serious and uncontrolled",
        False: "not both serious and uncontrolled",
    }[one.uncontrolled_serious]
    return f"{one.site}: {where}, {how}"


def _past_event(name: str, months_limit: str) -> Rule:
    def rule(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
        event: PastEvent = getattr(facts, name)
        if event.happened is None:
            return Found(None, ("not recorded",), (name,))
        if not event.happened:
            return Found(False, ("never",))
        if event.last_on is None:
            return Found(None, ("on a day not recorded",), (name,))
        days = (on - event.last_on).days
        recent = event.last_on >= months_before(on, getattr(limits, months_limit))
        return Found(recent, (f"last on {event.last_on}, {days} days before",))

    return rule


def _prior_toxicity(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Found:
    """Grades that are recorded count even where nobody said that axi-cel was given."""
    if facts.prior_axi_cel is False:
        return Found(False, ("no prior axi-cel",))
    bar = limits.barring_grade
    pairs = (("CRS", "worst_crs", facts.worst_crs), ("ICANS", "worst_icans", facts.worst_icans))
    shown = tuple(worst.words(label) if worst else f"{label} not recorded" for label, _, worst in pairs)
    held = {name: worst.reached(bar) if worst else None for _, name, worst in pairs}
    holds = any_of(held.values())
    if facts.prior_axi_cel is None and holds is not True:
        return Found(None, ("prior axi-cel not recorded", *shown), ("prior_axi_cel",))
    if holds is None:
        return Found(None, shown, tuple(name for name, one in held.items() if one is None))
    known = [worst for _, _, worst in pairs if worst]
    judged = [one for one in (worst.judgement(bar) for worst in known) if one]
    proved = any(worst.at_least >= bar for worst in known)
    return Found(holds, shown, judgement=judged[0] if judged and not proved else None)


COMPUTED: Final[dict[str, Rule]] = {
    "age": _number("age_years", ge, "age_years_from"),
    "ecog": _number("ecog", le, "ecog_to"),
    "histology": _histology,
    "relapsed_refractory": _relapsed_refractory,
    "haemoglobin": _blood_count("haemoglobin_g_per_l", "haemoglobin_g_per_l_from"),
    "anc": _blood_count("anc_10e9_per_l", "anc_10e9_per_l_from"),
    "platelets": _blood_count("platelets_10e9_per_l", "platelets_10e9_per_l_from"),
    "measurable_lesion": _number("measurable_lesions", ge, "measurable_lesions_from"),
    "creatinine": _creatinine,
    "lvef": _number("lvef_percent", gt, "lvef_percent_above"),
    "spo2": _number("spo2_room_air_percent", gt, "spo2_percent_above"),
    "bilirubin": _times_uln(
        "bilirubin_umol_per_l",
        "bilirubin_uln_umol_per_l",
        "gilbert_syndrome",
        "Gilbert syndrome",
        "bilirubin_uln_to",
        "bilirubin_uln_to_gilbert",
    ),
    "alt": _times_uln(
        "alt_u_per_l",
        "alt_uln_u_per_l",
        "hepatic_involvement",
        "hepatic involvement",
        "transaminases_uln_to",
        "transaminases_uln_to_hepatic",
    ),
    "ast": _times_uln(
        "ast_u_per_l",
        "ast_uln_u_per_l",
        "hepatic_involvement",
        "hepatic involvement",
        "transaminases_uln_to",
        "transaminases_uln_to_hepatic",
    ),
    "pregnancy": _pregnancy,
    "other_malignancy": _other_malignancy,
    "active_infection": _infection(lambda one: None if one.localised is None else not one.localised),
    "stroke_or_tia": _past_event("stroke_or_tia", "stroke_months"),
    "infarction": _past_event("infarction", "infarction_months"),
    "heart_failure": _number("nyha_class", ge, "nyha_class_from"),
    "prior_toxicity": _prior_toxicity,
    "uncontrolled_infection": _infection(lambda one: one.uncontrolled_serious),
}
