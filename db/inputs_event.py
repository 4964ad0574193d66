"""What may be entered of adverse events: events, infections, what is added to an episode, reports."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import ClassVar, Final

from db.entries import Broken, Entry, Gap, Question, Rule, Values
from db.readers import Day, FreeText, Instant, Number, OneWord, Reader, RowId, SeveralWords, StudyCode, YesNo
from grading.scale import Toxicity
from trial.adverse_events import (
    infection_question,
    is_infection,
    refuse_derived,
    refuse_fatal,
    refuse_fatal_as_not_serious,
    refuse_grade,
    serious_questions,
)
from trial.event_facts import (
    Causality,
    EventAction,
    InfectionProof,
    InfectionTreatment,
    Outcome,
    SeriousCriterion,
)

_CODE: Final = StudyCode("Study code")
_ENTER_CODE: Final = "Enter the study code, such as CART-007."
_ENTER_SERIOUS: Final = "Say whether the event is serious: yes or no."
_INFECTION_ONLY: Final = ("site", "organism", "proof", "neutropenic", "infection_treatment")

_JUDGED: Final[Mapping[str, Reader]] = {
    "causality_car_t": OneWord("Caused by the CAR-T cells", Causality),
    "causality_lymphodepletion": OneWord("Caused by the lymphodepletion", Causality),
    "causality_disease": OneWord("Caused by the disease", Causality),
    "causality_other": OneWord("Caused by something else", Causality),
    "action_taken": OneWord("Action taken", EventAction),
    "outcome": OneWord("Outcome", Outcome),
    "is_serious": YesNo("Serious"),
    "serious_criteria": SeveralWords("Criteria", SeriousCriterion),
    "aware_at": Instant("Time of awareness"),
    "note": FreeText("Note", 2000, lines=True),
}
"""What a person judges, of an event and of a derived episode alike."""


def _serious_is_whole(values: Values) -> Iterator[Broken]:
    """Serious, its criteria and the time of awareness come together or not at all."""
    serious, criteria = values.get("is_serious"), values.get("serious_criteria")
    if serious:
        if not criteria:
            yield ("serious_criteria", "Choose what makes the event serious; one criterion is enough.")
        if "aware_at" not in values:
            yield (
                "aware_at",
                "Enter when the site learned that the event is serious; the clock runs from it.",
            )
    elif serious is False:
        if criteria:
            yield ("serious_criteria", "Take the criteria back, or say that the event is serious.")
        if "aware_at" in values:
            yield ("aware_at", "Take the time of awareness back, or say that the event is serious.")


def _fatal_is_grade_5(values: Values) -> Iterator[Broken]:
    grade = values.get("grade")
    if grade is None:
        return
    if sentence := refuse_fatal(grade, values.get("outcome")):
        yield ("outcome", sentence)
    if sentence := refuse_fatal_as_not_serious(grade, values.get("is_serious")):
        yield ("is_serious", sentence)


def _seriousness(values: Values) -> Iterator[Question]:
    grade, serious = values.get("grade"), values.get("is_serious")
    if grade is None or serious is None:
        return
    criteria = values.get("serious_criteria") or frozenset()
    for sentence in serious_questions(grade, values.get("outcome"), serious, criteria):
        yield Question("is_serious", None, sentence)


def _term_is_entered(values: Values) -> Iterator[Broken]:
    term = values.get("term")
    if term is None:
        return
    if sentence := refuse_derived(term):
        yield ("term", sentence)
    elif "grade" in values and (sentence := refuse_grade(term, values["grade"])):
        yield ("grade", sentence)


def _ends_after_onset(values: Values) -> Iterator[Broken]:
    onset, end, ongoing = values.get("onset_on"), values.get("ended_on"), values.get("is_ongoing")
    if end is not None and onset is not None and end < onset:
        yield ("ended_on", f"The end must not be before the onset, on {onset}.")
    if end is not None and ongoing:
        yield ("ended_on", "An event that goes on has no end. Take the end back, or choose no.")
    if end is None and ongoing is None:
        yield ("is_ongoing", "Say whether the event goes on; where it does not, enter its end.")
    if end is None and ongoing is False:
        yield ("ended_on", "Enter the end of the event, or say that it goes on.")


def _infection_columns(values: Values) -> Iterator[Broken]:
    infection = values.get("is_infection")
    listed = is_infection(values.get("term", ""))
    if listed is not None and infection is not None and infection is not listed:
        word = "an infection" if listed else "no infection"
        yield ("is_infection", f"{values['term']} is {word} in CTCAE v5.0. Choose the other answer.")
    elif not infection:
        for field in _INFECTION_ONLY:
            if field in values:
                yield (field, "This belongs to an infection. Take it back, or say that it is one.")


def _infection_grade(values: Values) -> Iterator[Question]:
    if values.get("is_infection") and "grade" in values:
        sentence = infection_question(values["grade"], values.get("infection_treatment"))
        if sentence:
            yield Question("grade", None, sentence)


class EventIn(Entry):
    """One adverse event, or infection, by a term of CTCAE v5.0; `ended_on` None while it goes on."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "term": FreeText("Term", 200),
        "grade": Number("Grade", 1, 5, whole=True),
        "onset_on": Day("Onset"),
        "ended_on": Day("End"),
        "is_ongoing": YesNo("Goes on"),
        **_JUDGED,
        "is_infection": YesNo("Infection"),
        "site": FreeText("Site", 200),
        "organism": FreeText("Organism", 200),
        "proof": OneWord("How it was proved", InfectionProof),
        "neutropenic": YesNo("Neutropenic"),
        "infection_treatment": OneWord("Treatment of the infection", InfectionTreatment),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "term": "Choose the term of CTCAE v5.0, or type the name of the event.",
        "grade": "Choose the grade.",
        "onset_on": "Enter the date of the onset.",
        "is_serious": _ENTER_SERIOUS,
        "is_infection": "Say whether it is an infection: yes or no.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (
        _term_is_entered,
        _ends_after_onset,
        _fatal_is_grade_5,
        _serious_is_whole,
        _infection_columns,
    )
    gaps: ClassVar[tuple[Gap, ...]] = (_seriousness, _infection_grade)

    patient_id: str
    term: str
    grade: int
    onset_on: date
    ended_on: date | None = None
    is_ongoing: bool | None = None
    causality_car_t: Causality | None = None
    causality_lymphodepletion: Causality | None = None
    causality_disease: Causality | None = None
    causality_other: Causality | None = None
    action_taken: EventAction | None = None
    outcome: Outcome | None = None
    is_serious: bool
    serious_criteria: frozenset[SeriousCriterion] | None = None
    aware_at: datetime | None = None
    is_infection: bool
    site: str | None = None
    organism: str | None = None
    proof: InfectionProof | None = None
    neutropenic: bool | None = None
    infection_treatment: InfectionTreatment | None = None
    note: str | None = None


