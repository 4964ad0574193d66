"""A measured figure, its yardstick and its goal."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `value` is what the goal speaks of: a ratio, seconds, a slope, megabytes."""

    name: str
    value: float
    goal: float
    unit: str
    detail: str

    @property
    def met(self) -> bool:
        """Whether the goal is met; lower is better in every figure."""
        return self.value <= self.goal

    def line(self) -> str:
        """The figure as it is printed."""
        mark = "ok  " if self.met else "OVER"
        return f"{mark} {self.name:58} {self.value:8.2f} {self.unit:6} goal {self.goal:g}   ({self.detail})"


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A line of the report for which this machine lacks something; its goal is not met."""

    name: str
    why: str
    met: bool = False

    def line(self) -> str:
        """The line as it is printed."""
        return f"---- {self.name:58} not measured: {self.why}"


def seconds(work: Callable[[], object]) -> float:
    """How long one run takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def processor_seconds(work: Callable[[], object]) -> float:
    """How much processor time one run takes, which the machine's other work disturbs little."""
    began = time.process_time()
    work()
    return time.process_time() - began


def fastest(work: Callable[[], object], repeats: int) -> float:
    """The least processor time of several runs."""
    return min(processor_seconds(work) for _ in range(repeats))


def slope(small: tuple[float, float], large: tuple[float, float]) -> float:
    """The exponent of time against size: 1 where twice the rows take twice the time."""
    return math.log(large[1] / small[1]) / math.log(large[0] / small[0])


def p50(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def ms(duration_s: float) -> str:
    """A duration as people read it."""
    return f"{duration_s * 1000:.1f} ms" if duration_s < 1 else f"{duration_s:.2f} s"
