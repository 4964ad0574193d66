"""What the actions on assessments read before they write, inside their own transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, and_, bindparam, func, literal_column, select
from sqlmodel import Session

from db.models import Record
from db.queries.deaths import died_at
from grading.scale import Grade, Toxicity

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_GRADES: Final = Record.metadata.tables["grade"]
_INFUSIONS: Final = Record.metadata.tables["infusion"]
_PATIENTS: Final = Record.metadata.tables["patient"]
_USERS: Final = Record.metadata.tables["user"]
_DELIVERIES: Final = Record.metadata.tables["delivery"]
_NOTICES: Final = Record.metadata.tables["notice"]
# Written out, not bound: the database then sees that the index of what stands will do.
_STANDS: Final = and_(
    _ASSESSMENTS.c.superseded_at.is_(None), _ASSESSMENTS.c.status == literal_column("'recorded'")
)
_BY_FORM: Final = select(_ASSESSMENTS).where(_ASSESSMENTS.c.form_token == bindparam("token"))
_STANDING_AT: Final = select(_ASSESSMENTS).where(
    _ASSESSMENTS.c.infusion_id == bindparam("of_infusion"),
    _ASSESSMENTS.c.assessed_at == bindparam("at"),
    _STANDS,
)
_OTHERS: Final = and_(
    _ASSESSMENTS.c.patient_id == _PATIENTS.c.id,
    _ASSESSMENTS.c.stable_id != bindparam("besides"),
    _STANDS,
)
_FIND_INFUSION: Final = (
    select(
        _PATIENTS.c.id,
        _PATIENTS.c.study_code,
        _INFUSIONS.c.id,
        _INFUSIONS.c.number,
        _INFUSIONS.c.infused_at,
        died_at(_PATIENTS.c.id, besides=bindparam("besides")),
        select(func.max(_ASSESSMENTS.c.assessed_at)).where(_OTHERS).scalar_subquery(),
    )
    .join(_PATIENTS, _PATIENTS.c.id == _INFUSIONS.c.patient_id)
    .where(_PATIENTS.c.study_code == bindparam("code"), _INFUSIONS.c.number == bindparam("infusion"))
)


@dataclass(frozen=True, slots=True)
class InfusionFacts:
    """An infusion, and what limits the entries after it.

    died_at  after this instant nothing is recorded (`db.queries.deaths`), None while alive
    last_at  time of the patient's latest assessment, after either infusion
    """

    patient_id: int
    study_code: str
    infusion_id: int
    number: int
    infused_at: datetime
    died_at: datetime | None
    last_at: datetime | None


def find_infusion(
    session: Session, study_code: str, number: int, *, besides: str | None = None
) -> InfusionFacts | None:
    """The infusion of a patient by study code and number, or None.

    `besides` is the stable id of an assessment that is about to change and is left out of the limits.
    """
    values = {"code": study_code, "infusion": number, "besides": besides or ""}
    row = session.connection().execute(_FIND_INFUSION, values).first()
    return None if row is None else InfusionFacts(*row)


def is_enrolled(session: Session, study_code: str) -> bool:
    """Whether a patient with this study code is enrolled; one in screening is not."""
    query = select(_PATIENTS.c.id).where(
        _PATIENTS.c.study_code == study_code, _PATIENTS.c.enrolled_at.is_not(None)
    )
    return session.connection().execute(query).first() is not None


def standing_at(session: Session, infusion_id: int, assessed_at: datetime) -> RowMapping | None:
    """The assessment that stands after this infusion at this instant, or None."""
    values = {"of_infusion": infusion_id, "at": assessed_at}
    return session.connection().execute(_STANDING_AT, values).mappings().first()


def saved_by_form(session: Session, form_token: str) -> RowMapping | None:
    """The version that this form already saved, or None."""
    return session.connection().execute(_BY_FORM, {"token": form_token}).mappings().first()


def current_version(session: Session, stable_id: str) -> RowMapping | None:
    """The version of an assessment that now stands, voided or not, with who entered it."""
    query = (
        select(_ASSESSMENTS, _USERS.c.display_name, _USERS.c.role)
        .outerjoin(_USERS, _USERS.c.id == _ASSESSMENTS.c.entered_by)
        .where(_ASSESSMENTS.c.stable_id == stable_id, _ASSESSMENTS.c.superseded_at.is_(None))
    )
    return session.connection().execute(query).mappings().first()


def first_entered(session: Session, stable_id: str) -> tuple[int | None, datetime]:
    """Who entered an assessment first, and when."""
    query = select(_ASSESSMENTS.c.entered_by, _ASSESSMENTS.c.entered_at).where(
        _ASSESSMENTS.c.stable_id == stable_id, _ASSESSMENTS.c.version == 1
    )
    entered_by, entered_at = session.connection().execute(query).one()
    return entered_by, entered_at


def coded_infusion(session: Session, infusion_id: int) -> tuple[str, int]:
    """The study code and number of an infusion."""
    query = (
        select(_PATIENTS.c.study_code, _INFUSIONS.c.number)
        .join(_PATIENTS, _PATIENTS.c.id == _INFUSIONS.c.patient_id)
        .where(_INFUSIONS.c.id == infusion_id)
    )
    study_code, number = session.connection().execute(query).one()
    return study_code, number


def grades_of(session: Session, assessment_id: int) -> tuple[Grade, Grade]:
    """CRS and ICANS of one version of an assessment, as last graded."""
    query = select(_GRADES).where(_GRADES.c.assessment_id == assessment_id).order_by(_GRADES.c.id)
    latest = {row["scale"]: row for row in session.connection().execute(query).mappings()}
    return grade_of(latest[Toxicity.CRS.value]), grade_of(latest[Toxicity.ICANS.value])


def grade_of(row: RowMapping | dict[str, Any]) -> Grade:
    """A stored grade as the grader gave it."""
    return Grade(
        scale=Toxicity(row["scale"]),
        grade=row["grade"],
        at_least=row["at_least"],
        missing=_parts(row["missing"], ";"),
        reasons=_parts(row["reasons"], "\n"),
        notes=_parts(row["notes"], "\n"),
        ruleset=row["ruleset"],
        at_most=row["at_most"],
    )


def recipients_told(session: Session, assessment_id: int) -> int:
    """How many recipients were told of this version of an assessment."""
    query = (
        select(func.count(_DELIVERIES.c.recipient_id.distinct()))
        .join(_NOTICES, _NOTICES.c.id == _DELIVERIES.c.notice_id)
        .where(_NOTICES.c.assessment_id == assessment_id)
    )
    return session.connection().execute(query).scalar_one()


def _parts(text: str, separator: str) -> tuple[str, ...]:
    return tuple(text.split(separator)) if text else ()
