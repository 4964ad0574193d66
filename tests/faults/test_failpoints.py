"""The failpoints themselves: each is reached somewhere, an unarmed one does nothing, a wrong name is told."""

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.outbox import LEASE
from clock import utc_now
from db.models import Delivery
from db.session import writing
from failpoints import FAILPOINTS, VARIABLE, arm, reach
from settings import ROOT
from tests.faults.crashes import Site, make_site
from tests.support.browser import clean_environment
from tests.support.faulty_smtp import running_faulty_server
from tests.support.worker import running_worker


def reached_names() -> Iterator[str]:
    """The argument of every call of `reach` outside the tests."""
    for path in sorted(ROOT.glob("*.py")) + sorted(ROOT.glob("[a-z]*/**/*.py")):
        if path.relative_to(ROOT).parts[0] in ("tests", "data", "bench"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reach":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{path}: reach takes a name written out"
                yield str(name.value)


def test_every_failpoint_is_reached_and_every_name_is_listed() -> None:
    assert set(reached_names()) == set(FAILPOINTS)


def test_each_failpoint_has_its_sentence() -> None:
    assert all(sentence.endswith(".") and len(sentence) > 20 for sentence in FAILPOINTS.values())


def test_an_unarmed_failpoint_does_nothing() -> None:
    arm("")
    for name in FAILPOINTS:
        reach(name)


def ended(wish: str, times: int) -> int:
    """How a process ends that reaches one failpoint so many times."""
    line = f"from failpoints import reach\nfor _ in range({times}): reach('smtp.after_dot')"
    environment = {**clean_environment(), VARIABLE: wish}
    return subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT, env=environment, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize(
    ("wish", "times", "status"),
    [
        ("smtp.after_dot", 1, -signal.SIGKILL),
        ("smtp.after_dot:3", 3, -signal.SIGKILL),
        ("smtp.after_dot:3", 2, 0),
        ("smtp.after_mail", 1, 0),
        ("", 1, 0),
        ("smtp.nowhere", 1, 1),
        ("smtp.after_dot:0", 1, 1),
        ("smtp.after_dot:many", 1, 1),
    ],
)
def test_the_environment_arms_one_failpoint(wish: str, times: int, status: int) -> None:
    assert ended(wish, times) == status


def test_a_wrong_name_is_told() -> None:
    with pytest.raises(ValueError, match="VIGIL_FAILPOINT must name a failpoint; there is none called 'no'"):
        arm("no")
    arm("")


def test_the_worker_as_it_is_started_in_service_dies_there_and_its_successor_sends(
    sqlite_database: str, tmp_path: Path
) -> None:
    with running_faulty_server(sign_in=False) as server:
        site = make_site("told", sqlite_database, tmp_path, server.port)
        killed = _worker_that_dies(site, "courier.after_reply")
        assert killed.wait(60) == -signal.SIGKILL
        (first,) = server.wait_for(1)
        with writing() as session:
            claimed = session.get_one(Delivery, 1)
            assert claimed.state == "claimed"
            assert claimed.lease_until is not None
            assert claimed.lease_until <= utc_now() + LEASE
            claimed.lease_until = utc_now()
            session.add(claimed)
        with running_worker(site.settings):
            mails = server.wait_for(4)
    assert sum(mail.content == first.content for mail in mails) == 2
    assert len({mail.content for mail in mails}) == 3


def _worker_that_dies(site: Site, wish: str) -> "subprocess.Popen[bytes]":
    settings = site.settings
    own = {
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "SMTP_HOST": str(settings.smtp_host),
        "SMTP_PORT": str(settings.smtp_port),
        "SMTP_SECURITY": "none",
        "SMTP_FROM": settings.smtp_from,
        VARIABLE: wish,
    }
    return subprocess.Popen(
        [sys.executable, str(ROOT / "worker.py")],
        cwd=ROOT,
        env={**clean_environment(), **own},
        stderr=subprocess.DEVNULL,
    )
