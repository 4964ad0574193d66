"""What the committee reviews, from the stored records; and its reviews, comments and questions."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import RowMapping, and_, func, select
from sqlmodel import Session

from db.models import Record
from db.queries.records import load_standing
from grading.scale import Toxicity
from trial.follow_up_facts import FollowUpKind
from trial.review import ItemKind, ReviewItem

EVENT_GRADE: Final = 3
"""From this grade on, a toxicity or an adverse event is an item of its own."""

_T: Final = Record.metadata.tables
_ASSESSMENTS, _GRADES, _INFUSIONS = _T["assessment"], _T["grade"], _T["infusion"]
_PATIENTS, _USERS, _DAYS = _T["patient"], _T["user"], _T["patient_day"]
_REVIEWS, _LOOKS, _COMMENTS = _T["committee_review"], _T["last_look"], _T["review_comment"]
_QUESTIONS, _STEPS, _RELEASES = _T["ward_question"], _T["ward_question_step"], _T["bar_release"]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an item."""

    item: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QuestionStep:
    """An answer, a closing or a reopening."""

    kind: str
    text: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the ward on an entry, with everything that followed."""

    id: int
    study_code: str
    assessment_stable_id: str
    text: str
    by: str
    at: datetime
    steps: tuple[QuestionStep, ...]

    @property
    def state(self) -> str:
        """ "open", "answered" or "closed"."""
        last = self.steps[-1].kind if self.steps else "reopened"
        return "open" if last == "reopened" else last


def load_items(session: Session) -> list[ReviewItem]:
    """Every item there is now."""
    codes = {row.id: row.study_code for row in session.connection().execute(select(_PATIENTS))}
    return [
        *_toxicities(session, codes),
        *_adverse_events(session, codes),
        *_deaths(session, codes),
        *_releases(session, codes),
        *_corrections(session, codes),
    ]


def load_reviews(session: Session, user_id: int) -> dict[str, tuple[str, datetime]]:
    """Key -> the hash and the time of a member's newest review."""
    query = select(_REVIEWS).where(_REVIEWS.c.user_id == user_id).order_by(_REVIEWS.c.at, _REVIEWS.c.id)
    return {row.item: (row.data_hash, row.at) for row in session.connection().execute(query)}


def last_look_at(session: Session, user_id: int) -> datetime | None:
    """When a member last said that they had looked."""
    found: datetime | None = (
        session.connection().execute(select(_LOOKS.c.at).where(_LOOKS.c.user_id == user_id)).scalar()
    )
    return found


def load_comments(session: Session) -> dict[str, list[Comment]]:
    """Key -> its comments, the first first."""
    query = (
        select(_COMMENTS.c.item, _COMMENTS.c.text, _USERS.c.display_name, _COMMENTS.c.at)
        .join(_USERS, _USERS.c.id == _COMMENTS.c.by)
        .order_by(_COMMENTS.c.at, _COMMENTS.c.id)
    )
    found: defaultdict[str, list[Comment]] = defaultdict(list)
    for item, text, by, at in session.connection().execute(query):
        found[item].append(Comment(item, text, by, at))
    return found


def load_questions(session: Session, stable_ids: Collection[str] | None = None) -> list[Question]:
    """Questions to the ward, of these entries or all, the newest first."""
    query = (
        select(_QUESTIONS, _PATIENTS.c.study_code, _USERS.c.display_name)
        .join(_PATIENTS, _PATIENTS.c.id == _QUESTIONS.c.patient_id)
        .join(_USERS, _USERS.c.id == _QUESTIONS.c.by)
        .order_by(_QUESTIONS.c.at.desc(), _QUESTIONS.c.id.desc())
    )
    if stable_ids is not None:
        query = query.where(_QUESTIONS.c.assessment_stable_id.in_(stable_ids))
    rows = session.connection().execute(query).mappings().all()
    steps = _steps(session) if rows else {}
    return [_question(row, steps.get(row["id"], ())) for row in rows]


