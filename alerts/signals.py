"""What should raise an alert, pure: a course of graded assessments in, signals out.

`alerts.episodes` finds what belongs to assessments, `alerts.standing` what stands now, and
`alerts.latched_signals` what only a person ends; of those a stopping rule and a serious event belong to no
course, and are found apart.
"""

from datetime import datetime

from alerts.episodes import grade_3_episodes, rise_episodes, support_episodes
from alerts.latched_signals import barred_signals
from alerts.model import CourseFacts, Signal
from alerts.standing import missed_signals, unsettled_signals
from trial.protocol import Protocol


def evaluate(course: CourseFacts, now: datetime, protocol: Protocol) -> set[Signal]:
    """Every signal of the course: all its episodes, the ended ones too, and what stands at `now`."""
    return {
        *grade_3_episodes(course, protocol),
        *rise_episodes(course, now, protocol),
        *support_episodes(course, now, protocol),
        *barred_signals(course, protocol),
        *unsettled_signals(course, now, protocol),
        *missed_signals(course, now, protocol),
    }
