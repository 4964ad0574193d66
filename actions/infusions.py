"""Recording and correcting an infusion. Every version of it stays in `infusion_version`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, update
from sqlmodel import Session

from actions import context
from actions.course import regrade_course
from actions.enrolled import load_enrolled
from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused, RefusedField
from actions.follow_up_checks import after_leaving
from actions.gate import VERDICT_WORDS, AskedGate, ask_gate, impossible_facts, is_barred_at
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.versions import read_reason
from actions.words import author, date_words, on_day, when
from alerts.latched import raise_barred_attempt
from alerts.outbox import wake_worker
from db.audit import append_event
from db.inputs import InfusionIn, check_not_future
from db.models import Record
from db.queries import office
from db.queries.office import INFUSION_VALUES, BarringGrade, PatientRecord
from db.roles import Actor
from db.session import writing
from trial.calendar import day_of
from trial.screening_checks import FactsError
from trial.second_infusion import GateVerdict

ORDINALS: Final = {1: "first", 2: "second"}
SECOND: Final = 2

_INFUSIONS: Final = Record.metadata.tables["infusion"]
_VERSIONS: Final = Record.metadata.tables["infusion_version"]
_WHY: Final = "Say why the infusion is corrected, such as: time read from the wrong bag."


class GateClosed(Refused):
    """The gate for the second infusion is not open on the day of the infusion; each reason is a problem."""


class Barred(GateClosed):
    """A grade after the first infusion bars the second, and no two investigators have released it."""


@dataclass(frozen=True, slots=True)
class Added:
    """An infusion that was stored; `deviation` says why the gate was not open on its day, if it was not."""

    infusion_id: int
    deviation: tuple[str, ...] = ()


def record_infusion(entry: InfusionIn, *, by: Actor, now: datetime) -> int:
    """Record the first or second infusion of an enrolled patient; returns the row id.

    A second infusion is recorded only through an open gate, asked on its day. A refused attempt writes
    nothing, but for a barred patient: that leaves an audit event and raises the alert of the attempt. A bar
    that stands now refuses whatever day is entered, an earlier one too (docs/adr/0015).

    Raises:
        AlreadyRecorded: this infusion is recorded; it is corrected instead.
        Barred: a grade after the first infusion bars the second, now or on that day.
        GateClosed: the gate is closed, undecided or the investigator's on that day.
        Refused: patient or moment cannot be.
    """
    require(by, Action.RECORD_INFUSION)
    with writing() as session:
        patient = _place(session, entry, now)
        asked = _ask_gate(session, patient, entry)
        barred = asked is not None and (asked.gate.barred or is_barred_at(session, patient.id, now))
        if asked is None or (asked.is_open and not barred):
            return _store(session, patient, entry, _gate_detail(asked), by, now)
        refusal = _gate_refusal(session, patient, asked, barred=barred)
        if isinstance(refusal, Barred):
            _tell_attempt(session, patient, asked, refusal, by, now)
    if isinstance(refusal, Barred):
        wake_worker(context.settings())
    raise refusal


def add_infusion(session: Session, entry: InfusionIn, *, by: Actor, now: datetime, tells: bool) -> Added:
    """Store an infusion that was given, inside the caller's transaction, whatever the gate says of it.

    For the import: refusing what happened would lose the course after it, and its grades with it
    (docs/adr/0015). The audit event keeps what the gate said.

    tells  a barred one raises the alert of an attempt; False for history

    Raises as `record_infusion`, but neither Barred nor GateClosed.
    """
    patient = _place(session, entry, now)
    asked, detail = _gate_of_what_happened(session, patient, entry)
    infusion_id = _store(session, patient, entry, detail, by, now)
    if asked is not None and asked.gate.barred and tells:
        _raise_alert(session, asked, by, now)
    return Added(infusion_id, tuple(detail["gate"]["reasons"]) if detail else ())


def _place(session: Session, entry: InfusionIn, now: datetime) -> PatientRecord:
    """The patient, where such an infusion can be."""
    patient = load_enrolled(session, entry.patient_id)
    _refuse_recorded(patient, entry)
    _refuse_impossible(session, patient, entry, now)
    return patient


def _store(
    session: Session,
    patient: PatientRecord,
    entry: InfusionIn,
    gate: dict[str, Any],
    by: Actor,
    now: datetime,
) -> int:
    values = _values(entry)
    origin = {"version": 1, "entered_by": by.user_id, "entered_at": now}
    place = {"patient_id": patient.id, "number": entry.infusion_number}
    infusion_id = insert_row(session, _INFUSIONS, values | origin | place)
    insert_row(session, _VERSIONS, values | origin | {"infusion_id": infusion_id, "reason": None})
    append_event(
        session,
        at=now,
        by=by,
        action="record_infusion",
        subject="infusion",
        subject_id=infusion_id,
        patient_id=patient.id,
        detail={"version": 1, "before": None, "after": values | {"number": entry.infusion_number}} | gate,
    )
    return infusion_id


def correct_infusion(
    infusion_id: int, version: int, entry: InfusionIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct version `version` of an infusion, for a reason; returns the new version.

    The whole course is graded again (which CRS began late depends on the date) and its days are counted anew.
    A second infusion that was given outside the gate is corrected all the same: the audit event says so.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        Refused: no reason, nothing changed, another patient or number, or the moment cannot be.
    """
    require(by, Action.CORRECT_INFUSION)
    why = read_reason(reason, _WHY)
    with writing() as session:
        stored = office.load_infusion(session, infusion_id)
        if stored is None:
            raise Refused("This infusion is not known. Reload the page and choose again.")
        values = _values(entry)
        _refuse_stale(stored, version, values, now)
        _refuse_other_place(stored, entry)
        patient = load_enrolled(session, entry.patient_id)
        _refuse_impossible(session, patient, entry, now)
        _refuse_after_assessments(session, infusion_id, entry)
        _, gate = _gate_of_what_happened(session, patient, entry)
        new_version = _write_correction(session, stored, values, why, gate, by, now)
        regrade_course(session, infusion_id, from_at=None, now=now, protocol=context.protocol(), by=by)
    wake_worker(context.settings())
    return new_version


