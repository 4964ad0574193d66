"""Engines that remember how statements are made, from database to database."""

from functools import wraps
from typing import Any, Final

from sqlalchemy import Engine

from db import session

_first: Final[dict[str, Engine]] = {}


def remember_statements() -> None:
    """Let every engine of this process use what the first of its kind has compiled.

    Each test opens a database of its own; with a memory of its own it would compile every statement again.
    """
    make = session.make_engine

    @wraps(make)
    def make_engine(*given: Any, **named: Any) -> Engine:
        return _with_the_memory_of_the_first(make(*given, **named))

    session.make_engine = make_engine


def _with_the_memory_of_the_first(engine: Engine) -> Engine:
    first = _first.get(engine.dialect.name)
    if first is None or first.dialect.server_version_info is None:  # it has not been connected
        _first[engine.dialect.name] = engine
    else:
        # SQLAlchemy keeps a statement under the dialect it was compiled for.
        engine.dialect = engine.pool._dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
    return engine
