"""One event, or one derived episode, opened: what is known, its clock and report, and what can be done."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from actions import context
from actions.episodes import correct_judgement, judge_episode
from actions.permissions import Action, may
from actions.words import date_words
from clock import utc_now
from db.inputs_event import EpisodeIn
from db.queries.derived_episodes import DerivedEpisode
from db.queries.events import EventRecord, load_event_versions
from db.queries.office import PatientRecord
from db.queries.sae_facts import load_sae_facts
from db.roles import Actor
from db.session import reading
from pages.office.event_parts.boxes import draw_judged_boxes, stored_values
from pages.office.event_parts.clocks import clock_band
from pages.office.event_parts.entry import draw_correction, draw_withdrawal
from pages.office.event_parts.listing import episode_end
from pages.office.event_parts.loaded import Loaded, episode_words, list_link
from pages.office.event_parts.report_forms import (
    draw_new_notification,
    draw_new_version,
    draw_notifications,
    draw_versions,
    draw_withdrawals,
)
from pages.office.office_parts.patients import patient_link
from pages.parts import tiles
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import date_and_time
from reports.sae import is_outdated
from reports.sae_content import CAUSES
from trial.ctcae_terms import find_term
from trial.event_facts import SeriousCriterion

_WHY = "Say why it is corrected, such as: causality judged again."


def draw_event(actor: Actor, loaded: Loaded, stable_id: str, now: datetime) -> None:
    """An event by CTCAE, or what was added to an episode that the assessments no longer show."""
    with reading() as session:
        versions = load_event_versions(session, stable_id)
    if not versions:
        st.text("This event is not known. Open it from the list.")
        st.html(list_link(None))
        return
    event = versions[-1]
    code = loaded.code_of(event.patient_id)
    st.html(list_link(code))
    st.header(f"{event.term} of {code}", anchor=False)
    if event.voided:
        st.html(tiles.outlined_band(f"Withdrawn: {event.reason}"))
    st.html(tiles.table("The event", ["", "Recorded"], _event_rows(event)))
    if not event.voided:
        _draw_serious(actor, loaded, event, code, now)
        _draw_changes(actor, event, code)
    _draw_history(versions)


def draw_episode(actor: Actor, loaded: Loaded, derived: DerivedEpisode, now: datetime) -> None:
    """A derived episode: the assessments' facts, what was added, and the form that adds or corrects it."""
    code, added = derived.study_code, derived.added
    patient = next(one for one in loaded.patients if one.id == derived.patient_id)
    st.html(list_link(code))
    st.header(f"{episode_words(derived)} of {code}", anchor=False)
    st.html(tiles.table("From the assessments", ["", "Shown"], _episode_rows(derived, patient)))
    st.text("Grade, onset and end follow from the assessments. To change them, correct an assessment.")
    if added is not None:
        if added.grade != derived.episode.worst:
            st.html(tiles.outlined_band(_other_grade(added, derived)))
        st.html(tiles.table("What was judged", ["", "Recorded"], _judged_rows(added)))
        _draw_serious(actor, loaded, added, code, now)
    if may(actor.role, Action.RECORD_EVENT):
        _draw_judgement(actor, derived)
        if added is not None:
            draw_withdrawal(actor, code, added)
    if added is not None:
        with reading() as session:
            versions = load_event_versions(session, added.stable_id)
        _draw_history(versions)


def _draw_serious(actor: Actor, loaded: Loaded, event: EventRecord, code: str, now: datetime) -> None:
    reading_ = loaded.clock(event, now)
    reports = list(loaded.reports.get(event.stable_id, ()))
    if reading_ is None and not reports:
        return
    st.header("Report of this serious event", anchor=False)
    if reading_ is not None:
        st.html(clock_band(reading_))
    with reading() as session:
        facts = load_sae_facts(session, event.stable_id, context.protocol(), context.settings().zone)
    draw_versions(reports, facts is not None and is_outdated(facts))
    reports_it = may(actor.role, Action.REPORT_SAE) and event.is_serious
    if reports_it:
        draw_new_version(actor, event, reports)
    notifications = loaded.notifications.get(event.stable_id, ())
    draw_notifications(notifications)
    if reports_it:
        draw_new_notification(actor, event, reports, now)
        draw_withdrawals(actor, notifications)


def _draw_changes(actor: Actor, event: EventRecord, code: str) -> None:
    if not may(actor.role, Action.CORRECT_EVENT):
        return
    st.header("Change what is recorded", anchor=False)
    if event.toxicity is None:
        draw_correction(actor, code, event)
    draw_withdrawal(actor, code, event)


