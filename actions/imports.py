"""Storing what files hold about one patient: enrolment, infusions and assessments, in one transaction.

The rules are the form's own; what they refuse is given back with its line, and the rest is stored. Importing
the same file again adds nothing, also where a row was corrected, moved or withdrawn since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from actions import context
from actions.course import regrade_course
from actions.enrolled import load_enrolled
from actions.errors import Refused, RefusedField
from actions.import_course import AssessmentRow, RefusedRow, refused_row, sort_course, store_rows
from actions.infusions import add_infusion
from actions.patients import add_patient
from actions.permissions import Action, require
from actions.stays import add_stay
from alerts.model import SignalKind
from alerts.outbox import wake_worker
from alerts.reconcile import tell_historical
from db.audit import append_event
from db.inputs import InfusionIn, PatientIn, StayIn
from db.models import Alert, AuditEvent
from db.queries import entry as reads
from db.queries import office
from db.queries.office import INFUSION_VALUES, PatientRecord
from db.roles import Actor
from db.session import writing
from trial.calendar import StayKind, day_of

__all__ = [
    "AssessmentRow",
    "InfusionRow",
    "PatientImported",
    "PatientRows",
    "RefusedRow",
    "import_patient",
    "tell_imported_history",
]

_BASELINE: Final = ("sex", "age_years")


@dataclass(frozen=True, slots=True)
class InfusionRow:
    """One row of an infusion file: the patient's baseline and the infusion."""

    line: int
    patient: PatientIn
    infusion: InfusionIn


@dataclass(frozen=True, slots=True)
class PatientRows:
    """Everything that the files say about one patient."""

    study_code: str
    infusions: Sequence[InfusionRow]
    assessments: Sequence[AssessmentRow]


@dataclass(slots=True)
class PatientImported:
    """What the import of one patient came to; `known` rows were stored before.

    outside_gate      why the gate was not open on the day of a second infusion that was stored
    notices           how many messages the rows gave rise to
    monitoring_ended  the last assessment is so old that the patient was recorded as at home from then on
    """

    patients_added: int = 0
    infusions_added: int = 0
    infusions_known: int = 0
    assessments_added: int = 0
    assessments_known: int = 0
    outside_gate: tuple[str, ...] = ()
    notices: int = 0
    monitoring_ended: bool = False
    refused_infusions: list[RefusedRow] = field(default_factory=list)
    refused_assessments: list[RefusedRow] = field(default_factory=list)


def import_patient(rows: PatientRows, *, by: Actor, now: datetime, historical: bool) -> PatientImported:
    """Store everything about one patient that the rules allow, or nothing where the database refuses.

    historical  alerts are stored as history and not told one by one (see `tell_imported_history`)

    Raises NotPermitted, or a SaveRefused where the database takes nothing.
    """
    require(by, Action.IMPORT_FILE)
    with writing() as session:
        importing = _Import(session, rows.study_code, by, now, historical)
        which = importing.has_second(rows.infusions)
        for number in (1, 2):
            for row in rows.infusions:
                if row.infusion.infusion_number == number:
                    importing.infusion(row)
            course = [row for row in rows.assessments if row.entry.infusion_number == number]
            importing.course(course, which_infusion=which)
        importing.end_monitoring()
        importing.audit()
    if importing.done.notices or importing.done.outside_gate:
        wake_worker(context.settings())
    return importing.done


def tell_imported_history(*, by: Actor, now: datetime) -> int:
    """Send one digest of the historical alerts that no digest has told of; returns how many those are.

    After an import that was interrupted, the digest of the next one tells of both.
    """
    require(by, Action.IMPORT_FILE)
    with writing() as session:
        details = session.exec(
            select(AuditEvent.detail).where(AuditEvent.action == "tell_historical_alerts")
        ).all()
        told = {alert_id for detail in details for alert_id in detail["alerts"]}
        history = session.exec(
            select(Alert.id).where(col(Alert.historical), Alert.signal == SignalKind.GRADE_3.value)
        ).all()
        untold = sorted(alert_id for alert_id in history if alert_id is not None and alert_id not in told)
        tell_historical(
            session, untold, now=now, by=by, settings=context.settings(), protocol=context.protocol()
        )
    if untold:
        wake_worker(context.settings())
    return len(untold)


