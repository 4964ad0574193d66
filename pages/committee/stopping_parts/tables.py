"""The tables of a stopping rule: its patients, limits, behaviour, decisions and parameters."""

from collections.abc import Sequence
from urllib.parse import quote

from actions import context
from actions.committee import RuleDecision
from charts.stopping_rows import CharacteristicRow, false_stop
from db.queries.stopping import RuleState
from pages.committee.stopping_parts.words import event_words
from pages.parts import tiles
from pages.parts.wording import date_and_time, infusion_words, sentence_case
from trial.stopping_rules import boundary_of
from trial.stopping_settings import RuleKind, StoppingRule


def patients_table(state: RuleState) -> str:
    """Everyone under the rule in the order of infusion, each a link."""
    complete = set(state.reading.complete)
    rows = [
        [
            tiles.link(
                one.patient.code,
                f"/patient?code={quote(one.patient.code)}&infusion={state.rule.infusion}",
                classes="vigil-link vigil-link-row",
            ),
            tiles.cell(f"day {one.patient.days}"),
            tiles.cell("evaluable" if one.patient.code in complete else "pending"),
            tiles.cell(event_words(one)),
        ]
        for one in state.patients
    ]
    if not rows:
        return tiles.soft(f"Nobody has had the {infusion_words(state.rule.infusion)} yet.")
    return tiles.table("Patients under the rule", ("Patient", "Now", "Window", "Event"), rows)


def boundary_table(rule: StoppingRule) -> str:
    """The limit at each look."""
    rows = [
        [tiles.cell(str(n)), tiles.cell("none" if stop is None else str(stop))]
        for n, stop in boundary_of(rule)
    ]
    return tiles.table("Limits", ("Evaluable patients", "Events that pause"), rows, numbers=True)


def characteristics_table(rule: StoppingRule, rows: Sequence[CharacteristicRow]) -> str:
    """How often the rule stops at each true rate, the tolerated one named."""
    body = [
        [
            tiles.cell(
                f"{100 * row.true_rate:.3g} %"
                + (" (tolerated)" if row.true_rate == rule.tolerated_rate else "")
            ),
            tiles.cell(f"{100 * row.stop_probability:.1f} %"),
            tiles.cell(f"{row.expected_patients:.1f}"),
            tiles.cell(f"{row.expected_events:.1f}"),
        ]
        for row in rows
    ]
    heads = ("True rate", "Trials stopped", "Expected patients", "Expected events")
    return tiles.table("Operating characteristics, exact", heads, body, numbers=True)


def decisions_table(state: RuleState) -> str:
    """What was decided on the rule, the newest first."""
    zone = context.settings().zone
    rows = [
        [
            tiles.cell(date_and_time(one.at, zone)),
            tiles.cell(one.by),
            tiles.cell(sentence_case(RuleDecision(one.decision).label)),
            tiles.cell(one.reason),
            tiles.cell(", ".join(one.decided_on) or "no event"),
        ]
        for one in reversed(state.decisions)
    ]
    if not rows:
        return tiles.soft("No decision on this rule is recorded.")
    return tiles.table("Decisions", ("When", "Signed by", "Decision", "Reason", "On the events of"), rows)


def parameters_table(rule: StoppingRule) -> str:
    """The rule as the protocol states it, with its exact false-stop rate."""
    pocock = rule.kind is RuleKind.POCOCK
    looks = "after every patient" if rule.looks is None else ", ".join(str(look) for look in rule.looks)
    given = {
        "Kind": "Pocock-type, one level at every look" if pocock else "Bayesian",
        "Tolerated rate": f"{rule.tolerated_rate:g}",
        **({"Alpha": f"{rule.alpha:g}"} if rule.alpha is not None else {}),
        **({"Certainty": f"{rule.certainty:g}"} if rule.certainty is not None else {}),
        **({"Prior": f"Beta({rule.prior[0]:g}, {rule.prior[1]:g})"} if rule.prior is not None else {}),
        "Exact false-stop rate": f"{100 * false_stop(rule):.2f} %",
        "Infusion counted": infusion_words(rule.infusion),
        "Window": f"day 0 to {rule.window_days}",
        "Patients planned": str(rule.n_max),
        "Looks": looks,
        "Version": rule.version,
        "Approved by": rule.approved_by,
        "Protocol": context.protocol().hash[:12],
    }
    rows = [[tiles.cell(name), tiles.cell(value)] for name, value in given.items()]
    return tiles.table("The rule", ("", "As the protocol states it"), rows)
