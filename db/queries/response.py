"""The PET/CT scans and ctDNA samples of one patient: every version, and what stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import RowMapping, select
from sqlmodel import Session

from db.queries.records import table_of
from trial.second_infusion_facts import CtDna, CtDnaResult, Response, Scan

SCANS: Final = "response_assessment"
SAMPLES: Final = "ctdna_result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """What every version says of itself; `entered_by` is a display name, None for the program."""

    stable_id: str
    version: int
    superseded_at: datetime | None
    voided: bool
    reason: str | None
    entered_by: str | None
    entered_at: datetime

    @property
    def stands(self) -> bool:
        """Whether this is what is now known."""
        return self.superseded_at is None and not self.voided


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanVersion(Versioned):
    """One version of a PET/CT."""

    scanned_on: date
    response: Response | None
    deauville: int | None
    note: str | None

    @property
    def dated(self) -> date:
        """The day it belongs to."""
        return self.scanned_on

    def fact(self) -> Scan:
        """The scan, as the gate asks for it."""
        return Scan(self.scanned_on, self.response, self.deauville)


@dataclass(frozen=True, slots=True, kw_only=True)
class CtDnaVersion(Versioned):
    """One version of a ctDNA sample."""

    sampled_on: date
    result: CtDnaResult | None
    value: float | None
    unit: str | None
    resulted_on: date | None

    @property
    def dated(self) -> date:
        """The day it belongs to."""
        return self.sampled_on

    def fact(self) -> CtDna:
        """The sample, as the gate asks for it."""
        return CtDna(self.sampled_on, self.result, self.value, self.unit, self.resulted_on)


V = TypeVar("V", ScanVersion, CtDnaVersion)


def load_scans(session: Session, patient_id: int) -> list[ScanVersion]:
    """Every version of every scan, oldest scan first and of each its first version first."""
    return _in_order([_scan(row) for row in _rows(session, SCANS, patient_id)])


def load_ctdna(session: Session, patient_id: int) -> list[CtDnaVersion]:
    """Every version of every sample, in the same order."""
    return _in_order([_sample(row) for row in _rows(session, SAMPLES, patient_id)])


def standing(versions: Iterable[V]) -> list[V]:
    """Those that stand, oldest first."""
    return [one for one in versions if one.stands]


def _in_order(versions: list[V]) -> list[V]:
    """By the day of each record's newest version, so that its versions stay together."""
    newest = {one.stable_id: one.dated for one in sorted(versions, key=lambda one: one.version)}
    return sorted(versions, key=lambda one: (newest[one.stable_id], one.stable_id, one.version))


def _rows(session: Session, table: str, patient_id: int) -> list[RowMapping]:
    rows, users = table_of(table), table_of("user")
    query = (
        select(rows, users.c.display_name)
        .outerjoin(users, users.c.id == rows.c.entered_by)
        .where(rows.c.patient_id == patient_id)
    )
    return list(session.connection().execute(query).mappings())


def _about(row: RowMapping) -> dict[str, Any]:
    names = ("stable_id", "version", "superseded_at", "voided", "reason", "entered_at")
    return {name: row[name] for name in names} | {"entered_by": row["display_name"]}


def _scan(row: RowMapping) -> ScanVersion:
    return ScanVersion(
        **_about(row),
        scanned_on=row["scanned_on"],
        response=None if row["response"] is None else Response(row["response"]),
        deauville=row["deauville"],
        note=row["note"],
    )


def _sample(row: RowMapping) -> CtDnaVersion:
    return CtDnaVersion(
        **_about(row),
        sampled_on=row["sampled_on"],
        result=None if row["result"] is None else CtDnaResult(row["result"]),
        value=row["value"],
        unit=row["unit"],
        resulted_on=row["resulted_on"],
    )
