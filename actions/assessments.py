"""What a person does with an assessment: record, correct, move or withdraw it, or say why it was not done.

Each is one transaction: the version, the grades of its course from its moment on, the days, the alerts with
their mails, and one audit event with the values before and after. Nothing is overwritten: every change is a
new version under the same `stable_id`, with a reason (`actions.corrections`).
"""

from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlmodel import Session

from actions import context
from actions.corrections import Withdrawn, correct_assessment, move_assessment, void_assessment
from actions.drafts import drop_saved_draft
from actions.permissions import Action, require
from actions.skips import skip_assessment
from actions.versions import (
    Saved,
    content_of,
    judged,
    place_of,
    recorded_only,
    refuse_taken_moment,
    refuse_unpermitted_judgement,
    regrade,
    saved_before,
    saved_now,
    sent_by_form,
    store_version,
)
from alerts.outbox import wake_worker
from db.audit import append_event
from db.inputs import AssessmentIn
from db.queries import entry as reads
from db.queries.entry import InfusionFacts
from db.roles import Actor
from db.session import writing
from grading.charted import CrsJudgement

__all__ = [
    "Saved",
    "Source",
    "Withdrawn",
    "correct_assessment",
    "move_assessment",
    "record_assessment",
    "skip_assessment",
    "void_assessment",
]

Source = Literal["form", "file", "demo"]


def record_assessment(
    entry: AssessmentIn, form_token: str, *, by: Actor, now: datetime, source: Source = "form"
) -> Saved:
    """Store an assessment, grade its course from its moment on and tell of what that raises.

    Sent twice by one form, or the same values twice for one moment, it is stored once: the second call gets
    the first one's `Saved`, with `already_saved_at`.

    Raises:
        Refused: patient, infusion or moment cannot be; nothing was saved.
        AlreadyRecorded: another assessment stands at this moment, or the form was saved with other values.
        NotPermitted: the role may not record, or not judge that signs are not CRS.
    """
    require(by, Action.RECORD_ASSESSMENT)
    refuse_unpermitted_judgement(entry, by)
    with writing() as session:
        sent_before = sent_by_form(session, entry, form_token, now)
        if sent_before is not None:
            return sent_before
        place = place_of(session, entry, now)
        standing = reads.standing_at(session, place.infusion_id, entry.assessed_at)
        if standing is not None and content_of(standing) == entry.columns():
            return saved_before(session, standing)
        refuse_taken_moment(standing, now)
        saved = _store(session, entry, place, form_token, by, now, source)
    wake_worker(context.settings())
    return saved


def _store(
    session: Session,
    entry: AssessmentIn,
    place: InfusionFacts,
    form_token: str,
    by: Actor,
    now: datetime,
    source: Source,
) -> Saved:
    values = entry.columns()
    stable_id = uuid4().hex
    origin = {
        "stable_id": stable_id,
        "version": 1,
        "patient_id": place.patient_id,
        "infusion_id": place.infusion_id,
        "status": "recorded",
        "form_token": form_token,
        "source": source,
        "entered_at": now,
        "entered_by": by.user_id,
        "confirmed_by_investigator": not (source == "file" and entry.crs_judgement is CrsJudgement.NOT_CRS),
    }
    assessment_id = store_version(session, values | origin)
    regraded = regrade(session, place.infusion_id, entry.assessed_at, now, by)
    saved = saved_now(stable_id, assessment_id, 1, regraded)
    drop_saved_draft(session, form_token, by)
    append_event(
        session,
        at=now,
        by=by,
        action="record_assessment",
        subject="assessment",
        subject_id=stable_id,
        patient_id=place.patient_id,
        detail={
            "assessment_id": assessment_id,
            "version": 1,
            "infusion_id": place.infusion_id,
            "source": source,
            "before": None,
            "after": recorded_only(values),
            "grades": judged(saved),
            "grades_written": regraded.changed,
        },
    )
    return saved
