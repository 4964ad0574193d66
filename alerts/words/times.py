"""When something was observed, entered and corrected, in the lines of a mail."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.wording import full_time, time_beside


def observed_and_entered(
    observed_at: datetime, entered_at: datetime, late_after: timedelta, zone: ZoneInfo
) -> tuple[str, str]:
    """One line; it is called a late entry where more than `late_after` lies between."""
    observed = full_time(observed_at, zone)
    entered = time_beside(entered_at, observed_at, zone)
    if entered_at - observed_at > late_after:
        return "Late entry", f"observed {observed}, entered {entered}."
    return "Observed", f"{observed}. Entered {entered}."


def corrected_line(
    observed_at: datetime,
    entered_at: datetime,
    corrected_at: datetime,
    by: str,
    zone: ZoneInfo,
    *,
    another: bool = False,
) -> tuple[str, str]:
    """ "entered 10:02, corrected 10:03 by the ward. The reason stands with the entry."."""
    entered = time_beside(entered_at, observed_at, zone)
    changed = f"{time_beside(corrected_at, observed_at, zone)} by {by}"
    if another:
        return "Entered", f"{entered}. An earlier entry was changed {changed}."
    return "Corrected", f"entered {entered}, corrected {changed}. The reason stands with the entry."
