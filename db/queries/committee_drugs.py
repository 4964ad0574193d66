"""On which days each patient was given the drugs the committee counts."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from db.models import Assessment
from db.queries.treatments import load_treatments_of_all
from grading.charted import FeverMaskingDrug
from trial.drug_days import DrugDays, drug_days
from trial.treatments import Treatment


def load_drug_days(session: Session, cut_off: datetime, zone: ZoneInfo) -> dict[int, tuple[DrugDays, ...]]:
    """Patient id -> the groups given up to the cut-off, from treatments, else from what was charted."""
    treatments = load_treatments_of_all(session)
    charted: defaultdict[int, list[tuple[date, FeverMaskingDrug]]] = defaultdict(list)
    for patient_id, on, drug in _charted(session, zone):
        charted[patient_id].append((on, drug))
    return {
        patient_id: drug_days(_of(treatments, patient_id), charted[patient_id], cut_off, zone)
        for patient_id in treatments.keys() | charted.keys()
    }


def _of(treatments: dict[int, list[Treatment]], patient_id: int) -> list[Treatment]:
    return treatments.get(patient_id, [])


def _charted(session: Session, zone: ZoneInfo) -> Iterator[tuple[int, date, FeverMaskingDrug]]:
    query = select(
        col(Assessment.patient_id), col(Assessment.assessed_at), col(Assessment.fever_masking_drugs)
    ).where(
        col(Assessment.superseded_at).is_(None),
        col(Assessment.status) == "recorded",
        col(Assessment.fever_masking_drugs).is_not(None),
        col(Assessment.fever_masking_drugs) != "none",
    )
    for patient_id, at, words in session.connection().execute(query):
        for word in (words or "").split(";"):
            yield patient_id, at.astimezone(zone).date(), FeverMaskingDrug(word)
