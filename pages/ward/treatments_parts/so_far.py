"""What goes on, with one touch to end it; tocilizumab and steroids so far; everything that was given."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

import streamlit as st

from actions import context
from actions.errors import Refused
from actions.permissions import Page
from actions.treatments import TreatmentSaved, end_treatment
from clock import utc_now
from db.queries.office import PatientRecord
from db.queries.treatments import TreatmentRecord
from db.roles import Actor
from db.session import SaveRefused
from grading.units import write_decimal
from pages.parts import tiles
from pages.parts.sheet import say
from pages.parts.wording import ago, counted, date_words, infusion_words, when
from pages.ward.record_parts.choosing import address_of
from pages.ward.treatments_parts.words import (
    dose_words,
    end_words,
    entered_words,
    giving_words,
    name_of,
    since_words,
)
from trial.limits import TreatmentLimits
from trial.steroids import SOURCE, SteroidDay, steroid_days
from trial.tocilizumab import TocilizumabSoFar, mg_per_kg, tocilizumab_so_far
from trial.treatment_facts import Drug
from trial.treatments import Treatment

_DAYS_SHOWN: Final = 14
_PROBLEM: Final = "treatments_problem"


def draw_going_on(actor: Actor, records: Sequence[TreatmentRecord], now: datetime) -> None:
    """What is repeated or runs now, each with its button."""
    going_on = [one for one in records if one.fact.is_ongoing]
    st.header(f"Going on now ({len(going_on)})", anchor=False)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.html(tiles.problem(problem))
    if not going_on:
        st.text("Nothing is running or being repeated.")
    for record in going_on:
        fact = record.fact
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            words = f"{name_of(fact)} {dose_words(fact)}, {giving_words(fact)}"
            soft = tiles.piece("span", text=since_words(fact, now), classes="vigil-soft")
            st.html(tiles.line(tiles.piece("b", text=words), soft), width="stretch")
            st.button(
                f"End {fact.words} now",
                key=f"end-{fact.stable_id}-{record.version}",
                on_click=partial(_end, actor, record),
            )


def _end(actor: Actor, record: TreatmentRecord) -> None:
    now = utc_now()
    ended_at = max(now.replace(second=0, microsecond=0), record.fact.started_at)
    try:
        saved = end_treatment(record.fact.stable_id, record.version, ended_at, by=actor, now=now)
    except (Refused, SaveRefused) as refusal:
        st.session_state[_PROBLEM] = str(refusal)
        return
    at = when(ended_at, now, context.settings().zone)
    say(f"{name_of(record.fact)} ended at {at}.{told_words(saved)}")


def told_words(saved: TreatmentSaved) -> str:
    """What the change of a treatment did to grades and alerts; nothing where it did nothing."""
    if not saved.regraded:
        return ""
    words = f" {counted(saved.regraded, 'grade was', 'grades were')} made anew."
    return f"{words} {counted(saved.told, 'person is', 'people are')} being told." if saved.told else words


def draw_tocilizumab(patient: PatientRecord, treatments: Sequence[Treatment], now: datetime) -> None:
    """Doses against the protocol's limits, and from when on the next one is far enough."""
    st.header("Tocilizumab", anchor=False)
    given = [one for one in patient.infusions if one.infused_at <= now]
    so_far = tocilizumab_so_far(treatments, now, given[-1].infused_at if given else None)
    if so_far.last_at is None:
        st.text("No dose is recorded.")
        return
    limits = context.protocol().treatments
    since = f", {so_far.since_infusion} since the {infusion_words(given[-1].number)}" if given else ""
    in_all = (
        f"{so_far.in_24_h} in the last 24 h (at most {limits.tocilizumab_in_24_h}), "
        f"{so_far.in_all} in all (at most {limits.tocilizumab_in_all}){since}."
    )
    last = _last_words(patient, treatments, so_far, limits, now)
    st.html("".join(tiles.piece("p", text=words, classes="vigil-text") for words in (in_all, last)))


