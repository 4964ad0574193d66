"""The committee's decision on a rule: choose, give the reasons, sign."""

import streamlit as st

from actions.committee import RuleDecision, decide_on_rule
from actions.errors import Refused, RefusedField
from actions.signatures import check_signer
from clock import utc_now
from db.queries.stopping import RuleState
from db.roles import Actor
from pages.committee.stopping_parts.words import with_event
from pages.parts.sheet import Sheet
from pages.parts.wording import sentence_case


def draw_decision(actor: Actor, state: RuleState) -> None:
    """The form; unfolded by itself while the rule is reached."""
    rule, shown = state.rule, with_event(state)
    sheet = Sheet(f"decision_{rule.key}")
    unfolded = state.crossing is not None or sheet.is_open
    with st.expander("Record a decision of the committee", expanded=unfolded), sheet.form():
        decision = sheet.choice(
            "decision",
            "Decision",
            f"On the events of {', '.join(shown)}." if shown else "No event so far.",
            list(RuleDecision),
            lambda one: sentence_case(one.label),
        )
        reason = sheet.words("reason", "Reasons", "What the committee looked at and why it decides so.")
        password = sheet.secret("password", "Your password", "Signing binds your name to this decision.")

        def decide(_form: Sheet) -> str:
            if decision is None:
                raise Refused([RefusedField("decision", None, "Choose what the committee decides.")])
            now = utc_now()
            signer = check_signer(actor, password, now=now)
            decide_on_rule(rule.key, decision, reason, shown=shown, signer=signer, now=now)
            return f"The decision is recorded and signed: {decision.label}."

        sheet.submit("Sign the decision", decide)
