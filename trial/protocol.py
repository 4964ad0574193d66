"""The protocol's settings: what the trial decides and the public record leaves open.

They come from a TOML file (`PROTOCOL_FILE`, default `trial/protocol.toml`). Every key is required and no
other is accepted, so that the file's hash names every value that a grade or an alert was made under.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from grading.settings import GradingSettings
from grading.units import Analyte, read_spelling
from trial.follow_up_facts import VisitTest
from trial.follow_up_plan import CountedFrom, EndpointRules, FollowUpPlan, MissingScan, PlannedDay
from trial.limits import (
    EligibilityLimits,
    LaboratorySettings,
    SaeClock,
    SecondInfusionLimits,
    SiteLimit,
    TreatmentLimits,
)
from trial.stopping_settings import MOST_PATIENTS, RuleEvent, RuleKind, StoppingRule, checked_looks

EVERYONE: Final = "everyone"
"""Stands for every group in a step."""

PROTOCOL_FILE = Path(__file__).with_name("protocol.toml")


class ProtocolError(Exception):
    """The protocol file cannot be used; the message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation plan: these groups are told so long after an alert opened."""

    after: timedelta
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """The settings in force. Times of day are the hospital's; `_h` and `_hours` are hours."""

    text: str
    hash: str
    registration: str
    patients: int
    grading: GradingSettings
    eligibility: EligibilityLimits
    second_infusion: SecondInfusionLimits
    planned_cells_per_kg: float
    follow_up: FollowUpPlan
    endpoints: EndpointRules
    treatments: TreatmentLimits
    laboratory: LaboratorySettings
    vital_sign_times: tuple[time, ...]
    ice_times: tuple[time, ...]
    ice_at_every_time_from_grade: int
    slot_tolerance_h: float
    monitoring_days: int
    settled_hours: float
    shift_starts: tuple[time, ...]
    report_day_of_month: int
    report_at: time
    stopping: tuple[StoppingRule, ...]
    sae: SaeClock
    sae_report_days_before: int
    sae_report_days_after: int
    recovery_hours: float
    acknowledged_hours_grade_3: float
    acknowledged_hours_grade_4: float
    acknowledged_hours_boundary: float
    rise_within_hours: float
    rise_lasts_hours: float
    unsettled_hours: float
    missed_hours: float
    repeat_minutes: float
    repeat_for_hours: float
    repeat_later_minutes: float
    quiet_from: time
    quiet_to: time
    digest_at: time
    test_mail_at: time
    test_mail_weekday: int
    plans: Mapping[str, tuple[Step, ...]] = field(hash=False)

    @property
    def slot_tolerance(self) -> timedelta:
        """How far from its due time an assessment still meets it."""
        return timedelta(hours=self.slot_tolerance_h)

    def acknowledged_for(self, level: int) -> timedelta:
        """How long an acknowledgement of an alert of this grade holds."""
        hours = self.acknowledged_hours_grade_4 if level >= 4 else self.acknowledged_hours_grade_3
        return timedelta(hours=hours)


