"""`manage.py run`: the web process and the worker as one command.

A process that dies is started again; Ctrl-C, SIGTERM or a closed terminal end both. On Linux both also
end when this supervisor is killed, so that no orphan keeps the port or sends a mail.
"""

import argparse
import asyncio
import ctypes
import http.client
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from actions.start import StartError, start_process
from clock import monotonic, utc_now
from settings import ROOT, Settings

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOP_AFTER_S: Final = 10.0
_LONG_ENOUGH_S: Final = 30.0
_PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_PR_SET_PDEATHSIG: Final = 1


class CannotRun(Exception):  # noqa: N818 -- a sentence for people, not a fault of the program
    """The processes cannot be started; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two processes. One that is `vital` and never lives long ends the command."""

    name: str
    command: tuple[str, ...]
    vital: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: everything is a setting of the environment."""


def main(args: argparse.Namespace) -> int:
    """Migrate, then run both processes until told to stop. Returns the exit status."""
    try:
        settings = start_process(utc_now())
        return run_both(settings, os.environ)
    except (StartError, CannotRun) as error:
        print(f"Vigil did not start. {error}", file=sys.stderr)
        return 1


def run_both(settings: Settings, environment: Mapping[str, str]) -> int:
    """Run web and worker under `environment`; returns when both have ended.

    Raises CannotRun when the port is taken.
    """
    refuse_taken_port(settings.host, settings.port)
    return asyncio.run(_supervise(parts(settings), settings, environment))


def parts(settings: Settings) -> tuple[Part, ...]:
    """The two processes and how they are started."""
    web = (
        *(sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")),
        *("--server.address", settings.host, "--server.port", str(settings.port)),
        *("--logger.hideWelcomeMessage", "true"),
    )
    return (
        Part("The web process", web, vital=True),
        Part("The worker", (sys.executable, str(ROOT / "worker.py"))),
    )


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CannotRun with a sentence when another program listens there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise CannotRun(
            f"Port {port} of {host} cannot be used ({error.strerror or error}). Stop the program that "
            f"holds it, or choose another port: PORT={port + 1}."
        ) from None


async def _supervise(chosen: tuple[Part, ...], settings: Settings, environment: Mapping[str, str]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    announcing = asyncio.create_task(_announce(settings))
    keeping = [asyncio.create_task(_keep_running(part, environment, stop)) for part in chosen]
    statuses = await asyncio.gather(*keeping)
    announcing.cancel()
    return max(statuses)


async def _keep_running(part: Part, environment: Mapping[str, str], stop: asyncio.Event) -> int:
    """Start the process again whenever it ends, until `stop`; 1 when a vital one never came up."""
    short_lives = 0
    while not stop.is_set():
        began = monotonic()
        status = await _run_once(part, environment, stop)
        if stop.is_set():
            break
        short_lives = short_lives + 1 if monotonic() - began < _LONG_ENOUGH_S else 0
        if part.vital and short_lives > 2:
            print(f"{part.name} ended {short_lives} times (status {status}). Vigil stops.", file=sys.stderr)
            stop.set()
            return 1
        pause = _PAUSES_S[min(short_lives, len(_PAUSES_S) - 1)]
        print(f"{part.name} ended (status {status}) and is started again.", file=sys.stderr, flush=True)
        await _wait(stop, pause)
    return 0


async def _run_once(part: Part, environment: Mapping[str, str], stop: asyncio.Event) -> int:
    # A session of its own: Ctrl-C reaches only this supervisor, which then ends both in order.
    process = await asyncio.create_subprocess_exec(
        *part.command,
        cwd=ROOT,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_parent(os.getpid()),
    )
    ended = asyncio.create_task(process.wait())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ended.done():
        await _end(process, ended)
    return await ended


async def _end(process: asyncio.subprocess.Process, ended: "asyncio.Task[int]") -> None:
    process.terminate()
    done, _ = await asyncio.wait((ended,), timeout=_STOP_AFTER_S)
    if not done:
        process.kill()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout=seconds)
    except TimeoutError:
        return


async def _announce(settings: Settings) -> None:
    """Print the address once the web process is well; it takes connections before it is ready."""
    while not await asyncio.to_thread(_is_well, settings):
        await asyncio.sleep(0.2)
    print(f"Vigil is open at {settings.app_url}. Ctrl-C ends it.", flush=True)


def _is_well(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": urlsplit(settings.app_url).netloc})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end_with_parent(supervisor: int) -> Callable[[], None] | None:
    """A step for the child before it runs: ask the kernel for SIGTERM when the supervisor is gone."""
    if not sys.platform.startswith("linux"):
        return None
    set_process_option = ctypes.CDLL(None, use_errno=True).prctl

    def step() -> None:
        set_process_option(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            os._exit(1)

    return step