class _Import:
    """The import of one patient, inside its transaction."""

    def __init__(self, session: Session, study_code: str, by: Actor, now: datetime, historical: bool) -> None:
        self.done = PatientImported()
        self._session = session
        self._code = study_code
        self._by = by
        self._now = now
        self._historical = historical
        self._stored: list[dict[str, Any]] = []

    def infusion(self, row: InfusionRow) -> None:
        """Record one infusion, after enrolling the patient where that is still to be done."""
        try:
            # A refused row leaves nothing: not the enrolment either.
            with self._session.begin_nested():
                patient = self._patient(row.patient)
                if patient is not None and self._is_known(patient, row.infusion):
                    self.done.infusions_known += 1
                    return
                added = add_infusion(
                    self._session, row.infusion, by=self._by, now=self._now, tells=not self._historical
                )
        except Refused as refusal:
            self.done.refused_infusions.append(refused_row(row.line, refusal))
        else:
            self.done.outside_gate += added.deviation
            self.done.patients_added += patient is None
            self.done.infusions_added += 1

    def has_second(self, rows: Sequence[InfusionRow]) -> bool:
        """Whether a second infusion is recorded or stands in the file: a blank number could mean either."""
        patient = office.load_patient(self._session, self._code)
        recorded = patient is not None and patient.infusion(2) is not None
        return recorded or any(row.infusion.infusion_number == 2 for row in rows)

    def course(self, rows: Sequence[AssessmentRow], *, which_infusion: bool) -> None:
        """Record the assessments after one infusion, and grade its course once.

        which_infusion  a new row has to name its infusion
        """
        course = sort_course(self._session, rows, now=self._now, which_infusion=which_infusion)
        self.done.assessments_known += course.known
        self.done.refused_assessments += course.refused
        if course.facts is None or not course.new:
            return
        self._stored += store_rows(self._session, course.facts, course.new, by=self._by, now=self._now)
        self.done.assessments_added += len(course.new)
        regraded = regrade_course(
            self._session,
            course.facts.infusion_id,
            from_at=min(row.entry.assessed_at for row in course.new),
            now=self._now,
            protocol=context.protocol(),
            by=self._by,
            historical=self._historical,
        )
        self.done.notices += len(regraded.told.notices)

    def end_monitoring(self) -> None:
        """Record the patient as at home from the last assessment on, where monitoring plainly ended there.

        A window stays open until both toxicities are settled at 0, so a course without a proof of that would
        stand on the board for ever. Nobody who was assessed within the protocol's monitored days is touched.
        """
        if not (self.done.infusions_added or self.done.assessments_added):
            return
        patient = office.load_patient(self._session, self._code)
        if patient is None or not patient.infusions or patient.died_at is not None:
            return
        days = context.protocol().monitoring_days
        last_at = self._last_seen_at(patient)
        if day_of(self._now, last_at, context.settings().zone) <= days or self._is_at_home(patient):
            return
        reason = f"Imported: no assessment within {days} days after this, so monitoring is taken as ended."
        stay = StayIn(patient_id=self._code, kind=StayKind.HOME, from_at=last_at, reason=reason)
        try:
            add_stay(self._session, stay, ends_current=True, by=self._by, now=self._now)
        except Refused:
            return  # a later stay says where the patient was
        self.done.monitoring_ended = True

    def audit(self) -> None:
        """Write what was imported into the audit trail."""
        if not self._stored:
            return
        patient = office.load_patient(self._session, self._code)
        append_event(
            self._session,
            at=self._now,
            by=self._by,
            action="import_assessments",
            subject="patient",
            subject_id=patient.id if patient else None,
            patient_id=patient.id if patient else None,
            detail={"historical": self._historical, "assessments": self._stored},
        )

    def _patient(self, entry: PatientIn) -> PatientRecord | None:
        """The patient as stored, None: enrolled now; Refused in screening or where the row says otherwise."""
        patient = office.load_patient(self._session, self._code)
        if patient is None:
            add_patient(self._session, entry, by=self._by, now=self._now)
            return None
        load_enrolled(self._session, self._code)
        for name in _BASELINE:
            stored, given = getattr(patient, name), getattr(entry, name)
            if given is not None and given != stored:
                sentence = (
                    f"{self._code} is enrolled with {name.replace('_years', '')} "
                    f"{'not recorded' if stored is None else stored}; correct it on the enrolment page."
                )
                raise Refused([RefusedField(name, given, sentence)])
        return patient

    def _is_known(self, patient: PatientRecord, entry: InfusionIn) -> bool:
        """Whether what the row says of the infusion is, or once was, recorded."""
        infusion = patient.infusion(entry.infusion_number)
        if infusion is None:
            return False
        given = {name: value for name in INFUSION_VALUES if (value := getattr(entry, name)) is not None}
        versions = office.load_infusion_versions(self._session, infusion.id)
        return any(
            all(getattr(version, name) == value for name, value in given.items()) for version in versions
        )

    def _last_seen_at(self, patient: PatientRecord) -> datetime:
        latest = patient.infusions[-1]
        facts = reads.find_infusion(self._session, self._code, latest.number)
        return max(latest.infused_at, facts.last_at) if facts and facts.last_at else latest.infused_at

    def _is_at_home(self, patient: PatientRecord) -> bool:
        stays = office.load_stays(self._session, patient.id)
        return any(stay.kind is StayKind.HOME and stay.to_at is None for stay in stays)
