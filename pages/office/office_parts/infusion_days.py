"""One infusion's dose against the planned one, its day, and its monitoring window, in words."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session

from actions import context
from db.queries.grade_points import load_grade_points
from db.queries.office import InfusionRecord, PatientRecord, StayRecord
from pages.parts.wording import date_and_time, date_words
from trial.calendar import StayPeriod, Window, day_of, monitoring_window
from trial.dose import judge_dose


@dataclass(frozen=True, slots=True)
class InfusionDays:
    """Where an infusion stands now."""

    infusion: InfusionRecord
    window: Window
    now: datetime

    @property
    def day(self) -> int:
        """Days since the infusion, by the hospital's calendar."""
        return day_of(self.now, self.infusion.infused_at, context.settings().zone)

    def words(self) -> str:
        """ "Day 6 after the infusion. Monitored to the end of day 14, ..."."""
        return f"Day {self.day} after the infusion. {self._monitored()}"

    def _monitored(self) -> str:
        protocol, zone = context.protocol(), context.settings().zone
        settled = f"until CRS and ICANS have been settled at 0 for {protocol.settled_hours:g} h"
        days, to_at = protocol.monitoring_days, self.window.to_at
        if to_at is not None and to_at <= self.now:
            return f"Monitoring ended on {date_and_time(to_at, zone)}."
        if any(stay.covers(self.now) for stay in self.window.home):
            return "The patient is at home; nothing is due there."
        last_day = self.infusion.infused_at.astimezone(zone).date() + timedelta(days=days)
        planned_end = datetime.combine(last_day + timedelta(days=1), time(), zone)
        if self.now >= planned_end:
            return f"Day {days} is over; monitoring stays open {settled}."
        longer = "" if to_at is not None else f", and longer {settled}"
        return f"Monitored to the end of day {days}, {date_words(last_day)}{longer}."


def load_days(
    session: Session, patient: PatientRecord, stays: list[StayRecord], now: datetime
) -> dict[int, InfusionDays]:
    """Infusion -> where it stands now; infusions that are still to come are left out."""
    return {
        one.id: InfusionDays(one, _window(session, patient, one, stays), now)
        for one in patient.infusions
        if one.infused_at <= now
    }


def _window(
    session: Session, patient: PatientRecord, infusion: InfusionRecord, stays: list[StayRecord]
) -> Window:
    later = [one.infused_at for one in patient.infusions if one.number > infusion.number]
    ends = [at for at in (patient.died_at, patient.withdrawn_at, *later) if at is not None]
    return monitoring_window(
        infusion.infused_at,
        [StayPeriod(stay.kind, stay.from_at, stay.to_at) for stay in stays],
        load_grade_points(session, infusion.id),
        context.protocol(),
        zone=context.settings().zone,
        ended_at=min(ends, default=None),
    )


def dose_words(infusion: InfusionRecord) -> str:
    """ "Dose 1.9 x 10^6 cells/kg, 5 % below the planned 2 x 10^6. Planned for 60 kg: 1.2 x 10^8 cells."."""
    dose = judge_dose(
        context.protocol().planned_cells_per_kg,
        weight_kg=infusion.weight_kg,
        total_cells=infusion.total_cells,
        cells_per_kg=infusion.dose_cells_per_kg,
    )
    words = dose.words()
    said = f"Dose {words}." if dose.cells_per_kg is not None else f"{words[0].upper()}{words[1:]}."
    if dose.planned_cells is None or infusion.weight_kg is None:
        return " ".join((said, *dose.notes))
    planned = f"Planned for {infusion.weight_kg:g} kg: {dose.planned_cells / 1e8:.4g} x 10^8 cells."
    return " ".join((said, planned, *dose.notes))
