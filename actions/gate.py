"""The gate for the second infusion: asked, judged where it is the investigator's, and a bar released.

A second infusion is recorded only through an open gate (`actions.infusions`). A bar is released by two
different investigators, each of whom signs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session

from actions import context
from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.follow_up_checks import refuse_who_left
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.signatures import Signer, check_signer, sign
from actions.versions import read_reason
from actions.words import dates_in_words, on_day
from alerts.outbox import wake_worker
from alerts.reconcile import reconcile_course
from db.audit import append_event
from db.models import Record
from db.queries import office
from db.queries.gate import GateRecords, load_gate_records
from db.queries.office import PatientRecord
from db.roles import Actor
from db.session import writing
from grading.scale import Toxicity
from trial.criteria import BY_ID
from trial.screening_checks import FactsError
from trial.screening_facts import WorstGrade
from trial.second_infusion import (
    RELEASES_NEEDED,
    Gate,
    GateVerdict,
    Stand,
    is_barred,
    judge_gate,
    latest_response,
)
from trial.second_infusion_facts import GateQuestion, Response

VERDICT_WORDS: Final[Mapping[GateVerdict, str]] = {
    GateVerdict.OPEN: "open",
    GateVerdict.CLOSED: "closed",
    GateVerdict.UNDECIDED: "undecided",
    GateVerdict.FOR_INVESTIGATOR: "for the investigator",
}
"""The verdict inside a sentence."""

NOT_ASKED_AGAIN: Final = "The exclusion criteria have not been asked again since the first infusion."

_JUDGEMENTS: Final = Record.metadata.tables["gate_judgement"]
_RELEASES: Final = Record.metadata.tables["bar_release"]
_DECIDING: Final = {
    GateVerdict.CLOSED: Stand.AGAINST,
    GateVerdict.UNDECIDED: Stand.NOT_YET_KNOWN,
    GateVerdict.FOR_INVESTIGATOR: Stand.FOR_INVESTIGATOR,
}
_LEADS: Final = {
    Stand.AGAINST: "",
    Stand.NOT_YET_KNOWN: "Not yet known: ",
    Stand.FOR_INVESTIGATOR: "For the investigator: ",
}
_WHY_JUDGED: Final = "Give the reason for the judgement."
_WHY_RELEASED: Final = "Give the reason for releasing the bar."


@dataclass(frozen=True, slots=True)
class AskedGate:
    """The gate as it was asked on a day, from what is recorded."""

    records: GateRecords
    gate: Gate
    on: date

    @property
    def is_open(self) -> bool:
        """Whether the second infusion may be given on this day."""
        return self.gate.verdict is GateVerdict.OPEN

    @property
    def reasons(self) -> tuple[str, ...]:
        """What makes it closed, undecided or the investigator's, one sentence each; none where it is open."""
        deciding = _DECIDING.get(self.gate.verdict)
        lines = [line for line in self.gate.lines if line.stand is deciding]
        if self.records.asked_again is None and any(line.id in BY_ID for line in lines):
            lines = [line for line in lines if line.id not in BY_ID]
            return (*(self._sentence(line.sentence(), deciding) for line in lines), NOT_ASKED_AGAIN)
        return tuple(self._sentence(line.sentence(), deciding) for line in lines)

    def detail(self) -> dict[str, Any]:
        """What the audit trail keeps of it."""
        return {
            "on": self.on,
            "verdict": self.gate.verdict.value,
            "barred": self.gate.barred,
            "reasons": list(self.reasons),
            "protocol_hash": context.protocol().hash,
        }

    def _sentence(self, words: str, stand: Stand | None) -> str:
        return dates_in_words(f"{_LEADS.get(stand, '') if stand else ''}{words}")


def ask_gate(session: Session, patient_id: int, at: datetime) -> AskedGate | None:
    """Ask the gate at an instant: now, or when a second infusion was given; None without a first infusion.

    Raises:
        FactsError: something recorded cannot be; one sentence for each.
    """
    zone, protocol = context.settings().zone, context.protocol()
    records = load_gate_records(session, patient_id, zone, protocol, until=at)
    if records is None:
        return None
    on = at.astimezone(zone).date()
    gate = judge_gate(records.facts, protocol.eligibility, protocol.second_infusion, on)
    return AskedGate(records, gate, on)


def is_barred_at(session: Session, patient_id: int, at: datetime) -> bool:
    """Whether a bar stands at an instant that no two investigators have released."""
    records = load_gate_records(session, patient_id, context.settings().zone, context.protocol(), until=at)
    return records is not None and is_barred(records.facts, context.protocol().eligibility)


