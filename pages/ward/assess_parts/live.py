"""What the form comes to as it stands: its columns, what is to be put right, and the grades.

A value that is to be put right counts as not recorded in the live grade. The grade is that of the whole
course, as it will be stored: a fever of yesterday still counts today.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from db.inputs import AssessmentIn, Problem, Question, charted_from, check_against_patient
from db.queries.assess import AssessFacts
from grading.charted import Charted
from grading.crs_course import GradedAssessment, grade_course
from pages.ward.assess_parts.answers import (
    ICE_NOT_DONE,
    NUMBERS,
    answered,
    columns_of,
    unanswered_kinds,
)
from pages.ward.assess_parts.fields import as_shown
from pages.ward.assess_parts.form import EARLIER, Form
from pages.ward.treatments_parts.words import dose_words
from trial.charted_and_treated import disagreements, treated_at
from trial.protocol import Protocol
from trial.treatments import drugs_given

STALE_AFTER: Final = timedelta(minutes=30)
"""A form saved later than this after it was begun is asked whether its time is right."""

_BOXES: Final = (*NUMBERS, "oxygen_l_per_min", "ice_score")
_TIME: Final = re.compile(r"([01]?\d|2[0-3])[:.h]?([0-5]\d)", re.ASCII)
_WHICH: Final = {
    "vasopressors": "Choose which vasopressors are running, or “another vasopressor”.",
    "seizure": "Choose which kind of seizure it was.",
    "edema_or_raised_icp": "Choose which signs of edema or raised pressure there are.",
}
_NOT_OBSERVED: Final = ("patient_id", "infusion_number", "assessed_at")
_OFFER: Final = re.compile(r"Did you mean ([\d.]+)\?|°F is ([\d.]+) °C", re.ASCII)


@dataclass(frozen=True, slots=True)
class Live:
    """The form judged.

    problems   what is to be put right, shown at its box as soon as the box is left
    open       what Save asks for besides: a kind not yet chosen, a reason not yet given
    questions  rare values and gaps that Save asks about once more
    graded     both grades of this entry in its course
    """

    typed: Mapping[str, Any]
    assessed_at: datetime | None
    problems: Sequence[Problem]
    open: Sequence[Problem]
    questions: Sequence[Question]
    graded: GradedAssessment

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was observed: an entry of gaps alone would look like an assessment."""
        return all(value is None for name, value in self.typed.items() if name not in _NOT_OBSERVED)

    def entry(self) -> AssessmentIn:
        """The entry to save; only where nothing is to be put right."""
        return AssessmentIn.model_validate(dict(self.typed))

    def at_boxes(self, *, checked: bool) -> dict[str, str]:
        """Question -> sentence; what Save asks for besides only after Save was tried."""
        shown = [*self.problems, *self.open] if checked else self.problems
        return {problem.field: problem.sentence for problem in reversed(shown)}

    def offers(self) -> dict[str, float]:
        """Question -> the value that its problem's sentence offers."""
        found = {problem.field: _OFFER.search(problem.sentence) for problem in self.problems}
        return {field: float(match[1] or match[2]) for field, match in found.items() if match}


def judge_form(form: Form, facts: AssessFacts, now: datetime, protocol: Protocol, zone: ZoneInfo) -> Live:
    """Judge what stands in the form now."""
    answers = form.answers()
    assessed_at, time_problem = observed_at(form, answers, now, zone)
    typed: dict[str, Any] = {
        "patient_id": facts.code,
        "infusion_number": facts.number,
        "assessed_at": assessed_at,
        **{name: as_shown(value) if name in _BOXES else value for name, value in columns_of(answers).items()},
    }
    judged = AssessmentIn.judge(typed)
    problems = [problem for problem in judged.problems if problem.field != "assessed_at"]
    problems += [time_problem] if time_problem else []
    if not problems and assessed_at is not None:
        problems += _against_patient(typed, facts, now, zone)
    graded = _grade(judged.values, facts, assessed_at or form.opened_at, protocol, zone)
    return Live(
        typed=typed,
        assessed_at=assessed_at,
        problems=problems,
        open=_open(form, answers),
        questions=[
            *judged.questions,
            *_stale(form, answers, assessed_at, now),
            *_beside_treatments(graded.charted, facts, protocol),
        ],
        graded=graded,
    )


