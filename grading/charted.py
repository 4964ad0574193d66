"""What may be charted at the bedside: the words of the assessment file.

The value of each member is exactly the word in the file; its label is what a screen shows.
Both stand in one line here, so that form, file, reasons and documentation use the same words.
In a list column `none` is the empty set and not recorded is None: the two never mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self


class Word(StrEnum):
    """A choice: the word of the file, and the words people read."""

    _value_: str
    phrase: str

    def __new__(cls, value: str, phrase: str = "") -> Self:
        """Make a member from the file's word and its phrase; a call with the word alone looks it up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.phrase = phrase
        return member

    @property
    def label(self) -> str:
        """The words on a screen: the phrase with a capital at its start."""
        return self.phrase[0].upper() + self.phrase[1:]


class YesNo(Word):
    """The clinician's judgement, or whether a thing was given."""

    YES = "yes", "yes"
    NO = "no", "no"


class OxygenDevice(Word):
    """How oxygen is given at the time of the assessment."""

    ROOM_AIR = "room_air", "room air"
    NASAL_CANNULA = "nasal_cannula", "nasal cannula"
    BLOW_BY = "blow_by", "blow-by"
    HIGH_FLOW_NASAL_CANNULA = "high_flow_nasal_cannula", "high-flow nasal cannula"
    FACE_MASK = "face_mask", "face mask"
    VENTURI_MASK = "venturi_mask", "Venturi mask"
    NON_REBREATHER_MASK = "non_rebreather_mask", "non-rebreather mask"
    TRACHEOSTOMY_MASK = "tracheostomy_mask", "tracheostomy mask"
    CPAP = "cpap", "CPAP"
    BIPAP = "bipap", "BiPAP"
    MECHANICAL_VENTILATION = "mechanical_ventilation", "mechanical ventilation"
    ECMO = "ecmo", "ECMO"
    OTHER = "other", "another oxygen device"


class Vasopressor(Word):
    """An agent running since the last assessment. Dobutamine is recorded and not counted."""

    NOREPINEPHRINE = "norepinephrine", "norepinephrine"
    EPINEPHRINE = "epinephrine", "epinephrine"
    PHENYLEPHRINE = "phenylephrine", "phenylephrine"
    DOPAMINE = "dopamine", "dopamine"
    VASOPRESSIN = "vasopressin", "vasopressin"
    ANGIOTENSIN_II = "angiotensin_ii", "angiotensin II"
    METARAMINOL = "metaraminol", "metaraminol"
    TERLIPRESSIN = "terlipressin", "terlipressin"
    OTHER = "other", "another vasopressor"
    DOBUTAMINE = "dobutamine", "dobutamine"


class FeverMaskingDrug(Word):
    """An antipyretic, anticytokine drug or steroid given since the last assessment or still acting."""

    ACETAMINOPHEN = "acetaminophen", "acetaminophen"
    IBUPROFEN = "ibuprofen", "ibuprofen"
    METAMIZOLE = "metamizole", "metamizole"
    TOCILIZUMAB = "tocilizumab", "tocilizumab"
    SILTUXIMAB = "siltuximab", "siltuximab"
    ANAKINRA = "anakinra", "anakinra"
    DEXAMETHASONE = "dexamethasone", "dexamethasone"
    METHYLPREDNISOLONE = "methylprednisolone", "methylprednisolone"
    HYDROCORTISONE = "hydrocortisone", "hydrocortisone"
    OTHER = "other", "another drug that masks fever"


class CrsJudgement(Word):
    """The clinician states that these signs are, or are not, CRS."""

    CRS = "crs", "these signs are CRS"
    NOT_CRS = "not_crs", "these signs are not CRS"


class IceNotDone(Word):
    """Why the ICE was not done. A patient who is awake and cannot answer scores 0 instead."""

    UNAROUSABLE = "unarousable", "unarousable"
    SEDATED = "sedated", "sedated"
    INTUBATED = "intubated", "intubated"
    ASLEEP = "asleep", "asleep"
    REFUSED = "refused", "refused"
    LANGUAGE = "language", "language"
    OTHER = "other", "another reason"


class Consciousness(Word):
    """Level of consciousness, after waking, off sedation and outside the minutes after a seizure."""

    ALERT = "alert", "alert"
    AWAKENS_SPONTANEOUSLY = "awakens_spontaneously", "awakens spontaneously"
    AWAKENS_TO_VOICE = "awakens_to_voice", "awakens to voice"
    AWAKENS_TO_TOUCH = "awakens_to_touch", "awakens only to touch"
    UNAROUSABLE = "unarousable", "unarousable, or needs vigorous or repetitive touch"


class Seizure(Word):
    """Seizures since the last assessment."""

    NONE = "none", "no seizure"
    BRIEF = "brief", "seizure that resolves rapidly"
    NONCONVULSIVE_RESOLVED = (
        "nonconvulsive_resolved",
        "nonconvulsive seizure on EEG that resolves with intervention",
    )
    PROLONGED = "prolonged", "seizure over 5 minutes"
    REPETITIVE = "repetitive", "repetitive seizures without return to baseline"


class MotorWeakness(Word):
    """Weakness found on examination."""

    NONE = "none", "no deep focal weakness"
    DEEP_FOCAL = "deep_focal", "deep focal weakness (hemiparesis, paraparesis)"


