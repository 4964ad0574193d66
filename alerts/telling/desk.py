"""What every story is read with: the session of the transaction that tells it, the course, and the rules."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from alerts.model import CourseFacts
from alerts.wording import ROLE_WORDS
from alerts.words.story import Course, Graded
from db.models import Assessment, Grade, Infusion, Patient
from db.roles import SYSTEM, Actor
from grading.scale import Toxicity
from settings import Settings
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Desk:
    """One course; `facts` and `of` are None for a serious event, a stopping rule and the program itself."""

    session: Session
    facts: CourseFacts | None
    of: Course | None
    now: datetime
    by: Actor
    protocol: Protocol
    settings: Settings
    patient_id: int | None = None

    @property
    def study_code(self) -> str:
        """The patient's."""
        if self.patient_id is None:
            raise ValueError("This alert is about no patient.")
        return self.session.get_one(Patient, self.patient_id).study_code

    @property
    def course(self) -> Course:
        """The patient and the infusion."""
        if self.of is None:
            raise ValueError("An alert of the program itself is about no patient.")
        return self.of

    @property
    def known(self) -> CourseFacts:
        """What stands in the course."""
        if self.facts is None:
            raise ValueError("An alert of the program itself belongs to no course.")
        return self.facts

    @property
    def by_words(self) -> str:
        """Who makes the change, by role: "the ward"."""
        return "Vigil" if self.by == SYSTEM else ROLE_WORDS[self.by.role]

    def grade(self, assessment_id: int, scale: Toxicity) -> Grade:
        """The newest grade of one version."""
        return self.session.exec(
            select(Grade)
            .where(Grade.assessment_id == assessment_id, Grade.scale == scale.value)
            .order_by(col(Grade.id).desc())
            .limit(1)
        ).one()

    def current_of(self, stable_id: str) -> Assessment:
        """The version that stands, also of an entry that was withdrawn or moved."""
        return self.session.exec(
            select(Assessment).where(
                Assessment.stable_id == stable_id, col(Assessment.superseded_at).is_(None)
            )
        ).one()


def load_of(session: Session, infusion_id: int) -> Course:
    """The patient by study code, and which infusion."""
    infusion = session.get_one(Infusion, infusion_id)
    patient = session.get_one(Patient, infusion.patient_id)
    return Course(patient.study_code, infusion.number, infusion.infused_at)


def graded(grade: Grade) -> Graded:
    """A stored grade as mails know it."""
    return Graded(
        grade=grade.grade,
        at_least=grade.at_least,
        reasons=tuple(line for line in grade.reasons.split("\n") if line),
        notes=tuple(line for line in grade.notes.split("\n") if line),
        missing=tuple(column for column in grade.missing.split(";") if column),
    )


def row_id(assessment: Assessment) -> int:
    """The id of a stored version."""
    if assessment.id is None:
        raise ValueError("An assessment that is not stored has no grade.")
    return assessment.id
