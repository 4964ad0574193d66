"""The commands: `python manage.py COMMAND`, and `python manage.py COMMAND --help`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

COMMANDS = {
    "run": ("run", "start the web process and the worker"),
    "grade": ("grade", "grade a file of assessments"),
    "import": ("import_", "store a file of infusions and assessments"),
    "demo": ("demo", "start on made-up patients, on a database of its own"),
    "user": ("user", "list accounts, add one, or give a one-time code"),
    "verify": ("verify", "check the audit trail, the database and every stored grade"),
    "docs": ("docs", "write or check the generated pages of docs/grading"),
    "bench": ("bench", "measure speed and memory"),
}


class _Parser(argparse.ArgumentParser):
    """Wrong arguments end with 1 and one line: 2 is for files of which some rows were rejected."""

    def error(self, message: str) -> NoReturn:
        """End with the sentence."""
        self.exit(1, f"{self.prog}: {' '.join(message.split())}. See {self.prog} --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. Only its own module is imported."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = _Parser(prog="manage.py", description=__doc__)
    choices = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    main_of = None
    for name, (module_name, explanation) in COMMANDS.items():
        own = choices.add_parser(name, help=explanation, description=explanation)
        if name == chosen:
            module = importlib.import_module(f"commands.{module_name}")
            module.add_arguments(own)
            main_of = module.main
    args = parser.parse_args(words)
    assert main_of is not None, "argparse accepts only the commands above"
    status: int = main_of(args)
    return status


if __name__ == "__main__":
    sys.exit(main())
