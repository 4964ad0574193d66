"""When something was: now, or earlier at a date and a time of the hospital."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from actions import context
from db.inputs import Problem
from pages.parts.moments import TypedMoment, read_moment
from pages.parts.sheet import Sheet
from pages.parts.wording import clock_time

NOW: Final = "now"
EARLIER: Final = "earlier"
ENTER_MOMENT: Final = "Enter the date and the time."


@dataclass(frozen=True, slots=True)
class When:
    """What was chosen; `now` is the time that stood beside the choice when it was touched."""

    chosen: str
    now: datetime

    @property
    def is_earlier(self) -> bool:
        """Whether date and time are to be entered."""
        return self.chosen == EARLIER

    def moment(self, field: str, typed: TypedMoment | None) -> datetime | Problem:
        """The instant to the minute, or what is to be put right."""
        if not self.is_earlier:
            return self.now.astimezone(UTC).replace(second=0, microsecond=0)
        at = None if typed is None else read_moment(field, typed, context.settings().zone)
        return Problem(field, None, ENTER_MOMENT) if at is None else at


def choose_when(sheet: Sheet, field: str, label: str, hint: str, now: datetime) -> When | None:
    """Now or earlier; nothing is chosen beforehand. None until something is."""
    shown = sheet.kept(f"{field}_now") or now
    words = {NOW: f"Now ({clock_time(shown, context.settings().zone)})", EARLIER: "Earlier"}
    chosen = sheet.choice(f"{field}_when", label, hint, list(words), words.__getitem__)
    if chosen is None:
        return None
    sheet.keep(f"{field}_now", shown)
    return When(chosen, shown)
