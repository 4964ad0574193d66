"""The clinical tables: patients, infusions, stays, assessments, grades, patient days.

Every table of the house is importable from here. Instants are UTC and aware, people are `user` ids.
Nothing clinical is overwritten or deleted: a correction is a new version, guarded by `db.guards`.
A list in a text column has `;` between its words, `none` for the empty list, NULL for not recorded.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from db.columns import Record, UtcDateTime, between, list_of, one_of, rule, short, whole, yes_no
from db.models_accounts import (
    AuditEvent,
    LoginSession,
    OneTimeCode,
    ProtocolVersion,
    Recipient,
    User,
)
from db.models_alerts import (
    Acknowledgement,
    Alert,
    AlertAssessment,
    Delivery,
    DeliveryAttempt,
    Heartbeat,
    Notice,
    Receipt,
    Silence,
)
from db.models_events import AdverseEvent, SaeNotification, SaeNotificationWithdrawal, SaeReport
from db.models_grades import Grade, PatientDay
from db.models_review import (
    CommitteeDecision,
    CommitteeReview,
    LastLook,
    Report,
    ReportFile,
    ReviewComment,
    WardQuestion,
    WardQuestionStep,
)
from db.models_trial import (
    BarRelease,
    CtdnaResult,
    FollowUpEvent,
    GateJudgement,
    LabResult,
    ResponseAssessment,
    Screening,
    Signature,
    Treatment,
    Visit,
)
from grading.charted import (
    Consciousness,
    CrsJudgement,
    DeathDueTo,
    EdemaOrRaisedIcp,
    FeverMaskingDrug,
    IceNotDone,
    MotorWeakness,
    OxygenDevice,
    Seizure,
    Sign,
    Vasopressor,
    YesNo,
)

__all__ = [
    "Acknowledgement",
    "AdverseEvent",
    "Alert",
    "AlertAssessment",
    "Assessment",
    "AuditEvent",
    "BarRelease",
    "CommitteeDecision",
    "CommitteeReview",
    "CtdnaResult",
    "Delivery",
    "DeliveryAttempt",
    "Draft",
    "FollowUpEvent",
    "GateJudgement",
    "Grade",
    "Heartbeat",
    "Infusion",
    "InfusionVersion",
    "LabResult",
    "LastLook",
    "LoginSession",
    "Notice",
    "OneTimeCode",
    "Patient",
    "PatientDay",
    "ProtocolVersion",
    "Receipt",
    "Recipient",
    "Record",
    "Report",
    "ReportFile",
    "ResponseAssessment",
    "ReviewComment",
    "SaeNotification",
    "SaeNotificationWithdrawal",
    "SaeReport",
    "Screening",
    "Signature",
    "Silence",
    "SkippedAssessment",
    "Stay",
    "Treatment",
    "User",
    "Visit",
    "WardQuestion",
    "WardQuestionStep",
]

_CURRENT = text("superseded_at IS NULL")
_CURRENT_RECORDED = text("superseded_at IS NULL AND status = 'recorded'")
_ICE_ITEMS = {
    "ice_orientation": 4,
    "ice_naming": 3,
    "ice_commands": 1,
    "ice_writing": 1,
    "ice_attention": 1,
}
_ICE_SUM = " + ".join(f"coalesce({item}, 0)" for item in _ICE_ITEMS)
_ICE_BEST = " + ".join(f"coalesce({item}, {most})" for item, most in _ICE_ITEMS.items())
_NO_ICE = " AND ".join(f"{column} IS NULL" for column in (*_ICE_ITEMS, "ice_score"))


class Patient(Record, table=True):
    """A patient of the trial by study code; no name, hospital number or birth date is ever stored.

    `enrolled_at` is NULL while the patient is in screening, or has failed it.
    """

    __table_args__ = (
        short("study_code", 40),
        one_of("sex", ("F", "M")),
        whole("age_years", 0, 120),
        list_of("lasting_findings", Sign),
        short("lasting_findings_note", 2000),
        rule("screened_or_enrolled", "screened_at IS NOT NULL OR enrolled_at IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    study_code: str = Field(unique=True)
    sex: str | None = None
    age_years: int | None = None
    treating_investigator_id: int | None = Field(default=None, foreign_key="user.id")
    lasting_findings: str | None = None
    lasting_findings_note: str | None = None
    screened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    enrolled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    enrolled_by: int | None = Field(default=None, foreign_key="user.id")
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def _infusion_rules() -> tuple[CheckConstraint, ...]:
    return (
        whole("version", 1, 10_000),
        between("weight_kg", 1, 400),
        between("dose_cells_per_kg", 1_000, 10_000_000_000),
        short("lot", 100),
        whole("baseline_ice", 0, 10),
        between("total_cells", 1_000, 1_000_000_000_000),
        rule("ends_after_it_began", "ended_at IS NULL OR ended_at >= infused_at"),
    )


class Infusion(Record, table=True):
    """The first or second infusion as now known; every version of it stands in `infusion_version`."""

    __table_args__ = (
        UniqueConstraint("patient_id", "number"),
        whole("number", 1, 2),
        *_infusion_rules(),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id")
    number: int
    infused_at: datetime = Field(sa_type=UtcDateTime)
    weight_kg: float | None = None
    dose_cells_per_kg: float | None = None
    lot: str | None = None
    baseline_ice: int | None = None
    total_cells: float | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1
    entered_by: int | None = Field(default=None, foreign_key="user.id")
    entered_at: datetime = Field(sa_type=UtcDateTime)


class InfusionVersion(Record, table=True):
    """One version of an infusion, the first included; a reason from the second on. Append-only."""

    __table_args__ = (
        UniqueConstraint("infusion_id", "version"),
        *_infusion_rules(),
        short("reason", 2000),
        rule("reason_of_change", "version = 1 OR reason IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    infusion_id: int = Field(foreign_key="infusion.id")
    version: int
    infused_at: datetime = Field(sa_type=UtcDateTime)
    weight_kg: float | None = None
    dose_cells_per_kg: float | None = None
    lot: str | None = None
    baseline_ice: int | None = None
    total_cells: float | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = None
    entered_by: int | None = Field(default=None, foreign_key="user.id")
    entered_at: datetime = Field(sa_type=UtcDateTime)


class Stay(Record, table=True):
    """One version of a period on the ward, in intensive care or at home. Only `superseded_at` changes."""

    __table_args__ = (
        UniqueConstraint("stable_id", "version"),
        Index("uq_stay_current", "stable_id", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
        short("stable_id", 32, least=32),
        whole("version", 1, 10_000),
        one_of("kind", ("ward", "intensive_care", "home")),
        rule("ends_after_it_began", "to_at IS NULL OR to_at > from_at"),
        short("reason", 2000),
        yes_no("voided"),
        rule("reason_of_void", "NOT voided OR reason IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    stable_id: str
    version: int = 1
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    kind: str
    from_at: datetime = Field(sa_type=UtcDateTime)
    to_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = None
    voided: bool = False
    entered_by: int | None = Field(default=None, foreign_key="user.id")
    entered_at: datetime = Field(sa_type=UtcDateTime)


class Assessment(Record, table=True):
    """One version of one bedside assessment, columns named as in the assessment file.

    Rows are only inserted; setting `superseded_at`, once, is the one change the triggers let through.
    `confirmed_by_investigator` is False for a `not_crs` that came from a file and was not yet confirmed.
    """

    __table_args__ = (
        UniqueConstraint("stable_id", "version"),
        Index(
            "uq_assessment_current",
            "stable_id",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        Index(
            "uq_assessment_moment",
            "infusion_id",
            "assessed_at",
            unique=True,
            sqlite_where=_CURRENT_RECORDED,
            postgresql_where=_CURRENT_RECORDED,
        ),
        short("stable_id", 32, least=32),
        whole("version", 1, 10_000),
        one_of("status", ("recorded", "voided")),
        one_of("source", ("form", "file", "demo")),
        short("reason", 2000),
        rule("reason_of_change", "version = 1 OR reason IS NOT NULL"),
        rule("supersedes_an_earlier", "(version = 1) = (supersedes_id IS NULL)"),
        short("form_token", 64),
        between("temperature_c", 25, 45),
        between("systolic_mmhg", 20, 300),
        between("diastolic_mmhg", 5, 200),
        rule("diastolic_below_systolic", "diastolic_mmhg < systolic_mmhg"),
        between("heart_rate_per_min", 0, 300),
        between("respiratory_rate_per_min", 0, 100),
        between("spo2_percent", 1, 100),
        one_of("oxygen_device", OxygenDevice),
        between("oxygen_l_per_min", 0, 80),
        rule("no_flow_on_room_air", "oxygen_device <> 'room_air' OR oxygen_l_per_min = 0"),
        one_of("hypoxia", YesNo),
        list_of("vasopressors", Vasopressor),
        one_of("iv_fluid_bolus", YesNo),
        one_of("hypotension", YesNo),
        list_of("fever_masking_drugs", FeverMaskingDrug),
        one_of("crs_judgement", CrsJudgement),
        *(whole(item, 0, most) for item, most in _ICE_ITEMS.items()),
        whole("ice_score", 0, 10),
        rule("ice_total", f"ice_score BETWEEN {_ICE_SUM} AND {_ICE_BEST}"),
        one_of("ice_not_done", IceNotDone),
        rule("ice_not_done_without_ice", f"ice_not_done IS NULL OR ({_NO_ICE})"),
        one_of("consciousness", Consciousness),
        rule(
            "ice_not_done_unarousable",
            "ice_not_done <> 'unarousable' OR consciousness IS NULL OR consciousness = 'unarousable'",
        ),
        rule(
            "no_ice_points_unarousable",
            f"consciousness <> 'unarousable' OR (coalesce(ice_score, 0) = 0 AND {_ICE_SUM} = 0)",
        ),
        one_of("seizure", Seizure),
        one_of("motor_weakness", MotorWeakness),
        list_of("edema_or_raised_icp", EdemaOrRaisedIcp),
        list_of("attributed_elsewhere", Sign),
        one_of("death_due_to", DeathDueTo),
        rule(
            "death_of_crs_is_crs",
            "death_due_to <> 'crs' OR crs_judgement IS NULL OR crs_judgement <> 'not_crs'",
        ),
        short("comment", 2000),
        yes_no("confirmed_by_investigator"),
    )

    id: int | None = Field(default=None, primary_key=True)
    stable_id: str
    version: int = 1
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    supersedes_id: int | None = Field(default=None, foreign_key="assessment.id")
    patient_id: int = Field(foreign_key="patient.id")
    infusion_id: int = Field(foreign_key="infusion.id", index=True)
    status: str = "recorded"
    reason: str | None = None
    form_token: str | None = Field(default=None, unique=True)
    source: str
    entered_at: datetime = Field(sa_type=UtcDateTime)
    entered_by: int | None = Field(default=None, foreign_key="user.id")
    confirmed_by_investigator: bool = True
    assessed_at: datetime = Field(sa_type=UtcDateTime)
    temperature_c: float | None = None
    systolic_mmhg: float | None = None
    diastolic_mmhg: float | None = None
    heart_rate_per_min: float | None = None
    respiratory_rate_per_min: float | None = None
    spo2_percent: float | None = None
    oxygen_device: str | None = None
    oxygen_l_per_min: float | None = None
    hypoxia: str | None = None
    vasopressors: str | None = None
    iv_fluid_bolus: str | None = None
    hypotension: str | None = None
    fever_masking_drugs: str | None = None
    crs_judgement: str | None = None
    ice_orientation: int | None = None
    ice_naming: int | None = None
    ice_commands: int | None = None
    ice_writing: int | None = None
    ice_attention: int | None = None
    ice_score: int | None = None
    ice_not_done: str | None = None
    consciousness: str | None = None
    seizure: str | None = None
    motor_weakness: str | None = None
    edema_or_raised_icp: str | None = None
    attributed_elsewhere: str | None = None
    death_due_to: str | None = None
    comment: str | None = None


class SkippedAssessment(Record, table=True):
    """A due assessment that was not done, because. Append-only; of several, the newest decides."""

    __table_args__ = (
        UniqueConstraint("infusion_id", "kind", "due_at", "entered_at"),
        one_of("kind", ("vital_signs", "ice")),
        one_of("reason", ("asleep", "procedure", "refused", "other")),
        short("explanation", 2000),
        rule("other_is_explained", "reason <> 'other' OR explanation IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id")
    infusion_id: int = Field(foreign_key="infusion.id")
    kind: str
    due_at: datetime = Field(sa_type=UtcDateTime)
    reason: str
    explanation: str | None = None
    entered_by: int | None = Field(default=None, foreign_key="user.id")
    entered_at: datetime = Field(sa_type=UtcDateTime)


class Draft(Record, table=True):
    """What one user has typed for one patient and slot and not saved; not a clinical record."""

    __table_args__ = (
        UniqueConstraint("user_id", "infusion_id", "slot_at"),
        short("content", 100_000),
        short("form_token", 64),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id")
    patient_id: int = Field(foreign_key="patient.id")
    infusion_id: int = Field(foreign_key="infusion.id")
    slot_at: datetime = Field(sa_type=UtcDateTime)
    content: str
    form_token: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    saved_at: datetime = Field(sa_type=UtcDateTime)
