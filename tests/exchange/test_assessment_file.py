"""What rows of one file say about each other."""

import random
from pathlib import Path

from exchange.assessment_file import LoadedFile, load_assessment_file
from tests.exchange.files import AT, row, write_file

LATER = "2026-03-02T12:00+08:00"
LAST = "2026-03-02T16:00+08:00"


def load(tmp_path: Path, *rows: dict[str, str]) -> LoadedFile:
    return load_assessment_file(write_file(tmp_path / "rows.csv", rows))


def problems(loaded: LoadedFile) -> dict[int, str]:
    return {one.line: " ".join(problem.sentence for problem in one.problems) for one in loaded.rejected}


def test_a_blank_infusion_number_is_the_first_infusion(tmp_path: Path) -> None:
    loaded = load(tmp_path, row(), row(assessed_at=LATER, infusion_number="1"))
    assert loaded.rows.number.tolist() == [1, 1]
    assert len(set(loaded.rows.columns.course.tolist())) == 1


def test_a_blank_infusion_number_is_refused_where_another_row_of_the_patient_says_2(tmp_path: Path) -> None:
    loaded = load(tmp_path, row(), row(assessed_at=LATER, infusion_number="2"), row(patient_id="P2"))
    assert problems(loaded) == {2: "Enter the infusion number: another row of P1 says 2."}
    assert loaded.rows.line.tolist() == [3, 4]


def test_also_a_refused_row_that_says_2_makes_a_blank_number_doubtful(tmp_path: Path) -> None:
    loaded = load(tmp_path, row(), row(assessed_at=LATER, infusion_number="2", spo2_percent="200"))
    assert sorted(problems(loaded)) == [2, 3]


def test_identical_rows_count_once(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        row(temperature_c="38.0", comment="pale"),
        row(temperature_c="38", comment="pale", infusion_number="1"),
        row(temperature_c="38.0", comment="pale", assessed_at="2026-03-02T00:00Z"),
    )
    assert (len(loaded.rows), loaded.repeated, loaded.rejected) == (1, 2, [])
    assert loaded.rows.line.tolist() == [2]


def test_different_rows_of_one_moment_are_all_refused_and_name_each_other(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        row(temperature_c="38.0"),
        row(temperature_c="38.1"),
        row(temperature_c="38.0"),
        row(temperature_c="38.0", infusion_number="2", patient_id="P2"),
    )
    same = "has the same patient, infusion and time, and other values. Keep one."
    assert problems(loaded) == {2: f"Line 3 {same}", 3: f"Line 2 {same}", 4: f"Line 2 {same}"}


def test_rows_that_differ_in_the_comment_alone_are_different(tmp_path: Path) -> None:
    assert len(load(tmp_path, row(comment="pale"), row(comment="")).rejected) == 2


def test_nothing_of_a_patient_comes_after_a_death_whatever_the_infusion(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        row(assessed_at=LAST, infusion_number="2"),
        row(assessed_at=LATER, infusion_number="1", death_due_to="crs"),
        row(assessed_at=AT, infusion_number="1"),
        row(patient_id="P2", assessed_at=LAST),
    )
    assert problems(loaded) == {2: f"Line 3 records the death of P1 at {LATER}; nothing comes after it."}


def test_a_second_death_comes_after_the_first(tmp_path: Path) -> None:
    loaded = load(
        tmp_path, row(assessed_at=LATER, death_due_to="other"), row(assessed_at=AT, death_due_to="crs")
    )
    assert list(problems(loaded)) == [2]


def test_a_refused_death_ends_nothing(tmp_path: Path) -> None:
    loaded = load(tmp_path, row(death_due_to="crs", spo2_percent="0"), row(assessed_at=LATER))
    assert loaded.rows.line.tolist() == [3]


