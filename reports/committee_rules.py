"""The stopping rules in the committee's report: how each stands and behaves, and what was decided."""

from collections.abc import Iterator, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from actions.committee import RuleDecision
from charts.stopping_rows import false_stop
from reports.committee_rows import DecisionRow, ReportRows
from reports.committee_table import ORDINALS, Cell, ReportTable, table_of
from trial.protocol import Protocol
from trial.stopping import operating_characteristics
from trial.stopping_reading import Count, PatientUnderRule, RuleReading
from trial.stopping_rules import boundary_of, codes_with_event, crossing, read
from trial.stopping_settings import RuleKind, StoppingRule

_TIMES_TOLERATED: Final = (0.5, 1, 1.5, 2, 3)
"""True rates at which a rule's behaviour is shown, as multiples of the tolerated one."""


def rule_tables(rows: ReportRows, protocol: Protocol, zone: ZoneInfo) -> Iterator[ReportTable]:
    """A table of each rule's readings, then what all of them are; nothing where the protocol has no rule."""
    patients = {row.key: row.patients for row in rows.rules}
    for rule in protocol.stopping:
        decisions = [one for one in rows.decisions if one.rule == rule.key]
        yield _readings(rule, patients.get(rule.key, ()), decisions)
    if protocol.stopping:
        yield _parameters(protocol.stopping)
        yield _behaviour(protocol.stopping)
        yield _decisions(rows.decisions, protocol.stopping, zone)


def _readings(
    rule: StoppingRule, patients: Sequence[PatientUnderRule], decisions: Sequence[DecisionRow]
) -> ReportTable:
    reading = read(rule, patients)
    heads = ("Reading", "Events", "Patients", "Limit", "Pauses")
    lines = (
        ("formal: windows closed", *_formal(reading)),
        ("immediate: all events so far", *_immediate(reading)),
        ("certain: whatever the open windows bring", *_certain(reading)),
    )
    return table_of(f"rule_{rule.key}"[:31], rule.words, heads, lines, note=_note(rule, reading, decisions))


def _formal(reading: RuleReading) -> tuple[Cell, ...]:
    events = reading.path[-1] if reading.path else 0
    counts: tuple[Cell, ...] = (events, len(reading.complete))
    if reading.stopped is not None:
        return (*counts, reading.stopped.stop_at, "yes")
    limit = _limit(reading.looks[-1].stop_at) if reading.looks else "no look yet"
    return (*counts, limit, "no")


def _immediate(reading: RuleReading) -> tuple[Cell, ...]:
    now = reading.immediate
    return (now.events, now.n, _limit(now.stop_at), "yes" if now.stops else "no")


def _certain(reading: RuleReading) -> tuple[Cell, ...]:
    if reading.certain is None:
        return (reading.immediate.events, reading.immediate.n, "at no look", "no")
    found = reading.certain
    return (found.events, found.n, found.stop_at, "yes")


def _limit(stop_at: int | None) -> Cell:
    """The limit; where even an event of everybody does not pause the trial there is none."""
    return "none" if stop_at is None else stop_at


def _note(rule: StoppingRule, reading: RuleReading, decisions: Sequence[DecisionRow]) -> str:
    limits = ", ".join(f"{stop} of {n}" for n, stop in boundary_of(rule) if stop is not None)
    early = f" ({', '.join(reading.early)} with an event already)" if reading.early else ""
    sentences = (
        _standing(rule, reading, decisions),
        f"Pending: {', '.join(reading.pending) or 'nobody'}{early}.",
        f"With an event: {', '.join(codes_with_event(reading)) or 'nobody'}.",
        f"Next count that pauses: {_next(reading.next_formal)}.",
        f"Limits: {limits or 'none'}.",
        "A rule pauses the trial for review; it never stops it by itself.",
    )
    return " ".join(sentences)


def _standing(rule: StoppingRule, reading: RuleReading, decisions: Sequence[DecisionRow]) -> str:
    """ "Reached, and the committee has not decided yet.", in the words of the safety page."""
    decided_on = {code for one in decisions for code in one.decided_on}
    if crossing(rule, reading, decided_on) is not None:
        return "Reached, and the committee has not decided yet."
    return "Not reached." if reading.certain is None else "Reached; the committee has decided."


def _next(count: Count | None) -> str:
    return "none can be reached" if count is None else f"{count.events} events among {count.n}"


def _parameters(rules: Sequence[StoppingRule]) -> ReportTable:
    """A column for each rule: what it is, and its exact false-stop rate."""
    columns = [_parameters_of(rule) for rule in rules]
    lines = [(name, *(column[name] for column in columns)) for name in columns[0]]
    heads = ("", *(rule.key.replace("_", " ") for rule in rules))
    return table_of("rules_parameters", "Stopping rules: what they are", heads, lines)


def _parameters_of(rule: StoppingRule) -> dict[str, str]:
    pocock = rule.kind is RuleKind.POCOCK
    certainty = f"certainty {rule.certainty:g}, prior Beta{rule.prior}" if rule.prior else ""
    return {
        "Counts": rule.words,
        "Kind": "Pocock-type, one level at every look" if pocock else "Bayesian",
        "Tolerated rate": f"{rule.tolerated_rate:g}",
        "Alpha, or certainty and prior": f"alpha {rule.alpha:g}" if rule.alpha is not None else certainty,
        "Exact false-stop rate": f"{100 * false_stop(rule):.2f} %",
        "Infusion counted": f"{ORDINALS[rule.infusion]} infusion",
        "Window": f"day 0 to {rule.window_days}",
        "Patients planned": str(rule.n_max),
        "Looks": "after every patient" if rule.looks is None else ", ".join(str(n) for n in rule.looks),
        "Version": rule.version,
        "Approved by": rule.approved_by,
    }


def _behaviour(rules: Sequence[StoppingRule]) -> ReportTable:
    lines: list[tuple[Cell, ...]] = []
    for rule in rules:
        for rate in (rule.tolerated_rate * times for times in _TIMES_TOLERATED):
            if rate >= 1:
                continue
            found = operating_characteristics(boundary_of(rule), rate)
            lines.append(
                (
                    rule.words,
                    f"{100 * rate:.3g} %{' (tolerated)' if rate == rule.tolerated_rate else ''}",
                    f"{100 * found.stop_probability:.1f} %",
                    f"{found.expected_patients:.1f}",
                    f"{found.expected_events:.1f}",
                )
            )
    heads = ("Rule", "True rate", "Trials it pauses", "Expected patients", "Expected events")
    note = (
        "Operating characteristics, exact. With few patients a rule that rarely pauses in vain misses much."
    )
    return table_of("rules_behaviour", "Stopping rules: how they behave", heads, lines, note=note)


def _decisions(
    decisions: Sequence[DecisionRow], rules: Sequence[StoppingRule], zone: ZoneInfo
) -> ReportTable:
    words = {rule.key: rule.words for rule in rules}
    lines = [
        (
            words.get(one.rule, one.rule),
            f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}",
            one.by,
            RuleDecision(one.decision).label,
            one.reason,
            ", ".join(one.decided_on) or "no event",
        )
        for one in decisions
    ]
    heads = ("Rule", "When", "Signed by", "Decision", "Reason", "On the events of")
    return table_of("rules_decisions", "Decisions of the committee on stopping rules", heads, lines)
