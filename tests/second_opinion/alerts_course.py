"""What the stored rows say about one infusion at one instant: the facts from which alerts are recomputed.

The rows are dictionaries with the columns of the tables, every version of everything among them. Nothing is
remembered and nothing is shared with the program but the plan of due times (`trial.calendar`).

Readings: where the rules leave room, this is how they are read here.

 1. An oxygen flow without a device is charted oxygen: with home oxygen it is not new either.
 2. An unexplained refusal covers its slot for one hour: from when it was entered where it was recorded as not
    done, from when it was observed where an entry says so of the ICE and has no comment.
 3. A death recorded anywhere ends the due times of every infusion of the patient.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.second_opinion import tables
from trial.calendar import (
    GradePoint,
    Recorded,
    Slot,
    SlotKind,
    StayKind,
    StayPeriod,
    Window,
    due_slots,
    monitoring_window,
    slot_status,
)
from trial.protocol import Protocol

Row = Mapping[str, Any]
Known = Mapping[str, Sequence[Row]]
"""The rows of each table, every version among them."""

NONE, LIGHT, STRONG = 0, 1, 2
"""Support: nothing, something, and what only a sick patient gets."""

REFUSAL_COVERS: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Verdict:
    """A grade; None while it is not settled. `closes`: such a row may end an alert."""

    grade: int | None
    at_least: int
    at_most: int
    closes: bool = True

    def __str__(self) -> str:
        settled = str(self.grade) if self.grade is not None else f"{self.at_least} to {self.at_most}"
        return settled if self.closes else f"{settled} (closes nothing)"

    def low(self, most: int) -> bool:
        """Settled at this grade or less, by somebody who may say so."""
        return self.grade is not None and self.grade <= most and self.closes


@dataclass(frozen=True)
class Entry:
    """One assessment as it now stands."""

    stable_id: str
    at: datetime
    entered_at: datetime
    crs: Verdict
    icans: Verdict
    support: int
    judged: bool
    died: bool
    vital_signs_met: bool
    ice_met: bool
    ice_asked_again_at: datetime | None

    def on(self, scale: str) -> Verdict:
        """The verdict on one toxicity."""
        return self.crs if scale == "crs" else self.icans


@dataclass(frozen=True)
class Course:
    """One infusion as known at one instant: its standing entries in time order, and the plan."""

    infusion_id: int
    entries: list[Entry]
    window: Window
    slots: list[Slot]
    skipped: list[tuple[SlotKind, datetime]]
    died_at: datetime | None

    def of_kind(self, kind: SlotKind) -> list[Slot]:
        """The due times of one kind, earliest first."""
        return [slot for slot in self.slots if slot.kind is kind]

    def status_of(self, slot: Slot, now: datetime, protocol: Protocol) -> str:
        """How a due time stands."""
        recorded = [
            Recorded(one.at, one.vital_signs_met, one.ice_met, one.ice_asked_again_at) for one in self.entries
        ]
        return slot_status(slot, recorded, self.skipped, now, protocol).value


def course_at(
    known: Known,
    infusion_id: int,
    now: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
    roles: Mapping[int, str],
) -> Course:
    """The course after one infusion, from the rows there are. `roles` says what each user is."""
    infusion = _row(known["infusion"], infusion_id)
    patient = _row(known["patient"], infusion["patient_id"])
    standing = _standing(known["assessment"])
    mine = [one for one in standing if one["infusion_id"] == infusion_id]
    entries = [_entry(one, known["grade"], patient, roles) for one in mine]
    entries.sort(key=lambda one: one.at)
    deaths = [one["assessed_at"] for one in standing if _is_death_of(one, patient)]
    plan = {
        "infused_at": infusion["infused_at"],
        "stays": _stays(known["stay"], patient["id"]),
        "grades": [_point(one) for one in entries],
        "protocol": protocol,
        "zone": zone,
        "ended_at": _ended_at(known["infusion"], infusion, patient, deaths),
    }
    return Course(
        infusion_id,
        entries,
        monitoring_window(**plan),
        due_slots(**plan, until=now + protocol.slot_tolerance),
        _skipped(known["skipped_assessment"], infusion_id, now),
        min(deaths, default=None),
    )


def support_of(row: Row, *, home_oxygen: bool) -> int:
    """How much support is charted, whatever it was attributed to or judged to be."""
    return max(_pressure_support(row), _oxygen_support(row, home_oxygen=home_oxygen))


def _pressure_support(row: Row) -> int:
    agents = _listed(row["vasopressors"])
    if any(agent != "dobutamine" for agent in agents):
        return STRONG
    low = row["systolic_mmhg"] is not None and row["systolic_mmhg"] < tables.LOW_SYSTOLIC_MMHG
    return LIGHT if low or row["iv_fluid_bolus"] == "yes" or row["hypotension"] == "yes" else NONE


def _oxygen_support(row: Row, *, home_oxygen: bool) -> int:
    low = row["spo2_percent"] is not None and row["spo2_percent"] < tables.LOW_SPO2_PERCENT
    without_device = LIGHT if low or row["hypoxia"] == "yes" else NONE
    return without_device if home_oxygen else max(without_device, _device_support(row))


def _device_support(row: Row) -> int:
    device, flow = row["oxygen_device"], row["oxygen_l_per_min"]
    if device is None:
        return LIGHT if flow is not None and flow > 0 else NONE
    if device == "nasal_cannula" and flow is not None:
        return NONE if flow == 0 else STRONG if flow > tables.LOW_FLOW_L_PER_MIN else LIGHT
    return {"none": NONE, "low_flow": LIGHT, "high_flow_or_mask": STRONG, "positive_pressure": STRONG}[
        tables.OXYGEN_DEVICE[device]
    ]


def _judged(row: Row, roles: Mapping[int, str]) -> bool:
    """An investigator has said what the signs are."""
    by_investigator = row["source"] == "form" and roles.get(row["entered_by"]) == "investigator"
    if row["crs_judgement"] is not None and (by_investigator or _confirmed_from_a_file(row)):
        return True
    elsewhere = _listed(row["attributed_elsewhere"])
    says = (
        "hypotension" in elsewhere
        or "hypoxia" in elsewhere
        or row["hypotension"] == "no"
        or row["hypoxia"] == "no"
    )
    return by_investigator and says


def _confirmed_from_a_file(row: Row) -> bool:
    return row["source"] != "form" and bool(row["confirmed_by_investigator"])


def _entry(row: Row, grades: Sequence[Row], patient: Row, roles: Mapping[int, str]) -> Entry:
    home_oxygen = "hypoxia" in _listed(patient["lasting_findings"])
    unconfirmed = row["crs_judgement"] == "not_crs" and not row["confirmed_by_investigator"]
    crs = _verdict(row, grades, "crs", closes=not unconfirmed)
    items = [row[item] for item in tables.ICE_MAXIMUM]
    refused = row["ice_not_done"] == "refused" and not row["comment"]
    scored = row["ice_score"] is not None or all(item is not None for item in items)
    return Entry(
        stable_id=row["stable_id"],
        at=row["assessed_at"],
        entered_at=row["entered_at"],
        crs=crs,
        icans=_verdict(row, grades, "icans", closes=True),
        support=support_of(row, home_oxygen=home_oxygen),
        judged=_judged(row, roles),
        died=row["death_due_to"] is not None,
        vital_signs_met=crs.grade is not None or crs.at_least >= 3,
        ice_met=scored or row["ice_not_done"] is not None,
        ice_asked_again_at=row["assessed_at"] + REFUSAL_COVERS if refused else None,
    )


def _verdict(row: Row, grades: Sequence[Row], scale: str, *, closes: bool) -> Verdict:
    """The newest grade of this version."""
    of_row = [one for one in grades if one["assessment_id"] == row["id"] and one["scale"] == scale]
    newest = max(of_row, key=lambda one: int(one["id"]))
    return Verdict(newest["grade"], newest["at_least"], newest["at_most"], closes)


def _standing(versions: Sequence[Row]) -> list[Row]:
    """The newest version of each assessment, where it has not been withdrawn."""
    newest: dict[str, Row] = {}
    for row in sorted(versions, key=lambda one: int(one["version"])):
        newest[row["stable_id"]] = row
    return [row for row in newest.values() if row["status"] == "recorded"]


def _stays(versions: Sequence[Row], patient_id: int) -> list[StayPeriod]:
    newest: dict[str, Row] = {}
    for row in sorted(versions, key=lambda one: int(one["version"])):
        newest[row["stable_id"]] = row
    return [
        StayPeriod(StayKind(row["kind"]), row["from_at"], row["to_at"])
        for row in newest.values()
        if row["patient_id"] == patient_id and not row["voided"]
    ]


def _skipped(rows: Sequence[Row], infusion_id: int, now: datetime) -> list[tuple[SlotKind, datetime]]:
    said_last = {(row["kind"], row["due_at"]): row for row in rows if row["infusion_id"] == infusion_id}
    return [
        (SlotKind(kind), due_at) for (kind, due_at), row in said_last.items() if not _asked_again(row, now)
    ]


def _asked_again(row: Row, now: datetime) -> bool:
    unexplained = row["reason"] == "refused" and row["explanation"] is None
    return unexplained and now >= row["entered_at"] + REFUSAL_COVERS


def _is_death_of(row: Row, patient: Row) -> bool:
    return row["patient_id"] == patient["id"] and row["death_due_to"] is not None


def _ended_at(
    infusions: Sequence[Row], infusion: Row, patient: Row, deaths: Sequence[datetime]
) -> datetime | None:
    later = [
        one["infused_at"]
        for one in infusions
        if one["patient_id"] == patient["id"] and one["number"] > infusion["number"]
    ]
    ends = [*deaths, *later, *([patient["withdrawn_at"]] if patient["withdrawn_at"] else [])]
    return min(ends, default=None)


def _point(entry: Entry) -> GradePoint:
    return GradePoint(entry.at, entry.crs.grade, entry.crs.at_least, entry.icans.grade, entry.icans.at_least)


def _row(rows: Sequence[Row], row_id: int) -> Row:
    (found,) = (row for row in rows if row["id"] == row_id)
    return found


def _listed(cell: str | None) -> list[str]:
    return [] if cell in (None, "none") else str(cell).split(";")
