"""Made-up patients for screening and the gate: one who may take part, and one whose gate is open."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from trial.protocol import load_protocol
from trial.screening_facts import (
    Histology,
    Judgement,
    PastEvent,
    PregnancyTest,
    RelapsedRefractory,
    ScreeningFacts,
    Sex,
    WorstGrade,
)
from trial.second_infusion_facts import GateFacts, Response, Scan

PROTOCOL = load_protocol()
LIMITS = PROTOCOL.eligibility
ON = date(2026, 9, 2)
FIRST_ON = date(2026, 3, 2)
NO = Judgement(False, "nothing found on history and examination")
YES = Judgement(True, "seen with the senior physician")
NEVER = PastEvent(False)

WELL = ScreeningFacts(
    age_years=54,
    sex=Sex.F,
    weight_kg=61.5,
    ecog=1,
    histology=Histology.DLBCL,
    relapsed_refractory=frozenset({RelapsedRefractory.RELAPSE}),
    haemoglobin_g_per_l=101,
    anc_10e9_per_l=2.4,
    platelets_10e9_per_l=130,
    measurable_lesions=2,
    creatinine_umol_per_l=70,
    creatinine_uln_umol_per_l=84,
    lvef_percent=62,
    spo2_room_air_percent=97,
    bilirubin_umol_per_l=12,
    bilirubin_uln_umol_per_l=21,
    gilbert_syndrome=False,
    alt_u_per_l=24,
    alt_uln_u_per_l=40,
    ast_u_per_l=30,
    ast_uln_u_per_l=35,
    hepatic_involvement=False,
    pregnancy_test=PregnancyTest.NEGATIVE,
    last_menses_on=date(2026, 2, 20),
    surgically_sterilised=False,
    other_malignancies=(),
    infections=(),
    stroke_or_tia=NEVER,
    infarction=NEVER,
    nyha_class=0,
    prior_axi_cel=False,
    answers={
        "life_expectancy": True,
        "venous_access": True,
        "unstable_angina": False,
        "arrhythmia": False,
        "organ_disorder": False,
    },
    judgements={"consent": NO, "comorbidity": NO, "other_risk": NO},
)


def known(**facts: Any) -> ScreeningFacts:
    """The patient who may take part, with other facts."""
    return replace(WELL, **facts)


def day(number: int) -> date:
    """The date so many days after the first infusion."""
    return FIRST_ON + timedelta(days=number)


OPEN = GateFacts(
    first_infused_on=FIRST_ON,
    scans=(Scan(day(28), Response.PR, 4),),
    ctdna=(),
    worst_crs=WorstGrade(2),
    worst_icans=WorstGrade(0),
    asked_again=WELL,
)
