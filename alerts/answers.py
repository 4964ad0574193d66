"""How an alert may be answered: what is done at a bedside answers no alert of the trial."""

from collections.abc import Mapping
from typing import Final

from alerts.model import SignalKind
from db.inputs_alerts import ActionTaken

_AT_THE_BEDSIDE: Final = (
    ActionTaken.SEEN_AT_BEDSIDE,
    ActionTaken.DRUG_GIVEN,
    ActionTaken.INTENSIVE_CARE_CALLED,
    ActionTaken.OTHER,
)
_OTHERWISE: Final[Mapping[SignalKind, tuple[ActionTaken, ...]]] = {
    SignalKind.BARRED: (ActionTaken.INFORMED, ActionTaken.OTHER),
    SignalKind.BOUNDARY: (ActionTaken.COMMITTEE_CALLED, ActionTaken.OTHER),
    SignalKind.SAE_CLOCK: (ActionTaken.WILL_REPORT, ActionTaken.OTHER),
    SignalKind.SYSTEM: (ActionTaken.OTHER,),
}


def answers_to(kind: SignalKind) -> tuple[ActionTaken, ...]:
    """What may have been done, in the order in which it is asked."""
    return _OTHERWISE.get(kind, _AT_THE_BEDSIDE)
