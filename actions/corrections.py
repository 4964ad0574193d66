"""Changing an assessment that stands: correct it, move it to the right patient, withdraw it.

Each makes a new version with a reason. The person names the version that was on the screen: when somebody
else made a newer one, nothing is saved and both values are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping
from sqlmodel import Session

from actions import context
from actions.drafts import drop_saved_draft
from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused, RefusedField
from actions.permissions import Action, may, require
from actions.versions import (
    Saved,
    content_of,
    judged,
    next_version,
    place_of,
    read_reason,
    recorded_only,
    refuse_taken_moment,
    refuse_unpermitted_judgement,
    regrade,
    saved_now,
    sent_by_form,
)
from actions.words import author, when
from alerts.outbox import wake_worker
from db.audit import append_event
from db.inputs import AssessmentIn
from db.queries import entry as reads
from db.roles import SYSTEM, Actor
from db.session import writing

OWN_FOR: Final = timedelta(hours=12)
"""How long a nurse may correct an entry of her own, from the moment it was first saved."""

_UNKNOWN: Final = "This assessment is not known. Open the patient's page and choose it there."
_WHY_CORRECTED: Final = "Say why the entry is corrected, such as: wrong line filled."
_WHY_MOVED: Final = "Say why the entry is moved, such as: wrong patient chosen."
_WHY_VOIDED: Final = "Say why the entry is withdrawn, such as: entered for the wrong day."


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A withdrawn assessment; `told` is how many recipients are being told of what that takes back."""

    stable_id: str
    assessment_id: int
    version: int
    told: int


def correct_assessment(
    stable_id: str,
    version: int,
    entry: AssessmentIn,
    reason: str | None,
    form_token: str,
    *,
    by: Actor,
    now: datetime,
) -> Saved:
    """Replace version `version` of an assessment by `entry`, for a reason, and grade the course again.

    The course is graded from the earlier of the old and the new moment on. The same form twice is stored
    once.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        NotPermitted: not one's own, too old, or a judgement that only an investigator may make.
        Refused: no reason, nothing changed, or patient, infusion or moment cannot be.
    """
    require(by, Action.CORRECT_OWN_ASSESSMENT)
    refuse_unpermitted_judgement(entry, by)
    why = read_reason(reason, _WHY_CORRECTED)
    with writing() as session:
        sent_before = sent_by_form(session, entry, form_token, now)
        if sent_before is not None:
            return sent_before
        current = _current(session, stable_id, by, now)
        values = entry.columns()
        _refuse_stale(current, version, values, now)
        _refuse_other_place(session, current, entry)
        _refuse_unchanged(current, values)
        place = place_of(session, entry, now, besides=stable_id)
        _refuse_clash(session, current, place.infusion_id, entry.assessed_at, now)
        confirmed = {"source": "form", "confirmed_by_investigator": True}
        row_id = next_version(
            session, current, values | confirmed, reason=why, form_token=form_token, by=by, now=now
        )
        from_at = min(current["assessed_at"], entry.assessed_at)
        regraded = regrade(session, place.infusion_id, from_at, now, by)
        saved = saved_now(stable_id, row_id, current["version"] + 1, regraded)
        drop_saved_draft(session, form_token, by)
        _audit(session, "correct_assessment", current, saved, values, why, by, now)
    wake_worker(context.settings())
    return saved


def move_assessment(
    stable_id: str,
    version: int,
    to_patient_code: str,
    to_infusion_number: int,
    reason: str | None,
    *,
    by: Actor,
    now: datetime,
) -> Saved:
    """Move an assessment that was entered for the wrong patient or infusion: one commit for both courses.

    The alert that it raised there is withdrawn, and what it raises here is told. Raises as
    `correct_assessment`.
    """
    require(by, Action.CORRECT_OWN_ASSESSMENT)
    why = read_reason(reason, _WHY_MOVED)
    with writing() as session:
        current = _current(session, stable_id, by, now)
        values = content_of(current)
        _refuse_stale(current, version, values, now)
        entry = _entry_at(values, to_patient_code, to_infusion_number)
        place = place_of(session, entry, now, besides=stable_id)
        if place.infusion_id == current["infusion_id"]:
            sentence = f"The entry already belongs to this infusion of {to_patient_code}."
            raise Refused([RefusedField("patient_id", to_patient_code, sentence)])
        _refuse_clash(session, current, place.infusion_id, entry.assessed_at, now)
        to_place = {"patient_id": place.patient_id, "infusion_id": place.infusion_id}
        row_id = next_version(session, current, to_place, reason=why, form_token=None, by=by, now=now)
        regrade(session, current["infusion_id"], current["assessed_at"], now, by)
        regraded = regrade(session, place.infusion_id, entry.assessed_at, now, by)
        saved = saved_now(stable_id, row_id, current["version"] + 1, regraded)
        _audit(session, "move_assessment", current, saved, values | to_place, why, by, now)
    wake_worker(context.settings())
    return saved


