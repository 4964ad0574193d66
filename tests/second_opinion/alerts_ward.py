"""A ward on paper: rows as the database would hold them, with grades written in by hand, played at once."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from tests.second_opinion import tables
from tests.second_opinion.alerts import Replay
from tests.second_opinion.alerts_told import Alert
from tests.support.protocols import of_a_course_alone

INFUSED_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
NURSE, INVESTIGATOR = 1, 2
GROUPS = ("ward", "treating", "pi", "deputy", "committee_chair", "sponsor_safety")
"""One recipient each; the id is the place in this list, from 1 on."""
BLANK: dict[str, Any] = dict.fromkeys(tables.COLUMNS)


def at(hours: float) -> datetime:
    """Hours after the first infusion."""
    return INFUSED_AT + timedelta(hours=hours)


class PaperWard:
    """Two infused patients, one infusion each (1 and 2); what is written is looked at at once."""

    def __init__(self, groups: Iterable[str] = GROUPS) -> None:
        self.ids = count(1)
        self.rows: dict[str, list[dict[str, Any]]] = {
            "patient": [{"id": one, "lasting_findings": None, "withdrawn_at": None} for one in (1, 2)],
            "infusion": [
                {"id": one, "patient_id": one, "number": 1, "infused_at": INFUSED_AT} for one in (1, 2)
            ],
            "assessment": [],
            "grade": [],
            "stay": [],
            "skipped_assessment": [],
            "recipient": [],
        }
        for group in groups:
            self.add_recipient(group)
        roles = {NURSE: "ward", INVESTIGATOR: "investigator"}
        self.replay = Replay(of_a_course_alone(), ZoneInfo("Asia/Shanghai"), roles)

    # --- What is written --------------------------------------------------------------------------------

    def add_recipient(self, group: str, hours: float = 0) -> int:
        recipient_id = len(self.rows["recipient"]) + 1
        self.rows["recipient"].append(
            {"id": recipient_id, "group": group, "valid_from": at(hours), "valid_to": None}
        )
        return recipient_id

    def end_recipient(self, group: str, hours: float) -> None:
        for one in self.rows["recipient"]:
            if one["group"] == group:
                one["valid_to"] = at(hours)

    def write(self, hours: float, entered: float, crs: Any, icans: Any, **more: Any) -> str:
        """One version with its two grades; a pair (least, most) is a grade that is not settled."""
        row = BLANK | {
            "id": next(self.ids),
            "stable_id": f"entry at {hours}",
            "version": 1,
            "patient_id": 1,
            "infusion_id": 1,
            "status": "recorded",
            "source": "form",
            "entered_at": at(entered),
            "entered_by": NURSE,
            "confirmed_by_investigator": True,
            "assessed_at": at(hours),
        }
        self.rows["assessment"].append(row | more)
        for scale, grade in (("crs", crs), ("icans", icans)):
            least, most = grade if isinstance(grade, tuple) else (grade, grade)
            self.rows["grade"].append(
                {
                    "id": next(self.ids),
                    "assessment_id": row["id"],
                    "scale": scale,
                    "grade": least if least == most else None,
                    "at_least": least,
                    "at_most": most,
                }
            )
        return str((row | more)["stable_id"])

    # --- What happens -----------------------------------------------------------------------------------

    def enter(
        self, hours: float, crs: Any = 0, icans: Any = 0, *, entered: float | None = None, **more: Any
    ) -> str:
        """An assessment, entered at once unless told otherwise."""
        entered = hours if entered is None else entered
        stable_id = self.write(hours, entered, crs, icans, **more)
        self.sweep(entered)
        return stable_id

    def correct(self, stable_id: str, now: float, crs: Any = 0, icans: Any = 0, **more: Any) -> None:
        """A new version under new grades."""
        old = self.newest(stable_id)
        hours = (old["assessed_at"] - INFUSED_AT).total_seconds() / 3600
        kept = {name: old[name] for name in tables.ICE_MAXIMUM} | {
            "infusion_id": old["infusion_id"],
            "patient_id": old["patient_id"],
        }
        number = {"version": old["version"] + 1, "stable_id": stable_id}
        self.write(hours, now, crs, icans, **(kept | number | more))
        self.sweep(now)

    def void(self, stable_id: str, now: float) -> None:
        self.correct(stable_id, now, status="voided")

    def move(self, stable_id: str, now: float, crs: Any) -> None:
        """To the other patient."""
        self.correct(stable_id, now, crs, infusion_id=2, patient_id=2)

    def go(self, kind: str, hours: float, until: float | None = None) -> None:
        """A stay from then on."""
        self.rows["stay"].append(
            {
                "id": next(self.ids),
                "stable_id": f"stay from {hours}",
                "version": 1,
                "patient_id": 1,
                "kind": kind,
                "from_at": at(hours),
                "to_at": None if until is None else at(until),
                "voided": False,
            }
        )

    def skip(self, kind: str, due: float, now: float, reason: str, explanation: str | None = None) -> None:
        self.rows["skipped_assessment"].append(
            {
                "infusion_id": 1,
                "kind": kind,
                "due_at": at(due),
                "reason": reason,
                "explanation": explanation,
                "entered_at": at(now),
            }
        )
        self.sweep(now)

    def sweep(self, now: float, *, historical: bool = False) -> None:
        self.replay.look(at(now), [1, 2], self.rows, historical=historical)

    def minutes(self, *minutes: float, after: float) -> None:
        """Sweeps at these minutes after an hour."""
        for one in minutes:
            self.sweep(after + one / 60)

    def acknowledge(self, alert: Alert, now: float) -> None:
        self.replay.acknowledged(alert, at(now))

    def send_everything(self, alert: Alert, *, failing: Iterable[str] = ()) -> None:
        """Every mail has been tried; those to these groups have failed for good."""
        for notice in alert.notices:
            for person in notice.mails:
                notice.mails[person] = "failed" if self.group(person) in failing else "tried"

    # --- What is then there -----------------------------------------------------------------------------

    def alerts(self, signal: str = "grade3", slot: str | None = None) -> list[Alert]:
        return [
            one
            for one in self.replay.alerts
            if one.place[1] == signal and (slot is None or one.place[2] == slot)
        ]

    def alert(self, signal: str = "grade3", slot: str | None = None) -> Alert:
        (found,) = self.alerts(signal, slot)
        return found

    def told(self, alert: Alert) -> list[tuple[str, int, set[str]]]:
        """Kind, step and the groups that have a mail, of every notice."""
        return [(one.kind, one.step, {self.group(person) for person in one.mails}) for one in alert.notices]

    def group(self, person: int) -> str:
        return str(self.rows["recipient"][person - 1]["group"])

    def newest(self, stable_id: str) -> dict[str, Any]:
        of_entry = [one for one in self.rows["assessment"] if one["stable_id"] == stable_id]
        return max(of_entry, key=lambda one: int(one["version"]))
