"""Slows down guessing: after some wrong attempts each further one has to wait.

Kept in memory of the one web process: a restart forgets it, and a flood of guesses writes nothing to
the database. The waits stay short, because a ward that is locked out at night is a danger of its own.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

_MOST_KEYS = 10_000


@dataclass(slots=True)
class Throttle:
    """Counts wrong attempts by key within `window`; a key is a username, or "" for everybody.

    The first `free` are not delayed. The n-th after them opens a wait of `waits_s[n - 1]` seconds,
    and every later one the last of these.
    """

    free: int
    waits_s: Sequence[float]
    window: timedelta = timedelta(minutes=15)
    # Whoever failed longest ago comes first.
    _failures: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, key: str, now: datetime) -> timedelta:
        """How long this key has to wait; zero when it may try."""
        with self._lock:
            failures = self._recent(key, now)
            beyond = len(failures) - self.free
            if beyond < 0 or not failures:
                return timedelta(0)
            pause = timedelta(seconds=self.waits_s[min(beyond, len(self.waits_s) - 1)])
            return max(failures[-1] + pause - now, timedelta(0))

    def failed(self, key: str, now: datetime) -> None:
        """Count a wrong attempt."""
        with self._lock:
            self._failures.setdefault(key, deque(maxlen=1_000)).append(now)
            self._failures.move_to_end(key)
            self._forget_old(now)

    def succeeded(self, key: str) -> None:
        """Forget the wrong attempts of this key."""
        with self._lock:
            self._failures.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._failures.clear()

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        failures = self._failures.get(key, deque())
        while failures and failures[0] <= now - self.window:
            failures.popleft()
        return failures

    def _forget_old(self, now: datetime) -> None:
        # Too many recent ones are a flood of made-up names; the limit on everybody holds it back.
        while len(self._failures) > _MOST_KEYS or not self._recent(next(iter(self._failures)), now):
            self._failures.popitem(last=False)