def observed_at(
    form: Form, answers: Mapping[str, Any], now: datetime, zone: ZoneInfo
) -> tuple[datetime | None, Problem | None]:
    """When it was observed, to the minute as shown, or what is wrong with the time."""
    if answered(answers, "observed") != EARLIER:
        return form.opened_at.replace(second=0, microsecond=0), None
    on, typed = _day(answers), str(answered(answers, "observed_time") or "").strip()
    if on is None:
        return None, Problem("assessed_at", None, "Choose the day, or enter it as 2026-03-08.")
    match = _TIME.fullmatch(typed)
    if match is None:
        return None, Problem("assessed_at", typed, "Enter the time as 02:30, on the 24 h clock.")
    local = datetime.combine(on, time(int(match[1]), int(match[2])), zone)
    at = local.astimezone(now.tzinfo)
    if form.stored_at is not None and at == form.stored_at.replace(second=0, microsecond=0):
        return form.stored_at, None  # the time was not changed: keep its seconds
    return at, None


def _day(answers: Mapping[str, Any]) -> date | None:
    typed = answered(answers, "observed_day")
    if typed == "other":
        typed = answered(answers, "observed_date")
    try:
        return date.fromisoformat(str(typed).strip())
    except ValueError:
        return None


def _against_patient(
    typed: Mapping[str, Any], facts: AssessFacts, now: datetime, zone: ZoneInfo
) -> list[Problem]:
    return check_against_patient(
        AssessmentIn.model_validate(dict(typed)),
        now=now,
        infused_at=facts.infused_at,
        died_at=facts.died_at,
        last_assessed_at=facts.last_at,
        zone=zone,
    )


def _open(form: Form, answers: Mapping[str, Any]) -> list[Problem]:
    found = [Problem(sign, None, _WHICH[sign]) for sign in unanswered_kinds(answers)]
    if answered(answers, "ice") == ICE_NOT_DONE and answered(answers, "ice_not_done") is None:
        found.append(Problem("ice_not_done", None, "Choose why the ICE was not done."))
    if form.target.correct and answered(answers, "reason") is None:
        found.append(Problem("reason", None, "Say why the entry is corrected."))
    return found


def _stale(
    form: Form, answers: Mapping[str, Any], assessed_at: datetime | None, now: datetime
) -> list[Question]:
    if answered(answers, "observed") == EARLIER or assessed_at is None or now - form.opened_at < STALE_AFTER:
        return []
    minutes = int((now - form.opened_at).total_seconds() // 60)
    sentence = f"The values will be stored as observed {minutes} min ago, when the entry was begun."
    return [Question("observed", form.opened_at, f"{sentence} Is that right?")]


def _beside_treatments(charted: Charted, facts: AssessFacts, protocol: Protocol) -> list[Question]:
    """Where a box and the treatments disagree; asked of a patient of whom treatments are recorded at all."""
    if not facts.treatments:
        return []
    since = _last_before(facts, charted.assessed_at)
    hours = protocol.grading.drug_hours
    found = disagreements(charted, facts.treatments, since=since, acting_hours=hours)
    # Both directions may be asked of one box, each with an answer of its own.
    return [Question(f"{one.column}_{one.treated}", one.sentence, one.sentence) for one in found]


def treated_words(facts: AssessFacts, at: datetime, protocol: Protocol) -> dict[str, str]:
    """Column -> the treatments that stand for it at a moment: "norepinephrine 0.1 ug/kg/min"."""
    since, hours = _last_before(facts, at), protocol.grading.drug_hours
    found = treated_at(facts.treatments, at, since=since, acting_hours=hours)
    return {
        column: ", ".join(f"{one.words} {dose_words(one)}" for one in treatments)
        for column, treatments in found.items()
        if treatments
    }


def _last_before(facts: AssessFacts, at: datetime) -> datetime | None:
    return max((entered.at for entered in facts.course if entered.at < at), default=None)


def _grade(
    values: Mapping[str, Any], facts: AssessFacts, at: datetime, protocol: Protocol, zone: ZoneInfo
) -> GradedAssessment:
    charted = charted_from({**values, "assessed_at": at})
    course = grade_course(
        [*(entered.charted for entered in facts.course if entered.at != at), charted],
        infused_at=facts.infused_at.astimezone(zone),
        settings=protocol.grading,
        drugs=drugs_given(facts.treatments),
    )
    return next(graded for graded in course if graded.charted is charted)
