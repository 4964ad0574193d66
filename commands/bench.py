"""`manage.py bench`: speed and memory on this machine, each figure beside its yardstick of the same run."""

import argparse
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.committee import measure_committee
from bench.figure import Figure, NotMeasured
from bench.grading import measure_bulk, measure_grade_file
from bench.laboratory import measure_laboratory
from bench.mail import measure_mail
from bench.outbox import measure_outbox
from bench.pages import measure_pages
from bench.patient_page import measure_patient_page
from bench.report import measure_report
from bench.saving import measure_import, measure_saving
from bench.stopping import measure_stopping
from settings import Settings

Measure = Callable[[bool, Path], Iterator[Figure | NotMeasured]]

MEASURES: dict[str, Measure] = {
    "bulk": measure_bulk,
    "grade": measure_grade_file,
    "save": measure_saving,
    "import": measure_import,
    "mail": measure_mail,
    "outbox": measure_outbox,
    "pages": measure_pages,
    "patient": measure_patient_page,
    "committee": measure_committee,
    "stopping": measure_stopping,
    "report": measure_report,
    "laboratory": measure_laboratory,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("only", nargs="*", choices=[*MEASURES, []], metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument(
        "--quick", action="store_true", help="smaller sizes: minutes instead of a quarter of an hour"
    )


def main(args: argparse.Namespace) -> int:
    """Measure and print; 0 when every goal is met, else 1."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    _forget_the_site()
    met = True
    for name, measure in MEASURES.items():
        if args.only and name not in args.only:
            continue
        with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder:
            for figure in measure(args.quick, Path(folder)):
                print(figure.line(), flush=True)
                met = met and figure.met
    print("Every goal is met." if met else "A goal is not met; see the lines that begin with OVER or ----.")
    return 0 if met else 1


def _forget_the_site() -> None:
    """Every process of the bench gets its own settings; those of a site must not reach them."""
    for name in {field.upper() for field in Settings.model_fields} | {"VIGIL_DEMO"}:
        os.environ.pop(name, None)
