"""Entering the results of one sample: value, unit, and the limits that the laboratory gave.

The unit is chosen for each result, or taken over for all of them from the last time with one touch that says
so. The site's limits stand in their boxes once the unit is chosen, and can be changed for a row.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import streamlit as st

from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.lab_results import LabSaved, record_lab_results
from clock import utc_now
from db.inputs import Problem
from db.inputs_lab import LabResultIn, units_of
from db.roles import Actor
from grading.units import Analyte
from pages.parts.sheet import Sheet
from pages.parts.wording import counted
from pages.ward.laboratory_parts.loaded import Laboratory
from pages.ward.laboratory_parts.words import name_of, taken_words, value_words
from pages.ward.record_parts.when import choose_when
from trial.limits import SiteLimit
from trial.site_limits import site_limit

_WHAT: Final = (
    "Boxes left open are not recorded. LLN and ULN: the laboratory's lower and upper limit of normal."
)
PANELS: Final = {
    "Blood count": (
        Analyte.ANC,
        Analyte.WBC,
        Analyte.LYMPHOCYTES,
        Analyte.HEMOGLOBIN,
        Analyte.PLATELETS,
    ),
    "Liver and kidney": (
        Analyte.ALT,
        Analyte.AST,
        Analyte.BILIRUBIN,
        Analyte.CREATININE,
        Analyte.LDH,
    ),
    "Inflammation and clotting": (Analyte.CRP, Analyte.FERRITIN, Analyte.IL_6, Analyte.FIBRINOGEN),
}
"""What is usually measured together; every analyte stands in one of them."""


def draw_entering(actor: Actor, laboratory: Laboratory) -> None:
    """The form; what it asks follows from the panels that are chosen."""
    st.header("Record a sample", anchor=False)
    sheet = Sheet(f"lab_new_{laboratory.patient.id}")
    chosen = choose_when(sheet, "taken_at", "Sample taken", "When the blood was drawn.", laboratory.now)
    panels = sheet.choices("panels", "What was measured", _WHAT, list(PANELS), lambda one: one)
    if chosen is None or not panels:
        return
    typed_at = None
    if chosen.is_earlier:
        typed_at = sheet.moment("taken_at", "Taken", "Such as 2026-03-08 and 06:15.")
    analytes = [analyte for panel in PANELS if panel in panels for analyte in PANELS[panel]]
    _offer_last_units(sheet, laboratory, analytes)
    boxes = {analyte: _row(sheet, laboratory, analyte) for analyte in analytes}

    def record(form: Sheet) -> str:
        at = chosen.moment("taken_at", typed_at)
        saved = _record(form, laboratory, at, boxes, actor)
        known = f" {counted(saved.known, 'was', 'were')} there already." if saved.known else ""
        return f"{counted(len(saved.stable_ids), 'result is', 'results are')} recorded.{known}"

    sheet.submit("Record results", record, in_form=False)


def _offer_last_units(sheet: Sheet, laboratory: Laboratory, analytes: Sequence[Analyte]) -> None:
    """One touch takes over the units of the last results; until then no unit is chosen."""
    last = {
        analyte: laboratory.newest[analyte].unit
        for analyte in analytes
        if analyte in laboratory.newest and laboratory.newest[analyte].unit in units_of(analyte)
    }
    if last:
        st.button(
            "Take over the units of the last results",
            key=f"lab-units-{laboratory.patient.id}",
            on_click=partial(_take_over, sheet, last),
        )


def _take_over(sheet: Sheet, units: Mapping[Analyte, str]) -> None:
    for analyte, unit in units.items():
        sheet.keep(f"unit_{analyte.value}", unit)


def _row(sheet: Sheet, laboratory: Laboratory, analyte: Analyte) -> dict[str, str | None]:
    """The boxes of one analyte; its last value stands under the box, never in it."""
    name = name_of(analyte)
    value_box, unit_box, lower_box, upper_box = st.columns([1.15, 2.05, 1.2, 1.2])
    with value_box:
        value = sheet.text(f"value_{analyte.value}", name, _last_words(laboratory, analyte))
    with unit_box:
        unit = sheet.choice(
            f"unit_{analyte.value}", f"Unit of {analyte.label}", "", list(units_of(analyte)), lambda one: one
        )
    limit = None if unit is None else _site_limit(laboratory, analyte, unit)
    with lower_box:
        shown = _shown(limit.lln if limit else None)
        lower = sheet.text(_key("lln", analyte, unit), f"LLN of {analyte.label}", "", shown)
    with upper_box:
        shown = _shown(limit.uln if limit else None)
        upper = sheet.text(_key("uln", analyte, unit), f"ULN of {analyte.label}", "", shown)
    return {"value": value, "unit": unit, "lln": lower, "uln": upper}


def _key(name: str, analyte: Analyte, unit: str | None) -> str:
    """The limits of each unit have boxes of their own, so that another unit brings its own limits."""
    return f"{name}_{analyte.value}_{unit}"


def _site_limit(laboratory: Laboratory, analyte: Analyte, unit: str) -> SiteLimit | None:
    return site_limit(laboratory.protocol.laboratory, analyte, unit, laboratory.patient.sex)


def _shown(limit: float | None) -> str:
    return "" if limit is None else f"{limit:.15g}"


def _last_words(laboratory: Laboratory, analyte: Analyte) -> str:
    last = laboratory.newest.get(analyte)
    if last is None:
        return "No earlier result"
    return f"Last: {value_words(last)}, {taken_words(laboratory, last)}"


def _record(
    form: Sheet,
    laboratory: Laboratory,
    at: datetime | Problem,
    boxes: Mapping[Analyte, Mapping[str, str | None]],
    actor: Actor,
) -> LabSaved:
    panel: list[LabResultIn] = []
    problems: list[Any] = [at] if isinstance(at, Problem) else []
    for analyte, typed in boxes.items():
        if not (typed["value"] or "").strip():
            continue
        place = {"patient_id": laboratory.patient.study_code, "analyte": analyte}
        moment = {} if isinstance(at, Problem) else {"taken_at": at}
        entry, found = LabResultIn.check(place | moment | dict(typed))
        problems += [_at_box(one, analyte, typed["unit"]) for one in found if one.field != "taken_at"]
        panel += [entry] if entry is not None else []
    if problems:
        raise Refused(problems)
    try:
        return record_lab_results(panel, confirmed=form.confirmed, by=actor, now=utc_now())
    except AlreadyRecorded as refusal:
        # The sentence names the analyte; which of the boxes it is about the action does not know.
        raise Refused(refusal.sentence) from refusal


def _at_box(problem: Problem, analyte: Analyte, unit: str | None) -> RefusedField:
    own = {
        "lln": _key("lln", analyte, unit),
        "uln": _key("uln", analyte, unit),
        "value": f"value_{analyte.value}",
        "unit": f"unit_{analyte.value}",
    }
    return RefusedField(own.get(problem.field, ""), problem.value, problem.sentence)
