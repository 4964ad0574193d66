"""Migrated databases: each test gets its own copy of one that was migrated once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from db import session
from db.migrate import upgrade
from tests.support.postgres import PostgresCluster

T = TypeVar("T")


@dataclass(frozen=True)
class Filled(Generic[T]):
    """A SQLite file with rows in it, made once to be copied, and what `made` them says of them."""

    path: Path
    made: T

    def copy_to(self, url: str) -> T:
        """Put the rows into the database that `db.session` has open and nobody has written to."""
        session.engine().dispose()
        shutil.copy(self.path, url.removeprefix("sqlite:///"))
        return self.made


def fill(template: Path, folder: Path, make: Callable[[str, Path], T]) -> Filled[T]:
    """A copy of the migrated SQLite file with what `make(url, folder)` puts into it."""
    path = folder / "vigil.db"
    shutil.copy(template, path)
    session.configure(f"sqlite:///{path}")
    try:
        return Filled(path, make(f"sqlite:///{path}", folder))
    finally:
        session.close()  # which writes the log into the file


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "vigil.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: PostgresCluster) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    name = postgres_cluster.create_database()
    upgrade(postgres_cluster.url(name))
    return name


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty SQLite database, opened by `db.session`; its address."""
    shutil.copy(sqlite_template, tmp_path / "vigil.db")
    with ExitStack() as stack:
        stack.callback(session.close)
        url = f"sqlite:///{tmp_path / 'vigil.db'}"
        session.configure(url)
        yield url


@pytest.fixture
def postgres_database(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[str]:
    """A migrated, empty PostgreSQL database, opened by `db.session`; its address."""
    with postgres_cluster.database(postgres_template) as url, ExitStack() as stack:
        stack.callback(session.close)
        session.configure(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database, once for each engine, opened by `db.session`; its address."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    return str(request.getfixturevalue(name))
