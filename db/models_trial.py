"""The records of the trial: screening, signatures, scans and ctDNA, treatments, laboratory, follow-up.

Import them from `db.models`. A versioned record is corrected by its next version, for a reason; only
`superseded_at` of the old one is set. `voided` takes a record back.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from db.columns import Record, UtcDateTime, between, both_or_neither, one_of, rule, short, whole, yes_no
from grading.units import Analyte
from trial.eligibility import Verdict
from trial.follow_up_facts import DeathCause, FollowUpKind, VisitStatus
from trial.screening_facts import Purpose
from trial.second_infusion_facts import CtDnaResult, GateQuestion, Response
from trial.treatment_facts import DoseUnit, Drug

_CURRENT = text("superseded_at IS NULL")
_CURRENT_VALID = text("superseded_at IS NULL AND NOT voided")


class Versioned(Record):
    """What every versioned record of a patient carries."""

    rules: ClassVar[tuple[CheckConstraint, ...]] = ()

    id: int | None = Field(default=None, primary_key=True)
    stable_id: str
    version: int = 1
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    reason: str | None = None
    voided: bool = False
    entered_by: int | None = Field(default=None, foreign_key="user.id")
    entered_at: datetime = Field(sa_type=UtcDateTime)


def versioned(table: str) -> tuple[UniqueConstraint | Index | CheckConstraint, ...]:
    """The constraints that every versioned record has; `table` names its index."""
    return (
        UniqueConstraint("stable_id", "version"),
        Index(
            f"uq_{table}_current", "stable_id", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT
        ),
        short("stable_id", 32, least=32),
        whole("version", 1, 10_000),
        short("reason", 2000),
        rule("reason_of_change", "version = 1 OR reason IS NOT NULL"),
        yes_no("voided"),
        rule("reason_of_void", "NOT voided OR reason IS NOT NULL"),
    )


def one_standing(table: str, *columns: str) -> Index:
    """At most one record that stands for these columns."""
    return Index(
        f"uq_{table}_standing",
        *columns,
        unique=True,
        sqlite_where=_CURRENT_VALID,
        postgresql_where=_CURRENT_VALID,
    )


class Signature(Record, table=True):
    """A signature: who, when, what it means, and the SHA-256 of the record that was signed. Append-only."""

    __table_args__ = (
        UniqueConstraint("subject", "subject_id", "meaning", "signed_by", "record_hash"),
        short("subject", 40),
        short("meaning", 300),
        short("record_hash", 64, least=64),
        short("printed_name", 100),
        short("role", 40),
    )

    id: int | None = Field(default=None, primary_key=True)
    subject: str
    subject_id: int
    meaning: str
    record_hash: str
    signed_by: int = Field(foreign_key="user.id")
    printed_name: str
    role: str
    signed_at: datetime = Field(sa_type=UtcDateTime)


class Screening(Versioned, table=True):
    """The facts behind the criteria, asked for enrolment and again before the second infusion.

    `facts` is a `trial.screening_facts.ScreeningFacts` as JSON; it is read whole by the pure judgement, which
    also refuses what cannot be. `verdict` is what the judgement said under `protocol_hash` on `judged_on`.
    """

    __table_args__ = (
        *versioned("screening"),
        one_standing("screening", "patient_id", "purpose"),
        one_of("purpose", Purpose),
        short("histology", 40),
        one_of("verdict", Verdict),
        short("protocol_hash", 64, least=64),
    )

    purpose: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    histology: str | None = None
    judged_on: date
    verdict: str
    protocol_hash: str


class ResponseAssessment(Versioned, table=True):
    """One PET/CT by Lugano 2014; `response` NULL until it is read."""

    __table_args__ = (
        *versioned("response_assessment"),
        one_standing("response_assessment", "patient_id", "scanned_on"),
        one_of("response", Response),
        whole("deauville", 1, 5),
        short("note", 2000),
    )

    scanned_on: date
    response: str | None = None
    deauville: int | None = None
    note: str | None = None


class CtdnaResult(Versioned, table=True):
    """One ctDNA sample; `result` NULL while awaited."""

    __table_args__ = (
        *versioned("ctdna_result"),
        one_standing("ctdna_result", "patient_id", "sampled_on"),
        one_of("result", CtDnaResult),
        between("value", 0, 1_000_000_000),
        short("unit", 40),
        both_or_neither("value", "unit"),
        rule("value_with_result", "value IS NULL OR (result IS NOT NULL AND result <> 'not_done')"),
        rule("resulted_after_sampling", "resulted_on IS NULL OR resulted_on >= sampled_on"),
    )

    sampled_on: date
    result: str | None = None
    value: float | None = None
    unit: str | None = None
    resulted_on: date | None = None


class GateJudgement(Record, table=True):
    """What an investigator judged at the gate, and why. Append-only; the newest of a question decides."""

    __table_args__ = (
        one_of("question", GateQuestion),
        yes_no("holds"),
        short("reason", 2000),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    question: str
    holds: bool
    reason: str
    by: int | None = Field(default=None, foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class BarRelease(Record, table=True):
    """One investigator's signed release of a bar, for grades up to these. Append-only."""

    __table_args__ = (
        UniqueConstraint("patient_id", "by", "worst_crs", "worst_icans"),
        short("reason", 2000),
        whole("worst_crs", 0, 5),
        whole("worst_icans", 0, 5),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)
    reason: str
    worst_crs: int
    worst_icans: int
    signature_id: int | None = Field(default=None, foreign_key="signature.id")