def judge_question(
    study_code: str,
    question: GateQuestion,
    holds: bool | None,
    reason: str | None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Record what an investigator judges where the gate leaves it to them.

    holds  speaks for the second infusion: it may be given in SD or PD; the grade stayed below the bar on the
           days that are not settled

    Raises:
        Refused: no answer or no reason, there is nothing to judge, or the patient has left the trial.
    """
    require(by, Action.JUDGE_GATE)
    if holds is None:
        raise Refused([RefusedField("holds", None, "Choose one of the two answers.")])
    why = read_reason(reason, _WHY_JUDGED)
    with writing() as session:
        patient, records = _at_the_gate(session, study_code, now)
        _refuse_nothing_to_judge(records, question)
        values = {
            "patient_id": patient.id,
            "question": question.value,
            "holds": holds,
            "reason": why,
            "by": by.user_id,
            "at": now,
        }
        judgement_id = insert_row(session, _JUDGEMENTS, values)
        _audit(session, "judge_gate", "gate_judgement", judgement_id, values, by, now)
        _reconcile(session, records, by, now)
    wake_worker(context.settings())


def release_bar(study_code: str, reason: str | None, password: str, *, by: Actor, now: datetime) -> bool:
    """Sign the release of a bar; returns whether two different investigators have now released it.

    Raises:
        AlreadyRecorded: this person has released these grades before; somebody else has to.
        Refused: no reason, a wrong password, nothing is barred, or the patient has left the trial.
    """
    require(by, Action.RELEASE_BAR)
    why = read_reason(reason, _WHY_RELEASED)
    signer = check_signer(by, password, now=now)
    with writing() as session:
        patient, records = _at_the_gate(session, study_code, now)
        if not is_barred(records.facts, context.protocol().eligibility):
            raise Refused(f"{study_code} is not barred from a second infusion. There is nothing to release.")
        _refuse_second_by_one(records, by)
        _write_release(session, patient, records, why, signer, now)
        _, records = _at_the_gate(session, study_code, now)
        _reconcile(session, records, by, now)
    wake_worker(context.settings())
    return not is_barred(records.facts, context.protocol().eligibility)


def _at_the_gate(session: Session, study_code: str, now: datetime) -> tuple[PatientRecord, GateRecords]:
    patient = office.load_patient(session, study_code)
    if patient is None:
        raise Refused(f"No patient {study_code} is enrolled. Reload the page and choose again.")
    zone, protocol = context.settings().zone, context.protocol()
    records = load_gate_records(session, patient.id, zone, protocol, until=now)
    if records is None:
        raise Refused(f"{study_code} has no first infusion yet. Record the first one first.")
    refuse_who_left(session, patient, "no second infusion will be given, and nothing was saved")
    return patient, records


def _refuse_nothing_to_judge(records: GateRecords, question: GateQuestion) -> None:
    facts, bar = records.facts, context.protocol().eligibility.barring_grade
    if question is GateQuestion.RESPONSE:
        latest = latest_response(facts)
        if latest not in (Response.SD, Response.PD):
            found = latest.value if latest else "not recorded"
            raise Refused(f"Only SD and PD are judged; the latest response is {found}.")
        return
    toxicity = Toxicity.CRS if question is GateQuestion.CRS_GAPS else Toxicity.ICANS
    worst: WorstGrade | None = facts.worst_crs if toxicity is Toxicity.CRS else facts.worst_icans
    if worst is None or not worst.unsettled_days:
        raise Refused(f"No day is unsettled for {toxicity.label}. There is nothing to judge.")
    if worst.at_least >= bar:
        raise Refused(f"{toxicity.label} reached grade {worst.at_least}; a judgement does not lower it.")


def _refuse_second_by_one(records: GateRecords, by: Actor) -> None:
    crs, icans = proved_grades(records)
    for one in records.releases:
        if one.user_id == by.user_id and (one.worst_crs, one.worst_icans) == (crs, icans):
            raise AlreadyRecorded(
                f"You released this bar at {on_day(one.at)}. Another investigator has to release it, too."
            )


def _write_release(
    session: Session, patient: PatientRecord, records: GateRecords, why: str, signer: Signer, now: datetime
) -> None:
    crs, icans = proved_grades(records)
    grades = {"worst_crs": crs, "worst_icans": icans}
    code = patient.study_code
    signature_id = sign(
        session,
        signer,
        subject="infusion",
        subject_id=records.first_infusion_id,
        meaning=f"I release the bar on a second infusion of {code} after CRS {crs} and ICANS {icans}",
        record={"patient": code, "infusion_id": records.first_infusion_id, "reason": why, "at": now} | grades,
        now=now,
        patient_id=patient.id,
    )
    values = grades | {
        "patient_id": patient.id,
        "by": signer.actor.user_id,
        "at": now,
        "reason": why,
        "signature_id": signature_id,
    }
    release_id = insert_row(session, _RELEASES, values)
    of = len({one.user_id for one in records.releases} | {signer.actor.user_id})
    detail = values | {"released_by": of, "needed": RELEASES_NEEDED}
    _audit(session, "release_bar", "bar_release", release_id, detail, signer.actor, now)


def proved_grades(records: GateRecords) -> tuple[int, int]:
    """The proved worst grades of CRS and ICANS."""
    facts = records.facts
    return (
        facts.worst_crs.at_least if facts.worst_crs else 0,
        facts.worst_icans.at_least if facts.worst_icans else 0,
    )


def _reconcile(session: Session, records: GateRecords, by: Actor, now: datetime) -> None:
    """What was judged or released can end or raise the alert of a bar."""
    reconcile_course(
        session,
        infusion_id=records.first_infusion_id,
        now=now,
        protocol=context.protocol(),
        by=by,
        settings=context.settings(),
    )


def _audit(
    session: Session,
    action: str,
    subject: str,
    subject_id: int,
    values: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    append_event(
        session,
        at=now,
        by=by,
        action=action,
        subject=subject,
        subject_id=subject_id,
        patient_id=values["patient_id"],
        detail=values,
    )


def impossible_facts(error: FactsError) -> list[RefusedField]:
    """What is recorded and cannot be, as problems of the entry."""
    return [RefusedField("infusion_number", 2, dates_in_words(one.sentence)) for one in error.problems]
