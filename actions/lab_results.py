"""Recording laboratory results, correcting and withdrawing one.

Results of one sample are stored together, or none of them. The unit is always given; what no patient is
likely to have is asked once more.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from actions.errors import Refused, refuse_unconfirmed
from actions.known import known_patient
from actions.lab_storing import Source, StoredResults, refuse_impossible, store_results
from actions.permissions import Action, require
from actions.records import correct_record, standing_version, void_record
from actions.versions import read_reason
from db.inputs_lab import LabResultIn, doubt_of
from db.queries.lab_results import TABLE, load_lab_rows
from db.roles import Actor
from db.session import writing
from trial.laboratory import LabRow
from trial.laboratory_questions import last_of_each, questions_of_panel

_WHY_CORRECTED: Final = "Say why the result is corrected, such as: read from the wrong line."
_WHY_VOIDED: Final = "Say why the result is withdrawn, such as: another patient's sample."


@dataclass(frozen=True, slots=True)
class LabSaved:
    """What a panel came to: stable ids of the results stored, and how many stood there already."""

    stable_ids: tuple[str, ...]
    known: int


def record_lab_results(
    panel: Sequence[LabResultIn],
    *,
    confirmed: Collection[str] = (),
    by: Actor,
    now: datetime,
    source: Source = "form",
) -> LabSaved:
    """Record the results of one sample of one patient, all or none; those that stand already are passed over.

    confirmed  the sentences of `NotConfirmed` that a person has read and confirmed

    Raises:
        NotConfirmed: a result no patient is likely to have, or another unit than before.
        AlreadyRecorded: another value of this analyte stands at this moment; it is corrected instead.
        Refused: nothing entered, an analyte twice, more than one patient or one not known, or the moment is
            in the future or after a death.
    """
    require(by, Action.RECORD_LAB_RESULT)
    _refuse_odd_panel(panel)
    with writing() as session:
        patient = known_patient(session, panel[0].patient_id)
        rows = [entry.row for entry in panel]
        refuse_impossible(patient, [row.taken_at for row in rows], now)
        stored = StoredResults(session, patient.id, rows)
        new = [row for row in rows if not stored.holds(row)]
        questions = _questions(session, patient.id, new)
        refuse_unconfirmed(questions, confirmed)
        ids = store_results(session, patient.id, new, by, now, source)
    return LabSaved(tuple(ids), len(panel) - len(new))


def correct_lab_result(
    stable_id: str,
    version: int,
    entry: LabResultIn,
    reason: str | None,
    *,
    confirmed: Collection[str] = (),
    by: Actor,
    now: datetime,
) -> int:
    """Replace version `version` of a result by `entry`, for a reason; returns the new version.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        NotConfirmed: as `record_lab_results`.
        AlreadyRecorded: nothing would change, or another result of the analyte stands at this moment.
        Refused: as `record_lab_results`, or no reason, another patient or another analyte.
    """
    require(by, Action.CORRECT_LAB_RESULT)
    why = read_reason(reason, _WHY_CORRECTED)
    with writing() as session:
        changes = entry.columns()
        stored = standing_version(session, TABLE, stable_id, version, changes, now)
        patient = known_patient(session, entry.patient_id)
        if (patient.id, entry.analyte.value) != (stored["patient_id"], stored["analyte"]):
            raise Refused(
                "The patient and the analyte of a result cannot be changed. Withdraw it and record it again."
            )
        refuse_impossible(patient, [entry.taken_at], now)
        if entry.taken_at != stored["taken_at"]:
            StoredResults(session, patient.id, [entry.row]).refuse_taken(entry.row)
        questions = [question.sentence for question in entry.to_confirm()]
        refuse_unconfirmed(questions, confirmed)
        changes |= {"confirmed": bool(questions)}
        action = "correct_lab_result"
        return correct_record(session, TABLE, stored, changes, why, by=by, now=now, action=action)


def void_lab_result(stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime) -> int:
    """Withdraw a result for a reason; returns the new version. Raises as `correct_lab_result`."""
    require(by, Action.CORRECT_LAB_RESULT)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        stored = standing_version(session, TABLE, stable_id, version, {}, now)
        return void_record(session, TABLE, stored, why, by=by, now=now, action="void_lab_result")


def _refuse_odd_panel(panel: Sequence[LabResultIn]) -> None:
    if not panel:
        raise Refused("Enter at least one value.")
    if len({entry.patient_id for entry in panel}) > 1:
        raise Refused("The results of one sample belong to one patient.")
    places = [(entry.analyte, entry.taken_at) for entry in panel]
    for place, entry in enumerate(panel):
        if places.index(places[place]) < place:
            raise Refused(f"{entry.analyte.label} stands there twice. Leave one of them out.")


def _questions(session: Session, patient_id: int, new: Sequence[LabRow]) -> list[str]:
    if not new:
        return []
    before = [row for row in load_lab_rows(session, patient_id) if row.taken_at < new[0].taken_at]
    doubts = [sentence for row in new if (sentence := doubt_of(row))]
    return [*doubts, *questions_of_panel(new, last_of_each(before))]
