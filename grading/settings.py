"""The limits a site may set, and their values in this project.

Each of them is a reading of ours where the consensus leaves room; the numbered notes in
`astct_crs.py` say why. `trial.protocol` builds one from the protocol file.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class GradingSettings:
    """Limits used when an assessment is graded.

    low_systolic_mmhg  a systolic pressure below it is hypotension where nobody judged it
    low_spo2_percent   an SpO2 below it on room air is hypoxia where nobody judged it
    fever_c            a temperature at or above it is fever
    clear_hours        hours without a sign before a course of CRS closes
    drug_hours         hours since the last steroid or anticytokine drug before it closes
    late_after_day     CRS that begins after this day is flagged as late
    """

    low_systolic_mmhg: float = 90
    low_spo2_percent: float = 90
    fever_c: float = 38.0
    clear_hours: float = 24
    drug_hours: float = 24
    late_after_day: int = 14


DEFAULT_SETTINGS: Final = GradingSettings()
"""The values of this project's protocol."""
