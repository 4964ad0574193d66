"""What a course says at one instant: every episode and every standing signal, found again from its rows.

An episode holds assessments; a standing signal is there or is not.

Readings:

 1. In rise2 a row that proves 2 or more, settled or not, breaks "two rows in a row at 1 or less".
 2. In support_ungraded a row with any support breaks "two rows in a row without", and so does one whose CRS
    is not settled: a sign that nobody looked for is not gone.
 3. A judged row sets what is covered also where no episode is open, so that the same sign opens none.
 4. A due time still to come counts as met where a row lies within its tolerance already.
 5. A death that is recorded after another infusion ends grade3 and rise2 here too.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tests.second_opinion.alerts_course import NONE, STRONG, Course, Entry
from trial.calendar import SlotKind
from trial.protocol import Protocol

RECOVERY: Final = timedelta(hours=12)
RISE_LOOKS_BACK: Final = timedelta(hours=24)
RISE_EXPIRES: Final = timedelta(hours=72)
UNSETTLED_FOR: Final = timedelta(hours=8)
MISSED_AFTER: Final = timedelta(hours=2)
SCALES: Final = ("crs", "icans")
KIND_OF: Final = {"crs": SlotKind.VITAL_SIGNS, "icans": SlotKind.ICE}


@dataclass
class Episode:
    """Assessments that belong together. `ended` says why it is over, None while it is not.

    `quiet`: since the last of them a row has shown the toxicity settled and low.
    """

    signal: str
    slot: str
    members: list[Entry] = field(default_factory=list)
    level: int = 0
    urgency: int = 2
    quiet: bool = False
    ended: str | None = None

    @property
    def ids(self) -> frozenset[str]:
        """The assessments, by stable id."""
        return frozenset(one.stable_id for one in self.members)

    @property
    def first_at(self) -> datetime:
        """When the first of them was made."""
        return self.members[0].at


@dataclass(frozen=True)
class Standing:
    """A signal without assessments."""

    signal: str
    slot: str
    first_at: datetime
    urgency: int = 3


def episodes(course: Course, now: datetime) -> list[Episode]:
    """Every episode of the course, those that are over too, in time order for each signal and slot."""
    found = [one for scale in SCALES for one in (*grade3(course, scale), *rise2(course, scale, now))]
    return [*found, *support_ungraded(course, now)]


def standing(course: Course, now: datetime, protocol: Protocol) -> list[Standing]:
    """What stands now."""
    found = [unsettled(course, scale, now, protocol) for scale in SCALES]
    found += [missed(course, kind, now, protocol) for kind in SlotKind]
    return [one for one in found if one is not None]


def grade3(course: Course, scale: str) -> list[Episode]:
    """At least 3, until two settled rows in a row are at 2 or less, the later 12 h after the last 3."""
    found: list[Episode] = []
    current: Episode | None = None
    lows: list[Entry] = []
    for row in course.entries:
        verdict = row.on(scale)
        if verdict.at_least >= 3:
            if current is None:
                current = Episode("grade3", scale)
                found.append(current)
            current.members.append(row)
            lows = []
        elif current is not None and verdict.low(2):
            lows.append(row)
            if len(lows) >= 2 and row.at - current.members[-1].at >= RECOVERY:
                current.ended, current = "recovered", None
        if current is not None:
            current.quiet = bool(lows)
            if row.died:
                current.ended, current = "death", None
    if current is not None and course.died_at is not None:
        current.ended = "death"
    for one in found:
        one.level = max(row.on(scale).at_least for row in one.members)
        one.urgency = 1 if one.level >= 4 else 2
    return found


def rise2(course: Course, scale: str, now: datetime) -> list[Episode]:
    """At least 2 over a settled grade of the 24 h before, and below 3."""
    found: list[Episode] = []
    current: Episode | None = None
    lows: list[Entry] = []
    for row in course.entries:
        verdict = row.on(scale)
        if current is not None and row.at >= current.members[-1].at + RISE_EXPIRES:
            current.ended, current = "expired", None
        if verdict.at_least >= 3:
            if current is not None:
                current.ended, current = "superseded", None
        elif has_risen(course, scale, row):
            if current is None:
                current = Episode("rise2", scale, level=2)
                found.append(current)
            current.members.append(row)
            lows = []
        elif verdict.at_least >= 2:
            lows = []
        elif current is not None and verdict.low(1):
            lows.append(row)
            if len(lows) >= 2 and row.at - current.members[-1].at >= RECOVERY:
                current.ended, current = "recovered", None
        if current is not None:
            current.quiet = bool(lows)
            if row.died:
                current.ended, current = "death", None
    if current is not None:
        expires_at = current.members[-1].at + RISE_EXPIRES
        if course.died_at is not None and course.died_at < expires_at:
            current.ended = "death"
        elif now >= expires_at:
            current.ended = "expired"
    return found


def has_risen(course: Course, scale: str, row: Entry) -> bool:
    """Whether some earlier row, at most 24 h before, was settled at 2 less."""
    at_least = row.on(scale).at_least
    for earlier in course.entries:
        grade = earlier.on(scale).grade
        lately = timedelta(0) < row.at - earlier.at <= RISE_LOOKS_BACK
        if lately and grade is not None and at_least >= grade + 2:
            return True
    return False


def support_ungraded(course: Course, now: datetime) -> list[Episode]:
    """Support that stands at CRS grade 0, inside the window, that no investigator has explained."""
    found: list[Episode] = []
    current: Episode | None = None
    covered = NONE
    gone: list[Entry] = []
    for row in course.entries:
        ended: str | None = None
        if row.died:
            ended = "death"
        elif row.crs.at_least >= 1:
            ended, covered = "graded", NONE
        elif row.judged and row.support > NONE:
            ended, covered = "judged", row.support
        elif row.support > covered and course.window.covers(row.at):
            if current is None:
                current = Episode("support_ungraded", "")
                found.append(current)
            current.members.append(row)
        gone = [*gone, row] if row.support == NONE and row.crs.grade is not None else []
        if len(gone) >= 2:
            ended, covered = ended or "gone", NONE
        if current is not None:
            current.quiet = bool(gone)
            if ended is not None:
                current.ended, current = ended, None
    for one in found:
        one.urgency = 2 if any(row.support == STRONG for row in one.members) else 3
    if current is not None and not course.window.covers(now):
        current.ended = "left"
    return found


def unsettled(course: Course, scale: str, now: datetime, protocol: Protocol) -> Standing | None:
    """Could be 3 or more for two due times in a row, or for 8 h."""
    stretch = open_stretch(course, scale)
    if not stretch or course.died_at is not None or not course.window.covers(now):
        return None
    slots = course.of_kind(KIND_OF[scale])
    seen = [any(abs(row.at - slot.due_at) <= protocol.slot_tolerance for row in stretch) for slot in slots]
    twice = any(one and following for one, following in pairwise(seen))
    if twice or now >= stretch[0].at + UNSETTLED_FOR:
        return Standing("unsettled", scale, stretch[0].at)
    return None


def open_stretch(course: Course, scale: str) -> list[Entry]:
    """The last rows in a row that neither settle the grade nor say whether it is 3."""
    stretch: list[Entry] = []
    for row in course.entries:
        verdict = row.on(scale)
        known = verdict.grade is not None or verdict.at_least >= 3 or verdict.at_most < 3
        stretch = [] if known else [*stretch, row]
    return stretch


def missed(course: Course, kind: SlotKind, now: datetime, protocol: Protocol) -> Standing | None:
    """Neither met nor explained 2 h after it was due, and nothing of its kind since."""
    if not course.window.covers(now):
        return None
    for slot in course.of_kind(kind):
        if course.status_of(slot, now, protocol) == "overdue" and now >= slot.due_at + MISSED_AFTER:
            return Standing("missed", kind.value, slot.due_at)
    return None
