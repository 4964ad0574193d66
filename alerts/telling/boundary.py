"""The story of a stopping rule, read from the stored records as they now are."""

from typing import Any

from alerts.states import Change, NoticeKind
from alerts.telling.desk import Desk
from alerts.words.trial_stories import RuleStory
from db.queries.stopping import RuleState, load_rules


def rule_story(desk: Desk, change: Change, common: dict[str, Any]) -> RuleStory:
    """The story. A rule that the protocol holds no more has none, and its notice is told in fixed words."""
    state = _state(desk, change.slot)
    crossing = state.crossing
    count = crossing.count if crossing else state.reading.immediate
    return RuleStory(
        **common,
        words=state.rule.words,
        version=state.rule.version,
        events=count.events,
        n=count.n,
        look=count.look,
        stop_at=count.stop_at,
        read_by=crossing.read_by if crossing else None,
        codes=crossing.codes if crossing else tuple(sorted(change.members)),
        infusion=state.rule.infusion,
        window_days=state.rule.window_days,
        pending=len(state.reading.pending),
        decision=state.decisions[-1].decision if change.notice is NoticeKind.RECOVERY else None,
        at=desk.now,
    )


def _state(desk: Desk, key: str) -> RuleState:
    rules = tuple(rule for rule in desk.protocol.stopping if rule.key == key)
    (state,) = load_rules(desk.session, rules, desk.now, desk.settings.zone)
    return state