def bar_sentence(study_code: str, bar: BarringGrade, first_infused_at: datetime) -> str:
    """Why the second infusion is barred, in one sentence."""
    grade = f"grade {bar.grade}" if bar.grade is not None else f"at least grade {bar.at_least}"
    day = day_of(bar.assessed_at, first_infused_at, context.settings().zone)
    return (
        f"{study_code} is barred from a second infusion: {bar.scale.label} {grade} "
        f"on {on_day(bar.assessed_at)}, day {day} after the first infusion."
    )


def _refuse_recorded(patient: PatientRecord, entry: InfusionIn) -> None:
    known = patient.infusion(entry.infusion_number)
    if known is not None:
        sentence = (
            f"The {ORDINALS[known.number]} infusion of {patient.study_code} is already recorded "
            f"({on_day(known.infused_at)}). Correct it instead."
        )
        raise AlreadyRecorded([RefusedField("infusion_number", entry.infusion_number, sentence)])


def _refuse_impossible(session: Session, patient: PatientRecord, entry: InfusionIn, now: datetime) -> None:
    """The moment of an infusion against now, the other infusion, a death and the leaving of the trial."""
    at, code = entry.infused_at, patient.study_code
    problems: list[Any] = [*check_not_future("infused_at", at, "Time of the infusion", now)]
    if entry.ended_at is not None:
        problems += check_not_future("ended_at", entry.ended_at, "End of the infusion", now)
    first, second = patient.infusion(1), patient.infusion(2)
    if entry.infusion_number == 2 and first is None:
        sentence = f"{code} has no first infusion yet. Record the first one first."
        problems.append(RefusedField("infusion_number", 2, sentence))
    if entry.infusion_number == 2 and first is not None and at <= first.infused_at:
        sentence = f"The second infusion must be after the first, of {on_day(first.infused_at)}."
        problems.append(RefusedField("infused_at", at, sentence))
    if entry.infusion_number == 1 and second is not None and at >= second.infused_at:
        sentence = f"The first infusion must be before the second, of {on_day(second.infused_at)}."
        problems.append(RefusedField("infused_at", at, sentence))
    if patient.died_at is not None and at > patient.died_at:
        sentence = f"The death of {code} is recorded at {on_day(patient.died_at)}; nothing comes after it."
        problems.append(RefusedField("infused_at", at, sentence))
    on = at.astimezone(context.settings().zone).date()
    problems += after_leaving(session, patient, "infused_at", on, "this infusion")
    if problems:
        raise Refused(problems)


def _ask_gate(session: Session, patient: PatientRecord, entry: InfusionIn) -> AskedGate | None:
    """The gate on the day of a second infusion; None for a first one."""
    if entry.infusion_number != SECOND:
        return None
    try:
        return ask_gate(session, patient.id, entry.infused_at)
    except FactsError as error:
        raise GateClosed(impossible_facts(error)) from error


def _gate_of_what_happened(
    session: Session, patient: PatientRecord, entry: InfusionIn
) -> tuple[AskedGate | None, dict[str, Any]]:
    """The gate on the day of a second infusion that was given, and what the audit trail keeps of it."""
    try:
        asked = _ask_gate(session, patient, entry)
    except GateClosed as refusal:
        reasons = [problem.sentence for problem in refusal.problems]
        return None, {"gate": {"verdict": GateVerdict.UNDECIDED.value, "barred": False, "reasons": reasons}}
    return asked, _gate_detail(asked)


