"""`manage.py user`, and what any wrong argument of manage.py comes to."""

from pathlib import Path

import pytest

import manage
from db import session as database


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
