"""The boxes of an event: term and grade with the published words, days, infection, and what is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import streamlit as st

from actions import context
from db.queries.events import EventRecord
from grading.charted import Word
from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.moments import TypedMoment
from pages.parts.sheet import Sheet
from reports.sae_content import CAUSES
from trial.adverse_events import refuse_derived
from trial.ctcae_terms import TERMS, CtcaeTerm, find_term, grades_of
from trial.event_facts import (
    Causality,
    EventAction,
    InfectionProof,
    InfectionTreatment,
    Outcome,
    SeriousCriterion,
)

_LABELS: Final = {
    **{term.label: term.name for term in TERMS},
    **{f"{toxicity.label} (from the assessments)": toxicity.label for toxicity in Toxicity},
}
_ANOTHER: Final = "Another term, by its name"
_CAUSE_HINTS: Final = {
    "causality_car_t": "The infused cells. Judged by an investigator; open until then.",
    "causality_lymphodepletion": "Fludarabine and cyclophosphamide.",
    "causality_disease": "The lymphoma itself.",
    "causality_other": "Another drug, a procedure, another illness.",
}
_NOT_LISTED: Final = "Not among the terms listed here: any grade from 1 to 5, as CTCAE v5.0 prints it."


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the boxes, as `Sheet.read` takes it."""

    values: Mapping[str, Any]
    moments: Mapping[str, TypedMoment]


def draw_event_boxes(sheet: Sheet, stored: EventRecord | None) -> Typed | None:
    """Every box of an event; None while no term is chosen, or one that is never typed."""
    known = _known(stored)
    term = _draw_term(sheet, stored)
    if not term:
        return None
    if sentence := refuse_derived(term):
        st.html(tiles.problem(sentence))
        return None
    listed = find_term(term)
    st.html(_grade_table(listed) if listed else tiles.soft(_NOT_LISTED))
    values: dict[str, Any] = {
        "term": term,
        "grade": sheet.choice(
            "grade",
            "Grade",
            "The worst of the event.",
            grades_of(term),
            str,
            known["grade"] if known and known["grade"] in grades_of(term) else None,
        ),
        "onset_on": sheet.day(
            "onset_on", "Onset", "The first day, such as 2026-03-08.", known.get("onset_on")
        ),
        **_draw_end(sheet, known),
        **_draw_infection(sheet, listed, known),
    }
    judged = draw_judged_boxes(sheet, stored)
    return Typed({**values, **judged.values}, judged.moments)


def draw_judged_boxes(sheet: Sheet, stored: EventRecord | None) -> Typed:
    """What a person judges, of an event and of a derived episode alike."""
    known = _known(stored)
    values: dict[str, Any] = {}
    for name, cause in CAUSES.items():
        hint = _CAUSE_HINTS[name]
        values[name] = sheet.choice(
            name, f"Caused by: {cause}", hint, list(Causality), _phrase, known.get(name)
        )
    values["action_taken"] = sheet.choice(
        "action_taken",
        "Action taken",
        "About the event.",
        list(EventAction),
        _phrase,
        known.get("action_taken"),
    )
    values["outcome"] = sheet.choice(
        "outcome", "Outcome", "How it stands now.", list(Outcome), _phrase, known.get("outcome")
    )
    values["is_serious"] = sheet.yes_no(
        "is_serious",
        "Serious",
        "By one of the six criteria; not the same as severe.",
        known.get("is_serious"),
    )
    moments: dict[str, TypedMoment] = {}
    if values["is_serious"]:
        values["serious_criteria"] = _draw_criteria(sheet, known)
        moments["aware_at"] = sheet.moment(
            "aware_at",
            "The site learned of it",
            f"When it was known to be serious; the clock of {clock_hours()} h runs from here.",
            known.get("aware_at"),
        )
    note = known.get("note") or ""
    values["note"] = sheet.words("note", "Note", "What else is known. Never a name.", note)
    return Typed(values, moments)


def clock_hours() -> str:
    """The hours of the clock, as the protocol sets them."""
    return f"{context.protocol().sae.clock_hours:g}"


def stored_values(stored: EventRecord) -> dict[str, Any]:
    """What the boxes of a correction began with: it is not asked about again."""
    return {"aware_at": stored.aware_at}


def _draw_term(sheet: Sheet, stored: EventRecord | None) -> str:
    """The term: one of the list, or another by its name; CRS and ICANS are found, and answered."""
    known = find_term(stored.term) if stored else None
    value = None if stored is None else known.label if known else _ANOTHER
    hint = "Type a part of it, such as pneumonia. A term that is not listed is the last choice."
    chosen = sheet.pick("listed", "Event", hint, [*_LABELS, _ANOTHER], value)
    if chosen != _ANOTHER:
        return _LABELS.get(chosen or "", "")
    name = "" if stored is None or known is not None else stored.term
    return sheet.text("term", "Name of the event", "As CTCAE v5.0 prints it, such as: Hiccups.", name)


def _grade_table(term: CtcaeTerm) -> str:
    rows = [
        [tiles.grade_tile(grade, grade, small=True), tiles.cell(words)]
        for grade, words in sorted(term.words.items())
    ]
    return tiles.table(f"{term.name} in CTCAE v5.0", ["Grade", "Published words"], rows)


def _known(stored: EventRecord | None) -> Mapping[str, Any]:
    """What is stored, by the name of its box; nothing for a new event."""
    return {} if stored is None else {field.name: getattr(stored, field.name) for field in fields(stored)}


def _draw_end(sheet: Sheet, known: Mapping[str, Any]) -> dict[str, Any]:
    goes_on = known["ended_on"] is None if known else None
    ongoing = sheet.yes_no("is_ongoing", "Does it go on?", "No opens the box for its end.", goes_on)
    if ongoing is not False:
        return {"is_ongoing": ongoing}
    end = sheet.day("ended_on", "End", "The last day, such as 2026-03-12.", known.get("ended_on"))
    return {"is_ongoing": False, "ended_on": end}


def _draw_infection(sheet: Sheet, listed: CtcaeTerm | None, known: Mapping[str, Any]) -> dict[str, Any]:
    infection: bool | None
    if listed is not None:
        infection = listed.is_infection
    else:
        infection = sheet.yes_no(
            "is_infection", "Is it an infection?", "Yes opens its boxes.", known.get("is_infection")
        )
    if not infection:
        return {"is_infection": infection}
    return {
        "is_infection": True,
        "site": sheet.text(
            "site", "Site", "Such as: right lower lobe, blood, line.", known.get("site") or ""
        ),
        "organism": sheet.text(
            "organism",
            "Organism",
            "As the laboratory names it; leave it open where none grew.",
            known.get("organism") or "",
        ),
        "proof": sheet.choice(
            "proof",
            "How it was proved",
            "The strongest proof.",
            list(InfectionProof),
            _phrase,
            known.get("proof"),
        ),
        "neutropenic": sheet.yes_no(
            "neutropenic", "Neutropenic", "At its onset, as the protocol means it.", known.get("neutropenic")
        ),
        "infection_treatment": sheet.choice(
            "infection_treatment",
            "Treatment of the infection",
            "The strongest one; CTCAE grades by it.",
            list(InfectionTreatment),
            _phrase,
            known.get("infection_treatment"),
        ),
    }


def _draw_criteria(sheet: Sheet, known: Mapping[str, Any]) -> list[SeriousCriterion]:
    chosen = sorted(known.get("serious_criteria") or ())
    return sheet.choices(
        "serious_criteria", "Criteria", "One is enough.", list(SeriousCriterion), _phrase, chosen
    )


def _phrase(word: Word) -> str:
    return word.label
