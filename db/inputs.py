"""What may be entered: the one gate for the form and for the files."""

from db.entries import Entry, Judged, Problem, Question, problems
from db.inputs_assessment import (
    COMMENT_MOST,
    ICE_ITEMS,
    AssessmentIn,
    charted_from,
    check_against_patient,
    check_assessment,
    label_of,
)
from db.inputs_office import (
    InfusionIn,
    PatientIn,
    RecipientIn,
    Sex,
    SkipIn,
    SkipReason,
    StayIn,
    UserIn,
    check_not_future,
)
from db.roles import Group

__all__ = [
    "COMMENT_MOST",
    "ICE_ITEMS",
    "AssessmentIn",
    "Entry",
    "Group",
    "InfusionIn",
    "Judged",
    "PatientIn",
    "Problem",
    "Question",
    "RecipientIn",
    "Sex",
    "SkipIn",
    "SkipReason",
    "StayIn",
    "UserIn",
    "charted_from",
    "check_against_patient",
    "check_assessment",
    "check_not_future",
    "label_of",
    "problems",
]