class Treatment(Versioned, table=True):
    """A drug given once, repeatedly or running; `ended_at` NULL while it goes on.

    `every_hours` is the interval of a repeated dose, NULL for one dose or a drug that runs.
    `confirmed` says that a dose above its maximum was asked about and is right.
    """

    __table_args__ = (
        *versioned("treatment"),
        one_of("drug", Drug),
        short("drug_name", 100),
        rule("other_is_named", "drug <> 'other' OR drug_name IS NOT NULL"),
        between("dose", 0.000001, 1_000_000),
        one_of("dose_unit", DoseUnit),
        both_or_neither("dose", "dose_unit"),
        between("every_hours", 0.25, 720),
        between("weight_kg", 1, 400),
        rule("ends_after_it_began", "ended_at IS NULL OR ended_at >= started_at"),
        yes_no("is_ongoing"),
        rule("ongoing_has_no_end", "NOT is_ongoing OR ended_at IS NULL"),
        yes_no("confirmed"),
        short("note", 2000),
        one_of("source", ("form", "file", "demo")),
    )

    drug: str
    drug_name: str | None = None
    dose: float | None = None
    dose_unit: str | None = None
    every_hours: float | None = None
    weight_kg: float | None = None
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_ongoing: bool = False
    confirmed: bool = False
    note: str | None = None
    source: str = "form"


class LabResult(Versioned, table=True):
    """One laboratory result in its own unit, with the limits of the laboratory in the same unit."""

    __table_args__ = (
        *versioned("lab_result"),
        one_standing("lab_result", "patient_id", "analyte", "taken_at"),
        one_of("analyte", Analyte),
        between("value", 0, 100_000_000),
        short("unit", 40),
        between("lln", 0, 100_000_000),
        between("uln", 0, 100_000_000),
        rule("limits_in_order", "lln IS NULL OR uln IS NULL OR lln <= uln"),
        yes_no("confirmed"),
        one_of("source", ("form", "file", "demo")),
    )

    analyte: str
    taken_at: datetime = Field(sa_type=UtcDateTime)
    value: float
    unit: str
    lln: float | None = None
    uln: float | None = None
    confirmed: bool = False
    source: str = "form"


class Visit(Versioned, table=True):
    """A planned visit as it went; the plan itself follows from the infusion and the protocol."""

    __table_args__ = (
        *versioned("visit"),
        one_standing("visit", "patient_id", "infusion_number", "name"),
        whole("infusion_number", 1, 2),
        short("name", 40),
        one_of("status", VisitStatus),
        rule("done_has_a_date", "(status = 'done') = (visited_on IS NOT NULL)"),
        one_of("blood_tests", ("done", "not_done")),
        one_of("ctdna", ("done", "not_done")),
        one_of("pet_ct", ("done", "not_done")),
        short("note", 2000),
    )

    infusion_number: int
    name: str
    status: str
    visited_on: date | None = None
    blood_tests: str | None = None
    ctdna: str | None = None
    pet_ct: str | None = None
    note: str | None = None


_ONCE_A_PATIENT = text(
    "superseded_at IS NULL AND NOT voided AND kind IN ('death', 'withdrawal', 'lost_to_follow_up')"
)


class FollowUpEvent(Versioned, table=True):
    """Progression, relapse, new therapy, death, withdrawal, lost to follow-up: what ends or changes it.

    `ended_at` belongs to a death and a withdrawal: from then on nothing is due any more. It is the end of
    their day, or when they were first entered where that was sooner; NULL: when this version was entered.
    """

    __table_args__ = (
        *versioned("follow_up_event"),
        Index(
            "uq_follow_up_event_once",
            "patient_id",
            "kind",
            unique=True,
            sqlite_where=_ONCE_A_PATIENT,
            postgresql_where=_ONCE_A_PATIENT,
        ),
        one_of("kind", FollowUpKind),
        one_of("cause", DeathCause),
        rule("death_has_a_cause", "(kind = 'death') = (cause IS NOT NULL)"),
        rule("only_an_end_has_an_instant", "ended_at IS NULL OR kind IN ('death', 'withdrawal')"),
        short("note", 2000),
    )

    kind: str
    occurred_on: date
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cause: str | None = None
    note: str | None = None
