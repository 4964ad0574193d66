"""Adverse events, and the reports of serious ones. Import them from `db.models`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from db.columns import Record, UtcDateTime, list_of, one_of, rule, short, whole, yes_no
from db.models_trial import Versioned, versioned
from trial.event_facts import (
    Causality,
    EventAction,
    InfectionProof,
    InfectionTreatment,
    Outcome,
    SeriousCriterion,
)


class AdverseEvent(Versioned, table=True):
    """One adverse event by CTCAE; CRS and ICANS are not entered here, they come from the assessments.

    `infusion_number` is the infusion it is counted under, NULL before the first. `aware_at` is when the site
    learned that it is serious. The columns from `site` on belong to infections.
    """

    __table_args__ = (
        *versioned("adverse_event"),
        short("term", 200),
        short("ctcae_version", 10),
        whole("grade", 1, 5),
        whole("infusion_number", 1, 2),
        rule("ends_after_onset", "ended_on IS NULL OR ended_on >= onset_on"),
        one_of("causality_car_t", Causality),
        one_of("causality_lymphodepletion", Causality),
        one_of("causality_disease", Causality),
        one_of("causality_other", Causality),
        one_of("action_taken", EventAction),
        one_of("outcome", Outcome),
        rule("grade_5_is_fatal", "grade <> 5 OR outcome IS NULL OR outcome = 'fatal'"),
        yes_no("is_serious"),
        list_of("serious_criteria", SeriousCriterion),
        rule("serious_has_a_criterion", "is_serious = (serious_criteria IS NOT NULL)"),
        rule("serious_has_awareness", "is_serious = (aware_at IS NOT NULL)"),
        yes_no("is_infection"),
        short("site", 200),
        short("organism", 200),
        one_of("proof", InfectionProof),
        yes_no("neutropenic"),
        one_of("infection_treatment", InfectionTreatment),
        rule(
            "infection_columns",
            "is_infection OR (site IS NULL AND organism IS NULL AND proof IS NULL AND neutropenic IS NULL"
            " AND infection_treatment IS NULL)",
        ),
        short("note", 2000),
    )

    term: str
    ctcae_version: str = "5.0"
    grade: int
    infusion_number: int | None = None
    onset_on: date
    ended_on: date | None = None
    causality_car_t: str | None = None
    causality_lymphodepletion: str | None = None
    causality_disease: str | None = None
    causality_other: str | None = None
    action_taken: str | None = None
    outcome: str | None = None
    is_serious: bool = False
    serious_criteria: str | None = None
    aware_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_infection: bool = False
    site: str | None = None
    organism: str | None = None
    proof: str | None = None
    neutropenic: bool | None = None
    infection_treatment: str | None = None
    note: str | None = None


class SaeReport(Record, table=True):
    """One frozen version of the report of a serious event. Append-only."""

    __table_args__ = (
        UniqueConstraint("event_stable_id", "version"),
        short("event_stable_id", 32, least=32),
        whole("version", 1, 10_000),
        short("content_hash", 64, least=64),
        short("pdf_sha256", 64, least=64),
    )

    id: int | None = Field(default=None, primary_key=True)
    event_stable_id: str
    patient_id: int = Field(foreign_key="patient.id", index=True)
    version: int
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    content_hash: str
    pdf: bytes
    pdf_sha256: str
    made_by: int | None = Field(default=None, foreign_key="user.id")
    made_at: datetime = Field(sa_type=UtcDateTime)


class SaeNotification(Record, table=True):
    """A serious event was reported: when, and to whom. Append-only."""

    __table_args__ = (
        short("event_stable_id", 32, least=32),
        short("reported_to", 200),
        rule("entered_after_reporting", "at >= reported_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    event_stable_id: str = Field(index=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    sae_report_id: int | None = Field(default=None, foreign_key="sae_report.id")
    reported_at: datetime = Field(sa_type=UtcDateTime)
    reported_to: str
    by: int | None = Field(default=None, foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class SaeNotificationWithdrawal(Record, table=True):
    """A report to somebody was entered by mistake: it never was, and its clock runs. Append-only."""

    __table_args__ = (UniqueConstraint("notification_id"), short("reason", 2000))

    id: int | None = Field(default=None, primary_key=True)
    notification_id: int = Field(foreign_key="sae_notification.id")
    reason: str
    by: int | None = Field(default=None, foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)
