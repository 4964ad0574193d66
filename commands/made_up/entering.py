"""Entering the plan through the actions, each event at its own time, with its mails going out then, too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select

from actions import context
from actions.alerts import acknowledge_alert
from actions.assessments import Saved, correct_assessment, record_assessment, skip_assessment
from actions.enrolment import sign_enrolment
from actions.gate import ask_gate, judge_question
from actions.patients import record_infusion, record_lasting_findings, record_stay
from actions.response import record_scan
from actions.screening import judge_criteria, record_screening, start_screening
from alerts.delivery import MaildirSender
from alerts.model import SignalKind
from alerts.outbox import claim_next, record_outcome
from alerts.stored import version_to_acknowledge
from commands.made_up.entering_records import RECORDS_THAT_TELL, EnteringRecords
from commands.made_up.people import People
from commands.made_up.plan import Event
from commands.made_up.screening import find_judgements
from db.inputs import AssessmentIn, InfusionIn, PatientIn, SkipIn, StayIn
from db.inputs_response import ScanIn
from db.inputs_screening import FactsIn, typed_facts
from db.models import Alert, Patient
from db.session import reading, writing
from grading.charted import Sign
from trial.screening_facts import Judgement, PastEvent, Purpose, ScreeningFacts
from trial.screening_judgements import JUDGED_CRITERIA
from trial.second_infusion import Stand
from trial.second_infusion_facts import GateQuestion, Response

Progress = Callable[[str, float], None]

ACKNOWLEDGED_AFTER: Final = timedelta(minutes=14)
_SENT_AFTER: Final = timedelta(seconds=2)
_GAPS: Final = {"crs": GateQuestion.CRS_GAPS, "icans": GateQuestion.ICANS_GAPS}
_NOTHING_EXCLUDES: Final = ScreeningFacts(
    other_malignancies=(),
    infections=(),
    stroke_or_tia=PastEvent(False),
    infarction=PastEvent(False),
    nyha_class=1,
    answers={"unstable_angina": False, "arrhythmia": False, "organ_disorder": False},
    judgements={
        name: Judgement(False, "Nothing found.") for name in ("consent", "comorbidity", "other_risk")
    },
)


def enter_plan(plan: list[Event], people: People, now: datetime, progress: Progress) -> None:
    """Enter every event in order, acknowledge alerts a quarter of an hour later, and send their mails.

    Raises Refused where an event breaks a rule: the plan is wrong then.
    """
    entering = _Entering(people, now)
    for place, event in enumerate(plan):
        progress("Making up patients", place / len(plan))
        entering.answer_alerts(event.at)
        entering.enter(event)
    entering.answer_alerts(now)


@dataclass(slots=True)
class _Entering:
    people: People
    now: datetime
    patient_ids: dict[str, int] = field(default_factory=dict)
    saved: dict[tuple[str, int, datetime | None], Saved] = field(default_factory=dict)
    to_answer: list[tuple[datetime, int]] = field(default_factory=list)
    answered: set[tuple[int, int]] = field(default_factory=set)
    records: EnteringRecords = field(init=False)

    def __post_init__(self) -> None:
        self.records = EnteringRecords(self.people)

    def enter(self, event: Event) -> None:
        """Do what the event says."""
        does: dict[str, Callable[[Event], None]] = {
            "screen": self._screen,
            "judge": self._judge,
            "enrol": self._enrol,
            "findings": self._findings,
            "gate": self._open_gate,
            "infuse": self._infuse,
            "stay": self._stay,
            "chart": self._chart,
            "correct": self._correct,
            "skip": self._skip,
        }
        if event.kind in does:
            does[event.kind](event)
        else:
            self.records.enter(event)
            if event.kind in RECORDS_THAT_TELL:
                _send_mails(event.at + _SENT_AFTER)

    def answer_alerts(self, until: datetime) -> None:
        """The investigator acknowledges what has been open for a while."""
        due = [one for one in self.to_answer if one[0] <= until]
        self.to_answer = [one for one in self.to_answer if one[0] > until]
        for at, alert_id in due:
            with reading() as session:
                alert = session.get_one(Alert, alert_id)
                version = version_to_acknowledge(session, alert_id)
            if alert.state != "open" or version is None:
                continue
            taken = "intensive_care_called" if alert.level >= 4 else "drug_given"
            if alert.signal == SignalKind.BARRED:
                taken = "informed"
            acknowledge_alert(alert_id, alert.level, version, taken, by=self.people.investigator, now=at)

    def _screen(self, event: Event) -> None:
        patient = event.patient
        entry = PatientIn.model_validate(
            {
                "study_code": patient.code,
                "sex": patient.sex,
                "age_years": patient.age_years,
                "treating_investigator_id": self.people.investigator.user_id,
            }
        )
        patient_id = start_screening(entry, by=self.people.coordinator, now=event.at)
        self.patient_ids[patient.code] = patient_id
        facts = FactsIn.model_validate(dict(event.values or {}))
        record_screening(patient_id, facts, version=None, by=self.people.coordinator, now=event.at)

    def _judge(self, event: Event) -> None:
        judgements = find_judgements(event.patient)
        patient_id = self.patient_ids[event.patient.code]
        judge_criteria(patient_id, judgements, version=1, by=self.people.investigator, now=event.at)

    def _enrol(self, event: Event) -> None:
        patient_id, people = self.patient_ids[event.patient.code], self.people
        sign_enrolment(patient_id, 2, people.password, by=people.investigator, now=event.at)

    def _findings(self, event: Event) -> None:
        findings = [Sign(word) for word in event.patient.lasting]
        record_lasting_findings(
            self.patient_ids[event.patient.code],
            findings,
            event.patient.lasting_note,
            by=self.people.investigator,
            now=event.at,
        )

    def _open_gate(self, event: Event) -> None:
        """A PET/CT short of a complete response, the exclusion criteria asked again, the gaps judged."""
        code, on = event.patient.code, event.at.astimezone(context.settings().zone).date()
        scan = ScanIn(patient_id=code, scanned_on=on, response=Response.PR, deauville=4)
        record_scan(scan, by=self.people.coordinator, now=event.at)
        self._ask_again(self.patient_ids[code], event.at)
        with reading() as session:
            asked = ask_gate(session, self.patient_ids[code], event.at)
        for line in asked.gate.lines if asked else ():
            question = _GAPS.get(line.id)
            if question is not None and line.stand is Stand.NOT_YET_KNOWN:
                reason = "Seen daily on the ward round; the grade stayed below 3."
                judge_question(code, question, True, reason, by=self.people.investigator, now=event.at)

    def _ask_again(self, patient_id: int, at: datetime) -> None:
        facts = FactsIn.model_validate(typed_facts(_NOTHING_EXCLUDES))
        purpose = Purpose.SECOND_INFUSION
        coordinator, investigator = self.people.coordinator, self.people.investigator
        record_screening(patient_id, facts, version=None, purpose=purpose, by=coordinator, now=at)
        judged = {name: Judgement(False, "Nothing found.") for name in JUDGED_CRITERIA}
        judge_criteria(patient_id, judged, version=1, purpose=purpose, by=investigator, now=at)

    def _infuse(self, event: Event) -> None:
        entry = InfusionIn.model_validate(
            {
                "patient_id": event.patient.code,
                "infusion_number": event.number,
                "infused_at": event.observed,
                "ended_at": event.observed and event.observed + timedelta(minutes=18),
                "weight_kg": event.patient.weight_kg,
                "total_cells": 2e6 * event.patient.weight_kg,
                "dose_cells_per_kg": 2e6,
                "lot": f"DEMO-{event.patient.code[-3:]}-{event.number}",
                "baseline_ice": 10,
            }
        )
        record_infusion(entry, by=self.people.coordinator, now=event.at)

    def _stay(self, event: Event) -> None:
        stay = {"patient_id": event.patient.code, "from_at": event.observed, **(event.values or {})}
        entry = StayIn.model_validate(stay)
        record_stay(entry, ends_current=True, by=self.people.coordinator, now=event.at)

    def _chart(self, event: Event) -> None:
        token = f"demo-{event.patient.code}-{event.number}-{event.at:%Y%m%d%H%M}"
        saved = record_assessment(
            _assessment(event), token, by=self.people.nurse, now=event.at, source="demo"
        )
        self.saved[event.patient.code, event.number, event.observed] = saved
        self._after(event, saved)

    def _correct(self, event: Event) -> None:
        before = self.saved[event.patient.code, event.number, event.observed]
        token = f"demo-{event.patient.code}-{event.number}-{event.at:%Y%m%d%H%M}"
        saved = correct_assessment(
            before.stable_id,
            before.version,
            _assessment(event),
            event.reason,
            token,
            by=self.people.nurse,
            now=event.at,
        )
        self._after(event, saved)

    def _skip(self, event: Event) -> None:
        entry = SkipIn.model_validate(
            {
                "patient_id": event.patient.code,
                "infusion_number": event.number,
                "due_at": event.observed,
                "reason": event.reason,
                **(event.values or {}),
            }
        )
        skip_assessment(entry, by=self.people.nurse, now=event.at)

    def _after(self, event: Event, saved: Saved) -> None:
        if not saved.told:
            return
        _send_mails(event.at + _SENT_AFTER)
        if not event.patient.acknowledged:
            return
        with reading() as session:
            opened = session.exec(
                select(Alert.id)
                .join(Patient, col(Patient.id) == col(Alert.patient_id))
                .where(col(Alert.state) == "open", Patient.study_code == event.patient.code)
            ).all()
        self.to_answer += [(event.at + ACKNOWLEDGED_AFTER, alert_id) for alert_id in opened if alert_id]


def _assessment(event: Event) -> AssessmentIn:
    return AssessmentIn.model_validate(
        {
            "patient_id": event.patient.code,
            "infusion_number": event.number,
            "assessed_at": event.observed,
            **(event.values or {}),
        }
    )


def _send_mails(at: datetime) -> None:
    """What the worker does, at the event's own time instead of the clock's."""
    sender = MaildirSender(context.settings().mail_dir)
    while True:
        with writing() as session:
            claimed = claim_next(session, worker="demo", now=at)
        if claimed is None:
            return
        outcome = sender.send(claimed)
        with writing() as session:
            record_outcome(session, claimed, outcome, now=at)
