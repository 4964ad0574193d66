"""How a patient stands to the criteria, in one sentence: on the enrolment page and on the patient's page."""

from datetime import datetime
from typing import Final

from actions import context
from actions.enrolment import not_eligible_sentence
from actions.screening import judge_facts
from db.queries.screening import ScreeningRecord
from pages.parts.wording import counted, date_words
from trial.eligibility import Eligibility, Verdict
from trial.screening_checks import FactsError
from trial.screening_facts import Purpose

VERDICT_WORDS: Final = {
    Verdict.ELIGIBLE: "eligible",
    Verdict.NOT_ELIGIBLE: "not eligible",
    Verdict.UNDECIDED: "undecided",
}


def result_words(eligibility: Eligibility) -> str:
    """ "Eligible: every criterion speaks for enrolment.", or how many speak against it or are not known."""
    if eligibility.verdict is Verdict.ELIGIBLE:
        return "Eligible: every criterion speaks for enrolment."
    if eligibility.verdict is Verdict.NOT_ELIGIBLE:
        against = counted(len(eligibility.against), "criterion speaks", "criteria speak")
        return f"Not eligible: {against} against enrolment. {not_eligible_sentence(eligibility)}"
    return f"Undecided: {counted(len(eligibility.open), 'criterion is', 'criteria are')} not yet known."


def enrolled_words(enrolled_at: datetime | None, record: ScreeningRecord | None) -> str | None:
    """As `since_enrolled`, of the facts that stand; None too where there was no screening here."""
    if enrolled_at is None or record is None or record.verdict is Verdict.ELIGIBLE:
        return None
    try:
        eligibility = judge_facts(record.facts, Purpose.ENROLMENT, record.judged_on)
    except FactsError as error:
        return f"The facts of the screening cannot be judged. {error}"
    return since_enrolled(enrolled_at, eligibility, record.version)


def since_enrolled(enrolled_at: datetime, eligibility: Eligibility, version: int) -> str | None:
    """What is said of an enrolled patient whose facts no longer make them eligible; None where they do.

    version  of the facts: the first was recorded after an enrolment without a screening
    """
    if eligibility.verdict is Verdict.ELIGIBLE:
        return None
    on = date_words(enrolled_at.astimezone(context.settings().zone).date())
    facts = "corrected facts" if version > 1 else "facts recorded"
    verdict = VERDICT_WORDS[eligibility.verdict]
    return f"Enrolled {on}; by the {facts} {verdict}: {not_eligible_sentence(eligibility)}"
