"""Where the days after each infusion stand: side by side on one axis, the same in every picture by day."""

from dataclasses import dataclass
from typing import Any, Final

from trial.safety_filter import INFUSIONS

INFUSION_WORDS: Final = {1: "first infusion", 2: "second infusion"}
GUTTER: Final = 0.75
"""Between the panels of two infusions, in columns."""


@dataclass(frozen=True, slots=True)
class DayColumns:
    """The columns of day 0 to the last monitored day, for each infusion that is shown."""

    last_day: int
    numbers: tuple[int, ...] = INFUSIONS

    def x(self, number: int, day: float) -> float:
        """Where a day stands on the shared axis."""
        return day + self.numbers.index(number) * (self.last_day + 1 + GUTTER)

    @property
    def days(self) -> range:
        """The days of one infusion."""
        return range(self.last_day + 1)

    @property
    def span(self) -> list[float]:
        """The range of the shared axis."""
        return [-0.5, self.x(self.numbers[-1], self.last_day) + 0.5]

    def ticks(self) -> dict[str, Any]:
        """The days as tick labels of every panel."""
        every = [(number, day) for number in self.numbers for day in self.days]
        return {
            "tickmode": "array",
            "tickvals": [self.x(number, day) for number, day in every],
            "ticktext": [str(day) for _, day in every],
            "tickangle": 0,
        }

    def titles(self, colour: str) -> list[dict[str, Any]]:
        """The words above the panels."""
        return [
            {
                "text": f"<b>{INFUSION_WORDS[number].capitalize()}</b>, days since infusion",
                "x": self.x(number, 0) - 0.5,
                "y": 1,
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "bottom",
                "yshift": 24,
                "showarrow": False,
                "font": {"size": 14, "color": colour},
            }
            for number in self.numbers
        ]
