"""Everything the laboratory page shows of one patient, graded now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries.lab_results import LabRecord, load_lab_records, load_trial_course
from db.queries.office import PatientRecord
from grading.units import Analyte
from trial.blood_counts import IcahtGrades, TrialCourse, baseline_before, grade_icaht
from trial.laboratory import GradedRow, LabRow, baselines, grade_rows
from trial.laboratory_questions import last_of_each
from trial.laboratory_scores import (
    ScoreDay,
    ScoredBefore,
    Suspicion,
    hematotox_before,
    score_days,
    suspect_iec_hs,
)
from trial.protocol import Protocol

ORDER = list(Analyte)


@dataclass(frozen=True)
class Laboratory:
    """The results of one patient that stand, newest sample first, and what follows from them."""

    patient: PatientRecord
    records: tuple[LabRecord, ...]
    course: TrialCourse
    now: datetime
    protocol: Protocol
    zone: ZoneInfo

    @cached_property
    def rows(self) -> list[LabRow]:
        """The results as the rules take them."""
        return [record.row for record in self.records]

    @cached_property
    def before(self) -> datetime | None:
        """What ends the time before treatment."""
        return baseline_before(self.course, self._within)

    @cached_property
    def baselines(self) -> Mapping[Analyte, LabRow]:
        """The last result of each analyte before treatment."""
        return baselines(self.rows, self.before)

    @cached_property
    def graded(self) -> dict[str, GradedRow]:
        """Stable id -> the result with its CTCAE grade."""
        return {one.row.stable_id: one for one in grade_rows(self.rows, self.baselines)}

    @cached_property
    def newest(self) -> Mapping[Analyte, LabRow]:
        """The newest result of each analyte that has one, in the order of the list."""
        found = last_of_each(self.rows)
        return {analyte: found[analyte] for analyte in ORDER if analyte in found}

    @cached_property
    def samples(self) -> list[datetime]:
        """The times at which something was measured, newest first."""
        return sorted({row.taken_at for row in self.rows}, reverse=True)

    def icaht(self, number: int) -> IcahtGrades:
        """Early and late ICAHT after one infusion."""
        return grade_icaht(
            self.rows,
            self.course,
            number,
            now=self.now,
            zone=self.zone,
            lymphodepletion_days=self._within,
        )

    @cached_property
    def scores(self) -> list[ScoreDay]:
        """EASIX and m-EASIX by day, earliest first."""
        return score_days(self.rows, self.zone)

    def hematotox(self, number: int) -> ScoredBefore:
        """CAR-HEMATOTOX before one infusion."""
        return hematotox_before(self.rows, self.course, number, self.protocol.laboratory, self._within)

    @cached_property
    def suspicion(self) -> Suspicion | None:
        """The IEC-HS flag from the newest results."""
        return suspect_iec_hs(self.rows, self.baselines, self.protocol.laboratory)

    @property
    def _within(self) -> int:
        return self.protocol.treatments.lymphodepletion_days


def load_laboratory(
    session: Session, patient: PatientRecord, *, now: datetime, protocol: Protocol, zone: ZoneInfo
) -> Laboratory:
    """Read one patient's results and what their grading needs."""
    records = tuple(load_lab_records(session, patient.id))
    return Laboratory(patient, records, load_trial_course(session, patient.id, zone), now, protocol, zone)