def load_protocol(path: Path | str = PROTOCOL_FILE) -> Protocol:
    """Read and check a protocol file.

    Raises:
        ProtocolError: the file is missing, is not TOML, or a value is absent, unknown or out of range.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        return parse_protocol(text)
    except OSError as error:
        raise ProtocolError(f"The protocol file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ProtocolError(f"The protocol file {path} is not UTF-8 text. Save it as UTF-8.") from error
    except ProtocolError as error:
        raise ProtocolError(f"The protocol file {path}: {error}") from error


def parse_protocol(text: str) -> Protocol:
    """Check a protocol's text. Raises ProtocolError with one sentence."""
    content = _checked(text)
    assessments = content.assessments.model_dump()
    return Protocol(
        text=text,
        hash=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        registration=content.trial.registration,
        patients=content.trial.patients,
        grading=GradingSettings(**content.grading.model_dump()),
        eligibility=EligibilityLimits(**content.eligibility.model_dump()),
        second_infusion=SecondInfusionLimits(**content.second_infusion.model_dump()),
        planned_cells_per_kg=content.infusions.planned_cells_per_kg,
        follow_up=content.follow_up.plan(),
        endpoints=EndpointRules(**content.endpoints.model_dump()),
        treatments=TreatmentLimits(**content.treatments.model_dump()),
        laboratory=content.laboratory.settings(),
        monitoring_days=content.monitoring.days,
        settled_hours=content.monitoring.settled_hours,
        shift_starts=content.shifts.starts,
        report_day_of_month=content.report.day_of_month,
        report_at=content.report.at,
        stopping=tuple(StoppingRule(**rule.model_dump()) for rule in content.stopping.rules),
        sae=SaeClock(**content.sae.model_dump()),
        sae_report_days_before=content.sae_report.days_before,
        sae_report_days_after=content.sae_report.days_after,
        **assessments,
        **content.alerts.model_dump(exclude={"plans"}),
        plans=content.alerts.plans.steps(),
    )


def read_settings(text: str) -> dict[str, dict[str, Any]]:
    """Every setting as the program reads it: section -> setting -> value, in the order of the file.

    Raises ProtocolError as `parse_protocol`.
    """
    read = _checked(text).model_dump()
    return {section: read[section] for section in tomllib.loads(text)}


def _checked(text: str) -> "_File":
    try:
        return _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(f"not TOML: {error}.") from error
    except ValidationError as error:
        raise ProtocolError(_sentence(error)) from error


def _time_of_day(value: Any) -> Any:  # noqa: ANN401 - whatever the TOML file held
    try:
        return time.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError("write times of day as 06:00") from error


def _ascending(times: tuple[time, ...]) -> tuple[time, ...]:
    if any(one.tzinfo for one in times) or list(times) != sorted(set(times)):
        raise ValueError("list each time of day once, earliest first, without a zone")
    return times