def void_assessment(
    stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime
) -> Withdrawn:
    """Withdraw an assessment: it stays listed with its reason and counts for nothing any more.

    Raises as `correct_assessment`.
    """
    require(by, Action.CORRECT_OWN_ASSESSMENT)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        current = _current(session, stable_id, by, now)
        _refuse_stale(current, version, content_of(current), now)
        row_id = next_version(
            session, current, {"status": "voided"}, reason=why, form_token=None, by=by, now=now
        )
        regraded = regrade(session, current["infusion_id"], current["assessed_at"], now, by)
        withdrawn = Withdrawn(stable_id, row_id, current["version"] + 1, regraded.told.recipients)
        _audit(session, "void_assessment", current, withdrawn, None, why, by, now)
    wake_worker(context.settings())
    return withdrawn


def _current(session: Session, stable_id: str, by: Actor, now: datetime) -> RowMapping:
    """The version that stands, if the person may change it."""
    current = reads.current_version(session, stable_id)
    if current is None:
        raise Refused(_UNKNOWN)
    _require_correction(session, current, by, now)
    return current


def _require_correction(session: Session, current: RowMapping, by: Actor, now: datetime) -> None:
    if by == SYSTEM or may(by.role, Action.CORRECT_ANY_ASSESSMENT):
        return
    first_by, first_at = reads.first_entered(session, current["stable_id"])
    own = by.user_id is not None and {current["entered_by"], first_by} == {by.user_id}
    if not own or now - first_at > OWN_FOR:
        require(by, Action.CORRECT_ANY_ASSESSMENT)


def _refuse_stale(current: RowMapping, version: int, yours: Mapping[str, Any], now: datetime) -> None:
    who = f"{author(current)} at {when(current['entered_at'], now)}"
    if current["status"] == "voided":
        raise ChangedMeanwhile(
            f"Withdrawn by {who}. Nothing of yours was saved.", theirs={}, yours=dict(yours)
        )
    if current["version"] == version:
        return
    theirs = content_of(current)
    differing = [name for name in theirs if theirs[name] != yours[name]]
    raise ChangedMeanwhile(
        f"Changed by {who}. Nothing of yours was saved.",
        theirs={name: theirs[name] for name in differing},
        yours={name: yours[name] for name in differing},
    )


def _refuse_other_place(session: Session, current: RowMapping, entry: AssessmentIn) -> None:
    code, number = reads.coded_infusion(session, current["infusion_id"])
    if (entry.patient_id, entry.infusion_number) != (code, number):
        sentence = f"This entry belongs to infusion {number} of {code}. Move it to the right patient instead."
        raise Refused([RefusedField("patient_id", entry.patient_id, sentence)])


def _refuse_unchanged(current: RowMapping, values: Mapping[str, Any]) -> None:
    confirms = values["crs_judgement"] is not None and not current["confirmed_by_investigator"]
    if content_of(current) == values and not confirms:
        raise AlreadyRecorded("These values are already recorded; nothing was changed.")


def _refuse_clash(
    session: Session, current: RowMapping, infusion_id: int, assessed_at: datetime, now: datetime
) -> None:
    standing = reads.standing_at(session, infusion_id, assessed_at)
    if standing is not None and standing["stable_id"] != current["stable_id"]:
        refuse_taken_moment(standing, now)


def _entry_at(values: Mapping[str, Any], patient_code: str, infusion_number: int) -> AssessmentIn:
    """A stored version as an entry for another patient, judged by the same gate."""
    typed = recorded_only(values) | {"patient_id": patient_code, "infusion_number": infusion_number}
    entry, problems = AssessmentIn.check(typed)
    if entry is None:
        raise Refused(problems)
    return entry


def _audit(
    session: Session,
    action: str,
    current: RowMapping,
    change: Saved | Withdrawn,
    after: Mapping[str, Any] | None,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    place = ("patient_id", "infusion_id")
    append_event(
        session,
        at=now,
        by=by,
        action=action,
        subject="assessment",
        subject_id=current["stable_id"],
        patient_id=current["patient_id"],
        detail={
            "assessment_id": change.assessment_id,
            "version": change.version,
            "reason": reason,
            "before": recorded_only(content_of(current)) | {name: current[name] for name in place},
            "after": None
            if after is None
            else {name: current[name] for name in place} | recorded_only(after),
            "grades": judged(change) if isinstance(change, Saved) else None,
        },
    )
