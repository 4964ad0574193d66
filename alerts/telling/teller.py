"""The story behind one notice, read from the database inside the transaction that tells it."""

import logging
from datetime import datetime
from traceback import format_tb
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from alerts.difference import urgency_of
from alerts.model import CourseFacts, SignalKind
from alerts.states import Change
from alerts.telling.barred import bar_story
from alerts.telling.boundary import rule_story
from alerts.telling.chase import load_chase
from alerts.telling.desk import Desk, load_of
from alerts.telling.grades import grade_story
from alerts.telling.sae import sae_story
from alerts.telling.standing import missed_story, program_story, unsettled_story
from alerts.telling.support import support_story
from alerts.words.barred import bar_content
from alerts.words.boundary import rule_content
from alerts.words.grades import build_content
from alerts.words.minimal import minimal_content
from alerts.words.program import program_content
from alerts.words.sae import sae_content
from alerts.words.shell import MailContent
from alerts.words.standing import missed_content, unsettled_content
from alerts.words.story import MissedStory, Outline, ProgramStory, Story, SupportStory, UnsettledStory
from alerts.words.support import support_content
from alerts.words.trial_stories import BarStory, RuleStory, SaeStory
from db.models import Alert, Notice
from db.roles import Actor
from grading.scale import RULESET
from settings import Settings
from trial.protocol import Protocol

_log: Final = logging.getLogger(__package__)
_NO_RULES: Final = ""
_UNGRADED: Final = (SignalKind.SYSTEM, SignalKind.SAE_CLOCK)
"""Alerts that follow no scale of CRS or ICANS."""


AnyStory = (
    Story | SupportStory | UnsettledStory | MissedStory | BarStory | RuleStory | SaeStory | ProgramStory
)


class Teller:
    """Writes the stories of one course, or of the program itself, in one transaction."""

    def __init__(
        self,
        session: Session,
        course: CourseFacts | None,
        patient_id: int | None,
        *,
        now: datetime,
        by: Actor,
        protocol: Protocol,
        settings: Settings,
    ) -> None:
        of = load_of(session, course.infusion_id) if course else None
        self._desk = Desk(session, course, of, now, by, protocol, settings, patient_id)

    def content(
        self, change: Change, alert: Alert, old_level: int, told: tuple[str, ...], step: int
    ) -> tuple[MailContent, int | None]:
        """What the notice says, and the version row it is about; fixed words where that cannot be told.

        An entry must be saved and its alert told, whatever is wrong with the telling.
        """
        try:
            with self._desk.session.begin_nested():  # a query that fails must not take the entry with it
                story, assessment_id = self.story(change, alert, old_level, told, step)
                return content_of(story), assessment_id
        except Exception as error:
            # Where it happened, and never the error's own words: they may hold a patient's values.
            _log.error(
                "The %s notice of alert %s could not be written in full (%s); a minimal mail is sent.\n%s",
                change.notice,
                alert.id,
                type(error).__name__,
                "".join(format_tb(error.__traceback__)),
            )
            return self._minimal(change, alert, told), None

    def story(
        self, change: Change, alert: Alert, old_level: int, told: tuple[str, ...], step: int
    ) -> tuple[AnyStory, int | None]:
        """The story of a change already written to `alert`, and the version row it is about."""
        desk = self._desk
        common = self._common(change, alert, told)
        common["chase"] = load_chase(desk, change, common["alert_id"], step)
        match change.kind:
            case SignalKind.GRADE_3 | SignalKind.RISE_2:
                return grade_story(desk, change, old_level, common)
            case SignalKind.SUPPORT_UNGRADED:
                return support_story(desk, change, alert, common)
            case SignalKind.UNSETTLED:
                return unsettled_story(desk, change, alert, common)
            case SignalKind.MISSED:
                return missed_story(desk, change, alert, common)
            case SignalKind.BARRED:
                return bar_story(desk, change, alert, common)
            case SignalKind.BOUNDARY:
                return rule_story(desk, change, common), None
            case SignalKind.SAE_CLOCK:
                return sae_story(desk, change, alert, common), None
            case SignalKind.SYSTEM:
                return program_story(change, alert, common), None

    def _common(self, change: Change, alert: Alert, told: tuple[str, ...]) -> dict[str, Any]:
        """What every notice carries."""
        if change.notice is None or alert.id is None:
            raise ValueError(f"Alert {alert.id} has nothing to tell.")
        return {
            "kind": change.notice,
            "urgency": urgency_of(change.notice, change.urgency, change.level),
            "alert_id": alert.id,
            "number": self._number(alert.id),
            "ruleset": _NO_RULES if change.kind in _UNGRADED else RULESET,
            "told": told,
            "app_url": self._desk.settings.app_url,
            "zone": self._desk.settings.zone,
        }

    def _minimal(self, change: Change, alert: Alert, told: tuple[str, ...]) -> MailContent:
        return minimal_content(
            Outline(
                **self._common(change, alert, told),
                signal=change.kind,
                slot=change.slot,
                level=change.level,
                course=self._desk.of,
                study_code=None if self._desk.patient_id is None else self._desk.study_code,
                at=change.signal.last_at if change.signal else alert.first_observed_at,
            )
        )

    def _number(self, alert_id: int) -> int:
        query = select(func.count()).select_from(Notice).where(col(Notice.alert_id) == alert_id)
        return int(self._desk.session.connection().execute(query).scalar_one()) + 1


def content_of(story: AnyStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    match story:
        case Story():
            return build_content(story)
        case SupportStory():
            return support_content(story)
        case UnsettledStory():
            return unsettled_content(story)
        case MissedStory():
            return missed_content(story)
        case BarStory():
            return bar_content(story)
        case RuleStory():
            return rule_content(story)
        case SaeStory():
            return sae_content(story)
        case ProgramStory():
            return program_content(story)
