"""Efficacy by infusion: who is counted, and the curves against a second opinion."""

from datetime import date, timedelta

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from trial.efficacy import Survival, efficacy_set
from trial.endpoints import FollowedPatient
from trial.follow_up_facts import DeathCause, FollowUpFact, FollowUpKind
from trial.protocol import load_protocol
from trial.second_infusion_facts import Response, Scan

RULES = load_protocol().endpoints
START = date(2026, 1, 1)
ON = START + timedelta(days=400)


def patient(
    code: str,
    *scans: tuple[int, Response],
    second: int | None = None,
    died: int | None = None,
    seen: int = 300,
) -> FollowedPatient:
    infused = (START,) if second is None else (START, START + timedelta(days=second))
    death = FollowUpFact(FollowUpKind.DEATH, START + timedelta(days=died or 0), DeathCause.LYMPHOMA)
    return FollowedPatient(
        study_code=code,
        infused_on=infused,
        scans=tuple(Scan(START + timedelta(days=day), response) for day, response in scans),
        events=() if died is None else (death,),
        seen_on=START + timedelta(days=seen if died is None else died),
    )


PATIENTS = [
    patient("A-1", (90, Response.CR), (200, Response.CR)),
    patient("A-2", (88, Response.PR), (150, Response.PD), second=40),
    patient("A-3", (30, Response.PD), died=60),
    patient("A-4", (95, Response.CR), second=50, died=250),
    patient("A-5", seen=20),
]


def test_remission_and_response_name_their_denominators() -> None:
    found = efficacy_set(PATIENTS, RULES, ON, 1)
    assert [row.study_code for row in found.rows] == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert (found.month_3_cr.rate.events, found.month_3_cr.rate.patients) == (2, 5)
    assert (found.response.rate.events, found.response.rate.patients) == (3, 4)
    assert found.response.pending == ("A-5",)


def test_from_the_second_infusion_is_a_set_of_its_own_with_a_clock_of_its_own() -> None:
    found = efficacy_set(PATIENTS, RULES, ON, 2)
    assert [row.study_code for row in found.rows] == ["A-2", "A-4"]
    assert [(row.pfs.day, row.os.day) for row in found.rows] == [(110, 260), (200, 200)]
    assert [Survival.OS.of(row).event for row in found.rows] == [False, True]


@pytest.mark.parametrize("what", list(Survival))
def test_the_curves_agree_with_a_second_opinion(what: Survival) -> None:
    found = efficacy_set(PATIENTS, RULES, ON, 1)
    times = pd.Series([what.of(row).day for row in found.rows])
    events = pd.Series([what.of(row).event for row in found.rows])
    fitted = KaplanMeierFitter().fit(times, events)
    for step in found.curve(what).steps:
        assert step.survival == pytest.approx(float(fitted.predict(step.day)))
    assert found.curve(what).events == events.sum()
    assert found.at_risk(what, [0, 61])[0] == 5


def test_the_number_at_risk_falls_with_time() -> None:
    found = efficacy_set(PATIENTS, RULES, ON, 1)
    assert found.at_risk(Survival.OS, [0, 20, 21, 60, 61, 251]) == (5, 5, 4, 4, 3, 2)


def test_nobody_infused_and_everyone_censored_have_curves_without_a_step() -> None:
    nobody = efficacy_set([], RULES, ON, 1)
    assert (nobody.rows, nobody.pfs.steps, nobody.month_3_cr.rate.rate) == ((), (), None)
    alive = efficacy_set([patient("A-1", (30, Response.CR)), patient("A-2")], RULES, ON, 1)
    assert (alive.os.steps, alive.os.median.day, len(alive.os.censored_on)) == ((), None, 2)


def test_a_cut_off_before_the_first_infusion_has_nobody() -> None:
    assert efficacy_set(PATIENTS, RULES, START - timedelta(days=1), 1).rows == ()


def test_each_curve_has_its_words() -> None:
    assert [what.label for what in Survival] == ["Progression-free survival", "Overall survival"]
