"""Finds the programs that some tests need; run as a module with a name, it says whether that one is here."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
POSTGRES_PROGRAMS = ("initdb", "pg_ctl", "postgres")
FAKETIME_FOLDERS = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime")


@cache
def find_chromium() -> Path | None:
    """The first browser on PATH that starts; Ubuntu's transitional package is on PATH and does not."""
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found and _starts(found):
            return Path(found)
    return None


@cache
def find_postgres_bin() -> Path | None:
    """The folder that holds PostgreSQL's server programs: on PATH, else Debian's of the highest version."""
    for folder in [Path(entry) for entry in os.get_exec_path()] + _debian_postgres_folders():
        if all(os.access(folder / program, os.X_OK) for program in POSTGRES_PROGRAMS):
            return folder
    return None


@cache
def find_libfaketime() -> Path | None:
    """The library that gives a process with threads another clock."""
    found = [
        path for folder in FAKETIME_FOLDERS for path in Path("/").glob(f"{folder[1:]}/libfaketimeMT.so.1")
    ]
    return found[0] if found else None


def _starts(program: str) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _debian_postgres_folders() -> list[Path]:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    versions = [folder for folder in folders if folder.parent.name.isdigit()]
    return sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)


if __name__ == "__main__":
    finders = {"chromium": find_chromium, "postgresql": find_postgres_bin, "faketime": find_libfaketime}
    location = finders[sys.argv[1]]()
    print(location or "not found")
    sys.exit(location is None)
