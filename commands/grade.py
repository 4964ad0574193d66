"""`manage.py grade FILE --out FILE`: grade a file of assessments without storing anything."""

import argparse
import sys
from pathlib import Path
from typing import Final

from commands.progress import ProgressBar
from exchange.graded_file import grade_file
from exchange.tables import FileProblem
from settings import SettingsError, load_settings
from trial.protocol import ProtocolError, load_protocol

ALL_GRADED: Final = 0
NOT_READ: Final = 1
SOME_REJECTED: Final = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the assessments, as CSV")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        required=True,
        help="where the grades go; what was rejected is listed beside it",
    )


def main(args: argparse.Namespace) -> int:
    """Grade the file; 0 when every row was graded, 2 when some were rejected, 1 when it could not be read."""
    try:
        settings = load_protocol(load_settings().protocol_file).grading
        with ProgressBar() as progress:
            done = grade_file(args.file, args.out, settings, progress=progress)
    except (FileProblem, SettingsError, ProtocolError) as problem:
        print(problem, file=sys.stderr)
        return NOT_READ
    print(f"{done.graded} rows graded, {done.rejected} rejected")
    if done.repeated:
        print(f"{done.repeated} repeated rows counted once.", file=sys.stderr)
    if done.rejected:
        print(f"The rejected rows are listed in {done.rejected_list}.", file=sys.stderr)
    return SOME_REJECTED if done.rejected else ALL_GRADED
