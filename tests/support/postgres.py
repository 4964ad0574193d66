"""A PostgreSQL server of the tests' own: a temporary folder, a Unix socket, no network port."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.support.scratch import short_root

SUPERUSER = "vigil"
# The cluster is thrown away, so nothing is flushed to the disk.
SERVER_OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=128MB -c jit=off "
    "-c shared_buffers=32MB -c max_connections=100 -c autovacuum=off"
)


class PostgresCluster:
    """A running server that hands out databases."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin = bin_folder
        self._folder = folder
        self._numbers = count(1)

    def url(self, name: str) -> str:
        """SQLAlchemy's address of the database `name`."""
        return f"postgresql+psycopg://{SUPERUSER}@/{name}?host={self._folder}"

    def create_database(self, template: str = "template0") -> str:
        """Make a fresh database as a copy of `template`, and return its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, ending whoever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The address of a fresh database, removed afterwards."""
        name = self.create_database(template)
        try:
            yield self.url(name)
        finally:
            self.drop_database(name)

    def execute(self, statement: str) -> None:
        """Run one statement outside any test's database."""
        import psycopg

        with psycopg.connect(
            f"user={SUPERUSER} host={self._folder} dbname=postgres", autocommit=True
        ) as server:
            server.execute(statement.encode())

    def start(self) -> None:
        """Create the cluster and wait until it answers."""
        self._run(
            "initdb",
            "-D",
            self._data,
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        options = f"{SERVER_OPTIONS} -c unix_socket_directories='{self._folder}'"
        self._run(
            "pg_ctl", "-D", self._data, "-l", str(self._folder / "server.log"), "-w", "-o", options, "start"
        )

    def stop(self) -> None:
        """End the server at once; its data are not needed again."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_ordinary_user(), str(self._bin / program), *arguments]
        # pg_ctl's server inherits its output, so a pipe would never close; the files end with the folder.
        with (self._folder / f"{program}.out").open("w+") as output:
            done = subprocess.run(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
            )
            output.seek(0)
            if done.returncode != 0:
                raise RuntimeError(f"{program} ended with {done.returncode}:\n{output.read()}")


@contextmanager
def running_cluster(bin_folder: Path) -> Iterator[PostgresCluster]:
    """A cluster that ends, and whose folder goes, with the block."""
    # Not under TMPDIR: the socket's path must stay short and be open to another user.
    folder = Path(tempfile.mkdtemp(prefix="vigil-pg-", dir=short_root()))
    try:
        if os.geteuid() == 0:
            owner = _ordinary_user()
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        cluster = PostgresCluster(bin_folder, folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ordinary_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _as_ordinary_user() -> list[str]:
    """PostgreSQL's server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = _ordinary_user()
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