def _gate_refusal(session: Session, patient: PatientRecord, asked: AskedGate, *, barred: bool) -> GateClosed:
    """Why a second infusion is not recorded, each reason as a sentence."""
    verdict, on = VERDICT_WORDS[asked.gate.verdict], date_words(asked.on)
    opening = f"The gate for the second infusion of {patient.study_code} is {verdict} on {on}."
    if barred and not asked.gate.barred:
        opening = (
            f"The grade that bars came after {on}, the day entered here, when the gate was {verdict}. "
            "Where the infusion was given then, two investigators release the bar before it is recorded."
        )
    kind, sentences = GateClosed, [f"{opening} Nothing was saved.", *asked.reasons]
    if barred:
        kind, sentences = Barred, [*_bar_sentences(session, patient), *sentences]
    return kind([RefusedField("infusion_number", SECOND, sentence) for sentence in sentences])


def _bar_sentences(session: Session, patient: PatientRecord) -> list[str]:
    """What bars, in one sentence; none where a judgement on unsettled days does, which the reasons say."""
    bar = office.barring_grade(session, patient.id, context.protocol().eligibility.barring_grade)
    first = patient.infusion(1)
    return [] if bar is None or first is None else [bar_sentence(patient.study_code, bar, first.infused_at)]


def _tell_attempt(
    session: Session,
    patient: PatientRecord,
    asked: AskedGate,
    refusal: Barred,
    by: Actor,
    now: datetime,
) -> None:
    """What a barred attempt leaves behind: an audit event, and the alert."""
    append_event(
        session,
        at=now,
        by=by,
        action="refuse_barred_infusion",
        subject="infusion",
        subject_id=asked.records.first_infusion_id,
        patient_id=patient.id,
        detail={"refused": [problem.sentence for problem in refusal.problems]} | _gate_detail(asked),
    )
    _raise_alert(session, asked, by, now)


def _raise_alert(session: Session, asked: AskedGate, by: Actor, now: datetime) -> None:
    raise_barred_attempt(
        session,
        infusion_id=asked.records.first_infusion_id,
        now=now,
        protocol=context.protocol(),
        by=by,
        settings=context.settings(),
    )


def _gate_detail(asked: AskedGate | None) -> dict[str, Any]:
    return {} if asked is None else {"gate": asked.detail()}


def _refuse_stale(stored: RowMapping, version: int, values: dict[str, Any], now: datetime) -> None:
    if stored["version"] == version:
        return
    differing = [name for name in INFUSION_VALUES if stored[name] != values[name]]
    raise ChangedMeanwhile(
        f"Changed by {author(stored)} at {when(stored['entered_at'], now)}. Nothing of yours was saved.",
        theirs={name: stored[name] for name in differing},
        yours={name: values[name] for name in differing},
    )


def _refuse_other_place(stored: RowMapping, entry: InfusionIn) -> None:
    if (entry.patient_id, entry.infusion_number) != (stored["study_code"], stored["number"]):
        raise Refused("The patient and the number of an infusion cannot be changed.")


def _refuse_after_assessments(session: Session, infusion_id: int, entry: InfusionIn) -> None:
    first_at = office.first_assessed_at(session, infusion_id)
    if first_at is not None and first_at < entry.infused_at:
        sentence = (
            f"An assessment of {on_day(first_at)} is recorded before this time. "
            "Correct, move or withdraw it first, or correct the time of the infusion."
        )
        raise Refused([RefusedField("infused_at", entry.infused_at, sentence)])


def _write_correction(
    session: Session,
    stored: RowMapping,
    values: dict[str, Any],
    reason: str,
    gate: dict[str, Any],
    by: Actor,
    now: datetime,
) -> int:
    before = {name: stored[name] for name in INFUSION_VALUES}
    if before == values:
        raise AlreadyRecorded("These values are already recorded; nothing was changed.")
    origin = {"version": stored["version"] + 1, "entered_by": by.user_id, "entered_at": now}
    insert_row(session, _VERSIONS, values | origin | {"infusion_id": stored["id"], "reason": reason})
    session.connection().execute(
        update(_INFUSIONS).where(_INFUSIONS.c.id == stored["id"]).values(values | origin)
    )
    append_event(
        session,
        at=now,
        by=by,
        action="correct_infusion",
        subject="infusion",
        subject_id=stored["id"],
        patient_id=stored["patient_id"],
        detail={"version": origin["version"], "reason": reason, "before": before, "after": values} | gate,
    )
    return int(stored["version"]) + 1


def _values(entry: InfusionIn) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in INFUSION_VALUES}
