"""Versions of an assessment: how one is stored, graded and told inside an action's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, bindparam, update
from sqlmodel import Session

from actions import context
from actions.course import Regraded, regrade_course, retire_grades
from actions.deaths import refuse_other_death
from actions.errors import AlreadyRecorded, NotPermitted, Refused, RefusedField
from actions.permissions import Action, may
from actions.rows import insert_row
from actions.words import when
from db.inputs import AssessmentIn, check_against_patient
from db.models import Record
from db.queries import entry as reads
from db.queries.entry import InfusionFacts
from db.readers import FreeText, Unreadable, is_blank
from db.roles import SYSTEM, Actor
from failpoints import reach
from grading.charted import FILE_COLUMNS, CrsJudgement
from grading.scale import Grade

CONTENT: Final = tuple(name for name in FILE_COLUMNS if name not in ("patient_id", "infusion_number"))
"""The columns of `assessment` that a person fills."""

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_SUPERSEDE: Final = (
    update(_ASSESSMENTS).where(_ASSESSMENTS.c.id == bindparam("row_id")).values(superseded_at=bindparam("at"))
)
_REASON: Final = FreeText("Reason", 2000, lines=True)


@dataclass(frozen=True, slots=True)
class Saved:
    """What was stored, and what it means.

    told              how many recipients are being told of it now
    already_saved_at  when the same entry was saved before; None when this call saved it
    """

    stable_id: str
    assessment_id: int
    version: int
    crs: Grade
    icans: Grade
    told: int
    already_saved_at: datetime | None = None


def place_of(
    session: Session, entry: AssessmentIn, now: datetime, *, besides: str | None = None
) -> InfusionFacts:
    """The infusion the entry belongs to; Refused where the patient, the infusion or the moment cannot be.

    `besides` is the stable id of the assessment that the entry corrects.
    """
    facts = reads.find_infusion(session, entry.patient_id, entry.infusion_number, besides=besides)
    if facts is None and not reads.is_enrolled(session, entry.patient_id):
        sentence = (
            f"No patient {entry.patient_id} is enrolled. Correct the study code, or enrol the patient first."
        )
        raise Refused([RefusedField("patient_id", entry.patient_id, sentence)])
    problems = check_against_patient(
        entry,
        now=now,
        infused_at=facts.infused_at if facts else None,
        died_at=facts.died_at if facts else None,
        last_assessed_at=facts.last_at if facts else None,
        zone=context.settings().zone,
    )
    if facts is None or problems:
        raise Refused(problems)
    refuse_other_death(session, entry, facts.patient_id)
    return facts


def refuse_unpermitted_judgement(entry: AssessmentIn, by: Actor) -> None:
    """Only an investigator may state that signs are not CRS (clinical rules, section 1, course 3)."""
    if entry.crs_judgement is not CrsJudgement.NOT_CRS or by == SYSTEM or may(by.role, Action.JUDGE_CRS):
        return
    sentence = (
        "Only an investigator may record that these signs are not CRS. Clear it, or ask an investigator."
    )
    raise NotPermitted([RefusedField("crs_judgement", entry.crs_judgement.value, sentence)])


def refuse_taken_moment(standing: RowMapping | None, now: datetime) -> None:
    """One assessment an instant: what stands there is corrected, not entered again."""
    if standing is None:
        return
    sentence = (
        f"An assessment of {when(standing['assessed_at'], now)} is already recorded; correct it on its page."
    )
    raise AlreadyRecorded([RefusedField("assessed_at", standing["assessed_at"], sentence)])


def read_reason(reason: str | None, sentence: str) -> str:
    """The reason of a change as it is stored; Refused with `sentence` where none is given."""
    if is_blank(reason):
        raise Refused([RefusedField("reason", reason, sentence)])
    try:
        return str(_REASON(reason))
    except Unreadable as unreadable:
        raise Refused([RefusedField("reason", reason, str(unreadable))]) from unreadable


def store_version(session: Session, values: Mapping[str, Any]) -> int:
    """Insert one version and return its row id."""
    row_id = insert_row(session, _ASSESSMENTS, values)
    reach("entry.after_version")
    return row_id


def next_version(
    session: Session,
    current: RowMapping,
    changes: Mapping[str, Any],
    *,
    reason: str,
    form_token: str | None,
    by: Actor,
    now: datetime,
) -> int:
    """Supersede the current version, and its grades, by one that differs in `changes`; returns the row id."""
    kept = {name: current[name] for name in CONTENT}
    about = {
        name: current[name]
        for name in (
            "stable_id",
            "patient_id",
            "infusion_id",
            "source",
            "confirmed_by_investigator",
            "status",
        )
    }
    session.connection().execute(_SUPERSEDE, {"row_id": current["id"], "at": now})
    retire_grades(session, current["id"], now)
    return store_version(
        session,
        about
        | kept
        | {
            "version": current["version"] + 1,
            "supersedes_id": current["id"],
            "reason": reason,
            "form_token": form_token,
            "entered_at": now,
            "entered_by": by.user_id,
        }
        | dict(changes),
    )


def regrade(
    session: Session,
    infusion_id: int,
    from_at: datetime,
    now: datetime,
    by: Actor,
    *,
    historical: bool = False,
) -> Regraded:
    """Grade a course from a moment on, under the protocol in force."""
    return regrade_course(
        session,
        infusion_id,
        from_at=from_at,
        now=now,
        protocol=context.protocol(),
        by=by,
        historical=historical,
    )


def saved_now(stable_id: str, assessment_id: int, version: int, regraded: Regraded) -> Saved:
    """What this call stored."""
    graded = regraded.graded[assessment_id]
    return Saved(stable_id, assessment_id, version, graded.crs, graded.icans, regraded.told.recipients)


def saved_before(session: Session, row: RowMapping) -> Saved:
    """What an earlier call stored, as it said then."""
    crs, icans = reads.grades_of(session, row["id"])
    told = reads.recipients_told(session, row["id"])
    return Saved(row["stable_id"], row["id"], row["version"], crs, icans, told, row["entered_at"])


def sent_by_form(session: Session, entry: AssessmentIn, form_token: str, now: datetime) -> Saved | None:
    """What this form saved before; AlreadyRecorded when it now holds something else."""
    row = reads.saved_by_form(session, form_token)
    if row is None:
        return None
    place = reads.coded_infusion(session, row["infusion_id"])
    if place == (entry.patient_id, entry.infusion_number) and content_of(row) == entry.columns():
        return saved_before(session, row)
    raise AlreadyRecorded(
        f"This entry was already saved at {when(row['entered_at'], now)} with other values; "
        "correct it on its page."
    )


def content_of(row: RowMapping) -> dict[str, Any]:
    """What a person filled in, of a stored version."""
    return {name: row[name] for name in CONTENT}


def recorded_only(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were recorded, for the audit trail."""
    return {name: value for name, value in values.items() if value is not None}


def judged(saved: Saved) -> dict[str, Any]:
    """The two grades, for the audit trail."""
    return {
        grade.scale.value: {"grade": grade.grade, "at_least": grade.at_least}
        for grade in (saved.crs, saved.icans)
    }
