"""The assessments of one course from a file: which are new, which are there, which the rules refuse."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import RowMapping, insert, select
from sqlmodel import Session

from actions import context
from actions.deaths import refuse_other_death
from actions.errors import Refused, RefusedField
from actions.versions import content_of, place_of, recorded_only, refuse_taken_moment
from db.inputs import AssessmentIn, Problem, check_against_patient
from db.models import Record
from db.queries import entry as reads
from db.queries.entry import InfusionFacts
from db.roles import Actor
from grading.charted import CrsJudgement

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """One row of an assessment file that passed the gate."""

    line: int
    entry: AssessmentIn


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that the form would refuse, too."""

    line: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class CourseSorted:
    """The rows of one course: to be stored, stored before, refused."""

    facts: InfusionFacts | None
    new: Sequence[AssessmentRow]
    known: int
    refused: Sequence[RefusedRow]


def sort_course(
    session: Session, rows: Sequence[AssessmentRow], *, now: datetime, which_infusion: bool
) -> CourseSorted:
    """Sort the rows of one patient and infusion by what is to be done with them.

    which_infusion  a row that is new and leaves its infusion blank is refused
    """
    if not rows:
        return CourseSorted(None, (), 0, ())
    first = rows[0].entry
    facts = reads.find_infusion(session, first.patient_id, first.infusion_number)
    stored = _Stored(session, facts)
    new: list[AssessmentRow] = []
    known = 0
    refused: list[RefusedRow] = []
    for row in rows:
        try:
            if stored.holds(row.entry, now):
                known += 1
            else:
                if which_infusion:
                    _refuse_unnamed(row.entry)
                _refuse_impossible(session, row.entry, facts, now)
                new.append(row)
        except Refused as refusal:
            refused.append(refused_row(row.line, refusal))
    return CourseSorted(facts, new, known, refused)


def store_rows(
    session: Session, facts: InfusionFacts, rows: Sequence[AssessmentRow], *, by: Actor, now: datetime
) -> list[dict[str, Any]]:
    """Insert the rows, ungraded; returns for the audit trail what was recorded in each."""
    stored, told = [], []
    for row in rows:
        values = row.entry.columns()
        stable_id = uuid4().hex
        origin = {
            "stable_id": stable_id,
            "version": 1,
            "patient_id": facts.patient_id,
            "infusion_id": facts.infusion_id,
            "status": "recorded",
            "source": "file",
            "entered_at": now,
            "entered_by": by.user_id,
            "confirmed_by_investigator": row.entry.crs_judgement is not CrsJudgement.NOT_CRS,
        }
        stored.append(values | origin)
        told.append({"stable_id": stable_id, "line": row.line, "after": recorded_only(values)})
    session.connection().execute(insert(_ASSESSMENTS), stored)
    return told


def refused_row(line: int, refusal: Refused) -> RefusedRow:
    """A refusal of the rules, as problems of a row."""
    return RefusedRow(line, tuple(Problem(one.field, one.value, one.sentence) for one in refusal.problems))


def _refuse_unnamed(entry: AssessmentIn) -> None:
    if "infusion_number" not in entry.model_fields_set:
        sentence = f"Enter the infusion number: {entry.patient_id} has a second infusion."
        raise Refused([RefusedField("infusion_number", "", sentence)])


class _Stored:
    """Every version of every assessment that was ever stored for an infusion."""

    def __init__(self, session: Session, facts: InfusionFacts | None) -> None:
        self._standing: dict[datetime, RowMapping] = {}
        self._former: defaultdict[datetime, list[Mapping[str, Any]]] = defaultdict(list)
        if facts is None:
            return
        query = select(_ASSESSMENTS).where(_ASSESSMENTS.c.infusion_id == facts.infusion_id)
        for row in session.connection().execute(query).mappings():
            if row["superseded_at"] is None and row["status"] == "recorded":
                self._standing[row["assessed_at"]] = row
            else:
                self._former[row["assessed_at"]].append(content_of(row))

    def holds(self, entry: AssessmentIn, now: datetime) -> bool:
        """Whether the row is there already, also where it was corrected, moved or withdrawn since.

        Raises AlreadyRecorded where something else stands at its moment.
        """
        values = entry.columns()
        standing = self._standing.get(entry.assessed_at)
        if standing is None:
            return values in self._former[entry.assessed_at]
        if content_of(standing) != values:
            refuse_taken_moment(standing, now)
        return True


def _refuse_impossible(
    session: Session, entry: AssessmentIn, facts: InfusionFacts | None, now: datetime
) -> None:
    if facts is None:
        place_of(session, entry, now)  # raises, with the sentence for a patient or infusion not known
        return
    problems = check_against_patient(
        entry,
        now=now,
        infused_at=facts.infused_at,
        died_at=facts.died_at,
        last_assessed_at=facts.last_at,
        zone=context.settings().zone,
    )
    if problems:
        raise Refused(problems)
    refuse_other_death(session, entry, facts.patient_id)
