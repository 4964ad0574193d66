"""Where the tests write: in memory where there is room, since every commit of Vigil waits for the disk."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")
ROOM_BYTES: Final = 2 * 2**30


def write_to_memory() -> None:
    """Let every temporary file of this process and its children lie in memory, unless TMPDIR says where."""
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it is looked up again


def short_root() -> Path:
    """A folder whose path is short and open to every user of this machine."""
    return MEMORY if _has_room(MEMORY) else Path("/tmp")


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= ROOM_BYTES
