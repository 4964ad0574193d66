"""The limits of normal that the laboratory's form offers, from the protocol file: offered, never binding."""

from decimal import Decimal

from grading.units import Analyte, factor, read_spelling
from trial.limits import LaboratorySettings, SiteLimit


def site_limit(
    settings: LaboratorySettings, analyte: Analyte, unit: str, sex: str | None
) -> SiteLimit | None:
    """The laboratory's limits for one analyte in one unit; None where they depend on a sex not recorded."""
    fitting = [one for one in settings.limits if one.analyte is analyte and one.sex in ("both", sex)]
    in_unit = [one for one in fitting if one.unit == unit]
    for one in in_unit or fitting:
        times = factor(analyte, read_spelling(analyte, one.unit)) / factor(
            analyte, read_spelling(analyte, unit)
        )
        return SiteLimit(
            analyte=analyte,
            sex=one.sex,
            unit=unit,
            lln=_times(one.lln, times),
            uln=_times(one.uln, times),
        )
    return None


def _times(value: float | None, times: Decimal) -> float | None:
    return None if value is None else float(Decimal(repr(value)) * times)
