"""Real charting of de-identified intensive-care patients, moved so that its last row is an hour old."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

AN_HOUR = timedelta(hours=1)


class WardStream:
    """Copies of the two files in a folder of the test's own, with every instant moved by the same time."""

    def __init__(self, source: Path, folder: Path, now: datetime) -> None:
        rows = _read(source / "assessments.csv")
        self.delta = now - AN_HOUR - max(_instants(rows, "assessed_at"))
        self.assessments = _write(folder / "assessments.csv", self._moved(rows, "assessed_at"))
        self.infusions = _write(
            folder / "infusions.csv", self._moved(_read(source / "infusions.csv"), "infused_at")
        )

    def _moved(self, rows: list[dict[str, str]], column: str) -> list[dict[str, str]]:
        return [
            row | {column: (datetime.fromisoformat(row[column]) + self.delta).isoformat()} for row in rows
        ]


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
