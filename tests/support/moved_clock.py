"""A web process whose clock is set back and moved on: months of a trial within a test of seconds."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from clock import utc_now
from settings import ROOT

_ROUTER: Final = '"pages/router.py"'
_PRELUDE: Final = """
from datetime import timedelta
from pathlib import Path

import clock

_real = clock.utc_now
clock.utc_now = lambda: _real() - timedelta(days=float(Path({hand!r}).read_text()))
"""


@dataclass(frozen=True, slots=True)
class MovedClock:
    """The clock of one server; `hand` is the file that says by how many days it is set back."""

    hand: Path

    @property
    def now(self) -> datetime:
        """The present instant, as the server has it."""
        return utc_now() - timedelta(days=float(self.hand.read_text()))

    def set_back(self, days: float) -> None:
        """Let the server live so many days ago; it reads the file at any moment, so never half of it."""
        fresh = self.hand.with_suffix(".new")
        fresh.write_text(str(days))
        os.replace(fresh, self.hand)

    def program(self, folder: Path) -> Path:
        """Write the program with this clock into `folder`; returns the script to give to Streamlit."""
        launcher = (ROOT / "app.py").read_text()
        assert _ROUTER in launcher
        script = folder / "app.py"
        router = str(ROOT / "pages" / "router.py")
        script.write_text(_PRELUDE.format(hand=str(self.hand)) + launcher.replace(_ROUTER, repr(router)))
        return script
