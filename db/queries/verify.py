"""What `manage.py verify` reads: the infusions, and what stands in `grade` and `patient_day`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, Table, case, func, select
from sqlmodel import Session, col

from db.models import Assessment, Grade, Infusion, Patient, ProtocolVersion, Record

_GRADES: Final = Record.metadata.tables["grade"]
_INFUSIONS: Final = Record.metadata.tables["infusion"]
_VERSIONS: Final = Record.metadata.tables["infusion_version"]
_IN_BOTH: Final = [one.name for one in _INFUSIONS.c if one.name in _VERSIONS.c and one.name != "id"]
_DAYS: Final = Record.metadata.tables["patient_day"]


@dataclass(frozen=True, slots=True)
class InfusionToVerify:
    """An infusion, and the words that name it in a finding."""

    id: int
    infused_at: datetime
    words: str


def load_infusions(session: Session) -> list[InfusionToVerify]:
    """Every infusion, by study code and number."""
    rows = session.connection().execute(
        select(col(Infusion.id), col(Infusion.infused_at), col(Infusion.number), col(Patient.study_code))
        .join(Patient, col(Patient.id) == col(Infusion.patient_id))
        .order_by(col(Patient.study_code), col(Infusion.number))
    )
    return [
        InfusionToVerify(row.id, row.infused_at, f"{row.study_code}, infusion {row.number}") for row in rows
    ]


def load_infusions_unlike_their_versions(session: Session) -> set[int]:
    """The ids of infusions that are not what their newest version says, or whose versions have a gap."""
    connection = session.connection()
    versions: defaultdict[int, list[RowMapping]] = defaultdict(list)
    for version in connection.execute(select(_VERSIONS).order_by(_VERSIONS.c.version)).mappings():
        versions[version["infusion_id"]].append(version)
    return {
        infusion["id"]
        for infusion in connection.execute(select(_INFUSIONS)).mappings()
        if not _is_newest_of(infusion, versions[infusion["id"]])
    }


def _is_newest_of(infusion: RowMapping, versions: Sequence[RowMapping]) -> bool:
    numbered = [version["version"] for version in versions] == list(range(1, infusion["version"] + 1))
    return numbered and all(infusion[name] == versions[-1][name] for name in _IN_BOTH)


def load_standing_grades(session: Session, infusion_id: int) -> list[Mapping[str, Any]]:
    """The grades of an infusion that are not superseded, as they stand."""
    rows = session.connection().execute(
        select(_GRADES).where(_GRADES.c.infusion_id == infusion_id, _GRADES.c.superseded_at.is_(None))
    )
    return [dict(row) for row in rows.mappings()]


def load_stored_days(session: Session, infusion_id: int) -> list[Mapping[str, Any]]:
    """The days of an infusion as they stand."""
    rows = session.connection().execute(select(_DAYS).where(_DAYS.c.infusion_id == infusion_id))
    return [dict(row) for row in rows.mappings()]


def load_protocol_texts(session: Session) -> dict[str, str]:
    """Hash -> text of every protocol this database was ever used with."""
    rows = session.connection().execute(select(col(ProtocolVersion.hash), col(ProtocolVersion.text)))
    return {row.hash: row.text for row in rows}


def versioned_tables() -> list[Table]:
    """The tables whose records are corrected by a further version: assessments, treatments and so on."""
    kept = {"stable_id", "version", "superseded_at"}
    return [table for table in Record.metadata.sorted_tables if kept <= set(table.c.keys())]


def load_broken_versions(session: Session, table: Table) -> list[str]:
    """The stable ids whose versions are not numbered from 1 without a gap, or without exactly one current."""
    columns = table.c
    standing = func.sum(case((columns.superseded_at.is_(None), 1), else_=0))
    query = (
        select(columns.stable_id)
        .group_by(columns.stable_id)
        .having((func.count() != func.max(columns.version)) | (standing != 1))
        .order_by(columns.stable_id)
    )
    return list(session.connection().execute(query).scalars())


def load_grades_of_old_versions(session: Session) -> list[int]:
    """The ids of assessment versions that no longer count and still have a standing grade."""
    rows = session.connection().execute(
        select(col(Assessment.id))
        .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
        .where(
            col(Grade.superseded_at).is_(None),
            col(Assessment.superseded_at).is_not(None) | (col(Assessment.status) == "voided"),
        )
        .distinct()
    )
    return [row for row in rows.scalars() if row is not None]
