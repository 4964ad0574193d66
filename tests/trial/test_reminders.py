"""Reminders by grade: the words that ship, a site's own, and a file that cannot be used."""

from pathlib import Path

import pytest

from grading.scale import Toxicity
from trial.reminders import REMINDERS_FILE, RemindersError, load_reminders, parse_reminders

SHIPPED = REMINDERS_FILE.read_text(encoding="utf-8")


def test_the_lines_of_a_grade_come_before_those_of_any_grade(tmp_path: Path) -> None:
    lines = load_reminders(tmp_path).at(Toxicity.ICANS, 3)
    assert lines[0] == "Intensive care, dexamethasone 10 mg every 6 to 12 h."
    assert lines[1].startswith("ICE with motor strength at least twice a day")


@pytest.mark.parametrize("grade", [0, 5])
def test_there_is_nothing_to_remind_of_at_0_or_after_a_death(tmp_path: Path, grade: int) -> None:
    reminders = load_reminders(tmp_path)
    assert all(reminders.at(scale, grade) == () for scale in Toxicity)


def test_every_grade_of_crs_has_a_line(tmp_path: Path) -> None:
    reminders = load_reminders(tmp_path)
    assert all(reminders.at(Toxicity.CRS, grade) for grade in range(1, 5))


def test_a_sites_own_file_stands_before_the_shipped_one(tmp_path: Path) -> None:
    own = SHIPPED.replace("High-dose methylprednisolone.", "Call Dr Example.")
    (tmp_path / "reminders.toml").write_text(own, encoding="utf-8")
    assert "Call Dr Example." in load_reminders(tmp_path).at(Toxicity.CRS, 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[crs", "not TOML"),
        (SHIPPED.replace("[icans]", "[other]"), "[icans] must hold the keys any, 1, 2, 3, 4"),
        (SHIPPED.replace("\nany = []", "\nanything = []"), "[crs] must hold the keys"),
        (SHIPPED.replace("\nany = []", "\nany = 3"), "crs.any must be a list of lines"),
        (SHIPPED.replace("\nany = []", "\nany = [3]"), "crs.any must be a list of lines"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_sentence(text: str, words: str) -> None:
    with pytest.raises(RemindersError) as refused:
        parse_reminders(text)
    assert words in str(refused.value)


def test_the_sentence_names_the_file(tmp_path: Path) -> None:
    own = tmp_path / "reminders.toml"
    own.write_text("[crs", encoding="utf-8")
    with pytest.raises(RemindersError, match=f"{own}: not TOML"):
        load_reminders(tmp_path)
    own.write_bytes(b"\xff\xfe")
    with pytest.raises(RemindersError, match="cannot be read"):
        load_reminders(tmp_path)
