"""`manage.py run`: one command starts both, restarts the worker, and leaves nobody behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clock import monotonic
from settings import ROOT
from tests.support.browser import clean_environment
from tests.support.ports import find_free_port

WITHIN_S = 60.0


@dataclass
class Running:
    """The command at work, and what it has printed so far."""

    process: "subprocess.Popen[str]"
    url: str
    lines: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line)
                self._news.notify_all()

    def wait_for(self, words: str, times: int = 1) -> str:
        """The line with these words, once it was printed so many times."""

        def found() -> list[str]:
            return [line for line in self.lines if words in line]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= times, timeout=WITHIN_S), (
                f"{words!r} was not printed:\n{''.join(self.lines)}"
            )
            return found()[-1]

    def children(self) -> dict[str, int]:
        """Script name -> process id of the two processes."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        commands = {int(one): Path(f"/proc/{one}/cmdline").read_text() for one in listed}
        return {
            script: number
            for number, command in commands.items()
            for script in ("app.py", "worker.py")
            if script in command
        }


@contextmanager
def running(folder: Path, port: int | None = None) -> Iterator[Running]:
    chosen = port or find_free_port()
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "run"],
        cwd=ROOT,
        env={**clean_environment(), "DATA_DIR": str(folder), "PORT": str(chosen), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    made = Running(process, f"http://127.0.0.1:{chosen}")
    reader = threading.Thread(target=made.read)
    reader.start()
    try:
        yield made
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=30)
        reader.join(timeout=10)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + WITHIN_S
    pause = threading.Event()
    while not condition():
        assert monotonic() < deadline, what
        pause.wait(0.05)


def is_gone(number: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return True


needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@needs_proc
def test_it_starts_both_restarts_a_dead_worker_and_ends_both(tmp_path: Path) -> None:
    with running(tmp_path) as vigil:
        assert "set-up code" in vigil.wait_for("First start.")
        assert vigil.url in vigil.wait_for("Vigil is open at")
        vigil.wait_for("is ready")
        with urllib.request.urlopen(f"{vigil.url}/healthz") as answer:
            assert answer.status == 200
        first = vigil.children()
        os.kill(first["worker.py"], signal.SIGKILL)
        vigil.wait_for("The worker ended")
        vigil.wait_for("is ready", times=2)
        second = vigil.children()
        assert second["worker.py"] != first["worker.py"]
        assert second["app.py"] == first["app.py"]
        vigil.process.send_signal(signal.SIGINT)
        assert vigil.process.wait(timeout=30) == 0
        assert all(is_gone(number) for number in second.values())
        output = "".join(vigil.lines)
        assert "Traceback" not in output
        assert (tmp_path / "vigil.db").is_file()


@needs_proc
def test_both_end_when_the_command_itself_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as vigil:
        vigil.wait_for("Vigil is open at")
        children = vigil.children()
        assert set(children) == {"app.py", "worker.py"}
        vigil.process.kill()
        wait_until(lambda: all(map(is_gone, children.values())), "an orphan went on")


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path, port) as vigil:
            line = vigil.wait_for("Vigil did not start.")
            assert f"Port {port} of 127.0.0.1 cannot be used" in line
            assert f"PORT={port + 1}" in line
            assert vigil.process.wait(timeout=30) == 1


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("HOST", "0.0.0.0", "APP_URL must start with https://"),
        ("PROTOCOL_FILE", "/no/such/file.toml", "PROTOCOL_FILE must be the path of an existing file"),
        ("SITE_TIMEZONE", "Mars/Base", "SITE_TIMEZONE must be a time zone's name"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(
    tmp_path: Path, variable: str, value: str, words: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "run"],
        cwd=ROOT,
        env={**clean_environment(), "DATA_DIR": str(tmp_path), variable: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Vigil did not start. ")
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_accounts_can_be_kept_from_the_console(tmp_path: Path) -> None:
    def user(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", "user", *words],
            cwd=ROOT,
            env={**clean_environment(), "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert user("list").stdout == "No account yet.\n"
    added = user("add", "chief", "Chief Wu", "admin")
    assert added.stdout.startswith("One-time code for chief: ")
    assert user("code", "chief").stdout.startswith("One-time code for chief: ")
    assert user("list").stdout == "chief: Chief Wu, administrator, no password yet\n"
    off = user("off", "chief")
    assert (off.returncode, off.stderr) == (
        1,
        "This is the last active administrator. Make another one first.\n",
    )
    assert "There is no account 'nobody'" in user("code", "nobody").stderr
    assert "Username must be" in user("add", "not a name", "X", "ward").stderr
