"""What should raise an alert, pure: a course of graded assessments in, signals out.

`alerts.episodes` finds what belongs to assessments, `alerts.standing` what stands now. A room that knows of
something else to tell (a bar, a boundary, a serious event) adds its signals to these; see `Signal`.
"""

from datetime import datetime

from alerts.episodes import grade_3_episodes, rise_episodes, support_episodes
from alerts.model import CourseFacts, Signal
from alerts.standing import missed_signals, unsettled_signals
from trial.protocol import Protocol


def evaluate(course: CourseFacts, now: datetime, protocol: Protocol) -> set[Signal]:
    """Every signal of the course: all its episodes, the ended ones too, and what stands at `now`."""
    return {
        *grade_3_episodes(course, protocol),
        *rise_episodes(course, now, protocol),
        *support_episodes(course, now, protocol),
        *unsettled_signals(course, now, protocol),
        *missed_signals(course, now, protocol),
    }
