"""`manage.py import`: store files of infusions and assessments, or a file of laboratory results."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from actions.start import StartError, start_process
from clock import utc_now
from commands.progress import ProgressBar
from db.roles import SYSTEM
from db.session import SaveRefused
from exchange.importing import Imported, import_files
from exchange.lab_importing import import_lab_file
from exchange.rejected import RejectedRow, write_rejected
from exchange.tables import FileProblem

ALL_STORED: Final = 0
NOT_STORED: Final = 1
SOME_REJECTED: Final = 2
_NAMED: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("--infusions", type=Path, metavar="FILE", help="the infusions, as CSV")
    parser.add_argument("--assessments", type=Path, metavar="FILE", help="the assessments, as CSV")
    parser.add_argument(
        "--labs", type=Path, metavar="FILE", help="laboratory results, as CSV: see docs/laboratory-file.md"
    )
    parser.add_argument(
        "--historical",
        action="store_true",
        help="old charts: alerts are stored as history and told in one digest, instead of one mail each",
    )
    parser.add_argument(
        "--rejected",
        type=Path,
        metavar="FOLDER",
        help="where the rejected rows are listed (default: the folder rejected in DATA_DIR)",
    )


def main(args: argparse.Namespace) -> int:
    """Store the files; 0 when every row is stored, 2 when some were rejected, 1 when one was not read."""
    if (args.infusions is None) != (args.assessments is None) or not (args.infusions or args.labs):
        print("Name --infusions and --assessments together, or --labs, or all three.", file=sys.stderr)
        return NOT_STORED
    try:
        settings = start_process(utc_now())
        folder: Path = args.rejected or settings.data_dir / "rejected"
        rejected = _import_courses(args, folder) if args.infusions else 0
        rejected += _import_labs(args.labs, folder) if args.labs else 0
    except (StartError, FileProblem) as problem:
        print(problem, file=sys.stderr)
        return NOT_STORED
    except SaveRefused:
        sentence = "The database is busy, full or cannot be reached. The patients before this stand stored"
        print(f"{sentence}; run the same command again to store the others.", file=sys.stderr)
        return NOT_STORED
    return SOME_REJECTED if rejected else ALL_STORED


def _import_courses(args: argparse.Namespace, folder: Path) -> int:
    """Store infusions and assessments; returns how many rows were rejected."""
    with ProgressBar() as progress:
        done = import_files(
            args.infusions,
            args.assessments,
            by=SYSTEM,
            now=utc_now(),
            historical=args.historical,
            progress=progress,
        )
    named = {"infusions": done.rejected_infusions, "assessments": done.rejected_assessments}
    lists = _write_lists(folder, named) if done.rejected else []
    _report(done, lists, historical=args.historical)
    return done.rejected


def _import_labs(path: Path, folder: Path) -> int:
    """Store laboratory results; returns how many rows were rejected."""
    with ProgressBar() as progress:
        done = import_lab_file(path, by=SYSTEM, now=utc_now(), progress=progress)
    _count("laboratory results", done.added, done.known, done.rejected)
    if done.repeated:
        print(f"{done.repeated} repeated rows counted once")
    _name_lists(_write_lists(folder, {"labs": done.rejected}) if done.rejected else [])
    if done.doubtful:
        (listed,) = _write_lists(folder, {"labs-to-check": done.doubtful}, suffix="")
        print(f"{len(done.doubtful)} results are stored that no patient is likely to have: see {listed}.")
    return len(done.rejected)


def _report(done: Imported, lists: list[Path], *, historical: bool) -> None:
    print(f"{done.patients_added} patients enrolled")
    _count("infusions", done.infusions_added, done.infusions_known, done.rejected_infusions)
    _count("assessments", done.assessments_added, done.assessments_known, done.rejected_assessments)
    if done.repeated:
        print(f"{done.repeated} repeated rows counted once")
    if historical:
        digest = "; one digest tells of them" if done.historical_alerts else ""
        print(f"{done.historical_alerts} alerts stored as history{digest}")
    elif done.notices:
        print(f"{done.notices} alert messages written; the worker sends them")
    if done.over:
        print(
            f"{len(done.over)} patients were last assessed more than the monitored days ago; "
            f"recorded as at home from then on: {_names(done.over)}"
        )
    for code, reasons in done.outside_gate.items():
        print(f"{code}: the second infusion is stored as it happened, though its gate was not open then.")
        for reason in reasons:
            print(f"  {reason}")
    _name_lists(lists)


def _name_lists(lists: list[Path]) -> None:
    for path in lists:
        print(f"The rejected rows are listed in {path}.", file=sys.stderr)


def _names(codes: list[str]) -> str:
    shown, more = codes[:_NAMED], len(codes) - _NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _count(what: str, added: int, known: int, rejected: list[RejectedRow]) -> None:
    print(f"{added} {what} added, {known} already there, {len(rejected)} rejected")


def _write_lists(
    folder: Path, named: Mapping[str, list[RejectedRow]], suffix: str = ".rejected"
) -> list[Path]:
    """Write a list for each name; returns those that hold a row."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(f"{folder} cannot be made: {error.strerror}.") from error
    written = []
    for name, rows in named.items():
        path = folder / f"{name}{suffix}.csv"
        write_rejected(path, rows)
        if rows:
            written.append(path)
    return written
