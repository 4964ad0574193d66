"""The endpoints of efficacy, patient by patient, each with the reason: 3-month CR, response, PFS and OS.

`READINGS` says what we chose where the public record leaves room.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from trial.dates import date_words
from trial.follow_up_facts import CAUSE_WORDS, KIND_WORDS, FollowUpFact, FollowUpKind
from trial.follow_up_plan import EndpointRules, MissingScan
from trial.incidence import Rate, clopper_pearson
from trial.second_infusion_facts import Response, Scan
from trial.survival import SurvivalCurve, kaplan_meier

READINGS: Final = (
    "The clock runs from the first infusion, and the second belongs to the treatment: it neither censors nor "
    "counts as a new therapy. What is counted from the second infusion is a set of its own, of those infused "
    "twice, and knows only what came after it.",
    "A PET/CT of the day of the infusion or earlier is the baseline. One that is not read says nothing.",
    "Progression is the first of a recorded progression or relapse and a PET/CT read as PD.",
    "3-month CR: the PET/CT nearest to the protocol's day counts, of those in its window; of two equally "
    "near the later. Progression, new lymphoma therapy or death up to that scan and up to the protocol's day "
    "is not CR, whatever another scan shows. Without a scan in the window they are so up to its end, and "
    "else the protocol says what the patient counts as; withdrawn or lost before it closed is without one.",
    "Best response: the best reading up to the first progression, that of the progression included, and "
    "before a new lymphoma therapy. Objective response is a best response of CR or PR. Who progressed, died, "
    "began a new therapy or left before any reading has none; everybody else without one is not counted yet.",
    "PFS: progression or death of any cause, whichever is first. Follow-up for it ends with a new lymphoma "
    "therapy, withdrawal or loss: whoever has had no event by that day is censored at the last PET/CT read "
    "without progression up to then, at day 0 where there is none.",
    "OS: death of any cause, whenever it is known; otherwise censored on the last day known alive.",
    "Nothing after the data cut-off is looked at, but that a patient seen alive later was alive then.",
)
"""The readings (J), to be confirmed by the principal investigator."""

_PROGRESSED: Final = (FollowUpKind.PROGRESSION, FollowUpKind.RELAPSE)
_LEFT: Final = (FollowUpKind.WITHDRAWAL, FollowUpKind.LOST)
_BEST_FIRST: Final = tuple(Response)
_ORDINALS: Final = {1: "first", 2: "second"}


class Status(StrEnum):
    """Whether a patient has reached an endpoint of response."""

    YES = "yes"
    NO = "no"
    NOT_YET_KNOWN = "not_yet_known"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedPatient:
    """What is recorded of one patient. Dates are the hospital's.

    infused_on  the first, then the second infusion
    scans       every PET/CT, in any order
    events      what happened, the death included, from whichever record
    seen_on     the last day on which anything was recorded that only the living have
    """

    study_code: str
    infused_on: tuple[date, ...]
    scans: tuple[Scan, ...] = ()
    events: tuple[FollowUpFact, ...] = ()
    seen_on: date | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One endpoint of response; `counted` says whether the patient stands in its denominator yet."""

    status: Status
    counted: bool
    why: str
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class Survived:
    """How long without the event: `event` False is censored on that day; `day` 0 is that of the infusion."""

    event: bool
    on: date
    day: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """Every endpoint of one patient; `best` is None where no PET/CT was read."""

    study_code: str
    infused_on: date
    month_3_cr: Answer
    best: Response | None
    objective_response: Answer
    pfs: Survived
    os: Survived


def endpoint_rows(
    patients: Iterable[FollowedPatient], rules: EndpointRules, on: date, *, from_infusion: int = 1
) -> tuple[EndpointRow, ...]:
    """The endpoints of everyone with this infusion by the data cut-off `on`, in the order of infusion.

    Raises:
        ValueError: a response has no scan date, or a patient died before the infusion.
    """
    rows = []
    for patient in patients:
        infused_on = patient.infused_on[from_infusion - 1 : from_infusion]
        if infused_on and infused_on[0] <= on:
            rows.append(_row(_course(patient, infused_on[0], _ORDINALS[from_infusion], on), rules))
    return tuple(sorted(rows, key=lambda row: (row.infused_on, row.study_code)))


@dataclass(frozen=True, slots=True)
class ResponseCount:
    """How many reached an endpoint among those counted, and by study code who is not counted.

    pending      nothing is decided yet
    early        those of them who have reached it so far
    not_counted  without a PET/CT in the window, where the protocol leaves them out
    """

    rate: Rate
    pending: tuple[str, ...]
    early: tuple[str, ...]
    not_counted: tuple[str, ...]


def count_month_3_cr(rows: Iterable[EndpointRow]) -> ResponseCount:
    """The 3-month complete remission rate; nobody counted has no rate."""
    return _count([(row.study_code, row.month_3_cr) for row in rows])


def count_objective_response(rows: Iterable[EndpointRow]) -> ResponseCount:
    """The objective response rate (ORR)."""
    return _count([(row.study_code, row.objective_response) for row in rows])


