"""Published rates of CRS and neurologic events after one infusion of axicabtagene ciloleucel.

Shown beside this trial's own, each with its source, scale and number of patients; never tested against
them: the scales differ, and ASTCT 2019 grades fewer signs than Lee 2014 and CTCAE do. No published rate for
a second infusion was found.
"""

from typing import Final, NamedTuple

from grading.scale import Toxicity
from trial.incidence import Rate, clopper_pearson


class ReferenceRate(NamedTuple):
    """One toxicity of one publication; percent as printed, None where the source used here states none.

    about  whether the source itself says "about"
    """

    study: str
    toxicity: Toxicity
    patients: int
    any_percent: int
    from_3_percent: int | None
    scale: str
    source: str
    about: bool = False

    def rate(self, percent: int | None) -> Rate | None:
        """The share with exact limits, from the nearest number of patients."""
        return (
            None if percent is None else clopper_pearson(round(self.patients * percent / 100), self.patients)
        )

    def words(self, percent: int | None) -> str:
        """ "94 % of 108 (88 to 98 %)": as printed, with the limits of `rate`."""
        rate = self.rate(percent)
        if rate is None:
            return "not stated"
        about = "about " if self.about else ""
        low, high = (100 * (limit or 0.0) for limit in (rate.low, rate.high))
        return f"{about}{percent} % of {self.patients} ({low:.0f} to {high:.0f} %)"


_ZUMA_1: Final = "YESCARTA, US prescribing information of October 2017"
_ZUMA_7: Final = "FDA review of ZUMA-7, supplement of April 2022"
_CONSORTIUM: Final = "Nastoupil LJ, et al. J Clin Oncol 2020;38:3119-3128"
_REGISTRY: Final = "Pasquini MC, et al., CIBMTR, in Am J Hematol 2021;96:1295-1312, table 6"

REFERENCE_RATES: Final = (
    ReferenceRate("ZUMA-1", Toxicity.CRS, 108, 94, 13, "Lee 2014", _ZUMA_1),
    ReferenceRate("ZUMA-7", Toxicity.CRS, 168, 92, 7, "Lee 2014", _ZUMA_7),
    ReferenceRate("US Lymphoma CAR T Consortium", Toxicity.CRS, 275, 91, 7, "Lee 2014", _CONSORTIUM),
    ReferenceRate("CIBMTR", Toxicity.CRS, 533, 82, 9, "Lee 2014", _REGISTRY, about=True),
    ReferenceRate("ZUMA-1", Toxicity.ICANS, 108, 87, None, "CTCAE, neurologic", _ZUMA_1),
    ReferenceRate("ZUMA-7", Toxicity.ICANS, 168, 74, 25, "CTCAE, neurologic", _ZUMA_7),
    ReferenceRate(
        "US Lymphoma CAR T Consortium", Toxicity.ICANS, 275, 69, 31, "CTCAE or CARTOX", _CONSORTIUM
    ),
    ReferenceRate("CIBMTR", Toxicity.ICANS, 533, 58, 19, "ASTCT 2019", _REGISTRY, about=True),
)
"""Any grade and grade 3 or more. ZUMA-1 also states a median CRS onset of 2 days and duration of 7 days."""
