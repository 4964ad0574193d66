"""The first tab: the state of the trial in numbers, every one of which opens its patients."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import streamlit as st

from actions.permissions import Page
from charts.grade_rows import draw_grade_rows, part_codes, part_words
from db.queries.committee_people import Person
from db.queries.committee_slots import load_completeness
from db.queries.stopping import RuleState, load_rules
from db.session import reading
from pages.committee.safety_parts.events import event_table, shown_events
from pages.committee.safety_parts.links import patient_link, patient_links, unfolds
from pages.committee.safety_parts.opened import show_patients
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.rate_tables import grade_row_table
from pages.committee.safety_parts.stopping_words import events_so_far, rule_words, standing_words
from pages.committee.safety_parts.tables import who
from pages.committee.safety_parts.view import View, courses, days, part
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.wording import counted, date_words
from reports.events import Event
from trial.completeness import CourseCount, SlotCount
from trial.patient_flow import FlowPatient, patient_flow, worst_after_the_first
from trial.safety_rows import Course
from trial.safety_worst import GradedRow, worst_grades

_BY_NUMBER: Final = {1: "first", 2: "second"}


def show(view: View) -> None:
    """Facts, the worst grade by infusion, the flow of the patients, events of grade 3 or more, deaths."""
    with reading() as session:
        patients = days(session, view)
        counts = part(
            view,
            "completeness",
            lambda: load_completeness(session, patients, view.cut_off, view.protocol, view.zone),
        )
        rules = part(
            view, "rules", lambda: load_rules(session, view.protocol.stopping, view.cut_off, view.zone)
        )
        events = shown_events(session, view)
        graded = courses(session, view)
    facts = part(view, "facts", lambda: _facts(view, counts, rules, events))
    st.html(tiles.Ready(facts))
    _show_worst(view, graded)
    lists = part(view, "lists", lambda: _flow(view, graded) + _lists(view, events))
    st.html(tiles.Ready(lists))


def _facts(
    view: View, counts: Sequence[CourseCount], rules: Sequence[RuleState], events: Sequence[Event]
) -> str:
    dead = _deaths(view)
    facts = [
        _infused(view),
        _completeness([one for one in counts if one.number in view.filter.infusions]),
        _events(events),
        _fact(
            "Deaths",
            str(len(dead)),
            _cause_words(dead),
            patient_links(one.study_code for one in dead),
            opens="Who died?",
        ),
        *(_rule(state) for state in rules),
    ]
    head = tiles.piece("h2", text="Where the trial stands", classes="vigil-h2")
    return head + tiles.piece("div", *facts, classes="vigil-facts")


def _fact(label: str, number: str, words: str, behind: str, *, opens: str) -> str:
    """One fact: its name, its number, the rest in words, and what is behind it."""
    return tiles.piece(
        "div",
        tiles.piece("div", text=label, classes="vigil-fact-label"),
        tiles.piece("div", text=number, classes="vigil-fact-number"),
        tiles.piece("div", text=words, classes="vigil-fact-words"),
        unfolds(opens, behind),
        classes="vigil-fact",
    )


def _infused(view: View) -> str:
    first, second = view.infused_with(1), view.infused_with(2)
    lists = "".join(
        tiles.piece("p", tiles.cell(f"{words}: "), patient_links(one.study_code for one in people))
        for words, people in (
            ("Twice", second),
            ("Once", [one for one in first if one not in second]),
            ("Not yet", [one for one in view.people if one not in first]),
        )
    )
    of = f"of {counted(len(view.people), 'patient', 'patients')} infused, {len(second)} of them twice"
    return _fact("Infused", str(len(first)), of, lists, opens="Who was infused?")


def _events(events: Sequence[Event]) -> str:
    codes = list(dict.fromkeys(event.study_code for event in events))
    words = f"{'event' if len(events) == 1 else 'events'} in {counted(len(codes), 'patient', 'patients')}"
    return _fact("Grade 3 or more", str(len(events)), words, patient_links(codes), opens="Who had them?")


def _completeness(counts: Sequence[CourseCount]) -> str:
    total = sum((one.count for one in counts), SlotCount())
    share = f" ({100 * total.done / total.due:.0f} %)" if total.due else ""
    words = (
        f"of {total.due} due assessments done{share}; {total.skipped} skipped with a reason, "
        f"{total.missing} missing"
    )
    return _fact("Assessments", str(total.done), words, _missing(counts), opens="Missing where?")


def _missing(counts: Iterable[CourseCount]) -> str:
    lacking = sorted((one for one in counts if one.count.missing), key=lambda one: -one.count.missing)
    if not lacking:
        return tiles.cell("none")
    return "".join(
        tiles.piece(
            "p",
            patient_link(one.code, one.number),
            tiles.cell(f" {one.count.missing} after the {_BY_NUMBER[one.number]} infusion"),
        )
        for one in lacking[:30]
    )


def _rule(state: RuleState) -> str:
    rule, reading = state.rule, state.reading
    codes = [one.patient.code for one in state.patients if one.event is not None]
    behind = tiles.piece("p", text="Under the rule stand all patients, whatever the filter.")
    behind += tiles.piece("p", tiles.cell("With an event: "), patient_links(codes, rule.infusion))
    behind += tiles.piece("p", tiles.cell("Pending: "), patient_links(reading.pending, rule.infusion))
    behind += tiles.link("Open the rule", page_address(Page.STOPPING), classes="vigil-link vigil-link-block")
    return _fact(
        f"Stopping rule: {standing_words(state)}",
        counted(events_so_far(state), "event", "events"),
        f"{rule_words(state)} {rule.words}.",
        behind,
        opens="Who is counted?",
    )


def _deaths(view: View) -> list[Person]:
    dead = [one for one in view.people if one.died_on(view.cut_off, view.zone)]
    return sorted(dead, key=lambda one: (_died_on(one), one.study_code))


def _died_on(person: Person) -> date:
    return person.death.on if person.death else date.max


def _cause_words(dead: Iterable[Person]) -> str:
    causes = [person.death.cause for person in dead if person.death]
    counts = {cause: causes.count(cause) for cause in dict.fromkeys(causes)}
    return ", ".join(f"{count} {cause}" for cause, count in counts.items()) or "nobody has died"


def _show_worst(view: View, graded: Sequence[Course]) -> None:
    def rows() -> tuple[GradedRow, ...]:
        return part(view, "worst rows", lambda: worst_rows(view, graded))

    chosen = show_picture(
        view,
        Picture(
            name="worst",
            title="Worst grade by infusion",
            how=f"Complete: day {view.window} is over. Half as high: the window is still open. Rates are of "
            "the complete patients; an event in an open window is named as early. Select a part to see who.",
            alt="Patients by worst grade for each toxicity and infusion, with exact rates, as in the table.",
            draw=lambda theme: draw_grade_rows(rows(), theme),
            table=lambda: grade_row_table("Patients by worst grade up to the cut-off", rows()),
            answers=True,
        ),
    )
    if chosen:
        show_part(rows(), str(chosen[0]), str(chosen[1]))


def worst_rows(view: View, graded: Sequence[Course]) -> tuple[GradedRow, ...]:
    """A line for each toxicity and infusion that is shown."""
    return tuple(
        worst_grades(graded, toxicity, number, view.window)
        for toxicity in view.filter.toxicities
        for number in view.filter.infusions
    )


def show_part(rows: Sequence[GradedRow], label: str, grades: str) -> None:
    """The patients behind one part of a bar."""
    row = next((one for one in rows if one.label == label), None)
    if row is not None:
        show_patients("worst", f"{label}, {part_words(grades)}", part_codes(row, grades))


def _flow(view: View, graded: Sequence[Course]) -> str:
    """Where each patient is; every number opens its patients."""
    worst = worst_after_the_first(graded)
    patients = (
        FlowPatient(
            code=one.study_code,
            infusions=sum(infusion.infused_at <= view.cut_off for infusion in one.infusions),
            worst=worst.get(one.study_code),
            died=one.died_on(view.cut_off, view.zone) is not None,
            left=one.left_on(view.cut_off, view.zone) is not None,
        )
        for one in view.people
    )
    flow = patient_flow(patients, view.protocol.eligibility.barring_grade)
    rows = [[tiles.cell(line.label), who(line.codes)] for line in flow]
    caption = "From the enrolment to the second infusion; a number opens its patients"
    return _h2("Patient flow") + tiles.table(caption, ("", "Patients"), rows, numbers=True)


def _lists(view: View, events: Sequence[Event]) -> str:
    dead = _deaths(view)
    parts = [_h2(f"Events of grade 3 or more ({len(events)})")]
    parts.append(event_table(view, events) if events else _text("None is recorded."))
    parts.append(_h2(f"Deaths ({len(dead)})"))
    parts.append(_death_table(view, dead) if dead else _text("Nobody has died."))
    return "".join(parts)


def _h2(words: str) -> str:
    return tiles.piece("h2", text=words, classes="vigil-h2")


def _text(words: str) -> str:
    return tiles.piece("p", text=words, classes="vigil-text")


def _death_table(view: View, dead: Sequence[Person]) -> str:
    rows = [
        [
            patient_link(person.study_code),
            tiles.cell(date_words(_died_on(person))),
            *(tiles.cell(_day_after(view, person, number)) for number in (1, 2)),
            tiles.cell(person.death.cause if person.death else ""),
        ]
        for person in dead
    ]
    heads = ("Patient", "Died", "Days after the first", "Days after the second", "Cause")
    return tiles.table("Deaths of any cause, earliest first", heads, rows, numbers=True)


def _day_after(view: View, person: Person, number: int) -> str:
    infusion = person.infusion(number)
    if infusion is None:
        return "no infusion"
    return str((_died_on(person) - infusion.infused_at.astimezone(view.zone).date()).days)
