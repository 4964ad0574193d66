"""A progress bar on the terminal, for work that takes more than a moment."""

import sys
from types import TracebackType
from typing import Final, Self

from clock import monotonic

_WIDTH: Final = 30
_FIRST_AFTER_S: Final = 1.0
_EVERY_S: Final = 0.2


class ProgressBar:
    """Drawn on standard error where that is a terminal, from the second second on; elsewhere silent."""

    def __init__(self) -> None:
        """Nothing is drawn yet."""
        self._shown = sys.stderr.isatty()
        self._next_at = monotonic() + _FIRST_AFTER_S
        self._drawn = False

    def __enter__(self) -> Self:
        """Use as a context, so that the line is cleared at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear the line."""
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def __call__(self, doing: str, fraction: float) -> None:
        """Draw how far the work is; `fraction` from 0 to 1."""
        if not self._shown or monotonic() < self._next_at:
            return
        self._next_at = monotonic() + _EVERY_S
        self._drawn = True
        done = round(fraction * _WIDTH)
        bar = "#" * done + "." * (_WIDTH - done)
        print(f"\r\033[K{doing} [{bar}] {fraction:4.0%}", end="", file=sys.stderr, flush=True)
