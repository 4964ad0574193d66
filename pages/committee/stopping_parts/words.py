"""How a stopping rule stands, in sentences: the count first, then what would pause the trial."""

from db.queries.stopping import RuleState, UnderRule
from pages.parts.wording import counted
from trial.stopping_reading import Count
from trial.stopping_rules import ReadBy, codes_with_event

_READ_BY = {
    ReadBy.FORMAL: "by the formal reading",
    ReadBy.IMMEDIATE: "by the immediate reading; windows are still open",
    ReadBy.CERTAIN: "for certain, whatever the windows still open will bring",
}


def formal_words(state: RuleState) -> str:
    """ "Formal reading: 2 of 6 evaluable patients had an event. 3 pending. The next count ..."."""
    reading = state.reading
    events = reading.path[-1] if reading.path else 0
    complete = counted(len(reading.complete), "evaluable patient", "evaluable patients")
    following = _next_words(reading.next_formal, events)
    return f"Formal reading: {events} of {complete} had an event. {_pending_words(state)} {following}"


def immediate_words(state: RuleState) -> str:
    """ "Immediate reading: 3 events among 9 infused; the limit there is 5 ..."."""
    now = state.reading.immediate
    among = f"Immediate reading: {counted(now.events, 'event', 'events')} among {now.n} infused"
    if now.stop_at is None:
        return f"{among}; no number of events pauses the trial there."
    following = _next_words(state.reading.next_immediate, now.events)
    return f"{among}; the limit at {now.look} is {now.stop_at}. {following}"


def reached_words(state: RuleState) -> str:
    """The line on top of a rule that is reached and not yet decided on."""
    if state.crossing is None:
        return ""
    count = state.crossing.count
    how = _READ_BY[state.crossing.read_by]
    return (
        f"This rule is reached {how}: {counted(count.events, 'event', 'events')} among {count.n}, the limit "
        f"is {count.stop_at}. No further infusion of this kind before the committee has decided."
    )


def what_if_words(state: RuleState) -> str:
    """What the next patient's event would mean, on both readings."""
    formal, immediate = state.reading.if_next_formal, state.reading.if_next_immediate
    return (
        f"If the next patient has an event: formal reading {_count_words(formal)}; "
        f"immediate reading {_count_words(immediate)}."
    )


def event_words(patient: UnderRule) -> str:
    """ "CRS 3 on day 4", "death (infection) on day 12" or "none so far"."""
    event = patient.event
    if event is None:
        return "none so far"
    what = ", ".join(f"{toxicity.label} {grade}" for toxicity, grade in event.toxicities)
    if event.cause is not None:
        what = f"death ({event.cause.value})"
    return f"{what} on day {event.day}"


def with_event(state: RuleState) -> tuple[str, ...]:
    """The study codes with an event, in the order of infusion."""
    return codes_with_event(state.reading)


def _count_words(count: Count) -> str:
    stops = "the trial pauses" if count.stops else "the trial goes on"
    limit = "no limit" if count.stop_at is None else f"limit {count.stop_at} at {count.look}"
    return f"{count.events} of {count.n} ({limit}): {stops}"


def _pending_words(state: RuleState) -> str:
    pending, early = len(state.reading.pending), len(state.reading.early)
    if not pending:
        return "Nobody is pending."
    known = f", {early} of them with an event already" if early else ""
    return f"{pending} pending{known}."


def _next_words(count: Count | None, events: int) -> str:
    """What would pause the trial next; a limit that is passed already is no next one."""
    if count is None:
        return "No count that can still be reached pauses the trial."
    if count.events <= events:
        return f"The limit at {count.n} is reached already."
    return f"The next count that pauses: {count.events} events among {count.n}."