def count_open_questions(session: Session) -> dict[int, int]:
    """Patient id -> questions that wait for an answer."""
    newest = select(_STEPS.c.question_id, func.max(_STEPS.c.id).label("id")).group_by(_STEPS.c.question_id)
    last = newest.subquery()
    query = (
        select(_QUESTIONS.c.patient_id, func.count())
        .outerjoin(last, last.c.question_id == _QUESTIONS.c.id)
        .outerjoin(_STEPS, _STEPS.c.id == last.c.id)
        .where(_STEPS.c.kind.is_(None) | (_STEPS.c.kind == "reopened"))
        .group_by(_QUESTIONS.c.patient_id)
    )
    return {int(row[0]): int(row[1]) for row in session.connection().execute(query)}


def assessment_of(session: Session, stable_id: str) -> int | None:
    """The patient of an entry that is stored, or None."""
    query = select(_ASSESSMENTS.c.patient_id).where(_ASSESSMENTS.c.stable_id == stable_id).limit(1)
    found: int | None = session.connection().execute(query).scalar()
    return found


def _toxicities(session: Session, codes: dict[int, str]) -> list[ReviewItem]:
    """One item for each infusion and toxicity that reached the grade; its data are the grades that count."""
    query = (
        select(
            _ASSESSMENTS.c.patient_id,
            _INFUSIONS.c.number,
            _GRADES.c.scale,
            _GRADES.c.at_least,
            _ASSESSMENTS.c.assessed_at,
            _ASSESSMENTS.c.stable_id,
            _ASSESSMENTS.c.entered_at,
        )
        .join(_GRADES, _GRADES.c.assessment_id == _ASSESSMENTS.c.id)
        .join(_INFUSIONS, _INFUSIONS.c.id == _ASSESSMENTS.c.infusion_id)
        .where(
            _ASSESSMENTS.c.superseded_at.is_(None),
            _ASSESSMENTS.c.status == "recorded",
            _GRADES.c.superseded_at.is_(None),
            _GRADES.c.at_least >= EVENT_GRADE,
        )
        .order_by(_ASSESSMENTS.c.assessed_at)
    )
    found: defaultdict[tuple[int, int, str], list[Any]] = defaultdict(list)
    for row in session.connection().execute(query):
        found[row.patient_id, row.number, row.scale].append(row)
    return [_toxicity(codes, key, rows) for key, rows in found.items()]


def _toxicity(codes: dict[int, str], key: tuple[int, int, str], rows: list[Any]) -> ReviewItem:
    patient_id, number, scale = key
    worst = max(row.at_least for row in rows)
    label = Toxicity(scale).label
    ordinal = {1: "first", 2: "second"}[number]
    return ReviewItem(
        key=f"toxicity:{patient_id}:{number}:{scale}",
        kind=ItemKind.TOXICITY,
        patient_id=patient_id,
        study_code=codes[patient_id],
        words=f"{label} grade {worst} after the {ordinal} infusion",
        link=f"/patient?code={quote(codes[patient_id])}&a={rows[0].stable_id}",
        changed_at=max(row.entered_at for row in rows),
        data={"grades": [[row.assessed_at, row.at_least] for row in rows]},
    )


def _adverse_events(session: Session, codes: dict[int, str]) -> list[ReviewItem]:
    shown = ("term", "grade", "onset_on", "ended_on", "outcome", "is_serious", "serious_criteria")
    causes = ("causality_car_t", "causality_lymphodepletion", "causality_disease", "causality_other")
    return [
        ReviewItem(
            key=f"event:{row['stable_id']}",
            kind=ItemKind.ADVERSE_EVENT,
            patient_id=row["patient_id"],
            study_code=codes[row["patient_id"]],
            words=f"{row['term']} grade {row['grade']}{', serious' if row['is_serious'] else ''}",
            link=f"/events?code={quote(codes[row['patient_id']])}",
            changed_at=row["entered_at"],
            data={name: row[name] for name in (*shown, *causes)},
        )
        for row in load_standing(session, "adverse_event")
        if row["grade"] >= EVENT_GRADE or row["is_serious"]
    ]


