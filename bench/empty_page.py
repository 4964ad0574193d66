"""The yardstick of the pages: an empty page with one Plotly figure, in this program and in bare Streamlit.

In this program: the same server, gate, router, sign-in, style sheet, navigation and head, in the same
database; only the scripts of the pages are replaced. That is what an empty page costs here. Bare Streamlit
has this project's configuration and nothing else of the program.
"""

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from settings import ROOT
from tests.support.browser import clean_environment
from tests.support.ports import find_free_port

HOLDS: Final = '"scatter"'
"""What the browser must have been sent, or the page was not drawn."""

_SCRIPT: Final = """
import plotly.graph_objects as go
import streamlit as st
st.plotly_chart(go.Figure(go.Scatter(x=list(range(100)), y=list(range(100)))))
"""
_STARTS_WITHIN_S: Final = 60


def program_with_empty_pages(folder: Path) -> Path:
    """Write the program with every page empty into `folder`; returns the script to give to Streamlit."""
    screens = ROOT / "pages"
    for script in screens.glob("*/*.py"):
        empty = folder / script.relative_to(ROOT)
        empty.parent.mkdir(parents=True, exist_ok=True)
        empty.write_text(_SCRIPT, encoding="utf-8")
    # Without its __init__.py this folder is no package: `pages.parts` is still the program's own.
    shutil.rmtree(folder / "pages" / "parts")
    shutil.copy(screens / "router.py", folder / "pages" / "router.py")
    return Path(shutil.copy(ROOT / "app.py", folder / "app.py"))


@contextmanager
def bare_streamlit(folder: Path) -> Iterator[tuple[int, str]]:
    """Streamlit alone with the empty page; its process id and address."""
    script = folder / "empty.py"
    script.write_text(_SCRIPT, encoding="utf-8")
    port = find_free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield process.pid, url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"The empty page did not start within {_STARTS_WITHIN_S} s.")
