"""How each stopping rule stands, in words for the first page."""

from db.queries.stopping import RuleState
from pages.parts.wording import counted
from trial.stopping_reading import Count


def events_so_far(state: RuleState) -> int:
    """Events among the complete patients."""
    return state.reading.path[-1] if state.reading.path else 0


def rule_words(state: RuleState) -> str:
    """What stands beside the count: "among 4 complete patients; 1 pending. Stops next at ..."."""
    reading = state.reading
    pending = f"{len(reading.pending)} pending"
    early = f", {len(reading.early)} of them with an event already" if reading.early else ""
    complete = counted(len(reading.complete), "complete patient", "complete patients")
    return f"among {complete}; {pending}{early}. {_next(state)}"


def standing_words(state: RuleState) -> str:
    """ "not reached", "reached, not decided on" or "reached, decided on"."""
    if state.crossing is not None:
        return "reached, not decided on"
    if state.reading.stopped is not None or state.reading.certain is not None:
        return "reached, decided on"
    return "not reached"


def _next(state: RuleState) -> str:
    if state.crossing is not None:
        return f"Reached with {_count(state.crossing.count)}: the trial pauses for a review."
    following = state.reading.next_formal
    if following is None:
        return "No look is left that could stop."
    if following.events <= events_so_far(state):
        return f"The limit at {following.n} is reached already."
    return f"Stops next at {_count(following)}."


def _count(count: Count) -> str:
    return f"{count.events} events among {count.n}"
