"""Who would be told now: for every signal and urgency the steps, their times, and the people on the list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerts.escalation import LAST_REPEATED, plan_name
from alerts.model import SignalKind
from alerts.posting import Person, in_groups, quiet_until
from alerts.wording import GROUP_WORDS
from pages.parts import tiles
from pages.parts.wording import clock_time, listed, sentence_case, span
from trial.protocol import EVERYONE, Protocol, Step

CASES: Final[Sequence[tuple[SignalKind, int, str]]] = (
    (SignalKind.GRADE_3, 1, "CRS or ICANS grade 4 or 5"),
    (SignalKind.GRADE_3, 2, "CRS or ICANS grade 3"),
    (SignalKind.RISE_2, 2, "a rise by two grades within a day"),
    (
        SignalKind.SUPPORT_UNGRADED,
        2,
        "a vasopressor, mask, high flow or positive pressure without a CRS grade",
    ),
    (SignalKind.SUPPORT_UNGRADED, 3, "lighter support for pressure or oxygen without a CRS grade"),
    (SignalKind.UNSETTLED, 3, "CRS or ICANS that could be 3 or more and stays unsettled"),
    (SignalKind.MISSED, 3, "a missed assessment"),
    (SignalKind.BARRED, 1, "an attempt to record a barred second infusion"),
    (SignalKind.BARRED, 2, "grade 3 or more after the first infusion, which bars the second"),
    (SignalKind.BOUNDARY, 1, "a stopping rule that is reached"),
    (SignalKind.SAE_CLOCK, 2, "a serious adverse event that waits for its report"),
    (SignalKind.SAE_CLOCK, 1, "a report of a serious adverse event that is overdue"),
    (SignalKind.SYSTEM, 3, "a problem of the program itself"),
)
"""Every signal that is raised, with its urgency and its words."""

_NOW: Final = timedelta(0)


def would_be_told(people: Sequence[Person], protocol: Protocol, now: datetime, zone: ZoneInfo) -> str:
    """One table a plan, and the rules of repeats and quiet hours. `people` are those on the list now."""
    cases: dict[tuple[int, str], list[str]] = {}
    for kind, urgency, words in CASES:
        cases.setdefault((urgency, plan_name(kind, urgency)), []).append(words)
    tables = []
    for (urgency, name), signals in cases.items():
        past_due = span(timedelta(hours=protocol.missed_hours)) if name == SignalKind.MISSED else ""
        title = f"P{urgency}: {'; '.join(signals)}"
        tables.append(_table(title, protocol.plans[name], people, past_due))
    lines = [_repeats(protocol), _reminders(protocol), _quiet(protocol, now, zone)]
    return "".join([*tables, *(tiles.piece("p", text=words, classes="vigil-text") for words in lines)])


def _table(title: str, plan: Sequence[Step], people: Sequence[Person], past_due: str) -> str:
    head = f"After (from {past_due} past due)" if past_due else "After"
    rows = [[tiles.cell(_after(step)), _who(plan, index, people)] for index, step in enumerate(plan)]
    table = tiles.table(title, (head, "Who is told while nobody acknowledges"), rows)
    return tiles.piece("div", table, classes="vigil-steps")


def _after(step: Step) -> str:
    return "at once" if step.after == _NOW else span(step.after)


def _who(plan: Sequence[Step], index: int, people: Sequence[Person]) -> str:
    """The people of one step, a line a group; in red what reaches nobody."""
    step = plan[index]
    if EVERYONE in step.groups:
        return _line("Everyone", people)
    lines = [_line(sentence_case(GROUP_WORDS[group]), in_groups(people, [group])) for group in step.groups]
    if not in_groups(people, step.groups):
        lines.append(_red(_passed_over(plan, index, people)))
    return "".join(lines)


def _line(who: str, people: Sequence[Person]) -> str:
    if not people:
        return _red(f"{who}: nobody")
    named = ", ".join(f"{person.name} ({person.address})" for person in people)
    return tiles.piece("div", tiles.piece("b", text=f"{who}: "), tiles.piece("span", text=named))


def _passed_over(plan: Sequence[Step], index: int, people: Sequence[Person]) -> str:
    later = any(in_groups(people, step.groups) for step in plan[index + 1 :])
    if later:
        return "This step reaches nobody: the next one that reaches somebody is told in its place."
    return "This step reaches nobody, and no later one does. List somebody for it."


def _red(words: str) -> str:
    return tiles.piece("div", text=words, classes="vigil-problem")


def _repeats(protocol: Protocol) -> str:
    soon = span(timedelta(minutes=protocol.repeat_minutes))
    later = span(timedelta(minutes=protocol.repeat_later_minutes))
    at_first = span(timedelta(hours=protocol.repeat_for_hours))
    return (
        f"After the last step P1 to P{LAST_REPEATED} are repeated to everyone of their steps: every {soon} "
        f"for {at_first}, then every {later}, until somebody acknowledges. P3 is not repeated."
    )


def _reminders(protocol: Protocol) -> str:
    clock = protocol.sae
    hours = listed([f"{hours:g} h" for hours in clock.reminder_hours])
    return (
        f"Instead of repeats, a serious event is reminded of {hours} after the site became aware, and once "
        f"its report is overdue every {clock.overdue_repeat_hours:g} h, acknowledged or not."
    )


def _quiet(protocol: Protocol, now: datetime, zone: ZoneInfo) -> str:
    begins, ends = f"{protocol.quiet_from:%H:%M}", f"{protocol.quiet_to:%H:%M}"
    until = quiet_until(now, protocol, zone)
    today = "It is not quiet now." if until is None else f"It is quiet now, until {clock_time(until, zone)}."
    return (
        f"Quiet hours {begins} to {ends}: mails of P3 and P4 to anyone but the ward wait until they end; "
        f"P1 and P2 leave at any hour. {today}"
    )