class EpisodeIn(Entry):
    """What a person adds to a derived episode of CRS or ICANS, named by its infusion and its first sign.

    `grade` is the episode's own, filled by the page that shows it; the action reads it again.
    """

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": _CODE,
        "infusion_number": Number("Infusion number", 1, 2, whole=True),
        "toxicity": OneWord("Toxicity", Toxicity),
        "first_at": Instant("First sign"),
        "grade": Number("Grade", 1, 5, whole=True),
        **_JUDGED,
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": _ENTER_CODE,
        "infusion_number": "Enter the infusion number, 1 or 2.",
        "toxicity": "Choose CRS or ICANS.",
        "first_at": "Choose the episode from the list.",
        "grade": "No grade of this episode is proved yet; nothing can be added to it.",
        "is_serious": _ENTER_SERIOUS,
    }
    rules: ClassVar[tuple[Rule, ...]] = (_fatal_is_grade_5, _serious_is_whole)
    gaps: ClassVar[tuple[Gap, ...]] = (_seriousness,)

    patient_id: str
    infusion_number: int
    toxicity: Toxicity
    first_at: datetime
    grade: int
    causality_car_t: Causality | None = None
    causality_lymphodepletion: Causality | None = None
    causality_disease: Causality | None = None
    causality_other: Causality | None = None
    action_taken: EventAction | None = None
    outcome: Outcome | None = None
    is_serious: bool
    serious_criteria: frozenset[SeriousCriterion] | None = None
    aware_at: datetime | None = None
    note: str | None = None


class NotificationIn(Entry):
    """A serious event was reported: when, to whom, and with which version of its report."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "reported_at": Instant("Time of the report"),
        "reported_to": FreeText("Reported to", 200),
        "sae_report_id": RowId("version of the report"),
    }
    required: ClassVar[Mapping[str, str]] = {
        "reported_at": "Enter when the event was reported.",
        "reported_to": "Enter to whom it was reported, such as: sponsor safety desk.",
    }

    reported_at: datetime
    reported_to: str
    sae_report_id: int | None = None
