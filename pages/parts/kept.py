"""What was worked out for one state of the data, kept for the next person who looks at it.

A key names everything the value depends on: the data version first, the theme for pictures. What changes with
the clock has the moment of its last change in the key, never a lifetime.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The values used last, at most so many. Nobody may change what comes back."""

    def __init__(self, at_most: int = 64) -> None:
        self._at_most = at_most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of this key, made now if it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        # Made outside the lock: two people may make the same, and nobody waits for another's picture.
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._at_most:
                self._values.popitem(last=False)
        return value
