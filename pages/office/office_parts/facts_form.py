"""The boxes behind the criteria, in groups; a second question appears only after its answer.

For the second infusion only the facts of the exclusion criteria are asked. The boxes stand outside a
Streamlit form: an answer opens the next question, and every touch keeps the sign-in alive.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from actions import context
from actions.permissions import Page
from actions.screening import facts_at_start, record_screening
from clock import utc_now
from db.inputs_screening import ANSWERED, FactsIn, typed_facts
from db.queries.office import PatientRecord
from db.queries.screening import ScreeningRecord
from db.readers import NONE
from db.roles import Actor
from pages.office.office_parts.fact_words import LABELS, criterion_hint, missing_words
from pages.office.office_parts.patients import SEX_WORDS
from pages.parts.access import is_fragment_run, require_role
from pages.parts.sheet import Sheet
from pages.parts.wording import sentence_case
from trial.criteria import BY_ID, Kind
from trial.screening_facts import (
    Histology,
    MalignancyKind,
    PregnancyTest,
    Purpose,
    RelapsedRefractory,
    ScreeningFacts,
    Sex,
)
from trial.screening_judgements import carry_judgements, taken_back

WHY: Final = "Say why the facts are changed."
_ULN: Final = "The laboratory's upper limit of normal."
_MOST_ROWS: Final = 5
_NYHA: Final = ("No heart failure", "Class I", "Class II", "Class III", "Class IV")

Typed = dict[str, Any]


@st.fragment
def draw_facts_form(
    page: Page,
    actor: Actor,
    patient: PatientRecord,
    record: ScreeningRecord | None,
    purpose: Purpose = Purpose.ENROLMENT,
) -> None:
    """The form of one patient's facts: what stands in the boxes, and the button that records them.

    page    where it is drawn; a touch asks again who is signed in
    record  the version that stands, None before the first
    """
    actor = require_role(page) if is_fragment_run() else actor
    version = record.version if record else None
    facts = record.facts if record else facts_at_start(patient)
    stored = typed_facts(facts) if record or purpose is Purpose.ENROLMENT else {}
    sheet = facts_sheet(patient, record, purpose)
    typed = _Boxes(sheet, stored).draw(purpose)
    why = _why(sheet) if version else ""

    def save(form: Sheet) -> str:
        reason = (why, WHY) if version else None
        entry = form.read(FactsIn, typed, stored=stored, reason=reason)
        now = utc_now()
        record_screening(patient.id, entry, version=version, reason=why, purpose=purpose, by=actor, now=now)
        return f"The facts of {patient.study_code} are recorded and judged.{_judge_again(facts, entry)}"

    sheet.submit(f"Record the facts of {patient.study_code}", save, in_form=False)


def _judge_again(before: ScreeningFacts, entry: FactsIn) -> str:
    """Which judgements fell with the facts they rested on, to be given again."""
    lost = taken_back(before, carry_judgements(before, entry.facts()))
    again = missing_words(lost)
    return f" An investigator judges again, because the facts behind it changed: {again}." if lost else ""


def facts_sheet(patient: PatientRecord, record: ScreeningRecord | None, purpose: Purpose) -> Sheet:
    """The sheet of this version: another version begins with fresh boxes."""
    return Sheet(f"facts_{purpose.value}_{patient.id}_{record.version if record else 0}")


def _why(sheet: Sheet) -> str:
    return sheet.words("why", "Why are the facts changed", "Such as: laboratory of 3 March arrived.")


class _Boxes:
    """The boxes as they are drawn, one after the other; what stands in each comes back under its name."""

    def __init__(self, sheet: Sheet, stored: Mapping[str, Any]) -> None:
        self._sheet = sheet
        self._stored = stored
        self._typed: Typed = {}
        # Title, and each block with whether the exclusion criteria ask it again.
        self._groups: Sequence[tuple[str, Sequence[tuple[Callable[[], None], bool]]]] = (
            ("Demography and disease", ((self._disease, False),)),
            ("Blood counts and organ function", ((self._blood, False), (self._organs, False))),
            ("Heart and lungs", ((self._lungs, False), (self._heart, True))),
            (
                "Other illnesses",
                (
                    (self._pregnancy, False),
                    (self._malignancies, True),
                    (self._infections, True),
                    (self._prior_axi_cel, False),
                ),
            ),
            (
                "Answers",
                (
                    (lambda: self._answers(Kind.INCLUSION), False),
                    (lambda: self._answers(Kind.EXCLUSION), True),
                ),
            ),
        )

    def draw(self, purpose: Purpose) -> Typed:
        """Every group, or what the exclusion criteria ask."""
        for title, blocks in self._groups:
            asked = [block for block, again in blocks if again or purpose is Purpose.ENROLMENT]
            if asked:
                st.subheader(title, anchor=False)
            for block in asked:
                block()
        return self._typed

    def _disease(self) -> None:
        self._choice("sex", "As given at the start.", list(Sex), lambda one: SEX_WORDS[one.value])
        self._texts(("age_years", criterion_hint("age")), ("weight_kg", "For the clearance of creatinine."))
        self._choice("ecog", criterion_hint("ecog"), list(range(6)), str)
        self._choice("histology", "", list(Histology), lambda one: sentence_case(one.label))
        labels = {one.value: sentence_case(one.label) for one in RelapsedRefractory}
        self._typed["relapsed_refractory"] = (
            self._sheet.choices(
                "relapsed_refractory",
                LABELS["relapsed_refractory"],
                "Any of these makes the lymphoma relapsed or refractory.",
                [*labels, NONE],
                lambda word: labels.get(word, "None of these"),
                self._chosen("relapsed_refractory"),
            )
            or None
        )
        self._texts(("measurable_lesions", criterion_hint("measurable_lesion")))

    def _blood(self) -> None:
        self._texts(
            ("haemoglobin_g_per_l", criterion_hint("haemoglobin")),
            ("anc_10e9_per_l", criterion_hint("anc")),
        )
        self._texts(("platelets_10e9_per_l", criterion_hint("platelets")))

    def _organs(self) -> None:
        self._texts(
            ("creatinine_umol_per_l", criterion_hint("creatinine")), ("creatinine_uln_umol_per_l", _ULN)
        )
        self._texts(("bilirubin_umol_per_l", criterion_hint("bilirubin")), ("bilirubin_uln_umol_per_l", _ULN))
        self._yes_no("gilbert_syndrome", "It widens the limit of bilirubin.")
        self._texts(("alt_u_per_l", criterion_hint("alt")), ("alt_uln_u_per_l", _ULN))
        self._texts(("ast_u_per_l", criterion_hint("ast")), ("ast_uln_u_per_l", _ULN))
        self._yes_no("hepatic_involvement", "It widens the limits of ALT and AST.")

    def _lungs(self) -> None:
        self._texts(
            ("lvef_percent", criterion_hint("lvef")), ("spo2_room_air_percent", criterion_hint("spo2"))
        )

    def _heart(self) -> None:
        self._choice("nyha_class", criterion_hint("heart_failure"), list(range(5)), _NYHA.__getitem__)
        for name in ("stroke_or_tia", "infarction"):
            if self._yes_no(name, criterion_hint(name)):
                self._day(f"{name}_on", "Such as 2026-03-08.")

    def _pregnancy(self) -> None:
        """Asked of a woman, and while the sex is not recorded."""
        if self._typed.get("sex") is Sex.M:
            return
        self._choice(
            "pregnancy_test",
            criterion_hint("pregnancy"),
            list(PregnancyTest),
            lambda one: sentence_case(one.value),
        )
        self._day("last_menses_on", "Such as 2026-03-08; where no test was done.")
        self._yes_no("surgically_sterilised", "Where no test was done.")

    def _malignancies(self) -> None:
        self._rows("other_malignancies", criterion_hint("other_malignancy"), self._malignancy)

    def _malignancy(self, field: str, stored: Mapping[str, Any]) -> Typed:
        kind = self._sheet.choice(
            f"{field}_kind",
            "Kind",
            "",
            list(MalignancyKind),
            lambda one: sentence_case(one.label),
            stored.get("kind"),
        )
        treated = self._sheet.yes_no(
            f"{field}_treated", "Treated as its kind says", "", stored.get("treated")
        )
        on = self._sheet.day(
            f"{field}_on",
            "Last day it was known to be active",
            "Diagnosis, relapse or end of treatment, whichever came last.",
            stored.get("last_active_on"),
        )
        return {"kind": kind, "treated": treated, "last_active_on": on}

    def _infections(self) -> None:
        self._rows("infections", criterion_hint("active_infection"), self._infection)

    def _infection(self, field: str, stored: Mapping[str, Any]) -> Typed:
        site = self._sheet.text(f"{field}_site", "Site", "Such as lung.", stored.get("site", ""))
        localised = self._sheet.yes_no(f"{field}_localised", "Localised", "", stored.get("localised"))
        serious = self._sheet.yes_no(
            f"{field}_serious", "Serious and uncontrolled", "", stored.get("uncontrolled_serious")
        )
        return {"site": site, "localised": localised, "uncontrolled_serious": serious}

    def _prior_axi_cel(self) -> None:
        if not self._yes_no("prior_axi_cel", criterion_hint("prior_toxicity")):
            return
        for toxicity in ("crs", "icans"):
            self._choice(f"worst_{toxicity}", "0 where there was none.", list(range(6)), str)
            days = f"{toxicity}_unsettled_days"
            self._typed[days] = self._sheet.text(
                days, LABELS[days], "Such as 3, 5. Empty where every day is known.", self._text_of(days)
            )

    def _answers(self, kind: Kind) -> None:
        limits = context.protocol().eligibility
        for name in ANSWERED:
            if BY_ID[name].kind is kind:
                self._typed[name] = self._sheet.yes_no(
                    name, BY_ID[name].in_words(limits), "", self._stored.get(name)
                )

    def _rows(self, field: str, hint: str, draw: Callable[[str, Mapping[str, Any]], Typed]) -> None:
        """Yes or no, and after a yes a row for each, with an empty one for the next."""
        stored = self._stored.get(field)
        rows: Sequence[Mapping[str, Any]] = stored if isinstance(stored, list) else ()
        known = None if stored is None else bool(rows)
        there_is = self._sheet.yes_no(field, LABELS[field], hint, known)
        self._typed[field] = None if there_is is None else NONE
        if not there_is:
            return
        found: list[Typed] = []
        for place in range(_MOST_ROWS):
            with st.container(border=True):
                row = draw(f"{field}_{place}", rows[place] if place < len(rows) else {})
            if all(value in (None, "") for value in row.values()):
                break
            found.append(row)
        self._typed[field] = found

    def _texts(self, *boxes: tuple[str, str]) -> None:
        """Up to two boxes beside each other: name and hint."""
        for column, (name, hint) in zip(st.columns(2), boxes, strict=False):
            with column:
                self._typed[name] = self._sheet.text(name, LABELS[name], hint, self._text_of(name))

    def _choice(self, name: str, hint: str, options: Sequence[Any], show: Callable[[Any], str]) -> None:
        self._typed[name] = self._sheet.choice(
            name, LABELS[name], hint, options, show, self._stored.get(name)
        )

    def _yes_no(self, name: str, hint: str) -> bool | None:
        self._typed[name] = self._sheet.yes_no(name, LABELS[name], hint, self._stored.get(name))
        answer: bool | None = self._typed[name]
        return answer

    def _day(self, name: str, hint: str) -> None:
        self._typed[name] = self._sheet.day(name, LABELS[name], hint, self._stored.get(name))

    def _text_of(self, name: str) -> str:
        value = self._stored.get(name)
        return "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)

    def _chosen(self, name: str) -> list[str]:
        stored = self._stored.get(name)
        return [] if stored is None else sorted(one.value for one in stored) or [NONE]
