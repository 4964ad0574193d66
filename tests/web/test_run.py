"""`manage.py run`: one command starts both, restarts the worker, and leaves nobody behind."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

import manage
from db import session as database
from settings import ROOT
from tests.support.browser import clean_environment
from tests.support.command import is_gone, running, wait_until
from tests.support.ports import find_free_port

needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def end_orphans(numbers: Iterable[int]) -> None:
    """An orphan would keep the console open, and the run of the tests with it."""
    for number in numbers:
        if not is_gone(number):
            os.kill(number, signal.SIGKILL)


@needs_proc
def test_it_starts_both_restarts_a_dead_worker_and_leaves_no_orphan_when_it_is_killed_itself(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as vigil:
        assert "set-up code" in vigil.wait_for("First start.")
        assert vigil.url in vigil.wait_for("Vigil is open at")
        vigil.wait_for("is ready")
        with urllib.request.urlopen(f"{vigil.url}/healthz") as answer:
            assert answer.status == 200
        first = vigil.children()
        assert set(first) == {"app.py", "worker.py"}
        os.kill(first["worker.py"], signal.SIGKILL)
        vigil.wait_for("The worker ended")
        vigil.wait_for("is ready", times=2)
        second = vigil.children()
        assert second["worker.py"] != first["worker.py"]
        assert second["app.py"] == first["app.py"]
        vigil.process.kill()
        try:
            wait_until(lambda: all(map(is_gone, second.values())), "an orphan went on")
        finally:
            end_orphans(second.values())
        assert "Traceback" not in "".join(vigil.lines)
        assert (tmp_path / "vigil.db").is_file()


@pytest.fixture
def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """Run the command in this process, with some settings; the one sentence with which it does not start."""

    def ended(**settings: str) -> str:
        own = {**clean_environment(), "DATA_DIR": str(tmp_path), **settings}
        monkeypatch.setattr(os, "environ", own)
        assert manage.main(["run"]) == 1
        said = capsys.readouterr().err
        assert said.startswith("Vigil did not start. ")
        assert said.count("\n") == 1
        return said

    yield ended
    database.close()


def test_a_taken_port_is_said_in_one_sentence(start: Callable[..., str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = start(PORT=str(port))
    assert f"Port {port} of 127.0.0.1 cannot be used" in said
    assert f"PORT={port + 1}" in said


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("HOST", "0.0.0.0", "APP_URL must start with https://"),
        ("PROTOCOL_FILE", "/no/such/file.toml", "PROTOCOL_FILE must be the path of an existing file"),
        ("SITE_TIMEZONE", "Mars/Base", "SITE_TIMEZONE must be a time zone's name"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(
    start: Callable[..., str], variable: str, value: str, words: str
) -> None:
    assert words in start(**{variable: value})


def test_the_web_process_alone_says_a_wrong_setting_in_one_sentence_too(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(find_free_port())],
        cwd=ROOT,
        env={**clean_environment(), "DATA_DIR": str(tmp_path), "PROTOCOL_FILE": "/no/such/file.toml"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Vigil did not start. PROTOCOL_FILE must be")
    assert "Traceback" not in ended.stderr
