"""Another time for the pages: every module that took `utc_now` from the clock has it by name."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from settings import ROOT


def set_clocks(patch: pytest.MonkeyPatch, read: Callable[[], datetime]) -> None:
    """Let pages take the time from `read`, for as long as `patch` holds.

    A module that is loaded while the clock alone is changed would keep that change for every later test; so
    all are loaded first.
    """
    for module in _modules_with_a_clock():
        patch.setattr(f"{module}.utc_now", read)


@cache
def _modules_with_a_clock() -> list[str]:
    """Those of pages that read the time, then the clock, from which the scripts take it in each run."""
    paths = [
        path for path in (ROOT / "pages").rglob("*parts/*.py") if "import utc_now" in path.read_text("utf-8")
    ]
    return [_module(path) for path in paths] + ["clock"]


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)
