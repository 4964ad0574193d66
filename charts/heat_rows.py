"""The committee's grid, patient x day: what each cell says, before anything is drawn.

Four kinds of nothing look different and mean different things: a due day without an assessment (hatched), a
day on which nothing was due (a dot), a patient with no such infusion (words in the row), and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from charts.day_columns import INFUSION_WORDS
from db.queries.committee import CommitteeInfusion, CommitteePatient, WorstOfDay
from grading.colours import tile_text
from grading.scale import Toxicity
from trial.calendar import Slot, day_of, due_slots
from trial.protocol import Protocol

_SKIP_WORDS = {"asleep": "asleep", "procedure": "at a procedure", "refused": "refused", "other": "other"}


class CellKind(StrEnum):
    """What a cell shows."""

    GRADE = "grade"
    GAP = "gap"
    DOT = "dot"


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One patient on one day after one infusion. `words` is the whole sentence for hover and table."""

    study_code: str
    number: int
    day: int
    kind: CellKind
    grade: int | None
    at_least: int | None
    words: str

    @property
    def text(self) -> str:
        """What stands in the cell."""
        if self.kind is CellKind.DOT:
            return "·"
        return tile_text(self.grade, self.at_least)

    @property
    def hatched(self) -> bool:
        """Whether nobody looked, or nothing is proved yet."""
        return self.kind is CellKind.GAP or (self.kind is CellKind.GRADE and self.text == "?")


@dataclass(frozen=True, slots=True)
class HeatPanel:
    """One patient after one infusion: cells of day 0 to the last monitored day, or the words instead."""

    number: int
    cells: tuple[HeatCell, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One patient: both infusions."""

    study_code: str
    panels: tuple[HeatPanel, HeatPanel]


def heat_rows(
    patients: Sequence[CommitteePatient],
    scale: Toxicity,
    protocol: Protocol,
    *,
    zone: ZoneInfo,
    cut_off: datetime,
) -> tuple[HeatRow, ...]:
    """The grid of one toxicity, patients by study code."""
    grid = _Grid(scale, protocol, zone, cut_off)
    return tuple(
        HeatRow(patient.study_code, (grid.panel(patient, 1), grid.panel(patient, 2))) for patient in patients
    )


def last_change(cut_off: datetime, protocol: Protocol, zone: ZoneInfo) -> datetime:
    """The last moment before the cut-off at which the clock alone changed a cell: midnight, or overdue."""
    today = cut_off.astimezone(zone).date()
    times = {*protocol.vital_sign_times, *protocol.ice_times}
    days = (today - timedelta(days=1), today)
    late = [_instant(on, at, zone) + protocol.slot_tolerance for on in days for at in times]
    # A new date holds from midnight on, what is late only after its time: hence the smallest step before.
    new_date = [_instant(on, time(), zone) - timedelta.resolution for on in days]
    return max(moment for moment in (*late, *new_date) if moment < cut_off)


@dataclass(frozen=True, slots=True)
class _Grid:
    scale: Toxicity
    protocol: Protocol
    zone: ZoneInfo
    cut_off: datetime

    def panel(self, patient: CommitteePatient, number: int) -> HeatPanel:
        infusion = patient.infusion(number)
        if infusion is None or infusion.infused_at > self.cut_off:
            return HeatPanel(number, (), self._why_none(patient, number))
        slots = self._slots_by_day(patient, infusion)
        days = range(self.protocol.monitoring_days + 1)
        return HeatPanel(
            number,
            tuple(self._cell(patient, infusion, day, slots.get(day, [])) for day in days),
        )

    def _why_none(self, patient: CommitteePatient, number: int) -> str:
        first = patient.infusion(1)
        if number == 1:
            return "not infused yet"
        if first is None:
            return "no second infusion"
        if patient.died_at is not None:
            return f"died day {day_of(patient.died_at, first.infused_at, self.zone)}"
        if patient.withdrawn_at is not None:
            return "withdrawn"
        return (
            f"barred: grade {first.highest} after the first" if first.highest >= 3 else "no second infusion"
        )

    def _slots_by_day(self, patient: CommitteePatient, infusion: CommitteeInfusion) -> dict[int, list[Slot]]:
        last = infusion.infused_at + timedelta(days=self.protocol.monitoring_days + 2)
        found: dict[int, list[Slot]] = {}
        for slot in due_slots(
            infusion.infused_at,
            patient.stays,
            [],
            self.protocol,
            min(self.cut_off, last),
            zone=self.zone,
            ended_at=patient.ended_at(infusion),
        ):
            # Not missing before the time in which it could still be met is over.
            if slot.due_at + self.protocol.slot_tolerance < self.cut_off:
                found.setdefault(day_of(slot.due_at, infusion.infused_at, self.zone), []).append(slot)
        return found

    def _cell(
        self, patient: CommitteePatient, infusion: CommitteeInfusion, day: int, slots: Sequence[Slot]
    ) -> HeatCell:
        worst = infusion.days[self.scale].get(day)
        on_date = infusion.infused_at.astimezone(self.zone).date() + timedelta(days=day)
        kind = CellKind.GRADE if worst else CellKind.GAP if slots else CellKind.DOT
        words = self._words(patient, infusion, day, on_date, worst, kind)
        head = f"{patient.study_code}, {INFUSION_WORDS[infusion.number]}, day {day} ({_date(on_date)})"
        return HeatCell(
            study_code=patient.study_code,
            number=infusion.number,
            day=day,
            kind=kind,
            grade=worst.grade if worst else None,
            at_least=worst.worst_at_least if worst else None,
            words=f"{head}: {words}",
        )

    def _words(
        self,
        patient: CommitteePatient,
        infusion: CommitteeInfusion,
        day: int,
        on_date: date,
        worst: WorstOfDay | None,
        kind: CellKind,
    ) -> str:
        if worst is not None:
            return f"{self._grade_words(worst)}, {_counted(worst.assessments)}"
        if kind is CellKind.GAP:
            reasons = [
                f"{skip.due_at.astimezone(self.zone):%H:%M} {_SKIP_WORDS[skip.reason]}"
                for skip in infusion.skipped
                if day_of(skip.due_at, infusion.infused_at, self.zone) == day
            ]
            return f"no assessment; skipped: {', '.join(reasons)}" if reasons else "no assessment"
        ended = patient.ended_at(infusion)
        if ended is not None and day > day_of(ended, infusion.infused_at, self.zone):
            return "monitoring had ended"
        if on_date >= self.cut_off.astimezone(self.zone).date():
            return "not yet due"
        return "nothing was due"

    def _grade_words(self, worst: WorstOfDay) -> str:
        if worst.grade is not None:
            return f"{self.scale.label} grade {worst.grade}"
        if worst.worst_at_least:
            return f"{self.scale.label} at least grade {worst.worst_at_least}, not settled"
        return f"{self.scale.label} not graded yet"


def _instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, at, zone).astimezone(UTC)


def _counted(assessments: int) -> str:
    return "1 assessment" if assessments == 1 else f"{assessments} assessments"


def _date(on: date) -> str:
    return f"{on.day} {on:%b %Y}"