_Hours = Annotated[float, Field(gt=0, le=24 * 365)]
_Minutes = Annotated[float, Field(ge=1, le=60 * 24 * 365)]
_Group = Literal["ward", "treating", "pi", "deputy", "committee_chair", "sponsor_safety", "everyone"]
_TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
_Times = Annotated[tuple[_TimeOfDay, ...], Field(min_length=1, strict=False), AfterValidator(_ascending)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Trial(_Section):
    patients: int = Field(ge=1)
    registration: str = Field(min_length=1, max_length=60)


class _Grading(_Section):
    low_systolic_mmhg: float = Field(ge=40, le=140)
    low_spo2_percent: float = Field(ge=50, le=100)
    fever_c: float = Field(ge=36, le=42)
    clear_hours: _Hours
    drug_hours: _Hours
    late_after_day: int = Field(ge=0)


_Percent = Annotated[float, Field(gt=0, lt=100)]
_TimesUln = Annotated[float, Field(gt=0, le=100)]
_Years = Annotated[int, Field(ge=1, le=100)]
_Months = Annotated[int, Field(ge=1, le=1200)]


class _Eligibility(_Section):
    age_years_from: int = Field(ge=0, le=120)
    life_expectancy_weeks_above: float = Field(gt=0, le=520)
    ecog_to: int = Field(ge=0, le=4)
    haemoglobin_g_per_l_from: float = Field(gt=0, le=200)
    anc_10e9_per_l_from: float = Field(gt=0, le=20)
    platelets_10e9_per_l_from: float = Field(gt=0, le=1000)
    measurable_lesions_from: int = Field(ge=0, le=20)
    creatinine_uln_to: _TimesUln
    clearance_ml_per_min_from: float = Field(gt=0, le=200)
    lvef_percent_above: _Percent
    spo2_percent_above: _Percent
    bilirubin_uln_to: _TimesUln
    bilirubin_uln_to_gilbert: _TimesUln
    transaminases_uln_to: _TimesUln
    transaminases_uln_to_hepatic: _TimesUln
    years_since_menses_from: _Years
    other_malignancy_years: _Years
    stroke_months: _Months
    infarction_months: _Months
    nyha_class_from: int = Field(ge=1, le=4)
    barring_grade: int = Field(ge=1, le=5)

    @field_validator("bilirubin_uln_to_gilbert", "transaminases_uln_to_hepatic")
    @classmethod
    def _not_narrower(cls, value: float, info: ValidationInfo) -> float:
        """An exception below its rule would refuse a patient whom the rule itself accepts."""
        rule = str(info.field_name).rpartition("_")[0]
        if value < info.data.get(rule, 0):
            raise ValueError(f"it must not be below {rule}")
        return value


class _SecondInfusion(_Section):
    within_days: int = Field(ge=1, le=3650)
    finding_within: bool
    infusion_within: bool
    positive_samples: int = Field(ge=1, le=20)


class _Infusions(_Section):
    planned_cells_per_kg: float = Field(ge=1e3, le=1e10)


_FROM_TEXT: Any = Field(strict=False)
"""TOML holds words and lists, no enumerations and tuples."""


def _each_once(tests: tuple[VisitTest, ...]) -> tuple[VisitTest, ...]:
    if len(set(tests)) < len(tests):
        raise ValueError("list each test once")
    return tests


class _Visit(_Section):
    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    day: int = Field(ge=1, le=3650)
    before: int = Field(ge=0, le=365)
    after: int = Field(ge=0, le=365)
    tests: Annotated[tuple[Annotated[VisitTest, _FROM_TEXT], ...], _FROM_TEXT, AfterValidator(_each_once)]


def _apart(visits: tuple[_Visit, ...]) -> tuple[_Visit, ...]:
    """No day may belong to two visits, and none of a visit's days comes before day 1."""
    last_day = 0
    for visit in visits:
        if visit.day - visit.before <= last_day:
            raise ValueError(f"the days of {visit.name} must begin after day {last_day}; list visits by day")
        last_day = visit.day + visit.after
    if len({visit.name for visit in visits}) < len(visits):
        raise ValueError("give each visit a name of its own")
    return visits


class _FollowUp(_Section):
    counted_from: Annotated[CountedFrom, _FROM_TEXT]
    visits: Annotated[tuple[_Visit, ...], Field(min_length=1, strict=False), AfterValidator(_apart)]

    def plan(self) -> FollowUpPlan:
        """The plan as the visits are made from it."""
        days = (PlannedDay(**visit.model_dump()) for visit in self.visits)
        return FollowUpPlan(self.counted_from, tuple(days))


class _Endpoints(_Section):
    month_3_day: int = Field(ge=30, le=365)
    month_3_before: int = Field(ge=0, le=90)
    month_3_after: int = Field(ge=0, le=90)
    month_3_missing: Annotated[MissingScan, _FROM_TEXT]


class _Treatments(_Section):
    tocilizumab_mg_per_kg: float = Field(gt=0, le=100)
    tocilizumab_max_mg: float = Field(gt=0, le=10_000)
    tocilizumab_hours_apart: _Hours
    tocilizumab_in_24_h: int = Field(ge=1, le=24)
    tocilizumab_in_all: int = Field(ge=1, le=100)
    lymphodepletion_days: int = Field(ge=1, le=60)


_Limit = Annotated[float, Field(gt=0, le=1e8)]


class _SiteLimit(_Section):
    analyte: Annotated[Analyte, Field(strict=False)]
    sex: Literal["F", "M", "both"]
    unit: str
    lln: _Limit | None = None
    uln: _Limit | None = None

    @model_validator(mode="after")
    def _limits_in_a_listed_unit(self) -> "_SiteLimit":
        read_spelling(self.analyte, self.unit)
        if self.lln is None and self.uln is None:
            raise ValueError("give lln, uln, or both")
        if self.lln is not None and self.uln is not None and self.lln >= self.uln:
            raise ValueError("lln must be below uln")
        return self


def _each_limit_once(limits: tuple[_SiteLimit, ...]) -> tuple[_SiteLimit, ...]:
    for place, one in enumerate(limits):
        for other in limits[:place]:
            same = (one.analyte, one.unit) == (other.analyte, other.unit)
            if same and (one.sex == other.sex or "both" in (one.sex, other.sex)):
                raise ValueError(f"{one.analyte} in {one.unit} stands there twice for the same sex")
    return limits


class _Laboratory(_Section):
    hematotox_days: int = Field(ge=1, le=60)
    together_hours: _Hours
    limits: Annotated[tuple[_SiteLimit, ...], Field(strict=False), AfterValidator(_each_limit_once)]

    def settings(self) -> LaboratorySettings:
        """The section as the rules take it."""
        limits = tuple(SiteLimit(**one.model_dump()) for one in self.limits)
        return LaboratorySettings(
            hematotox_days=self.hematotox_days, together_hours=self.together_hours, limits=limits
        )


class _Assessments(_Section):
    vital_sign_times: _Times
    ice_times: _Times
    ice_at_every_time_from_grade: int = Field(ge=0, le=4)
    slot_tolerance_h: float = Field(gt=0, le=12)


class _Monitoring(_Section):
    days: int = Field(ge=0)
    settled_hours: _Hours


def _from_the_start(steps: tuple["_Step", ...]) -> tuple["_Step", ...]:
    minutes = [step.after_min for step in steps]
    if minutes[0] != 0 or minutes != sorted(set(minutes)):
        raise ValueError("begin at 0 minutes and list the steps in the order of their times, each time once")
    return steps


class _Step(_Section):
    after_min: float = Field(ge=0, le=60 * 24)
    groups: Annotated[tuple[_Group, ...], Field(min_length=1, strict=False)]


_Plan = Annotated[tuple[_Step, ...], Field(min_length=1, strict=False), AfterValidator(_from_the_start)]


class _Plans(_Section):
    p1: _Plan
    p2: _Plan
    p3: _Plan
    missed: _Plan
    barred: _Plan
    boundary: _Plan
    sae: _Plan
    sae_overdue: _Plan
    system: _Plan

    def steps(self) -> dict[str, tuple[Step, ...]]:
        """Each plan by its name."""
        return {
            name: tuple(Step(timedelta(minutes=step.after_min), step.groups) for step in getattr(self, name))
            for name in type(self).model_fields
        }


class _Report(_Section):
    day_of_month: int = Field(ge=1, le=28)
    at: _TimeOfDay


class _Shifts(_Section):
    starts: _Times


_Share = Annotated[float, Field(gt=0, lt=1)]
_Belief = Annotated[float, Field(gt=0, le=1000)]
_NEEDED: Final = {
    "alpha": (RuleKind.POCOCK, "the highest probability of ever stopping at the tolerated rate"),
    "certainty": (RuleKind.BAYESIAN, "the posterior probability that must be exceeded"),
    "prior": (RuleKind.BAYESIAN, "the a and b of the beta prior"),
}
"""Which kind of stopping rule needs a setting, and what it is."""


class _StoppingRule(_Section):
    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    words: str = Field(min_length=1, max_length=200)
    event: Annotated[RuleEvent, Field(strict=False)]
    infusion: int = Field(ge=1, le=2)
    window_days: int = Field(ge=1, le=3650)
    kind: Annotated[RuleKind, Field(strict=False)]
    tolerated_rate: _Share
    n_max: int = Field(ge=1, le=MOST_PATIENTS)
    alpha: _Share | None = Field(default=None, validate_default=True)
    certainty: _Share | None = Field(default=None, validate_default=True)
    prior: Annotated[tuple[_Belief, _Belief] | None, Field(strict=False)] = Field(
        default=None, validate_default=True
    )
    looks: Annotated[tuple[int, ...] | None, Field(strict=False)] = None
    version: str = Field(min_length=1, max_length=40)
    approved_by: str = Field(min_length=1, max_length=200)

    @field_validator("alpha", "certainty", "prior")
    @classmethod
    def _of_its_kind(cls, value: object, info: ValidationInfo) -> object:
        kind, words = _NEEDED[str(info.field_name)]
        if "kind" not in info.data or (value is not None) == (info.data["kind"] is kind):
            return value
        if value is None:
            raise ValueError(f"a {kind} rule needs it, {words}")
        raise ValueError(f"only a {kind} rule has it. Remove it")

    @field_validator("looks")
    @classmethod
    def _in_order(cls, value: tuple[int, ...] | None, info: ValidationInfo) -> tuple[int, ...] | None:
        try:
            checked_looks(info.data.get("n_max", MOST_PATIENTS), value)
        except ValueError as error:
            raise ValueError(str(error).rstrip(".")) from error
        return value


class _Stopping(_Section):
    rules: Annotated[tuple[_StoppingRule, ...], Field(strict=False)]

    @field_validator("rules")
    @classmethod
    def _each_key_once(cls, rules: tuple[_StoppingRule, ...]) -> tuple[_StoppingRule, ...]:
        if len({rule.key for rule in rules}) < len(rules):
            raise ValueError("give each rule a key of its own")
        return rules


class _Sae(_Section):
    clock_hours: _Hours
    reminder_hours: Annotated[tuple[_Hours, ...], Field(strict=False)]
    overdue_repeat_hours: _Hours

    @field_validator("reminder_hours")
    @classmethod
    def _before_it_is_overdue(cls, hours: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        ends = info.data.get("clock_hours", 0)
        if list(hours) != sorted(set(hours)) or any(one >= ends for one in hours):
            raise ValueError("list each reminder once, earliest first, all of them before clock_hours")
        return hours


class _SaeReport(_Section):
    days_before: int = Field(ge=0, le=60)
    days_after: int = Field(ge=0, le=60)


class _Alerts(_Section):
    recovery_hours: _Hours
    acknowledged_hours_grade_3: _Hours
    acknowledged_hours_grade_4: _Hours
    acknowledged_hours_boundary: _Hours
    rise_within_hours: _Hours
    rise_lasts_hours: _Hours
    unsettled_hours: _Hours
    missed_hours: _Hours
    repeat_minutes: _Minutes
    repeat_for_hours: _Hours
    repeat_later_minutes: _Minutes
    quiet_from: _TimeOfDay
    quiet_to: _TimeOfDay
    digest_at: _TimeOfDay
    test_mail_at: _TimeOfDay
    test_mail_weekday: int = Field(ge=1, le=7)
    plans: _Plans


class _File(_Section):
    trial: _Trial
    grading: _Grading
    eligibility: _Eligibility
    infusions: _Infusions
    second_infusion: _SecondInfusion
    follow_up: _FollowUp
    endpoints: _Endpoints
    treatments: _Treatments
    laboratory: _Laboratory
    assessments: _Assessments
    monitoring: _Monitoring
    shifts: _Shifts
    report: _Report
    stopping: _Stopping
    sae: _Sae
    sae_report: _SaeReport
    alerts: _Alerts


def _sentence(error: ValidationError) -> str:
    """The first problem, with the setting's name, the rule and the value found."""
    problem = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"the setting {name} is missing. Add it; trial/protocol.toml shows every setting."
    if problem["type"] == "extra_forbidden":
        return f"the setting {name} is not known. Correct its name or remove it."
    rule = problem["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"the setting {name}{_found(problem['input'])}: {rule[0].lower()}{rule[1:]}."


def _found(value: object) -> str:
    """ " is 101.0"; nothing for a list of tables, which nobody would read."""
    tables = isinstance(value, list) and any(isinstance(one, dict) for one in value)
    return "" if tables else f" is {value!r}"