def _deaths(session: Session, codes: dict[int, str]) -> list[ReviewItem]:
    """Deaths of the follow-up, and those that only the bedside entry tells of."""
    followed = [
        row for row in load_standing(session, "follow_up_event") if row["kind"] == FollowUpKind.DEATH.value
    ]
    known = {row["patient_id"] for row in followed}
    at_bedside = session.connection().execute(
        select(_ASSESSMENTS).where(
            _ASSESSMENTS.c.superseded_at.is_(None),
            _ASSESSMENTS.c.status == "recorded",
            _ASSESSMENTS.c.death_due_to.is_not(None),
        )
    )
    found = [
        (row["patient_id"], row["entered_at"], {"on": row["occurred_on"], "cause": row["cause"]})
        for row in followed
    ]
    found += [
        (row["patient_id"], row["entered_at"], {"on": row["assessed_at"], "cause": row["death_due_to"]})
        for row in at_bedside.mappings()
        if row["patient_id"] not in known
    ]
    return [
        ReviewItem(
            key=f"death:{patient_id}",
            kind=ItemKind.DEATH,
            patient_id=patient_id,
            study_code=codes[patient_id],
            words=f"Death, cause: {data['cause']}",
            link=f"/patient?code={quote(codes[patient_id])}",
            changed_at=at,
            data=data,
        )
        for patient_id, at, data in found
    ]


def _releases(session: Session, codes: dict[int, str]) -> list[ReviewItem]:
    rows = session.connection().execute(select(_RELEASES).order_by(_RELEASES.c.id)).mappings()
    return [
        ReviewItem(
            key=f"release:{row['id']}",
            kind=ItemKind.BAR_RELEASE,
            patient_id=row["patient_id"],
            study_code=codes[row["patient_id"]],
            words=f"Bar released for CRS {row['worst_crs']}, ICANS {row['worst_icans']}: {row['reason']}",
            link=f"/patient?code={quote(codes[row['patient_id']])}",
            changed_at=row["at"],
            data={name: row[name] for name in ("worst_crs", "worst_icans", "reason", "by", "at")},
        )
        for row in rows
    ]


def _corrections(session: Session, codes: dict[int, str]) -> list[ReviewItem]:
    """Entries that were corrected or withdrawn: the newest version of each."""
    query = (
        select(_ASSESSMENTS)
        .where(and_(_ASSESSMENTS.c.superseded_at.is_(None), _ASSESSMENTS.c.version > 1))
        .order_by(_ASSESSMENTS.c.id)
    )
    return [_correction(codes, row) for row in session.connection().execute(query).mappings()]


def _correction(codes: dict[int, str], row: RowMapping) -> ReviewItem:
    done = "withdrawn" if row["status"] == "voided" else "corrected"
    return ReviewItem(
        key=f"correction:{row['stable_id']}",
        kind=ItemKind.CORRECTION,
        patient_id=row["patient_id"],
        study_code=codes[row["patient_id"]],
        words=f"An entry was {done}: {row['reason']}",
        link=f"/patient?code={quote(codes[row['patient_id']])}&a={row['stable_id']}",
        changed_at=row["entered_at"],
        data={"version": row["version"], "status": row["status"]},
    )


def _steps(session: Session) -> dict[int, list[QuestionStep]]:
    query = (
        select(_STEPS.c.question_id, _STEPS.c.kind, _STEPS.c.text, _USERS.c.display_name, _STEPS.c.at)
        .join(_USERS, _USERS.c.id == _STEPS.c.by)
        .order_by(_STEPS.c.id)
    )
    found: defaultdict[int, list[QuestionStep]] = defaultdict(list)
    for question_id, kind, text, by, at in session.connection().execute(query):
        found[question_id].append(QuestionStep(kind, text, by, at))
    return found


def _question(row: RowMapping, steps: Collection[QuestionStep]) -> Question:
    return Question(
        id=row["id"],
        study_code=row["study_code"],
        assessment_stable_id=row["assessment_stable_id"],
        text=row["text"],
        by=row["display_name"],
        at=row["at"],
        steps=tuple(steps),
    )
