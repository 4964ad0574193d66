"""How the visits page says things: a visit, what was not done, what ended the follow-up."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from actions import context
from pages.office.visits_parts.loaded import FollowUp
from pages.parts.wording import date_and_time, date_words, infusion_words, listed, sentence_case
from trial.follow_up_facts import CAUSE_WORDS, KIND_WORDS, TEST_WORDS, FollowUpKind, VisitTest
from trial.follow_up_plan import CountedFrom
from trial.visits import Visit, VisitState

COUNTED_WORDS: Final = {
    CountedFrom.FIRST: "counted from the first infusion",
    CountedFrom.LAST: "counted from the last infusion",
    CountedFrom.EACH: "counted from each infusion",
}
_ENDED: Final = {
    FollowUpKind.DEATH: "died",
    FollowUpKind.WITHDRAWAL: "withdrew",
    FollowUpKind.LOST: "lost to follow-up",
}


def short_date(on: date, today: date) -> str:
    """ "8 Mar" in one line, with the year where it is another one."""
    day, month, year = date_words(on).split(" ")
    return f"{day}\u00a0{month}" if on.year == today.year else f"{day}\u00a0{month}\u00a0{year}"


def state_words(visit: Visit, today: date) -> str:
    """How a visit stands: "Done 30 Mar", "Due until 6 Apr", "Overdue since 7 Apr", "Planned 30 Apr"."""
    planned = visit.planned
    match visit.state:
        case VisitState.DONE:
            on = visit.recorded.visited_on if visit.recorded else None
            return f"Done {short_date(on, today)}" if on else "Done"
        case VisitState.MISSED:
            return "Missed"
        case VisitState.OVERDUE:
            return f"Overdue since {short_date(planned.to_on + timedelta(days=1), today)}"
        case VisitState.DUE:
            return f"Due until {short_date(planned.to_on, today)}"
        case VisitState.OPEN:
            return f"Open, planned {short_date(planned.on, today)}"
        case VisitState.NOT_YET:
            return f"Planned {short_date(planned.on, today)}"
        case VisitState.NO_LONGER:
            return f"No longer: {_why_no_longer(visit, today)}"


def _why_no_longer(visit: Visit, today: date) -> str:
    if visit.ended_by is not None:
        return f"{_ENDED[visit.ended_by.kind]} {short_date(visit.ended_by.on, today)}"
    return "second infusion"


def gap_words(visit: Visit) -> list[str]:
    """What the visit left out, each as a phrase: "PET/CT not done", "ctDNA not recorded", "outside ..."."""
    words = [f"{_listed(tests)} {what}" for tests, what in _gaps(visit) if tests]
    if visit.outside_window and visit.recorded and visit.recorded.visited_on:
        infused_on = visit.planned.on - timedelta(days=visit.planned.day)
        words.append(f"outside its window (day {(visit.recorded.visited_on - infused_on).days})")
    return words


def _gaps(visit: Visit) -> tuple[tuple[tuple[VisitTest, ...], str], ...]:
    return (visit.not_done, "not done"), (visit.not_recorded, "not recorded")


def _listed(tests: Iterable[VisitTest]) -> str:
    return sentence_case(listed([TEST_WORDS[test] for test in tests])).replace("CtDNA", "ctDNA")


def window_words(visit: Visit, today: date) -> str:
    """ "23 Mar to 6 Apr"."""
    return f"{short_date(visit.planned.from_on, today)} to {short_date(visit.planned.to_on, today)}"


def ended_words(follow_up: FollowUp) -> str:
    """ "Died 8 Mar 2026 10:02 of CRS." "Withdrew 8 Mar 2026." "" while the follow-up goes on."""
    ended, death, zone = follow_up.ended, follow_up.death, context.settings().zone
    if ended is None:
        return ""
    if ended.kind is not FollowUpKind.DEATH or death is None:
        return f"{sentence_case(_ENDED[ended.kind])} {date_words(ended.on)}."
    when = date_and_time(death.bedside.assessed_at, zone) if death.bedside else date_words(death.on(zone))
    of = f" of {CAUSE_WORDS[death.cause]}" if death.cause else ", of another cause than CRS and ICANS"
    return f"Died {when}{of}."


def infusions_counted(follow_up: FollowUp) -> list[int]:
    """The infusions from which the patient has visits."""
    return sorted({visit.planned.infusion_number for visit in follow_up.visits})


def row_name(follow_up: FollowUp, number: int) -> str:
    """The words beside the study code where a patient has visits of both infusions."""
    return infusion_words(number) if len(infusions_counted(follow_up)) > 1 else ""


def kind_label(kind: FollowUpKind) -> str:
    """The kind at the beginning of a sentence."""
    return sentence_case(KIND_WORDS[kind])
