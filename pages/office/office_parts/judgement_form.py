"""What the protocol leaves to an investigator: yes or no, and why; nothing computed is overruled."""

from collections.abc import Mapping, Sequence

import streamlit as st

from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.screening import judge_criteria
from clock import utc_now
from db.inputs_screening import JudgementIn
from db.queries.office import PatientRecord
from db.queries.screening import ScreeningRecord
from db.roles import Actor
from pages.office.office_parts.fact_words import REASON_LABELS, fact_label
from pages.parts.sheet import Sheet
from trial.eligibility import Eligibility
from trial.screening_facts import Judgement, Purpose, ScreeningFacts
from trial.screening_judgements import (
    COLLECTION,
    CRS_GAPS,
    ICANS_GAPS,
    JUDGED_CRITERIA,
    judgements_of,
)

Typed = Mapping[str, tuple[bool | None, str]]


def questions(facts: ScreeningFacts, eligibility: Eligibility | None) -> list[str]:
    """What there is to judge: always the criteria left to judgement, the others where the facts need one."""
    asked = list(JUDGED_CRITERIA)
    short = {line.criterion.id for line in eligibility.against} if eligibility else set()
    if facts.collection_acceptable is not None or short & {"haemoglobin", "anc", "platelets"}:
        asked.append(COLLECTION)
    worst = ((CRS_GAPS, facts.worst_crs), (ICANS_GAPS, facts.worst_icans))
    return asked + [name for name, grade in worst if grade is not None and grade.unsettled_days]


def draw_judgements(
    actor: Actor,
    patient: PatientRecord,
    record: ScreeningRecord | None,
    asked: Sequence[str],
    purpose: Purpose = Purpose.ENROLMENT,
) -> None:
    """The form of what is asked; only what was touched is recorded, as a version of its own."""
    version = record.version if record else None
    given = judgements_of(record.facts) if record else {}
    sheet = Sheet(f"judge_{purpose.value}_{patient.id}_{version or 0}")
    is_open = sheet.is_open or any(name not in given for name in asked)
    with (
        st.expander(f"Judge what the protocol leaves open for {patient.study_code}", expanded=is_open),
        sheet.form(),
    ):
        typed = {name: _boxes(sheet, name, given.get(name)) for name in asked}

        def save(_form: Sheet) -> str:
            judged = read_judgements(typed, given)
            judge_criteria(patient.id, judged, version=version, purpose=purpose, by=actor, now=utc_now())
            return f"The judgements on {patient.study_code} are recorded."

        sheet.submit(f"Record the judgements on {patient.study_code}", save)


def read_judgements(typed: Typed, given: Mapping[str, Judgement]) -> dict[str, Judgement]:
    """The judgements that differ from those given before; Refused with a sentence at each box."""
    judged: dict[str, Judgement] = {}
    faulty: list[RefusedField] = []
    for name, (holds, reason) in typed.items():
        if name not in given and holds is None and not reason.strip():
            continue
        entry, problems = JudgementIn.check({"holds": holds, "reason": reason})
        faulty += [RefusedField(f"{name}_{one.field}", one.value, one.sentence) for one in problems]
        if entry is not None:
            judged[name] = Judgement(entry.holds, entry.reason)
    if faulty:
        raise Refused(faulty)
    changed = {name: one for name, one in judged.items() if given.get(name) != one}
    if not changed:
        raise AlreadyRecorded("Nothing was judged that is not already recorded.")
    return changed


def _boxes(sheet: Sheet, name: str, given: Judgement | None) -> tuple[bool | None, str]:
    holds = sheet.yes_no(f"{name}_holds", fact_label(name), "", given.holds if given else None)
    reason = sheet.words(
        f"{name}_reason", REASON_LABELS[name], "What was seen or asked.", given.reason if given else ""
    )
    return holds, reason
