"""What the safety committee decides: on a stopping rule that was reached, or at a planned review."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlmodel import Session

from actions import context
from actions.errors import ChangedMeanwhile, Refused, RefusedField
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.signatures import Signer, sign
from actions.versions import read_reason
from alerts.latched import reconcile_rules
from alerts.outbox import wake_worker
from db.audit import append_event
from db.models import Record
from db.queries.stopping import RuleState, load_rules
from db.session import writing
from trial.stopping_rules import stored_reading

_DECISIONS: Final = Record.metadata.tables["committee_decision"]
_WHY: Final = "Give the committee's reasons."


class RuleDecision(StrEnum):
    """What the committee decides; the rule itself only pauses for this."""

    CONTINUE = "continue"
    PAUSE = "pause"
    AMEND = "amend"
    STOP = "stop"

    @property
    def label(self) -> str:
        """The words on the button and in the signature."""
        return _LABELS[self]


_LABELS: Final = {
    RuleDecision.CONTINUE: "continue as planned",
    RuleDecision.PAUSE: "pause further infusions",
    RuleDecision.AMEND: "continue after an amendment",
    RuleDecision.STOP: "stop the trial",
}


def decide_on_rule(
    rule_key: str,
    decision: RuleDecision,
    reason: str | None,
    *,
    shown: tuple[str, ...],
    signer: Signer,
    now: datetime,
) -> int:
    """Record a signed decision on a rule with the reading it was taken on; returns its row id.

    `shown` are the study codes with an event that the member saw. The rule's boundary alert closes with it.

    Raises:
        Refused: the rule is not in the protocol, or there is no reason.
        ChangedMeanwhile: other patients have an event by now; look again before deciding.
    """
    by = signer.actor
    require(by, Action.DECIDE_ON_RULE)
    why = read_reason(reason, _WHY)
    with writing() as session:
        state = _state(session, rule_key, now)
        reading = stored_reading(state.rule, state.reading)
        _refuse_other_events(tuple(reading["with_event"]), shown)
        values: dict[str, Any] = {
            "rule": rule_key,
            "reading": reading,
            "decision": decision.value,
            "reason": why,
            "protocol_hash": context.protocol().hash,
            "by": by.user_id,
            "at": now,
        }
        decision_id = insert_row(session, _DECISIONS, values)
        append_event(
            session,
            at=now,
            by=by,
            action="decide_on_rule",
            subject="committee_decision",
            subject_id=decision_id,
            detail=values,
        )
        sign(
            session,
            signer,
            subject="committee_decision",
            subject_id=decision_id,
            meaning=f"The committee decides to {decision.label}",
            record=values,
            now=now,
        )
        reconcile_rules(session, now=now, protocol=context.protocol(), by=by, settings=context.settings())
    wake_worker(context.settings())
    return decision_id


def _state(session: Session, rule_key: str, now: datetime) -> RuleState:
    rules = load_rules(session, context.protocol().stopping, now, context.settings().zone)
    found = next((state for state in rules if state.rule.key == rule_key), None)
    if found is None:
        raise Refused(
            [RefusedField("rule", rule_key, "This rule is not in the protocol in force. Reload the page.")]
        )
    return found


def _refuse_other_events(now_with_event: tuple[str, ...], shown: tuple[str, ...]) -> None:
    if set(now_with_event) != set(shown):
        raise ChangedMeanwhile(
            "The patients with an event have changed since you opened the page. Nothing was recorded.",
            theirs={"with_event": ", ".join(now_with_event) or "nobody"},
            yours={"with_event": ", ".join(shown) or "nobody"},
        )
