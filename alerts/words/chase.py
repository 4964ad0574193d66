"""Who is told now, who was told before, and who is told next: the words that a call for an answer carries."""

from typing import Final

from alerts.states import NoticeKind
from alerts.wording import group_words, lasted, time_beside
from alerts.words.story import Chase, Telling
from grading.stored_values import join_words
from trial.protocol import EVERYONE

_UNANSWERED: Final = (NoticeKind.ESCALATION, NoticeKind.REPEAT)
_EVERYONE: Final = "everyone on the list"


def closing_of(telling: Telling) -> str:
    """What happens while nobody acknowledges."""
    chase = telling.chase
    if chase is None or not telling.told:
        return "Nobody has acknowledged yet."
    if telling.kind in _UNANSWERED:
        return _next(telling, chase)
    return f"Told now: {join_words(group_words(telling.told))}. {_next(telling, chase)}"


def unanswered(telling: Telling) -> str:
    """The end of a headline: ", and nobody has acknowledged for 15 min"; empty for other notices."""
    if telling.kind not in _UNANSWERED:
        return ""
    if telling.chase is None:
        return ", and nobody has acknowledged yet"
    return f", and nobody has acknowledged for {lasted(telling.chase.at - telling.chase.open_since)}"


def chase_lines(telling: Telling) -> list[tuple[str, str]]:
    """Who was told before and when, and what came of an acknowledgement."""
    chase = telling.chase
    if chase is None:
        return []
    if telling.kind is NoticeKind.LAPSED:
        return _lapsed(telling, chase)
    if telling.kind not in _UNANSWERED:
        return []
    told_before = {group for _, groups in chase.before for group in groups}
    new = group_words(set(telling.told) - told_before)
    lines = [("Now also told", f"{join_words(new)}.")] if new else []
    if chase.before:
        told = "; ".join(
            f"{join_words(group_words(groups))} at {time_beside(at, chase.at, telling.zone)}"
            for at, groups in chase.before
        )
        lines.append(("Told before", f"{told}."))
    if telling.kind is NoticeKind.REPEAT:
        lines.append(("Told so far", f"{chase.times} times with this mail."))
    return lines


def _lapsed(telling: Telling, chase: Chase) -> list[tuple[str, str]]:
    if chase.acknowledged_at is None or chase.held_for is None:
        return []
    at = time_beside(chase.acknowledged_at, chase.at, telling.zone)
    return [("Acknowledged", f"last at {at}. Nothing newer was entered for {lasted(chase.held_for)}.")]


def _next(telling: Telling, chase: Chase) -> str:
    if chase.next_at is None:
        return "If nobody acknowledges, nobody else is told."
    at = time_beside(chase.next_at, chase.at, telling.zone)
    if chase.again:
        return f"If nobody acknowledges, everyone told so far is told again at {at}."
    if not chase.next_groups:
        return "If nobody acknowledges, nobody else can be told: the list of recipients ends here."
    names = [_EVERYONE] if EVERYONE in chase.next_groups else group_words(chase.next_groups)
    verb = "is" if len(names) == 1 else "are"
    return f"If nobody acknowledges, {join_words(names)} {verb} told at {at}."
