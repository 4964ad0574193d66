"""Bedside scores from a patient's results: EASIX and m-EASIX by day, CAR-HEMATOTOX, the IEC-HS suspicion."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from grading.iec_hs import Flag, iec_hs_flag
from grading.scores import Score, car_hematotox, easix, m_easix
from grading.units import Analyte, LabValue
from trial.blood_counts import TrialCourse
from trial.laboratory import LabRow, baselines, in_unit_of
from trial.limits import LaboratorySettings
from trial.treatments import lymphodepletion_at


@dataclass(frozen=True, slots=True)
class ScoreDay:
    """EASIX and m-EASIX from the last results of one day; None, with the reason, where one is refused."""

    on: date
    easix: Score | None
    m_easix: Score | None
    refused: tuple[str, ...] = ()


_SCORED: Final = frozenset({Analyte.LDH, Analyte.CREATININE, Analyte.CRP, Analyte.PLATELETS})
_HEMATOTOX: Final = (
    Analyte.PLATELETS,
    Analyte.ANC,
    Analyte.HEMOGLOBIN,
    Analyte.CRP,
    Analyte.FERRITIN,
)
_IEC_HS: Final = (Analyte.FERRITIN, Analyte.ALT, Analyte.AST, Analyte.FIBRINOGEN)


def score_days(rows: Iterable[LabRow], zone: ZoneInfo) -> list[ScoreDay]:
    """The scores of every day on which LDH and platelets were measured, earliest first."""
    by_day: defaultdict[date, dict[Analyte, LabRow]] = defaultdict(dict)
    for row in sorted(rows, key=lambda one: one.taken_at):
        if row.analyte in _SCORED:
            by_day[row.taken_at.astimezone(zone).date()][row.analyte] = row
    return [
        _score_day(on, {analyte: _value(row) for analyte, row in found.items()})
        for on, found in sorted(by_day.items())
        if Analyte.LDH in found and Analyte.PLATELETS in found
    ]


def _score_day(on: date, values: Mapping[Analyte, LabValue]) -> ScoreDay:
    ldh, platelets = values[Analyte.LDH], values[Analyte.PLATELETS]
    try:
        return ScoreDay(
            on,
            easix(ldh, values.get(Analyte.CREATININE), platelets),
            m_easix(ldh, values.get(Analyte.CRP), platelets),
        )
    except ValueError as refusal:
        return ScoreDay(on, None, None, (str(refusal),))


class ScoredBefore(NamedTuple):
    """CAR-HEMATOTOX with the results it was made from."""

    score: Score
    rows: tuple[LabRow, ...]


def hematotox_before(
    rows: Iterable[LabRow],
    course: TrialCourse,
    number: int,
    settings: LaboratorySettings,
    lymphodepletion_days: int,
) -> ScoredBefore:
    """CAR-HEMATOTOX before the lymphodepletion of one infusion, else before the infusion."""
    infused_at = course.infused_at[number]
    before = lymphodepletion_at(course.treatments, infused_at, lymphodepletion_days) or infused_at
    from_at = before - timedelta(days=settings.hematotox_days)
    last = baselines((row for row in rows if row.taken_at >= from_at), before)
    found = [last.get(analyte) for analyte in _HEMATOTOX]
    score = car_hematotox(*(None if row is None else _value(row) for row in found))
    return ScoredBefore(score, tuple(row for row in found if row is not None))


class Suspicion(NamedTuple):
    """The suspicion flag of IEC-HS with the results it was made from."""

    flag: Flag
    rows: tuple[LabRow, ...]


def suspect_iec_hs(
    rows: Sequence[LabRow], known: Mapping[Analyte, LabRow], settings: LaboratorySettings
) -> Suspicion | None:
    """The flag from the newest results; None where nothing that it reads was measured."""
    newest: dict[Analyte, LabRow] = {
        row.analyte: row for row in sorted(rows, key=lambda one: one.taken_at) if row.analyte in _IEC_HS
    }
    if not newest:
        return None
    from_at = max(row.taken_at for row in newest.values()) - timedelta(hours=settings.together_hours)
    together: dict[Analyte, LabRow] = {
        analyte: row for analyte, row in newest.items() if row.taken_at >= from_at
    }
    ferritin, alt, ast, fibrinogen = (
        None if row is None else _value(row, in_unit_of(row, known.get(row.analyte)))
        for row in (together.get(analyte) for analyte in _IEC_HS)
    )
    flag = iec_hs_flag(ferritin, alt, ast, fibrinogen)
    return Suspicion(flag, tuple(together[analyte] for analyte in _IEC_HS if analyte in together))


def _value(row: LabRow, baseline: float | None = None) -> LabValue:
    return LabValue(row.value, row.unit, row.lln, row.uln, baseline)