def _draw_judgement(actor: Actor, derived: DerivedEpisode) -> None:
    episode, added = derived.episode, derived.added
    version = 0 if added is None else added.version
    sheet = Sheet(f"episode_{derived.infusion_id}_{episode.toxicity}_{episode.first_at:%Y%m%d%H%M}_{version}")
    title = "Add seriousness, causality and outcome" if added is None else "Correct what was judged"
    st.header("Change what is recorded", anchor=False)
    with st.expander(title, expanded=sheet.is_open):
        typed = draw_judged_boxes(sheet, added)
        why = "" if added is None else sheet.words("why", "Why is it corrected", "Such as: judged again.")

        def save(form: Sheet) -> str:
            values = {
                "patient_id": derived.study_code,
                "infusion_number": derived.infusion_number,
                "toxicity": episode.toxicity,
                "first_at": episode.first_at,
                "grade": episode.worst or None,
                **typed.values,
            }
            stored = {} if added is None else stored_values(added)
            reason = None if added is None else (why, _WHY)
            entry = form.read(EpisodeIn, values, typed.moments, stored=stored, reason=reason)
            if added is None:
                judge_episode(entry, by=actor, now=utc_now())
            else:
                correct_judgement(added.stable_id, added.version, entry, why, by=actor, now=utc_now())
            return f"What was judged about {episode_words(derived)} of {derived.study_code} is recorded."

        sheet.submit("Save", save, in_form=False)


def _draw_history(versions: Iterable[EventRecord]) -> None:
    rows = [
        [
            tiles.cell(str(one.version)),
            tiles.cell(f"grade {one.grade}"),
            tiles.cell("withdrawn" if one.voided else "serious" if one.is_serious else "not serious"),
            tiles.cell(f"{shown_value(one.entered_at)} by {one.entered_by or 'the program'}"),
            tiles.cell(one.reason or ""),
        ]
        for one in versions
    ]
    heads = ["Version", "Grade", "Serious", "Entered", "Why"]
    st.header("Versions", anchor=False)
    st.html(tiles.table("Every version of it, the first one first", heads, rows, numbers=True))


def _event_rows(event: EventRecord) -> list[list[str]]:
    listed = find_term(event.term) if event.toxicity is None else None
    words = listed.words.get(event.grade, "") if listed else ""
    rows = [
        (
            "Grade",
            tiles.line(
                tiles.grade_tile(event.grade, event.grade, small=True), tiles.piece("span", text=words)
            ),
        ),
        ("Onset", tiles.cell(date_words(event.onset_on))),
        ("End", tiles.cell("goes on" if event.ended_on is None else date_words(event.ended_on))),
    ]
    if event.is_infection:
        rows += _infection_rows(event)
    return [[tiles.cell(name), cell] for name, cell in rows] + _judged_rows(event)


def _infection_rows(event: EventRecord) -> list[tuple[str, str]]:
    neutropenic = {True: "yes", False: "no", None: None}[event.neutropenic]
    proof, treatment = event.proof, event.infection_treatment
    return [
        ("Site", tiles.cell(shown_value(event.site))),
        ("Organism", tiles.cell(shown_value(event.organism))),
        ("How it was proved", tiles.cell(shown_value(proof and proof.phrase))),
        ("Neutropenic", tiles.cell(shown_value(neutropenic))),
        ("Treatment of the infection", tiles.cell(shown_value(treatment and treatment.phrase))),
    ]


def _judged_rows(event: EventRecord) -> list[list[str]]:
    causes = [
        (f"Caused by: {cause}", "not judged" if (judged := getattr(event, name)) is None else judged.phrase)
        for name, cause in CAUSES.items()
    ]
    criteria = "; ".join(one.phrase for one in SeriousCriterion if one in (event.serious_criteria or ()))
    rows = [
        *causes,
        ("Action taken", shown_value(event.action_taken and event.action_taken.phrase)),
        ("Outcome", shown_value(event.outcome and event.outcome.phrase)),
        ("Serious", f"yes: {criteria}" if event.is_serious else "no"),
    ]
    if event.aware_at is not None:
        rows.append(("The site learned of it", shown_value(event.aware_at)))
    if event.note:
        rows.append(("Note", event.note))
    return [[tiles.cell(name), tiles.cell(words)] for name, words in rows]


def _episode_rows(derived: DerivedEpisode, patient: PatientRecord) -> list[list[str]]:
    episode, zone = derived.episode, context.settings().zone
    grade = episode.worst if episode.worst_settled else None
    tile = tiles.grade_tile(grade, episode.worst, toxicity=episode.toxicity.label, small=True)
    day = derived.day_of(episode.first_at, zone)
    rows = [
        (
            "Worst grade",
            tiles.line(tile, tiles.piece("span", text=f"first at {date_and_time(episode.worst_at, zone)}")),
        ),
        ("Onset", tiles.cell(f"{date_and_time(episode.first_at, zone)}, day {day}")),
        ("Last sign", tiles.cell(date_and_time(episode.last_sign_at, zone))),
        ("End", tiles.cell(episode_end(derived))),
        ("Assessments", patient_link(patient, f"Open the page of {patient.study_code}")),
    ]
    return [[tiles.cell(name), cell] for name, cell in rows]


def _other_grade(added: EventRecord, derived: DerivedEpisode) -> str:
    return (
        f"It was judged at grade {added.grade}; the assessments show grade {derived.episode.worst} now. "
        "Judge it again."
    )
