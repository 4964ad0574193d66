"""`manage.py run`: one command starts both, restarts the worker, and leaves nobody behind."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import manage
from settings import ROOT
from tests.support.browser import clean_environment
from tests.support.command import is_gone, running, wait_until
from tests.support.ports import find_free_port

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
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    words: str,
) -> None:
    own = {**clean_environment(), "DATA_DIR": str(tmp_path), variable: value}
    monkeypatch.setattr(os, "environ", own)
    assert manage.main(["run"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Vigil did not start. ")
    assert words in said
    assert said.count("\n") == 1


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
