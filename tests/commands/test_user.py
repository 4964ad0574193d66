"""`manage.py user`, and what any wrong argument of manage.py comes to."""

import subprocess
import sys
from pathlib import Path

import pytest

import manage
from db import session as database
from settings import ROOT
from tests.support.browser import clean_environment


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of its own, made by the first command."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert manage.main(["user", "add", "dr.li", "Dr Li", "investigator"]) == 0


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    try:
        assert manage.main(["user", *words]) == 0
    finally:
        database.close()
    return capsys.readouterr().out


@pytest.mark.usefixtures("site")
def test_a_code_for_an_account_that_is_switched_off_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code = "One-time code for dr.li: "
    assert said(capsys, "code", "dr.li").count("\n") == 1
    said(capsys, "off", "dr.li")
    first, second = said(capsys, "code", "dr.li").splitlines()
    assert first.startswith(code)
    assert second == "dr.li is switched off: the code works only after python manage.py user on dr.li."
    said(capsys, "on", "dr.li")
    assert "switched off" not in said(capsys, "code", "dr.li")


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

    added = user("add", "chief", "Chief Wu", "admin")
    assert added.stdout.startswith("One-time code for chief: ")
    off = user("off", "chief")
    assert (off.returncode, off.stderr) == (
        1,
        "This is the last active administrator. Make another one first.\n",
    )


def test_each_answer_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert said(capsys, "list") == "No account yet.\n"
    said(capsys, "add", "chief", "Chief Wu", "admin")
    assert said(capsys, "code", "chief").startswith("One-time code for chief: ")
    assert said(capsys, "list") == "chief: Chief Wu, administrator, no password yet\n"
    assert "There is no account 'nobody'" in refused(capsys, "code", "nobody")
    assert "Username must be" in refused(capsys, "add", "not a name", "X", "ward")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    try:
        assert manage.main(["user", *words]) == 1
    finally:
        database.close()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "manage.py: the following arguments are required: COMMAND. See manage.py --help."),
        (["grad"], "manage.py: argument COMMAND: invalid choice: 'grad' (choose from "),
        (["gr\nade"], "manage.py: argument COMMAND: invalid choice: "),
        (["grade"], "manage.py grade: the following arguments are required: FILE, --out."),
        (["grade", "a.csv", "--out"], "manage.py grade: argument --out: expected one argument."),
        (["verify", "--fast"], "manage.py: unrecognized arguments: --fast. See manage.py --help."),
        (["--fast", "verify"], "manage.py: unrecognized arguments: --fast."),
        (["user"], "manage.py user: the following arguments are required: WHAT."),
        (["user", "role", "dr.li", "king"], "manage.py user role: argument role: invalid choice: 'king'"),
    ],
)
def test_wrong_arguments_end_with_1_and_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        manage.main(words)
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out, printed.err.count("\n")) == (1, "", 1)
    assert printed.err.startswith(line)


def test_help_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        manage.main(["user", "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: manage.py user ")
