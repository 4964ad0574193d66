"""The visits of one patient: how each went, and the forms to record, correct and withdraw one."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from actions.visits import correct_visit, record_visit, void_visit
from clock import utc_now
from db.entries import Question
from db.inputs_follow_up import VisitIn
from db.queries.follow_up import VisitVersion
from db.roles import Actor
from pages.office.visits_parts.loaded import FollowUp
from pages.office.visits_parts.words import gap_words, infusions_counted, state_words, window_words
from pages.parts import tiles
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import date_words, infusion_words, listed, sentence_case
from trial.follow_up_facts import TEST_LABELS, TEST_WORDS, DoneOrNot, VisitStatus, VisitTest
from trial.visits import WAITS, Visit, VisitState, visit_label

_STATUS = {VisitStatus.DONE: "Took place", VisitStatus.MISSED: "Missed"}
_DONE = {DoneOrNot.DONE: "Done", DoneOrNot.NOT_DONE: "Not done"}
_NOTE = ("Note", "Never a name.")


def draw_visits(actor: Actor, follow_up: FollowUp, today: date, *, enters: bool) -> None:
    """The table, and where the role enters visits the forms."""
    code = follow_up.patient.study_code
    st.header(f"Visits of {code}", anchor=False)
    if not follow_up.visits:
        st.text(f"{code} has no infusion yet. Visits are planned from the infusion on.")
    for number in infusions_counted(follow_up):
        caption = f"Counted from the {infusion_words(number)}"
        heads = ["Visit", "Planned", "Window", "How it stands", "Left out", "Note", "Entered"]
        rows = [_row(follow_up, visit, today) for visit in follow_up.of_infusion(number)]
        st.html(tiles.table(caption, heads, rows, numbers=True))
    if follow_up.earlier:
        labels = ", ".join(visit_label(one.name) for one in follow_up.earlier)
        st.text(f"Recorded under an earlier plan of the protocol: {labels}.")
    if not enters:
        return
    waiting = [visit for visit in follow_up.visits if visit.state in WAITS]
    if waiting:
        _draw_new(actor, follow_up, waiting)
    for version in follow_up.visit_versions:
        if version.stands:
            _draw_change(actor, follow_up, version)


def visit_history(versions: Sequence[VisitVersion]) -> str:
    """Every version that no longer stands, as a table; "" where there is none."""
    rows = [_version_row(one) for one in versions if not one.stands or one.version > 1]
    heads = ["Visit", "Version", "How it went", "Tests", "Note", "Why changed", "Entered"]
    return tiles.table("Visits that were corrected or withdrawn", heads, rows) if rows else ""


def _row(follow_up: FollowUp, visit: Visit, today: date) -> list[str]:
    entered, note = "", ""
    if visit.recorded is not None:
        version = follow_up.version_of(visit.recorded)
        entered = f"{shown_value(version.entered_at)} by {version.entered_by or 'the program'}"
        note = version.note or ""
    planned = visit.planned
    asked = listed([TEST_WORDS[test] for test in planned.tests]) or "no test planned"
    name = tiles.piece("span", text=visit_label(planned.name), classes="vigil-nowrap")
    words = (
        f"{date_words(planned.on)}, day {planned.day}",
        window_words(visit, today),
        state_words(visit, today),
        "; ".join(gap_words(visit)),
        note,
        entered,
    )
    asked_for = tiles.piece("div", text=asked, classes="vigil-soft")
    return [name + asked_for, *(tiles.cell(one) for one in words)]


def _version_row(version: VisitVersion) -> list[str]:
    went = "Missed" if version.visited_on is None else f"Done {date_words(version.visited_on)}"
    if version.voided:
        went = "Withdrawn"
    tests = [f"{TEST_LABELS[test]} {_DONE[said].lower()}" for test, said in version.tests.items()]
    entered = f"{shown_value(version.entered_at)} by {version.entered_by or 'the program'}"
    words = (
        visit_label(version.name),
        str(version.version),
        went,
        ", ".join(tests),
        version.note or "",
        version.reason or "",
        entered,
    )
    return [tiles.cell(one) for one in words]


def _draw_new(actor: Actor, follow_up: FollowUp, waiting: Sequence[Visit]) -> None:
    code = follow_up.patient.study_code
    sheet = Sheet(f"visit_new_{follow_up.patient.id}")
    both = len(infusions_counted(follow_up)) > 1
    places = {(visit.planned.infusion_number, visit.planned.name): visit for visit in waiting}
    with st.container(border=True):
        st.subheader(f"Record a visit of {code}", anchor=False)
        place = sheet.choice(
            "name",
            "Which visit",
            "Only visits that are not recorded yet.",
            list(places),
            lambda one: _choice(places[one], both),
        )
        boxes = _boxes(sheet, None, places[place].planned.tests) if place is not None else {}

        def record(form: Sheet) -> str:
            number, name = place or (None, None)
            typed = {"patient_id": code, "infusion_number": number, "name": name} | boxes
            entry = form.read(VisitIn, typed)
            form.ask(_outside(places[entry.infusion_number, entry.name], entry))
            record_visit(entry, by=actor, now=utc_now())
            return f"Visit {visit_label(entry.name)} of {code} is recorded."

        sheet.submit(f"Record the visit of {code}", record, in_form=False)


def _choice(visit: Visit, both: bool) -> str:
    stands = {VisitState.OVERDUE: ", overdue", VisitState.DUE: ", due"}.get(visit.state, "")
    of = f", {infusion_words(visit.planned.infusion_number)}" if both else ""
    return f"{visit_label(visit.planned.name)}{of}{stands}"


def _outside(visit: Visit, entry: VisitIn) -> list[Question]:
    """The question about a date that the plan does not count for this visit."""
    on, planned = entry.visited_on, visit.planned
    if on is None or planned.from_on <= on <= planned.to_on:
        return []
    window = f"{date_words(planned.from_on)} to {date_words(planned.to_on)}"
    words = f"{date_words(on)} is outside the window of {visit_label(planned.name)} ({window})."
    return [Question("visited_on", on, f"{words} Is it right?")]


def _boxes(
    sheet: Sheet, version: VisitVersion | None, tests: Sequence[VisitTest] = tuple(VisitTest)
) -> dict[str, object]:
    """The boxes of a visit: a second question stands only after its answer, of a test only where planned."""
    stored = version.status if version else None
    hint = "Missed needs a reason."
    status = sheet.choice("status", "Did it take place?", hint, list(VisitStatus), _status_label, stored)
    typed: dict[str, object] = {"status": status}
    if status is VisitStatus.DONE:
        stored_on = version.visited_on if version else None
        typed["visited_on"] = sheet.day("visited_on", "Date of the visit", "Such as 2026-03-30.", stored_on)
        typed |= {test.value: _test_box(sheet, test, version) for test in tests}
    if status is not None:
        missed = status is VisitStatus.MISSED
        label, hint = ("Why was it missed", "Such as: in another hospital.") if missed else _NOTE
        typed["note"] = sheet.words("note", label, hint, (version.note or "") if version else "")
    return typed


def _test_box(sheet: Sheet, test: VisitTest, version: VisitVersion | None) -> DoneOrNot | None:
    stored = version.tests.get(test) if version else None
    hint = "Leave it open where it is not known."
    return sheet.choice(test.value, TEST_LABELS[test], hint, list(DoneOrNot), _done_label, stored)


def _status_label(status: VisitStatus) -> str:
    return _STATUS[status]


def _done_label(said: DoneOrNot) -> str:
    return _DONE[said]


def _draw_change(actor: Actor, follow_up: FollowUp, version: VisitVersion) -> None:
    named = f"visit {visit_label(version.name)} of {follow_up.patient.study_code}"
    sheets = [
        Sheet(f"visit_{what}_{version.stable_id}_{version.version}") for what in ("correct", "withdraw")
    ]
    with st.expander(f"Change {named}", expanded=any(sheet.is_open for sheet in sheets)):
        _draw_correction(actor, follow_up, version, named, sheets[0])
        _draw_void(actor, version, named, sheets[1])


def _draw_correction(
    actor: Actor, follow_up: FollowUp, version: VisitVersion, named: str, sheet: Sheet
) -> None:
    st.subheader(f"Correct {named}", anchor=False)
    boxes = _boxes(sheet, version)
    why = sheet.words("why", "Why is it corrected", "Such as: wrong date.")

    def correct(form: Sheet) -> str:
        place = {
            "patient_id": follow_up.patient.study_code,
            "infusion_number": version.infusion_number,
            "name": version.name,
        }
        entry = form.read(VisitIn, place | boxes, reason=(why, "Say why the visit is corrected."))
        correct_visit(version.stable_id, version.version, entry, why, by=actor, now=utc_now())
        return f"{sentence_case(named)} is corrected."

    sheet.submit(f"Correct {named}", correct, in_form=False)


def _draw_void(actor: Actor, version: VisitVersion, named: str, sheet: Sheet) -> None:
    st.subheader(f"Withdraw {named}", anchor=False)
    why = sheet.words("reason", "Why is it withdrawn", "Such as: wrong patient chosen.")

    def withdraw(_form: Sheet) -> str:
        void_visit(version.stable_id, version.version, why, by=actor, now=utc_now())
        return f"{sentence_case(named)} is withdrawn."

    sheet.submit(f"Withdraw {named}", withdraw, in_form=False)
