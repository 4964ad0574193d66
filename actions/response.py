"""PET/CT scans and ctDNA samples: recorded, corrected and withdrawn, each as a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping
from sqlmodel import Session

from actions import context
from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.permissions import Action, require
from actions.records import correct_record, plain, standing_version, store_record, void_record
from actions.versions import read_reason
from actions.words import date_words, on_day
from db.entries import Entry
from db.inputs_response import CtDnaIn, ScanIn
from db.queries import office
from db.queries.office import PatientRecord
from db.queries.records import load_standing
from db.queries.response import SAMPLES, SCANS
from db.roles import Actor
from db.session import writing


@dataclass(frozen=True, slots=True)
class _Series:
    """One kind of record. `dated` is the column of its day, `done` the column of a later day, if any."""

    table: str
    words: str
    verb: str
    columns: tuple[str, ...]
    dated: str
    done: str | None = None


_SCANS: Final = _Series(
    SCANS, "PET/CT", "response", ("scanned_on", "response", "deauville", "note"), "scanned_on"
)
_SAMPLES: Final = _Series(
    SAMPLES,
    "ctDNA sample",
    "ctdna",
    ("sampled_on", "result", "value", "unit", "resulted_on"),
    "sampled_on",
    "resulted_on",
)
_COMPLETED: Final = "Completed; nothing that was recorded changed."
_WHY_CORRECTED: Final = "Say why it is corrected, such as: report read again."
_WHY_VOIDED: Final = "Say why it is withdrawn, such as: wrong patient chosen."


def record_scan(entry: ScanIn, *, by: Actor, now: datetime) -> str:
    """Record a PET/CT; returns its stable id.

    Raises:
        AlreadyRecorded: a PET/CT of this day is recorded; it is corrected instead.
        Refused: the patient is not known, or the date is in the future or after a death.
    """
    return _record(_SCANS, entry, by, now)


def correct_scan(
    stable_id: str, version: int, entry: ScanIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct version `version` of a PET/CT, for a reason; returns the new version.

    Filling in what was not recorded, such as the response of a scan now read, needs no reason.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        AlreadyRecorded: nothing would change, or another PET/CT of that day is recorded.
        Refused: as `record_scan`, or no reason, or another patient.
    """
    return _correct(_SCANS, stable_id, version, entry, reason, by, now)


def void_scan(stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime) -> int:
    """Withdraw a PET/CT for a reason; returns the new version. Raises as `correct_scan`."""
    return _void(_SCANS, stable_id, version, reason, by, now)


def record_ctdna(entry: CtDnaIn, *, by: Actor, now: datetime) -> str:
    """Record a ctDNA sample, its result perhaps awaited; returns its stable id. Raises as `record_scan`."""
    return _record(_SAMPLES, entry, by, now)


def correct_ctdna(
    stable_id: str, version: int, entry: CtDnaIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct a ctDNA sample, or enter its result; returns the new version. Raises as `correct_scan`."""
    return _correct(_SAMPLES, stable_id, version, entry, reason, by, now)


def void_ctdna(stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime) -> int:
    """Withdraw a ctDNA sample for a reason; returns the new version. Raises as `correct_scan`."""
    return _void(_SAMPLES, stable_id, version, reason, by, now)


def _record(series: _Series, entry: ScanIn | CtDnaIn, by: Actor, now: datetime) -> str:
    require(by, Action.RECORD_RESPONSE)
    values = _values(series, entry)
    with writing() as session:
        patient = _known(session, entry.patient_id)
        _refuse_impossible(series, patient, values, now)
        _refuse_taken_day(session, series, patient.id, values, besides=None)
        action = f"record_{series.verb}"
        return store_record(session, series.table, patient.id, values, by=by, now=now, action=action)


def _correct(
    series: _Series,
    stable_id: str,
    version: int,
    entry: ScanIn | CtDnaIn,
    reason: str | None,
    by: Actor,
    now: datetime,
) -> int:
    require(by, Action.RECORD_RESPONSE)
    values = _values(series, entry)
    with writing() as session:
        stored = standing_version(session, series.table, stable_id, version, values, now)
        why = _COMPLETED if _completes(stored, values) else read_reason(reason, _WHY_CORRECTED)
        patient = _known(session, entry.patient_id)
        _refuse_other_patient(series, stored, patient)
        _refuse_impossible(series, patient, values, now)
        _refuse_taken_day(session, series, patient.id, values, besides=stable_id)
        action = f"correct_{series.verb}"
        return correct_record(session, series.table, stored, values, why, by=by, now=now, action=action)


def _void(series: _Series, stable_id: str, version: int, reason: str | None, by: Actor, now: datetime) -> int:
    require(by, Action.RECORD_RESPONSE)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        stored = standing_version(session, series.table, stable_id, version, {}, now)
        action = f"void_{series.verb}"
        return void_record(session, series.table, stored, why, by=by, now=now, action=action)


def _completes(stored: RowMapping, values: Mapping[str, Any]) -> bool:
    """Whether only what was not recorded is filled in: a result that came, a scan that was read."""
    return all(stored[name] is None for name, value in values.items() if stored[name] != value)


def _values(series: _Series, entry: Entry) -> dict[str, Any]:
    return plain({name: getattr(entry, name) for name in series.columns})


def _known(session: Session, study_code: str) -> PatientRecord:
    patient = office.load_patient(session, study_code)
    if patient is None:
        sentence = f"No patient {study_code} is known. Correct the study code, or screen the patient first."
        raise Refused([RefusedField("patient_id", study_code, sentence)])
    return patient


def _refuse_other_patient(series: _Series, stored: RowMapping, patient: PatientRecord) -> None:
    if patient.id != stored["patient_id"]:
        sentence = f"The patient of a {series.words} cannot be changed. Withdraw it and record it again."
        raise Refused(sentence)


def _refuse_impossible(
    series: _Series, patient: PatientRecord, values: Mapping[str, Any], now: datetime
) -> None:
    zone = context.settings().zone
    today, on = now.astimezone(zone).date(), values[series.dated]
    problems = [
        RefusedField(name, values[name], f"{label} must not be in the future; today is {date_words(today)}.")
        for name, label in ((series.dated, f"The date of the {series.words}"), (series.done, "The result"))
        if name is not None and values[name] is not None and values[name] > today
    ]
    if patient.died_at is not None and on > patient.died_at.astimezone(zone).date():
        died = on_day(patient.died_at)
        sentence = (
            f"The death of {patient.study_code} is recorded at {died}; no {series.words} comes after it."
        )
        problems.append(RefusedField(series.dated, on, sentence))
    if problems:
        raise Refused(problems)


def _refuse_taken_day(
    session: Session, series: _Series, patient_id: int, values: Mapping[str, Any], *, besides: str | None
) -> None:
    on: date = values[series.dated]
    for row in load_standing(session, series.table, patient_id):
        if row[series.dated] == on and row["stable_id"] != besides:
            sentence = f"A {series.words} of {date_words(on)} is already recorded. Correct it instead."
            raise AlreadyRecorded([RefusedField(series.dated, on, sentence)])
