"""What an adverse event can be, in the words of CTCAE and of the report form of serious events."""

from enum import StrEnum


class Causality(StrEnum):
    """How likely it is that this caused the event, by the investigator."""

    UNRELATED = "unrelated"
    UNLIKELY = "unlikely"
    POSSIBLE = "possible"
    PROBABLE = "probable"
    DEFINITE = "definite"


class EventAction(StrEnum):
    """What was done about the event."""

    NONE = "none"
    TREATED = "treated"
    INTERRUPTED = "second_infusion_postponed"
    WITHDRAWN = "withdrawn_from_the_trial"
    OTHER = "other"


class Outcome(StrEnum):
    """How the event stands."""

    RECOVERED = "recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae"
    RECOVERING = "recovering"
    NOT_RECOVERED = "not_recovered"
    FATAL = "fatal"
    UNKNOWN = "unknown"


class SeriousCriterion(StrEnum):
    """Each of them alone makes an event serious (ICH E2A)."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    MEDICALLY_IMPORTANT = "medically_important"


class InfectionProof(StrEnum):
    """How an infection was proved."""

    MICROBIOLOGICAL = "microbiological"
    IMAGING = "imaging"
    CLINICAL = "clinical"
    SUSPECTED = "suspected"


class InfectionTreatment(StrEnum):
    """How an infection is treated; CTCAE grades by it."""

    NONE = "none"
    LOCAL = "local"
    ORAL = "oral"
    INTRAVENOUS = "intravenous"
    INVASIVE = "invasive"
