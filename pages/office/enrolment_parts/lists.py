"""The three lists of the enrolment page: in screening, not eligible, enrolled."""

from datetime import datetime
from typing import Final
from urllib.parse import quote

import streamlit as st

from actions import context
from actions.permissions import Page
from db.queries.office import PatientRecord
from grading.charted import Sign
from pages.office.enrolment_parts.loaded import Everybody, Screened, Standing
from pages.office.office_parts.patients import about_words, infusions_words, patient_link
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.eligibility_words import result_words, since_enrolled
from pages.parts.wording import date_and_time, listed, sentence_case
from trial.eligibility import Verdict

_HEADS: Final = ["Study code", "Baseline", "Screening began", "How it stands"]


def draw_lists(everybody: Everybody, now: datetime) -> None:
    """Each list with its number; a list that is empty says so in a line."""
    in_screening = everybody.standing(Standing.IN_SCREENING)
    st.header(f"In screening ({len(in_screening)})", anchor=False)
    _table("In screening", in_screening, now) if in_screening else st.text("Nobody is in screening.")
    failed = everybody.standing(Standing.NOT_ELIGIBLE)
    if failed:
        st.header(f"Not eligible ({len(failed)})", anchor=False)
        _table("Screened and not eligible", failed, now)
    _draw_enrolled(everybody.standing(Standing.ENROLLED), now)


def counts_words(everybody: Everybody) -> str:
    """ "2 in screening, 1 not eligible, 15 enrolled"."""
    return ", ".join(f"{len(everybody.standing(one))} {one.value.replace('_', ' ')}" for one in Standing)


def findings_words(patient: PatientRecord) -> str:
    """The lasting findings in words."""
    if patient.lasting_findings is None:
        return "not recorded"
    phrases = [sign.phrase for sign in Sign if sign in patient.lasting_findings]
    return sentence_case(listed(phrases)) if phrases else "none"


def stand_words(one: Screened) -> str:
    """The result in a sentence, also before there is one."""
    if one.problem is not None:
        return f"The facts cannot be judged. {one.problem}"
    if one.eligibility is None:
        return "No fact is recorded yet."
    waits = one.patient.enrolled_at is None and one.eligibility.verdict is Verdict.ELIGIBLE
    return result_words(one.eligibility) + (" An investigator has to sign." if waits else "")


def _table(caption: str, screened: list[Screened], now: datetime) -> None:
    rows = [
        [
            _screening_link(one.patient),
            tiles.cell(about_words(one.patient)),
            tiles.cell(_shown(one.patient.screened_at)),
            tiles.cell(stand_words(one)),
        ]
        for one in screened
    ]
    st.html(tiles.table(f"{caption} as of {_shown(now)}", _HEADS, rows))


def _draw_enrolled(enrolled: list[Screened], now: datetime) -> None:
    planned = context.protocol().patients
    st.header(f"Enrolled ({len(enrolled)} of {planned} planned)", anchor=False)
    if not enrolled:
        st.text("Nobody is enrolled yet.")
        return
    heads = ["Study code", "Baseline", "Infusions", "Lasting findings", "Enrolment"]
    rows = [
        [
            patient_link(one.patient),
            tiles.cell(about_words(one.patient)),
            tiles.cell(infusions_words(one.patient)),
            tiles.cell(findings_words(one.patient)),
            tiles.cell(_enrolment_words(one)),
        ]
        for one in enrolled
    ]
    st.html(tiles.table(f"Enrolled as of {_shown(now)}", heads, rows))


def _enrolment_words(one: Screened) -> str:
    at = one.patient.enrolled_at
    if at is None or one.record is None or one.eligibility is None:
        return f"{_shown(at)}, without a screening here."
    return since_enrolled(at, one.eligibility, one.record.version) or f"{_shown(at)}."


def _screening_link(patient: PatientRecord) -> str:
    address = f"{page_address(Page.ENROLMENT)}?code={quote(patient.study_code)}"
    return tiles.link(patient.study_code, address)


def _shown(at: datetime | None) -> str:
    return "not recorded" if at is None else date_and_time(at, context.settings().zone)
