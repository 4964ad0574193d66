"""What an adverse event can be, in the words of CTCAE and of the report form of serious events."""

from grading.charted import Word


class Causality(Word):
    """How likely it is that this caused the event, by the investigator."""

    UNRELATED = "unrelated", "unrelated"
    UNLIKELY = "unlikely", "unlikely"
    POSSIBLE = "possible", "possible"
    PROBABLE = "probable", "probable"
    DEFINITE = "definite", "definite"


class EventAction(Word):
    """What was done about the event."""

    NONE = "none", "nothing"
    TREATED = "treated", "treated"
    INTERRUPTED = "second_infusion_postponed", "second infusion postponed"
    WITHDRAWN = "withdrawn_from_the_trial", "withdrawn from the trial"
    OTHER = "other", "other"


class Outcome(Word):
    """How the event stands."""

    RECOVERED = "recovered", "recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae", "recovered with sequelae"
    RECOVERING = "recovering", "recovering"
    NOT_RECOVERED = "not_recovered", "not recovered"
    FATAL = "fatal", "fatal"
    UNKNOWN = "unknown", "unknown"


class SeriousCriterion(Word):
    """Each of them alone makes an event serious (ICH E2A)."""

    DEATH = "death", "death"
    LIFE_THREATENING = "life_threatening", "life-threatening"
    HOSPITALISATION = "hospitalisation", "hospitalisation, or a longer one"
    DISABILITY = "disability", "lasting or significant disability"
    CONGENITAL_ANOMALY = "congenital_anomaly", "congenital anomaly"
    MEDICALLY_IMPORTANT = "medically_important", "medically important"


class InfectionProof(Word):
    """How an infection was proved."""

    MICROBIOLOGICAL = "microbiological", "by culture, PCR or antigen"
    IMAGING = "imaging", "by imaging"
    CLINICAL = "clinical", "clinically"
    SUSPECTED = "suspected", "suspected only"


class InfectionTreatment(Word):
    """How an infection is treated; CTCAE grades by it."""

    NONE = "none", "no treatment"
    LOCAL = "local", "local treatment"
    ORAL = "oral", "oral treatment"
    INTRAVENOUS = "intravenous", "intravenous treatment"
    INVASIVE = "invasive", "an invasive intervention"
