"""What is found when a made-up patient is screened: blood, heart and history of somebody who may take part.

Drawn around what is usual in relapsed large B-cell lymphoma; `PatientStory.screened` has what differs.
"""

from datetime import date, timedelta
from random import Random
from typing import Any, Final

from commands.made_up.story import PatientStory
from trial.screening_facts import Histology, Judgement, MalignancyKind, PregnancyTest, RelapsedRefractory
from trial.screening_judgements import JUDGED_CRITERIA

FIRST_REASON: Final = "Nothing found on history and examination."
_MENOPAUSE_YEARS: Final = 52
_ULN: Final = {
    "creatinine_uln_umol_per_l": {"F": 84.0, "M": 104.0},
    "bilirubin_uln_umol_per_l": {"F": 21.0, "M": 21.0},
    "alt_uln_u_per_l": {"F": 40.0, "M": 50.0},
    "ast_uln_u_per_l": {"F": 35.0, "M": 40.0},
}
_HISTOLOGIES: Final = (
    *(Histology.DLBCL,) * 6,
    Histology.TRANSFORMED_FL,
    Histology.HIGH_GRADE,
)
_COURSES: Final = (
    RelapsedRefractory.RELAPSE,
    RelapsedRefractory.PRIMARY_REFRACTORY,
    RelapsedRefractory.SECONDARY_REFRACTORY,
    RelapsedRefractory.PROGRESSION,
)


def find_facts(patient: PatientStory, on: date, seed: int) -> dict[str, Any]:
    """The facts as `db.inputs_screening.FactsIn` takes them, found on a day."""
    rng = Random(f"{seed} {patient.code} screening")
    return {
        "age_years": patient.age_years,
        "sex": patient.sex,
        "weight_kg": patient.weight_kg,
        "ecog": rng.choice((0, 1, 1, 1, 2)),
        "histology": rng.choice(_HISTOLOGIES),
        "relapsed_refractory": [rng.choice(_COURSES)],
        "measurable_lesions": rng.randint(1, 6),
        **_blood(patient, rng),
        "lvef_percent": rng.randint(56, 68),
        "spo2_room_air_percent": rng.randint(95, 99),
        "nyha_class": 0,
        **_history(patient, rng),
        **_pregnancy(patient, on, rng),
        **patient.screened,
        **{name: on - timedelta(days=days) for name, days in patient.days_before.items()},
    }


def find_judgements(patient: PatientStory) -> dict[str, Judgement]:
    """What the investigator judged, with the reasons."""
    usual = {name: Judgement(False, FIRST_REASON) for name in JUDGED_CRITERIA}
    return usual | {name: Judgement(True, why) for name, why in patient.judged.items()}


def _blood(patient: PatientStory, rng: Random) -> dict[str, Any]:
    return {
        "haemoglobin_g_per_l": rng.randint(88, 129),
        "anc_10e9_per_l": round(rng.uniform(1.4, 5.2), 1),
        "platelets_10e9_per_l": rng.randint(92, 256),
        "creatinine_umol_per_l": rng.randint(48, 82),
        "bilirubin_umol_per_l": rng.randint(6, 18),
        "gilbert_syndrome": False,
        "alt_u_per_l": rng.randint(11, 46),
        "ast_u_per_l": rng.randint(14, 44),
        "hepatic_involvement": False,
        **{name: by_sex[patient.sex] for name, by_sex in _ULN.items()},
    }


def _history(patient: PatientStory, rng: Random) -> dict[str, Any]:
    skin = {"kind": MalignancyKind.SKIN, "treated": True, "last_active_on": date(2019, 5, 1)}
    return {
        "stroke_or_tia": False,
        "infarction": False,
        "other_malignancies": [skin] if patient.age_years > 65 and rng.random() < 0.3 else "none",
        "infections": "none",
        "prior_axi_cel": False,
        "life_expectancy": True,
        "venous_access": True,
        "unstable_angina": False,
        "arrhythmia": False,
        "organ_disorder": False,
    }


def _pregnancy(patient: PatientStory, on: date, rng: Random) -> dict[str, Any]:
    if patient.sex == "M":
        return {}
    if patient.age_years < _MENOPAUSE_YEARS:
        return {"pregnancy_test": PregnancyTest.NEGATIVE, "surgically_sterilised": False}
    years = rng.randint(3, 12)
    return {"last_menses_on": on.replace(year=on.year - years, day=1), "surgically_sterilised": False}