def survival_of(times: Sequence[Survived]) -> SurvivalCurve:
    """The curve of PFS or OS: `survival_of([row.pfs for row in rows])`."""
    return kaplan_meier([one.day for one in times], [one.event for one in times])


def _count(answers: list[tuple[str, Answer]]) -> ResponseCount:
    counted = [answer.status for _, answer in answers if answer.counted]
    left_out = [(code, answer.status) for code, answer in answers if not answer.counted]
    return ResponseCount(
        clopper_pearson(counted.count(Status.YES), len(counted)),
        tuple(code for code, status in left_out if status is not Status.NOT_COUNTED),
        tuple(code for code, status in left_out if status is Status.YES),
        tuple(code for code, status in left_out if status is Status.NOT_COUNTED),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A PET/CT after the infusion, with its date and reading."""

    on: date
    response: Response
    scan: Scan


@dataclass(frozen=True, slots=True)
class _Happened:
    """Something that happened, in words that finish "... on 8 Mar 2026"."""

    on: date
    words: str

    def dated(self) -> str:
        return f"{self.words} on {date_words(self.on)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """What came after one infusion, up to the cut-off; each of the four that happened at its first time."""

    study_code: str
    infused_on: date
    ordinal: str
    on: date
    read: tuple[_Read, ...]
    unread_on: tuple[date, ...]
    progressed: _Happened | None
    new_therapy: _Happened | None
    died: _Happened | None
    left: _Happened | None
    seen_on: date

    def day(self, on: date) -> int:
        return (on - self.infused_on).days

    def first(self, *events: _Happened | None) -> _Happened | None:
        """The earliest of these."""
        return min((one for one in events if one), key=lambda one: one.on, default=None)


def _course(patient: FollowedPatient, infused_on: date, ordinal: str, on: date) -> _Course:
    events = sorted((event for event in patient.events if event.on <= on), key=lambda event: event.on)
    death = next((event for event in events if event.kind is FollowUpKind.DEATH), None)
    if death is not None and death.on < infused_on:
        code, died = patient.study_code, date_words(death.on)
        raise ValueError(f"{code} died on {died}, before the infusion of {date_words(infused_on)}.")
    last_on = death.on if death else on
    after = [event for event in events if infused_on < event.on <= last_on]
    scans = [scan for scan in _dated(patient) if infused_on < scan[0] <= last_on]
    read = tuple(_Read(day, scan.response, scan) for day, scan in scans if scan.response)
    return _Course(
        study_code=patient.study_code,
        infused_on=infused_on,
        ordinal=ordinal,
        on=on,
        read=read,
        unread_on=tuple(day for day, scan in scans if scan.response is None),
        progressed=_progression(after, read),
        new_therapy=_first_of(after, (FollowUpKind.NEW_THERAPY,)),
        died=_death(death),
        left=_first_of([event for event in events if infused_on <= event.on], _LEFT),
        seen_on=_last_seen(patient, infused_on, on, events),
    )


def _dated(patient: FollowedPatient) -> list[tuple[date, Scan]]:
    dated = []
    for scan in patient.scans:
        if scan.scanned_on is None:
            raise ValueError(f"{patient.study_code} has a response without a scan date. Enter it first.")
        dated.append((scan.scanned_on, scan))
    return sorted(dated, key=lambda pair: pair[0])


def _first_of(events: Iterable[FollowUpFact], kinds: tuple[FollowUpKind, ...]) -> _Happened | None:
    return next(
        (_Happened(event.on, KIND_WORDS[event.kind]) for event in events if event.kind in kinds), None
    )


def _death(death: FollowUpFact | None) -> _Happened | None:
    if death is None:
        return None
    cause = (
        f"death of {CAUSE_WORDS[death.cause]}" if death.cause else "death, its cause still to be recorded,"
    )
    return _Happened(death.on, cause)


def _progression(events: Iterable[FollowUpFact], read: Iterable[_Read]) -> _Happened | None:
    recorded = _first_of(events, _PROGRESSED)
    seen = next((_Happened(one.on, "PD by PET/CT") for one in read if one.response is Response.PD), None)
    if recorded and seen:
        return recorded if recorded.on < seen.on else seen
    return recorded or seen


def _last_seen(patient: FollowedPatient, infused_on: date, on: date, events: Iterable[FollowUpFact]) -> date:
    """The last day up to the cut-off on which the patient is known to have lived."""
    known = [event.on for event in events if event.kind is not FollowUpKind.DEATH]
    known += [day for day, _ in _dated(patient)]
    known += [patient.seen_on] if patient.seen_on else []
    return min(max([infused_on, *known]), on)


def _row(course: _Course, rules: EndpointRules) -> EndpointRow:
    best = _best(course)
    return EndpointRow(
        study_code=course.study_code,
        infused_on=course.infused_on,
        month_3_cr=_month_3(course, rules),
        best=best.response if best else None,
        objective_response=_objective(course, best),
        pfs=_pfs(course),
        os=_os(course),
    )


def _month_3(course: _Course, rules: EndpointRules) -> Answer:
    target = course.infused_on + timedelta(days=rules.month_3_day)
    from_on = target - timedelta(days=rules.month_3_before)
    to_on = target + timedelta(days=rules.month_3_after)
    nearest = _nearest([one for one in course.read if from_on <= one.on <= to_on], target)
    stop = course.first(course.progressed, course.new_therapy, course.died)
    if stop is not None and stop.on <= (max(nearest.on, target) if nearest else to_on):
        scan = nearest.scan if nearest else None
        return Answer(Status.NO, True, _stopped_words(course, stop, rules), scan)
    waits = [day for day in course.unread_on if from_on <= day <= to_on]
    unread_on = min(waits, key=lambda day: _distance(day, target), default=None)
    if unread_on is not None and (nearest is None or _nearer(unread_on, nearest.on, target)):
        words = f"the PET/CT of {date_words(unread_on)} is not read yet"
        return Answer(Status.NOT_YET_KNOWN, False, words)
    if nearest is None:
        return _without_scan(course, rules, from_on, to_on)
    return _by_scan(course, nearest, rules, target, to_on)


def _distance(day: date, target: date) -> tuple[int, int]:
    """How far from the target, the later of two equally far first."""
    days = (day - target).days
    return abs(days), -days


def _nearer(day: date, than: date, target: date) -> bool:
    return _distance(day, target) < _distance(than, target)


def _nearest(read: Iterable[_Read], target: date) -> _Read | None:
    return min(read, key=lambda one: _distance(one.on, target), default=None)


def _stopped_words(course: _Course, stop: _Happened, rules: EndpointRules) -> str:
    return f"{stop.dated()} (day {course.day(stop.on)}), before a CR of day {rules.month_3_day} could count"


def _by_scan(course: _Course, nearest: _Read, rules: EndpointRules, target: date, to_on: date) -> Answer:
    status = Status.YES if nearest.response is Response.CR else Status.NO
    words = (
        f"{nearest.response} by PET/CT on {date_words(nearest.on)} (day {course.day(nearest.on)}), "
        f"the nearest to day {rules.month_3_day}"
    )
    nearer_until = min(to_on, target + timedelta(days=abs((nearest.on - target).days)))
    if course.on > nearer_until or course.left is not None or course.died is not None:
        return Answer(status, True, words, nearest.scan)
    words = f"{words} so far; a nearer one could still be made until {date_words(nearer_until)}"
    return Answer(status, False, words, nearest.scan)


def _without_scan(course: _Course, rules: EndpointRules, from_on: date, to_on: date) -> Answer:
    window = f"between {date_words(from_on)} and {date_words(to_on)}"
    left = course.left if course.left and course.left.on <= to_on else None
    if left is None and course.on <= to_on:
        return Answer(Status.NOT_YET_KNOWN, False, f"no PET/CT yet {window}")
    why = f"no PET/CT {window}" + (f": {left.dated()}" if left else "")
    if rules.month_3_missing is MissingScan.NOT_COUNTED:
        return Answer(Status.NOT_COUNTED, False, f"{why}; not counted by the protocol")
    return Answer(Status.NO, True, f"{why}; counts as not CR by the protocol")


def _best(course: _Course) -> _Read | None:
    """The best reading up to the first progression and before a new therapy, the first one of its kind."""
    until = course.progressed.on if course.progressed else date.max
    before = course.new_therapy.on if course.new_therapy else date.max
    valid = [one for one in course.read if one.on <= until and one.on < before]
    return min(valid, key=lambda one: _BEST_FIRST.index(one.response), default=None)


def _objective(course: _Course, best: _Read | None) -> Answer:
    if best is not None:
        status = Status.YES if best.response in (Response.CR, Response.PR) else Status.NO
        words = f"best response {best.response}, on {date_words(best.on)} (day {course.day(best.on)})"
        return Answer(status, True, words, best.scan)
    stop = course.first(course.progressed, course.new_therapy, course.died, course.left)
    if stop is None:
        return Answer(Status.NOT_YET_KNOWN, False, f"no PET/CT read after the {course.ordinal} infusion yet")
    return Answer(Status.NO, True, f"{stop.dated()}, before any PET/CT was read")


def _pfs(course: _Course) -> Survived:
    event = course.first(course.progressed, course.died)
    ended = course.first(course.new_therapy, course.left)
    if event is not None and (ended is None or event.on <= ended.on):
        return Survived(True, event.on, course.day(event.on), event.dated())
    until = ended.on if ended else course.on
    seen = [one.on for one in course.read if one.on <= until]
    last_on = seen[-1] if seen else course.infused_on
    why = (
        f"last PET/CT without progression on {date_words(last_on)}"
        if seen
        else f"no PET/CT read after the {course.ordinal} infusion"
    )
    because = f", before {ended.dated()}" if ended else ""
    return Survived(False, last_on, course.day(last_on), f"{why}{because}")


def _os(course: _Course) -> Survived:
    if course.died is not None:
        return Survived(True, course.died.on, course.day(course.died.on), course.died.dated())
    why = f"last known alive on {date_words(course.seen_on)}"
    if course.left is not None:
        why = f"{why}; {course.left.dated()}"
    return Survived(False, course.seen_on, course.day(course.seen_on), why)
