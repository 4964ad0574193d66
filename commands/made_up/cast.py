"""The fifteen made-up patients of the trial, and two more in screening.

Onset, duration and shares follow what was published for axicabtagene ciloleucel (CRS in nine of ten, from day
2 for about a week; neurologic events in six of ten, from day 5). Nobody here ever lived.
"""

from dataclasses import replace
from typing import Final

from commands.made_up.story import Correction, Fever, InfusionStory, PatientStory, Signs, whole_day

_LOW_PRESSURE: Final = {"systolic_mmhg": (82, 88), "iv_fluid_bolus": "yes"}
_ONE_VASOPRESSOR: Final = {"systolic_mmhg": (88, 98), "vasopressors": ["norepinephrine"]}
_TWO_VASOPRESSORS: Final = {"systolic_mmhg": (84, 94), "vasopressors": ["norepinephrine", "epinephrine"]}
_CANNULA: Final = {"oxygen_device": "nasal_cannula", "oxygen_l_per_min": (2, 4), "spo2_percent": (92, 95)}
_HIGH_FLOW: Final = {
    "oxygen_device": "high_flow_nasal_cannula",
    "oxygen_l_per_min": (30, 45),
    "spo2_percent": (91, 94),
}
_VENTILATED: Final = {
    "oxygen_device": "mechanical_ventilation",
    "oxygen_l_per_min": None,
    "spo2_percent": (92, 96),
    "ice_score": None,
    "ice_not_done": "intubated",
    "consciousness": None,
}
_TOCILIZUMAB: Final = {"fever_masking_drugs": ["tocilizumab", "acetaminophen"]}
_DEXAMETHASONE: Final = {"fever_masking_drugs": ["dexamethasone"]}
_WITH_ANAKINRA: Final = {"fever_masking_drugs": ["dexamethasone", "anakinra"]}
_ICANS_1: Final = {"ice_score": (8, 9), "consciousness": "alert"}
_ICANS_2: Final = {"ice_score": (4, 6), "consciousness": "awakens_to_voice"}
_ICANS_3: Final = {"ice_score": (1, 2), "consciousness": "awakens_to_touch"}
_SEIZURE: Final = {"seizure": "brief"}


def _mild(days_ago: int, onset_h: float = 40, hours: float = 70, peak_c: float = 38.8) -> InfusionStory:
    return InfusionStory(days_ago, fevers=(Fever(onset_h, onset_h + hours, peak_c),))


def _moderate(days_ago: int, onset_h: float = 34, hours: float = 94, peak_c: float = 39.6) -> InfusionStory:
    """CRS grade 2, tocilizumab, and a mild ICANS as the fever goes."""
    end_h = onset_h + hours
    return InfusionStory(
        days_ago,
        fevers=(Fever(onset_h, end_h, peak_c),),
        signs=(
            Signs(onset_h + 18, onset_h + 40, _LOW_PRESSURE),
            Signs(onset_h + 26, end_h - 30, _CANNULA),
            Signs(onset_h + 24, onset_h + 29, _TOCILIZUMAB),
            Signs(end_h - 10, end_h + 24, _ICANS_1),
        ),
    )


def _infected(story: InfusionStory, from_h: float, to_h: float, peak_c: float) -> InfusionStory:
    """The same with the fever and the oxygen of an infection, which the ward charts as such."""
    elsewhere = {"attributed_elsewhere": ["fever", "hypoxia"]}
    signs = (Signs(from_h, to_h, elsewhere), Signs(from_h + 16, to_h - 20, _CANNULA))
    return replace(story, fevers=(*story.fevers, Fever(from_h, to_h, peak_c)), signs=(*story.signs, *signs))


