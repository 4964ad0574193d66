"""What repeats one proof many times: a few times in `make test`, many in `make soak`."""

import os
from collections.abc import Iterable
from typing import Any, Final

import pytest
from hypothesis import settings

_TIMES: Final = int(os.environ.get("EXAMPLES_TIMES", "1"))


def few(values: Iterable[Any], kept: int = 1) -> list[Any]:
    """Values of a parametrized test: the first `kept` always, the others in `make soak`."""
    return [value if place < kept else _in_soak(value) for place, value in enumerate(values)]


def _in_soak(value: Any) -> Any:
    several = value if isinstance(value, tuple) else (value,)
    return pytest.param(*several, marks=pytest.mark.soak)


def examples(count: int, **more: Any) -> settings:
    """So many random examples of a test; `make soak` tries as many as EXAMPLES_TIMES says of each."""
    return settings(max_examples=count * _TIMES, deadline=None, **more)
