"""A treatment in the words of the screen."""

from datetime import datetime
from typing import Final

from actions import context
from db.queries.treatments import TreatmentRecord
from pages.parts.wording import ago, date_and_time, sentence_case, when
from trial.drugs import drug_words
from trial.treatment_facts import Drug, Giving
from trial.treatments import Treatment

DRUG_NAMES: Final = {drug: sentence_case(drug_words(drug)) for drug in Drug}


def name_of(fact: Treatment) -> str:
    """The drug with a capital at its start; another drug by its own name."""
    return fact.drug_name or DRUG_NAMES[fact.drug]


def dose_words(fact: Treatment) -> str:
    """ "10 mg", "0.1 ug/kg/min"; "dose not recorded"."""
    if fact.dose is None or fact.dose_unit is None:
        return "dose not recorded"
    return f"{fact.dose:.15g} {fact.dose_unit.value}"


def giving_words(fact: Treatment) -> str:
    """ "one dose", "every 6 h", "running"."""
    if fact.giving is Giving.REPEATED:
        return f"every {fact.every_hours:g} h"
    return fact.giving.label.lower()


def since_words(fact: Treatment, now: datetime) -> str:
    """ "since 07:10, 2 h 5 min ago"."""
    return f"since {when(fact.started_at, now, context.settings().zone)}, {ago(fact.started_at, now)}"


def end_words(fact: Treatment, now: datetime) -> str:
    """The end of a treatment in a table: a time, "goes on", or nothing for one dose."""
    if fact.is_ongoing:
        return "goes on"
    return "" if fact.ended_at is None else when(fact.ended_at, now, context.settings().zone)


def entered_words(record: TreatmentRecord, now: datetime) -> str:
    """ "7 Mar 22:12 by Li Na"."""
    at = when(record.entered_at, now, context.settings().zone)
    return f"{at} by {record.entered_by or 'the program'}"


def named(fact: Treatment) -> str:
    """ "dexamethasone 10 mg of 8 Mar 2026 06:00", to tell one treatment from another."""
    dose = "" if fact.dose is None else f" {dose_words(fact)}"
    return f"{fact.words}{dose} of {date_and_time(fact.started_at, context.settings().zone)}"
