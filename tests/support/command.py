"""`manage.py run` or `demo` with its data in a folder of the test's own, and what its console prints."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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
        """Keep every line; the work of a thread, until the command ends."""
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
def running(
    folder: Path,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    command: str = "run",
) -> Iterator[Running]:
    """`manage.py COMMAND` on a free port, or on `port`; ended at the end."""
    chosen = port or find_free_port()
    own = {"DATA_DIR": str(folder), "PORT": str(chosen), "PYTHONUNBUFFERED": "1", **(environment or {})}
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", command],
        cwd=ROOT,
        env={**clean_environment(), **own},
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
    """Return once `condition` holds; fail with `what` when it never does."""
    deadline = monotonic() + WITHIN_S
    pause = threading.Event()
    while not condition():
        assert monotonic() < deadline, what
        pause.wait(0.05)


def is_gone(number: int) -> bool:
    """Whether the process has ended."""
    try:
        return ") Z " in Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return True
