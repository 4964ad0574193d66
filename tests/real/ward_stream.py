"""Real charting of de-identified intensive-care patients, moved so that its last row is an hour old."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path

from trial.protocol import PROTOCOL_FILE, load_protocol

AN_HOUR = timedelta(hours=1)


class WardStream:
    """Copies of the two files in a folder of the test's own, with every instant moved by the same time.

    `one_patient_in` 3 keeps the first patient of every three.
    """

    def __init__(self, source: Path, folder: Path, now: datetime, *, one_patient_in: int = 1) -> None:
        infusions = _read(source / "infusions.csv")
        kept = set(list(dict.fromkeys(row["patient_id"] for row in infusions))[::one_patient_in])
        rows = _of(kept, _read(source / "assessments.csv"))
        self.delta = now - AN_HOUR - max(_instants(rows, "assessed_at"))
        self.assessments = _write(folder / "assessments.csv", self._moved(rows, "assessed_at"))
        self.infusions = _write(folder / "infusions.csv", self._moved(_of(kept, infusions), "infused_at"))

    def _moved(self, rows: list[dict[str, str]], column: str) -> list[dict[str, str]]:
        return [
            row | {column: (datetime.fromisoformat(row[column]) + self.delta).isoformat()} for row in rows
        ]


def protocol_without_a_clock(folder: Path) -> Path:
    """The protocol with everyone told at once, and nothing that only the passing of time raises.

    The rows are entered in minutes, and the worker's clock is weeks ahead of most of them.
    """
    text = PROTOCOL_FILE.read_text(encoding="utf-8")
    hours = dict.fromkeys(("missed_hours", "unsettled_hours", "repeat_for_hours"), 8760)
    minutes = dict.fromkeys(("repeat_minutes", "repeat_later_minutes"), 60 * 8760)
    for name, value in {**hours, **minutes, "quiet_to": '"22:00"'}.items():
        text, found = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert found == 1, name
    head, plans, rest = text.partition("[alerts.plans]")
    assert plans
    everyone = '[{ after_min = 0, groups = ["everyone"] }]'
    following = re.search(r"^\[(?!alerts)", rest, flags=re.MULTILINE)
    names = re.findall(r"^(\w+) = \[", rest[: following.start()] if following else rest, flags=re.MULTILINE)
    path = folder / "protocol.toml"
    path.write_text(
        head
        + "\n".join([plans, *(f"{name} = {everyone}" for name in names), ""])
        + (rest[following.start() :] if following else ""),
        encoding="utf-8",
    )
    load_protocol(path)
    return path


def _of(patients: set[str], rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if row["patient_id"] in patients]


def _instants(rows: list[dict[str, str]], column: str) -> list[datetime]:
    return [datetime.fromisoformat(row[column]) for row in rows]


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path