def _last_words(
    patient: PatientRecord,
    treatments: Sequence[Treatment],
    so_far: TocilizumabSoFar,
    limits: TreatmentLimits,
    now: datetime,
) -> str:
    zone, last_at = context.settings().zone, so_far.last_at or now
    last = [one for one in treatments if one.drug is Drug.TOCILIZUMAB and one.started_at <= last_at][-1]
    each = mg_per_kg(last, weight_at(patient, last_at))
    per_kg = "" if each is None else f" ({write_decimal(each.quantize(Decimal('0.01')))} mg/kg)"
    next_at = last_at + timedelta(hours=limits.tocilizumab_hours_apart)
    apart = (
        f"{limits.tocilizumab_hours_apart:g} h are over"
        if next_at <= now
        else (f"{limits.tocilizumab_hours_apart:g} h are over at {when(next_at, now, zone)}")
    )
    return f"Last: {dose_words(last)}{per_kg}, {when(last_at, now, zone)}, {ago(last_at, now)}; {apart}."


def weight_at(patient: PatientRecord, at: datetime) -> float | None:
    """The weight recorded with the newest infusion up to a moment that has one."""
    weights = [one.weight_kg for one in patient.infusions if one.weight_kg and one.infused_at <= at]
    return weights[-1] if weights else None


def draw_steroids(treatments: Sequence[Treatment], now: datetime) -> None:
    """Dexamethasone-equivalent mg of each day and in all, the newest day first."""
    st.header("Steroids", anchor=False)
    days = steroid_days(treatments, now, context.settings().zone)
    if not days:
        st.text("No steroid is recorded.")
        return
    rows = [[tiles.cell(words) for words in _steroid_words(day)] for day in reversed(days[-_DAYS_SHOWN:])]
    heads = ["Day", "Dexamethasone-equivalent", "Doses", "In all up to then"]
    st.html(tiles.table("Steroids by day", heads, rows, numbers=True))
    st.html(tiles.soft(f"Doses of what is repeated count as given until it is ended. Amounts: {SOURCE}"))


def _steroid_words(day: SteroidDay) -> tuple[str, str, str, str]:
    least = "at least " if day.unknown else ""
    unknown = f", {day.unknown} without an amount" if day.unknown else ""
    return (
        date_words(day.on),
        f"{least}{write_decimal(day.mg)} mg",
        f"{day.doses}{unknown}",
        f"{write_decimal(day.cumulative)} mg",
    )


def draw_list(patient: PatientRecord, records: Sequence[TreatmentRecord], now: datetime) -> None:
    """Everything that stands, newest first; the drug leads to its versions and to its correction."""
    st.header(f"Treatments ({len(records)})", anchor=False)
    if not records:
        st.text("No treatment is recorded yet.")
        return
    heads = ["Drug", "Dose", "How", "From", "To", "Entered"]
    rows = [_row(patient, record, now) for record in records]
    st.html(tiles.table("Treatments, newest first; a drug opens its entry", heads, rows, numbers=True))


def _row(patient: PatientRecord, record: TreatmentRecord, now: datetime) -> list[str]:
    fact = record.fact
    address = address_of(Page.TREATMENTS, patient.study_code, t=fact.stable_id)
    beyond = " (beyond a limit, confirmed)" if record.confirmed else ""
    return [
        tiles.link(name_of(fact), address, classes="vigil-link vigil-link-row"),
        tiles.cell(dose_words(fact) + beyond),
        nowrap(giving_words(fact)),
        nowrap(when(fact.started_at, now, context.settings().zone)),
        nowrap(end_words(fact, now)),
        tiles.cell(entered_words(record, now)),
    ]


def nowrap(words: str) -> str:
    """A cell that stays in one line."""
    return tiles.piece("span", text=words, classes="vigil-nowrap")
