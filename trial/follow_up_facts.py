"""What is recorded of a patient's follow-up: visits, and what happens to the disease and the patient."""

from enum import StrEnum


class VisitStatus(StrEnum):
    """Whether a planned visit took place."""

    DONE = "done"
    MISSED = "missed"


class FollowUpKind(StrEnum):
    """What ends or changes a patient's follow-up."""

    PROGRESSION = "progression"
    RELAPSE = "relapse"
    NEW_THERAPY = "new_therapy"
    DEATH = "death"
    WITHDRAWAL = "withdrawal"
    LOST = "lost_to_follow_up"


class DeathCause(StrEnum):
    """Why a patient died."""

    LYMPHOMA = "lymphoma"
    CRS = "crs"
    ICANS = "icans"
    INFECTION = "infection"
    OTHER = "other"
    UNKNOWN = "unknown"
