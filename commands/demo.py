"""`manage.py demo`: Vigil on made-up patients, on a database of its own, with mails to a maildir only.

The patients end today, so the demonstration is built anew at each start.
"""

import argparse
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from actions import context
from actions.start import StartError, start_process
from clock import utc_now
from commands.made_up.entering import enter_plan
from commands.made_up.people import NAMES, add_people
from commands.made_up.plan import SEED, make_plan
from commands.progress import ProgressBar
from commands.run import CannotRun, refuse_taken_port, run_both
from db import session as database
from settings import Settings, SettingsError, load_settings

_KEPT: Final = ("HOST", "PORT", "APP_URL", "SITE_TIMEZONE", "PROTOCOL_FILE")
"""Settings that the demonstration takes over; where data and mails go is its own."""

_WORDS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("--seed", type=int, default=SEED, help="another seed makes up other values")
    parser.add_argument("--build-only", action="store_true", help="make the patients and end")


def main(args: argparse.Namespace) -> int:
    """Build the demonstration and run it until told to stop. Returns the exit status."""
    try:
        folder = load_settings().data_dir / "demo"
        environment = demo_environment(os.environ, folder)
        os.environ.clear()
        os.environ.update(environment)
        settings = load_settings()
        with _alone_in(folder):
            if not args.build_only:
                refuse_taken_port(settings.host, settings.port)
            password = build_demo(settings, utc_now(), seed=args.seed)
            print(f"Demonstration: made-up patients, in {folder}.")
            print(
                f"Sign in as {', '.join(role.value for role in NAMES)}; password of all: {password}",
                flush=True,
            )
            return 0 if args.build_only else run_both(settings, environment)
    except (SettingsError, StartError, CannotRun) as error:
        print(f"The demonstration did not start. {error}", file=sys.stderr)
        return 1


def demo_environment(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of a demonstration: its own folder and database, no mail server, and its mark."""
    ours = {name.upper() for name in Settings.model_fields} - set(_KEPT)
    kept = {name: value for name, value in environment.items() if name.upper() not in ours}
    return kept | {"DATA_DIR": str(folder), "VIGIL_DEMO": "1"}


def build_demo(settings: Settings, now: datetime, *, seed: int = SEED, password: str | None = None) -> str:
    """Replace the demonstration in `settings.data_dir` by one that ends `now`; returns the password.

    Leaves this process without a database; the caller opens the one it needs.
    """
    if not settings.demo:
        raise ValueError(f"{settings.data_dir} is not the folder of a demonstration.")
    _remove_old(settings.data_dir)
    chosen = password or "-".join("".join(secrets.choice(_WORDS) for _ in range(4)) for _ in range(4))
    start_process(now - timedelta(days=330), settings)
    plan = make_plan(now, context.protocol(), settings.zone, seed)
    with ProgressBar() as progress:
        people = add_people(chosen, plan[0].at - timedelta(days=1))
        enter_plan(plan, people, now, progress)
    database.close()
    return chosen


def _remove_old(folder: Path) -> None:
    """Only what a demonstration makes; anything else in the folder stays."""
    for name in ("vigil.db", "vigil.db-wal", "vigil.db-shm", "worker.wakeup"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "mailbox", ignore_errors=True)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder, so that a second demonstration does not take the database from under the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(f"A demonstration is running in {folder} already. End it first.") from None
        yield