CAST: Final[tuple[PatientStory, ...]] = (
    PatientStory(
        "CART-001",
        "F",
        58,
        61.5,
        (_infected(_moderate(66), 188, 262, 39.1), replace(_mild(25, 54, 40), skipped_h=whole_day(11))),
        about="both infusions behind her, at home; a day called off for a procedure",
    ),
    PatientStory(
        "CART-002",
        "M",
        63,
        82.0,
        (
            InfusionStory(
                58,
                fevers=(Fever(20, 150, 40.2),),
                signs=(
                    Signs(30, 44, _LOW_PRESSURE),
                    Signs(44, 62, _ONE_VASOPRESSOR),
                    Signs(62, 92, _TWO_VASOPRESSORS),
                    Signs(92, 116, _ONE_VASOPRESSOR),
                    Signs(40, 62, _HIGH_FLOW),
                    Signs(62, 100, _VENTILATED),
                    Signs(100, 150, _CANNULA),
                    Signs(42, 47, _TOCILIZUMAB),
                    Signs(48, 64, _DEXAMETHASONE),
                    Signs(64, 110, _WITH_ANAKINRA),
                    Signs(110, 130, _DEXAMETHASONE),
                    Signs(100, 124, _ICANS_2),
                    Signs(124, 170, _ICANS_1),
                ),
                intensive=(44, 130),
            ),
        ),
        about="recovered from CRS grade 4; the second infusion is barred",
    ),
    PatientStory(
        "CART-003",
        "M",
        71,
        74.0,
        (
            InfusionStory(
                4,
                fevers=(Fever(38, None, 39.7),),
                signs=(
                    Signs(-14, -3.2, _LOW_PRESSURE),
                    Signs(-13, None, _CANNULA),
                    Signs(-3.2, None, _ONE_VASOPRESSOR),
                    Signs(-12, -8, _TOCILIZUMAB),
                ),
                extra_h=(-0.6,),
            ),
        ),
        acknowledged=False,
        about="in CRS grade 3 now, waiting for an acknowledgement",
    ),
    PatientStory(
        "CART-004",
        "F",
        49,
        55.0,
        (InfusionStory(6, fevers=(Fever(18, 70, 38.9),), silent_since_h=-8.5),),
        about="overdue: nothing was entered for more than eight hours",
    ),
    PatientStory(
        "CART-005",
        "M",
        66,
        90.5,
        (
            InfusionStory(
                9,
                fevers=(Fever(86, 160, 39.1),),
                signs=(Signs(104, 126, _CANNULA),),
                correction=Correction(
                    -30,
                    {"systolic_mmhg": 78, "vasopressors": ["norepinephrine"], "temperature_c": 38.9},
                    "Values of the patient in the next bed; these are the right ones.",
                ),
            ),
        ),
        about="an entry of yesterday was corrected, and its alert withdrawn",
    ),
    PatientStory(
        "CART-006",
        "F",
        60,
        68.0,
        (
            InfusionStory(
                44,
                fevers=(Fever(30, 120, 39.4),),
                signs=(
                    Signs(60, 84, _CANNULA),
                    Signs(112, 122, _ICANS_2),
                    Signs(122, 146, _ICANS_3),
                    Signs(126, 130, _SEIZURE),
                    Signs(146, 180, _ICANS_2),
                    Signs(180, 214, _ICANS_1),
                    Signs(114, 200, _DEXAMETHASONE),
                ),
                intensive=(123, 150),
            ),
        ),
        about="ICANS grade 3 after the first infusion: the second is barred",
    ),
    PatientStory(
        "CART-007",
        "M",
        55,
        77.5,
        (
            _moderate(48, 58, 70, 39.1),
            InfusionStory(
                6,
                fevers=(Fever(42, 96, 38.7),),
                signs=(Signs(-26, -7, _ICANS_1), Signs(-7, None, _ICANS_2), Signs(-6, None, _DEXAMETHASONE)),
            ),
        ),
        about="day 6 after the second infusion, ICANS rising",
    ),
    PatientStory(
        "CART-008",
        "F",
        68,
        59.0,
        (
            InfusionStory(
                11,
                fevers=(Fever(36, 140, 39.5),),
                signs=(
                    Signs(60, 100, _CANNULA),
                    Signs(64, 69, _TOCILIZUMAB),
                    Signs(96, None, _DEXAMETHASONE),
                    Signs(-5, None, _LOW_PRESSURE),
                ),
            ),
        ),
        about="CRS coming back under steroids, without fever",
    ),
    PatientStory("CART-009", "M", 52, 85.0, (InfusionStory(2, fevers=(Fever(26, None, 38.9),)),)),
    PatientStory("CART-010", "F", 64, 63.0, (InfusionStory(0),), about="infused today"),
    PatientStory(
        "CART-011",
        "M",
        59,
        79.0,
        (_mild(286, 76, 60), InfusionStory(244, fevers=(Fever(60, 84, 38.3),))),
        about="in follow-up at month 9, in complete remission",
    ),
    PatientStory(
        "CART-012",
        "F",
        73,
        57.0,
        (_infected(_moderate(54, 22, 130, 39.9), 212, 268, 38.8), _mild(12, 70, 90, 38.4)),
        lasting=("hypoxia",),
        lasting_note="Home oxygen 1 L/min at night since 2024.",
        screened={"spo2_room_air_percent": 94, "platelets_10e9_per_l": 68},
        judged={"collection_acceptable": "Platelets stable for two weeks; apheresis unit agrees."},
        about="day 12 after the second infusion, well again",
    ),
    PatientStory(
        "CART-013",
        "M",
        47,
        92.0,
        (replace(_moderate(28, 82, 60, 39.2), gap_h=whole_day(9)),),
        about="at home after the first infusion; a day without any entry",
    ),
    PatientStory(
        "CART-014",
        "F",
        62,
        66.0,
        (
            InfusionStory(
                7,
                fevers=(Fever(100, None, 39.2),),
                signs=(Signs(-20, None, _CANNULA | {"oxygen_l_per_min": None}),),
                skips_ice_at_h=-9,
            ),
        ),
        about="the oxygen flow is not recorded, so CRS is not settled",
    ),
    PatientStory("CART-015", "M", 69, 71.0, (), about="enrolled, not infused yet"),
)

IN_SCREENING: Final[tuple[PatientStory, ...]] = (
    PatientStory(
        "CART-016",
        "F",
        44,
        64.0,
        screened={"lvef_percent": None, "infections": None, "pregnancy_test": None},
        enrolled=False,
        about="in screening: echocardiogram, infections and pregnancy test still open",
    ),
    PatientStory(
        "CART-017",
        "M",
        66,
        79.0,
        screened={"infarction": True, "creatinine_umol_per_l": 148},
        days_before={"infarction_on": 61},
        enrolled=False,
        about="not eligible: a myocardial infarction two months ago",
    ),
)
