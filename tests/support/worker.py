"""A worker process that has said it is ready, ended with the block."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from settings import ROOT, Settings
from tests.support.browser import clean_environment


@contextmanager
def running_worker(settings: Settings, **more: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `worker.py` on these settings' database and mail server; `more` are environment variables."""
    own = {
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "PROTOCOL_FILE": str(settings.protocol_file),
        "SITE_TIMEZONE": settings.site_timezone,
        "SMTP_HOST": settings.smtp_host or "",
        "SMTP_PORT": str(settings.smtp_port),
        "SMTP_SECURITY": settings.smtp_security,
        "SMTP_FROM": settings.smtp_from,
    }
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "worker.py")],
        cwd=ROOT,
        env={**clean_environment(), **own, **more},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    log: list[str] = []
    try:
        for line in process.stderr:
            log.append(line)
            if "is ready" in line:
                break
        else:
            raise AssertionError(f"the worker ended: {log}")
        # Its log is read on, so that a full pipe never holds it back.
        threading.Thread(target=log.extend, args=(process.stderr,), daemon=True).start()
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)