class EdemaOrRaisedIcp(Word):
    """Cerebral edema or signs of raised intracranial pressure, as last known."""

    FOCAL_EDEMA = "focal_edema", "focal or local edema on imaging"
    DIFFUSE_EDEMA = "diffuse_edema", "diffuse cerebral edema on imaging"
    POSTURING = "posturing", "decerebrate or decorticate posturing"
    CRANIAL_NERVE_VI_PALSY = "cranial_nerve_vi_palsy", "cranial nerve VI palsy"
    PAPILLEDEMA = "papilledema", "papilledema"
    CUSHINGS_TRIAD = "cushings_triad", "Cushing's triad"


class Sign(Word):
    """A sign that the clinician attributes to another cause (`attributed_elsewhere`)."""

    FEVER = "fever", "fever"
    HYPOTENSION = "hypotension", "hypotension"
    HYPOXIA = "hypoxia", "hypoxia"
    ICE = "ice", "ICE score"
    CONSCIOUSNESS = "consciousness", "depressed consciousness"
    SEIZURE = "seizure", "seizure"
    MOTOR_WEAKNESS = "motor_weakness", "motor weakness"
    EDEMA_OR_RAISED_ICP = "edema_or_raised_icp", "edema or raised intracranial pressure"


class DeathDueTo(Word):
    """Cause of death. After it no row of the patient is accepted."""

    CRS = "crs", "CRS"
    ICANS = "icans", "ICANS"
    OTHER = "other", "another cause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charted:
    """The columns of one assessment that a grade can depend on, named as in the file.

    None is "not recorded"; in a list the empty set is `none`. Values are taken as already
    within their accepted range (`db.inputs` is the gate).
    `confirmed_by_investigator` is False for a `not_crs` read from a file.
    Diastolic pressure, heart rate and respiratory rate move no grade; they are here because
    a rare value among them is noted with the grade.
    """

    assessed_at: datetime
    temperature_c: float | None = None
    systolic_mmhg: float | None = None
    diastolic_mmhg: float | None = None
    heart_rate_per_min: float | None = None
    respiratory_rate_per_min: float | None = None
    spo2_percent: float | None = None
    oxygen_device: OxygenDevice | None = None
    oxygen_l_per_min: float | None = None
    hypoxia: YesNo | None = None
    vasopressors: frozenset[Vasopressor] | None = None
    iv_fluid_bolus: YesNo | None = None
    hypotension: YesNo | None = None
    fever_masking_drugs: frozenset[FeverMaskingDrug] | None = None
    crs_judgement: CrsJudgement | None = None
    ice_orientation: int | None = None
    ice_naming: int | None = None
    ice_commands: int | None = None
    ice_writing: int | None = None
    ice_attention: int | None = None
    ice_score: int | None = None
    ice_not_done: IceNotDone | None = None
    consciousness: Consciousness | None = None
    seizure: Seizure | None = None
    motor_weakness: MotorWeakness | None = None
    edema_or_raised_icp: frozenset[EdemaOrRaisedIcp] | None = None
    attributed_elsewhere: frozenset[Sign] | None = None
    death_due_to: DeathDueTo | None = None
    confirmed_by_investigator: bool = True


COLUMN_WORDS: Final[Mapping[str, str]] = {
    "patient_id": "study code",
    "infusion_number": "infusion number",
    "assessed_at": "time of the assessment",
    "temperature_c": "temperature",
    "systolic_mmhg": "systolic pressure",
    "diastolic_mmhg": "diastolic pressure",
    "heart_rate_per_min": "heart rate",
    "respiratory_rate_per_min": "respiratory rate",
    "spo2_percent": "SpO2",
    "oxygen_device": "oxygen device",
    "oxygen_l_per_min": "oxygen flow",
    "hypoxia": "judgement on hypoxia",
    "vasopressors": "vasopressors",
    "iv_fluid_bolus": "fluid bolus for low blood pressure",
    "hypotension": "judgement on hypotension",
    "fever_masking_drugs": "drugs that mask fever",
    "crs_judgement": "judgement on CRS",
    "ice_orientation": "ICE orientation",
    "ice_naming": "ICE naming",
    "ice_commands": "ICE commands",
    "ice_writing": "ICE writing",
    "ice_attention": "ICE attention",
    "ice_score": "ICE score",
    "ice_not_done": "reason why the ICE was not done",
    "consciousness": "consciousness",
    "seizure": "seizure",
    "motor_weakness": "motor weakness",
    "edema_or_raised_icp": "edema or raised intracranial pressure",
    "attributed_elsewhere": "signs with another cause",
    "death_due_to": "cause of death",
    "comment": "comment",
}
"""Every column of the assessment file, in file order, with the words a person reads inside a sentence."""

FILE_COLUMNS: Final[tuple[str, ...]] = tuple(COLUMN_WORDS)
"""The names of all columns of the assessment file, in file order."""


@dataclass(frozen=True, slots=True)
class UsualRange:
    """The range outside which a possible value is rare: asked once more in the form, noted in a file."""

    low: float
    high: float
    unit: str


USUAL_RANGES: Final[Mapping[str, UsualRange]] = {
    "temperature_c": UsualRange(32, 42, "°C"),
    "systolic_mmhg": UsualRange(50, 250, "mmHg"),
    "diastolic_mmhg": UsualRange(30, 150, "mmHg"),
    "heart_rate_per_min": UsualRange(30, 220, "per minute"),
    "respiratory_rate_per_min": UsualRange(5, 60, "per minute"),
    "spo2_percent": UsualRange(60, 100, "%"),
}
"""Where the question "is this right?" is worth asking, by column, in file order."""
