"""What the enrolment page reads: everybody with how they stand to the criteria, and one patient in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session

from actions.screening import judge_facts, judged_on
from db.queries.office import Investigator, PatientRecord, load_everyone, load_investigators
from db.queries.screening import ScreeningRecord, load_screening_versions, load_screenings
from db.queries.signatures import SignatureRecord, load_signatures
from trial.eligibility import Eligibility, Verdict
from trial.screening_checks import FactsError
from trial.screening_facts import Purpose


class Standing(StrEnum):
    """Which list of the page a patient stands in."""

    IN_SCREENING = "in_screening"
    NOT_ELIGIBLE = "not_eligible"
    ENROLLED = "enrolled"


@dataclass(frozen=True, slots=True)
class Screened:
    """A patient with the facts that stand and what the rules say of them.

    on           the day the facts are judged for: today, or the day of the enrolment
    eligibility  None before the first version, and where the facts cannot be judged: `problem` says why
    """

    patient: PatientRecord
    record: ScreeningRecord | None
    on: date
    eligibility: Eligibility | None
    problem: str | None = None

    @property
    def standing(self) -> Standing:
        """The list the patient belongs to."""
        if self.patient.enrolled_at is not None:
            return Standing.ENROLLED
        against = self.eligibility is not None and self.eligibility.verdict is Verdict.NOT_ELIGIBLE
        return Standing.NOT_ELIGIBLE if against else Standing.IN_SCREENING


@dataclass(frozen=True, slots=True)
class Everybody:
    """All patients by study code, and who may treat them."""

    screened: Sequence[Screened]
    investigators: Sequence[Investigator]

    def find(self, patient_id: int) -> Screened:
        """One of them."""
        return next(one for one in self.screened if one.patient.id == patient_id)

    def standing(self, standing: Standing) -> list[Screened]:
        """Those of one list."""
        return [one for one in self.screened if one.standing is standing]


@dataclass(frozen=True, slots=True)
class History:
    """Every version of a patient's facts, the first one first, and the signatures under them."""

    versions: Sequence[ScreeningRecord]
    signatures: Sequence[SignatureRecord]

    def signed_by(self, signature: SignatureRecord) -> ScreeningRecord:
        """The version under which a signature stands."""
        return next(one for one in self.versions if one.id == signature.subject_id)


def load_everybody(session: Session, now: datetime) -> Everybody:
    """Everybody, judged for today, or for the day of the enrolment."""
    records = load_screenings(session)
    screened = [judge(one, records.get(one.id), now) for one in load_everyone(session)]
    return Everybody(screened, load_investigators(session))


def load_history(session: Session, record: ScreeningRecord | None) -> History:
    """The versions and signatures behind the facts that stand."""
    if record is None:
        return History((), ())
    versions = load_screening_versions(session, record.stable_id)
    return History(versions, load_signatures(session, "screening", [one.id for one in versions]))


def judge(patient: PatientRecord, record: ScreeningRecord | None, now: datetime) -> Screened:
    """What the rules say of the facts that stand."""
    on = judged_on(patient, Purpose.ENROLMENT, now)
    if record is None:
        return Screened(patient, None, on, None)
    try:
        return Screened(patient, record, on, judge_facts(record.facts, Purpose.ENROLMENT, on))
    except FactsError as error:
        return Screened(patient, record, on, None, str(error))
