"""The story behind one notice, read from the database inside the transaction that tells it."""

import logging
from datetime import datetime
from traceback import format_tb
from typing import Final

from sqlmodel import Session, col, select

from alerts.content import MailContent, build_content, minimal_content
from alerts.content_plain import Plain, plain_content
from alerts.difference import AlertState, Change, NoticeKind, urgency_of
from alerts.model import ALERT_GRADE, AssessmentFact, CourseFacts, SignalKind, SignalState
from alerts.story import Cause, Correction, Course, Graded, Known, Outline, Story
from alerts.wording import ROLE_WORDS
from db.models import Alert, Assessment, Grade, Infusion, Notice, Patient
from db.roles import SYSTEM, Actor
from grading.scale import RULESET, Toxicity
from settings import Settings
from trial.protocol import Protocol

_log: Final = logging.getLogger(__name__)


_OF_A_GRADE: Final = (SignalKind.GRADE_3, SignalKind.RISE_2)


class Teller:
    """Writes the stories of one course, or of the program itself, in one transaction."""

    def __init__(
        self,
        session: Session,
        course: CourseFacts | None,
        *,
        now: datetime,
        by: Actor,
        protocol: Protocol,
        settings: Settings,
    ) -> None:
        self._session = session
        self._assessments = course.assessments if course else ()
        self._now = now
        self._by = by
        self._protocol = protocol
        self._settings = settings
        self._of = _load_course(session, course.infusion_id) if course else None

    @property
    def _course(self) -> Course:
        if self._of is None:
            raise ValueError("An alert of the program itself is about no patient.")
        return self._of

    def content(
        self, change: Change, alert: Alert, old_level: int, told: tuple[str, ...]
    ) -> tuple[MailContent, int | None]:
        """What the notice says, and the version row it is about; fixed words where that cannot be told.

        An entry must be saved and its alert told, whatever is wrong with the telling.
        """
        try:
            with self._session.begin_nested():  # a query that fails must not take the entry with it
                if change.kind not in _OF_A_GRADE:
                    return self._plain(change, alert, told)
                story, assessment_id = self.story(change, alert, old_level, told)
                return build_content(story), assessment_id
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

    def story(self, change: Change, alert: Alert, old_level: int, told: tuple[str, ...]) -> tuple[Story, int]:
        """The story of a change already written to `alert`, and the version row it is about."""
        if change.notice is None or alert.id is None:
            raise ValueError(f"Alert {alert.id} has nothing to tell.")
        scale = Toxicity(change.slot)
        assessment_id = self._subject(change, scale, old_level)
        assessment = self._session.get_one(Assessment, assessment_id)
        grade = self._grade(assessment_id, scale)
        story = Story(
            kind=change.notice,
            urgency=urgency_of(change.notice, change.urgency, change.level),
            alert_id=alert.id,
            number=self._number(alert.id),
            scale=scale,
            level=change.level,
            over=change.state is AlertState.CLOSED,
            recovering=change.signal is not None and change.signal.state is SignalState.RECOVERING,
            course=self._course,
            observed_at=assessment.assessed_at,
            entered_at=assessment.entered_at,
            graded=_graded(grade),
            before=self._known(scale, assessment, before=True),
            also_now=self._known(_other(scale), assessment, before=False),
            correction=self._correction(change, scale, old_level),
            ruleset=grade.ruleset,
            told=told,
            app_url=self._settings.app_url,
            zone=self._settings.zone,
            late_after=self._protocol.slot_tolerance,
            cause=self._cause(assessment, grade),
        )
        return story, assessment_id

    def _plain(self, change: Change, alert: Alert, told: tuple[str, ...]) -> tuple[MailContent, int | None]:
        """What the notice of a signal without a grade says."""
        if change.notice is None or alert.id is None:
            raise ValueError(f"Alert {alert.id} has nothing to tell.")
        plain = Plain(
            kind=change.notice,
            signal=change.kind,
            slot=change.slot,
            urgency=urgency_of(change.notice, change.urgency, change.level),
            alert_id=alert.id,
            number=self._number(alert.id),
            course=self._of,
            first_at=alert.first_observed_at,
            ended_reason=change.ended_reason,
            told=told,
            app_url=self._settings.app_url,
            zone=self._settings.zone,
        )
        return plain_content(plain, RULESET), change.signal.worst_id if change.signal else None

    def _minimal(self, change: Change, alert: Alert, told: tuple[str, ...]) -> MailContent:
        if change.notice is None or alert.id is None:
            raise ValueError(f"Alert {alert.id} has nothing to tell.")
        if change.kind not in _OF_A_GRADE:
            return self._plain(change, alert, told)[0]
        outline = Outline(
            kind=change.notice,
            urgency=urgency_of(change.notice, change.urgency, change.level),
            alert_id=alert.id,
            number=self._number(alert.id),
            scale=Toxicity(change.slot),
            level=change.level,
            course=self._course,
            at=change.signal.last_at if change.signal else alert.first_observed_at,
            told=told,
            app_url=self._settings.app_url,
            zone=self._settings.zone,
        )
        return minimal_content(outline, RULESET)

    def _subject(self, change: Change, scale: Toxicity, old_level: int) -> int:
        """The version row that the notice is about."""
        signal = change.signal
        if signal is None:
            return self._former_grade(change, scale, old_level).assessment_id
        if change.notice in (NoticeKind.RECOVERY, NoticeKind.DEATH) and signal.ended_id is not None:
            return signal.ended_id
        latest = change.notice in (NoticeKind.AGAIN, NoticeKind.LAPSED)
        subject = signal.latest_id if latest else signal.worst_id
        if subject is None:
            raise ValueError(f"The signal {signal.kind} belongs to no assessment.")
        return subject

    def _correction(self, change: Change, scale: Toxicity, old_level: int) -> Correction | None:
        if change.notice not in (NoticeKind.AMENDMENT, NoticeKind.RETRACTION):
            return None
        was = self._former_grade(change, scale, old_level)
        then = self._session.get_one(Assessment, was.assessment_id)
        current = self._session.exec(
            select(Assessment).where(
                Assessment.stable_id == then.stable_id, col(Assessment.superseded_at).is_(None)
            )
        ).one()
        moved = current.infusion_id != then.infusion_id
        stands = current.status == "recorded" and not moved
        return Correction(
            observed_at=then.assessed_at,
            entered_at=then.entered_at,
            was=_graded(was),
            now=_graded(self._grade(_id(current), scale)) if stands else None,
            moved=moved,
            corrected_at=self._now,
            corrected_by="Vigil" if self._by == SYSTEM else ROLE_WORDS[self._by.role],
        )

    def _cause(self, assessment: Assessment, grade: Grade) -> Cause | None:
        """The one entry of now that changed the grade of an older, later assessment."""
        written = [fact for fact in self._assessments if fact.entered_at == self._now]
        if len(written) != 1 or grade.graded_at != self._now or assessment.entered_at == self._now:
            return None
        (fact,) = written
        if fact.assessed_at >= assessment.assessed_at:
            return None
        return Cause(fact.assessed_at, fact.entered_at, corrected=fact.version > 1)

    def _former_grade(self, change: Change, scale: Toxicity, old_level: int) -> Grade:
        """The stored grade that no longer holds: the last one of an entry that left, or of the old level.

        Every one of these entries was once at 3 or more, so that there is always one to tell of.
        """
        ids, at_least = (change.lost, ALERT_GRADE) if change.lost else (change.members, old_level)
        return self._session.exec(
            select(Grade)
            .join(Assessment, col(Assessment.id) == col(Grade.assessment_id))
            .where(
                col(Assessment.stable_id).in_(sorted(ids)),
                Grade.scale == scale.value,
                Grade.at_least >= ALERT_GRADE,
            )
            .order_by((col(Grade.at_least) >= at_least).desc(), col(Grade.id).desc())
            .limit(1)
        ).one()

    def _grade(self, assessment_id: int, scale: Toxicity) -> Grade:
        return self._session.exec(
            select(Grade)
            .where(Grade.assessment_id == assessment_id, Grade.scale == scale.value)
            .order_by(col(Grade.id).desc())
            .limit(1)
        ).one()

    def _known(self, scale: Toxicity, assessment: Assessment, *, before: bool) -> Known | None:
        """The last settled grade, or anything higher proved since, up to the assessment."""
        known: Known | None = None
        for fact in self._assessments:
            if fact.assessed_at > assessment.assessed_at or (
                before and fact.stable_id == assessment.stable_id
            ):
                break
            known = _later(known, fact, scale)
        return known

    def _number(self, alert_id: int) -> int:
        return len(self._session.exec(select(Notice.id).where(Notice.alert_id == alert_id)).all()) + 1


def _later(known: Known | None, fact: AssessmentFact, scale: Toxicity) -> Known | None:
    grade = fact.of(scale)
    if grade.grade is not None:
        return Known(grade.grade, grade.grade, fact.assessed_at)
    if grade.at_least > (known.at_least if known else 0):
        return Known(None, grade.at_least, fact.assessed_at)
    return known


def _load_course(session: Session, infusion_id: int) -> Course:
    infusion = session.get_one(Infusion, infusion_id)
    patient = session.get_one(Patient, infusion.patient_id)
    return Course(patient.study_code, infusion.number, infusion.infused_at)


def _graded(grade: Grade) -> Graded:
    return Graded(
        grade=grade.grade,
        at_least=grade.at_least,
        reasons=tuple(line for line in grade.reasons.split("\n") if line),
        notes=tuple(line for line in grade.notes.split("\n") if line),
        missing=tuple(column for column in grade.missing.split(";") if column),
    )


def _other(scale: Toxicity) -> Toxicity:
    return Toxicity.ICANS if scale is Toxicity.CRS else Toxicity.CRS


def _id(assessment: Assessment) -> int:
    if assessment.id is None:
        raise ValueError("An assessment that is not stored has no grade.")
    return assessment.id
