"""Reminders by grade: the shipped text, a site's own, and one sentence for each thing wrong with it."""

from pathlib import Path

import pytest

from grading.scale import Toxicity
from trial.reminders import GRADES, REMINDERS_FILE, RemindersError, load_reminders, parse_reminders

TEXT = REMINDERS_FILE.read_text(encoding="utf-8")


def test_every_grade_from_1_to_4_of_both_toxicities_has_lines(tmp_path: Path) -> None:
    reminders = load_reminders(tmp_path)
    for scale in Toxicity:
        assert all(reminders.at(scale, int(grade)) for grade in GRADES)
        assert reminders.at(scale, 0) == reminders.at(scale, 5) == ()
    assert any("tocilizumab" in line.lower() for line in reminders.at(Toxicity.CRS, 2))


def test_a_site_may_bring_its_own(tmp_path: Path) -> None:
    first = parse_reminders(TEXT).lines[Toxicity.CRS]["1"][0]
    (tmp_path / "reminders.toml").write_text(TEXT.replace(first, "Call the duty line"), encoding="utf-8")
    assert "Call the duty line" in load_reminders(tmp_path).at(Toxicity.CRS, 1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[crs", "not TOML"),
        (b"", r"\[crs\] must hold the keys any, 1, 2, 3, 4 and no other"),
        (TEXT.replace("[icans]", "[icans]\n5 = []").encode(), r"\[icans\] must hold the keys"),
        (b'[crs]\nany = "a line"\n1 = []\n2 = []\n3 = []\n4 = []\n', "crs.any must be a list of lines"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "reminders.toml").write_bytes(content)
    with pytest.raises(RemindersError, match=sentence):
        load_reminders(tmp_path)
