"""What the handover sheet reads beside the board: what a shift entered, and what was done for alerts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, or_, select
from sqlmodel import Session, col

from db.models import Acknowledgement, Alert, Assessment, Grade, User
from grading.scale import Toxicity

BEFORE: Final = timedelta(hours=48)
"""How far before the shift is read, to know from what a grade or a support changed."""

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class GradeOf:
    """One grade of one version: `grade` None while unsettled."""

    grade: int | None
    at_least: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one assessment, with the support that was charted; no free text.

    grades      the last grades it had; empty for a withdrawn one
    is_current  not replaced by a later version
    source      form, file or demo
    """

    id: int
    infusion_id: int
    stable_id: str
    version: int
    supersedes_id: int | None
    superseded_at: datetime | None
    status: str
    source: str
    assessed_at: datetime
    entered_at: datetime
    oxygen_device: str | None
    oxygen_l_per_min: float | None
    vasopressors: str | None
    iv_fluid_bolus: str | None
    fever_masking_drugs: str | None
    grades: Mapping[Toxicity, GradeOf]

    @property
    def counts(self) -> bool:
        """Whether this version stands today."""
        return self.superseded_at is None and self.status == "recorded"


@dataclass(frozen=True, slots=True)
class AlertAnswer:
    """Of one alert: its signal, and the newest acknowledgement, if ever."""

    signal: str
    action_taken: str | None = None
    by: str | None = None
    at: datetime | None = None


def load_versions_since(
    session: Session, infusion_ids: Collection[int], since: datetime
) -> dict[int, tuple[Version, ...]]:
    """Infusion -> versions observed after `since` - 48 h or written or replaced after `since`, by id.

    What a version replaced comes with it, however old.
    """
    found: defaultdict[int, list[Version]] = defaultdict(list)
    for some in _parts(sorted(infusion_ids)):
        recent = or_(
            col(Assessment.assessed_at) >= since - BEFORE,
            col(Assessment.entered_at) >= since,
            col(Assessment.superseded_at) >= since,
        )
        rows = _rows(session, col(Assessment.infusion_id).in_(some), recent)
        known = {row["id"] for row in rows}
        earlier = {row["supersedes_id"] for row in rows if row["supersedes_id"] is not None} - known
        for part in _parts(sorted(earlier)):
            rows = [*rows, *_rows(session, col(Assessment.id).in_(part))]
        grades = _grades(session, [row["id"] for row in rows])
        for row in sorted(rows, key=lambda one: int(one["id"])):
            found[row["infusion_id"]].append(_version(row, grades))
    return {infusion_id: tuple(versions) for infusion_id, versions in found.items()}


def load_answers(session: Session, alert_ids: Collection[int]) -> dict[int, AlertAnswer]:
    """What was done for these alerts, and by whom, newest acknowledgement only."""
    found: dict[int, AlertAnswer] = {}
    for some in _parts(sorted(alert_ids)):
        signals: Any = select(col(Alert.id), col(Alert.signal)).where(col(Alert.id).in_(some))
        found |= {row[0]: AlertAnswer(row[1]) for row in session.connection().execute(signals)}
        answers = (
            select(
                col(Acknowledgement.alert_id),
                col(Acknowledgement.action_taken),
                col(User.display_name),
                col(Acknowledgement.at),
            )
            .join(User, col(User.id) == col(Acknowledgement.by))
            .where(col(Acknowledgement.alert_id).in_(some))
            .order_by(col(Acknowledgement.id))
        )
        for alert_id, action_taken, by, at in session.connection().execute(answers):
            found[alert_id] = AlertAnswer(found[alert_id].signal, action_taken, by, at)
    return found


_COLUMNS: Final = tuple(name for name in Version.__dataclass_fields__ if name != "grades")


def _rows(session: Session, *where: Any) -> Sequence[RowMapping]:
    query = select(*(getattr(Assessment, name) for name in _COLUMNS)).where(*where)
    return session.connection().execute(query).mappings().all()


def _grades(session: Session, ids: Sequence[int]) -> dict[tuple[int, Toxicity], GradeOf]:
    found: dict[tuple[int, Toxicity], GradeOf] = {}
    for some in _parts(ids):
        query = (
            select(
                col(Grade.assessment_id),
                col(Grade.scale),
                col(Grade.grade),
                col(Grade.at_least),
                col(Grade.reasons),
            )
            .where(col(Grade.assessment_id).in_(some))
            .order_by(col(Grade.id))
        )
        # By id, so that the last grade of each version is the one that stays.
        for assessment_id, scale, grade, at_least, reasons in session.connection().execute(query):
            words = tuple(reasons.split("\n")) if reasons else ()
            found[assessment_id, Toxicity(scale)] = GradeOf(grade, at_least, words)
    return found


def _version(row: RowMapping, grades: Mapping[tuple[int, Toxicity], GradeOf]) -> Version:
    of_row = {scale: grades[row["id"], scale] for scale in Toxicity if (row["id"], scale) in grades}
    return Version(**{name: row[name] for name in _COLUMNS}, grades=of_row)


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """A statement takes a limited number of values."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