def test_later_rows_of_the_same_course_know_of_a_refused_one(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        row(assessed_at=AT),
        row(assessed_at=LATER, spo2_percent="0"),
        row(assessed_at=LAST),
        row(assessed_at=LAST, patient_id="P2"),
    )
    assert loaded.rows.columns.refused_earlier.tolist() == [False, True, False]


def test_a_refused_row_of_the_second_infusion_says_nothing_about_the_first(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        row(infusion_number="1", assessed_at=LAST),
        row(infusion_number="2", assessed_at=LATER, spo2_percent="0"),
        row(infusion_number="2", assessed_at=LAST),
    )
    assert loaded.rows.columns.refused_earlier.tolist() == [False, True]


def test_a_refused_row_without_a_readable_time_may_be_earlier_than_any(tmp_path: Path) -> None:
    loaded = load(tmp_path, row(), row(assessed_at="yesterday"), row(patient_id="P2"))
    assert loaded.rows.columns.refused_earlier.tolist() == [True, False]


def test_a_refused_row_without_a_readable_infusion_may_belong_to_either(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        row(infusion_number="3"),
        row(infusion_number="1", assessed_at=LATER),
        row(infusion_number="2", assessed_at=LATER),
    )
    assert loaded.rows.columns.refused_earlier.tolist() == [True, True]


def test_rows_that_are_refused_together_count_as_refused_for_later_ones(tmp_path: Path) -> None:
    loaded = load(
        tmp_path, row(temperature_c="38"), row(temperature_c="39"), row(assessed_at=LATER, temperature_c="37")
    )
    assert loaded.rows.columns.refused_earlier.tolist() == [True]


def test_a_row_with_too_few_or_too_many_cells_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        f"patient_id,assessed_at,temperature_c\nP1,{AT}\nP1,{LATER},38,2\n,,\n\nP1,{LAST},37.0\n",
        encoding="utf-8",
    )
    loaded = load_assessment_file(path)
    assert problems(loaded) == {
        2: "The row has 2 cells and the header has 3. Check its commas.",
        3: "The row has 4 cells and the header has 3. Check its commas.",
    }
    assert loaded.rows.line.tolist() == [6]
    assert loaded.rows.columns.refused_earlier.tolist() == [True]


def test_the_order_of_the_rows_changes_nothing_but_the_order(tmp_path: Path) -> None:
    rows = [
        row(patient_id=f"P{patient}", assessed_at=f"2026-03-0{day}T08:00+08:00", temperature_c=degrees)
        for patient in range(5)
        for day in range(1, 9)
        for degrees in (["36.8", "99"] if day == 3 else ["36.8"])
    ]
    expected = load(tmp_path, *rows)
    shuffled = rows[:]
    random.Random(7).shuffle(shuffled)
    loaded = load(tmp_path, *shuffled)

    def facts(loaded: LoadedFile) -> set[tuple[str, str, bool]]:
        refused = loaded.rows.columns.refused_earlier.tolist()
        return {
            (loaded.patients[patient], loaded.rows.at(place), refused[place])
            for place, patient in enumerate(loaded.rows.patient.tolist())
        }

    assert facts(loaded) == facts(expected)


def test_a_quoted_comment_with_line_breaks_keeps_the_line_numbers_right(tmp_path: Path) -> None:
    loaded = load(tmp_path, row(comment="one\ntwo\r\nthree"), row(assessed_at=LATER, spo2_percent="0"))
    assert list(problems(loaded)) == [5]


def test_a_long_file_is_read_in_batches_without_a_seam(tmp_path: Path) -> None:
    rows = [row(patient_id=f"P{number}", spo2_percent=str(1 + number % 101)) for number in range(40_000)]
    loaded = load(tmp_path, *rows)
    refused = [number for number in range(40_000) if 1 + number % 101 > 100]
    assert [one.line for one in loaded.rejected] == [number + 2 for number in refused]
    assert loaded.rows.line.tolist() == [number + 2 for number in range(40_000) if 1 + number % 101 <= 100]
