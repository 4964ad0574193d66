"""The enrolment itself: the result, the signature box, and what was signed."""

from collections.abc import Sequence

import streamlit as st

from actions import context
from actions.enrolment import is_as_signed, meaning_of, sign_enrolment
from actions.permissions import Action, may
from clock import utc_now
from db.queries.screening import ScreeningRecord
from db.queries.signatures import SignatureRecord
from db.roles import Actor
from pages.office.enrolment_parts.loaded import History, Screened
from pages.parts import tiles
from pages.parts.sheet import Sheet
from pages.parts.wording import date_and_time
from trial.eligibility import Verdict


def draw_enrolment(actor: Actor, one: Screened, history: History) -> None:
    """What was signed, or the box to sign in, or why nobody can sign yet."""
    code = one.patient.study_code
    st.header(f"Enrolment of {code}", anchor=False)
    for signature in history.signatures:
        _draw_signature(signature, history)
    if one.patient.enrolled_at is not None:
        if not history.signatures:
            st.text(f"{code} was enrolled without a screening here; nothing was signed.")
        return
    if one.record is None or one.eligibility is None or one.eligibility.verdict is not Verdict.ELIGIBLE:
        st.text(f"An investigator signs here once every criterion speaks for enrolling {code}.")
    elif may(actor.role, Action.SIGN_ENROLMENT):
        _draw_box(actor, one, one.record)
    else:
        st.text(f"{code} is eligible. An investigator signs the enrolment on this page.")


def _draw_box(actor: Actor, one: Screened, record: ScreeningRecord) -> None:
    code = one.patient.study_code
    sheet = Sheet(f"sign_{one.patient.id}_{record.version}")
    with st.container(border=True), sheet.form():
        st.text(
            f"{meaning_of(code)}\nSigned as {actor.display_name}, for version {record.version} of the facts."
        )
        password = sheet.secret("password", "Your password", "Again, as your signature.")

        def sign(_form: Sheet) -> str:
            sign_enrolment(one.patient.id, record.version, password, by=actor, now=utc_now())
            return f"{code} is enrolled. Record the infusion on the page Infusions."

        sheet.submit(f"Sign and enrol {code}", sign)


def _draw_signature(signature: SignatureRecord, history: History) -> None:
    signed = history.signed_by(signature)
    at = date_and_time(signature.signed_at, context.settings().zone)
    st.text(f"{signature.meaning}\nSigned by {signature.printed_name} ({signature.role}) on {at}.")
    st.html(tiles.soft(_bound_words(signature, signed, history.versions)))


def _bound_words(
    signature: SignatureRecord, signed: ScreeningRecord, versions: Sequence[ScreeningRecord]
) -> str:
    if not is_as_signed(signed, signature):
        return "The stored facts are not those that were signed. Call the administrator."
    bound = f"Bound to version {signed.version} of the facts ({signature.record_hash[:12]})."
    later = versions[-1].version
    if later == signed.version:
        return f"{bound} They have not changed since."
    return f"{bound} The facts were changed since; version {later} stands now."
