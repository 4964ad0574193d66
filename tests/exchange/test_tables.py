"""Files that cannot be read or written as a whole."""

import csv
from pathlib import Path

import pytest

from exchange.tables import FileProblem, neutralise, open_table, writing_table

KNOWN = ("patient_id", "assessed_at", "temperature_c", "comment")
REQUIRED = ("patient_id", "assessed_at")
HEADER = "patient_id,assessed_at,comment\n"


def read(path: Path) -> list[list[str]]:
    with open_table(path, KNOWN, REQUIRED) as table:
        return [row for batch in table.batches() for row in batch.rows]


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(FileProblem) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(str(path)).removeprefix(":").strip()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty. It needs a header line with the names of its columns."),
        (b"patient_id\n", "the column assessed_at is missing. Add it, with a value in every row."),
        (
            b"patient_id,assessed_at,Temperature_C\n",
            "there is no column 'Temperature_C'. Did you mean temperature_c?",
        ),
        (
            b"patient_id,assessed_at,hospital_no\n",
            "there is no column 'hospital_no'. Take it out, or correct its name.",
        ),
        (
            b"patient_id,assessed_at,hospital_no,Temperature_C,bed\n",
            "there are no columns 'hospital_no', 'Temperature_C' (is it temperature_c?) and 'bed'. "
            "Take them out, or correct their names.",
        ),
        (b"patient_id,assessed_at,\n", "column 3 has no name. Name it, or take it out."),
        (
            b"patient_id,assessed_at,patient_id\n",
            "the column 'patient_id' stands there twice. Take one of them out.",
        ),
        (
            b"patient_id;assessed_at;comment\n",
            "its cells are separated by semicolons. Save it with commas.",
        ),
        (b"patient_id\tassessed_at\n", "its cells are separated by tabs. Save it with commas."),
    ],
)
def test_a_header_that_cannot_be_used_gets_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    assert refusal(tmp_path / "a.csv", content) == sentence


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gb18030", "latin-1"])
def test_another_encoding_is_named_with_what_to_do(tmp_path: Path, encoding: str) -> None:
    text = HEADER + "P1,2026-03-02T08:00+08:00,plain\n" + "P1,2026-03-02T09:00+08:00,b\u00e9\n"
    said = refusal(tmp_path / "a.csv", text.encode(encoding))
    assert "UTF-8" in said
    if not encoding.startswith("utf"):
        assert said.startswith("is not UTF-8 text (line 3).")


@pytest.mark.parametrize("rest", ['P1,2026,"never closed\nP2,2026,x\n', 'P1,2026,"closed"not\nP2,2026,x\n'])
def test_a_broken_quotation_mark_takes_no_row(tmp_path: Path, rest: str) -> None:
    said = refusal(tmp_path / "a.csv", (HEADER + rest).encode())
    assert said.startswith("a quotation mark on or before line ")


def test_a_cell_longer_than_any_can_be_gets_its_own_sentence(tmp_path: Path) -> None:
    longest = "x" * csv.field_size_limit()
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}P1,2026,{longest}\n")
    assert len(read(path)) == 1
    said = refusal(path, f"{HEADER}P1,2026,y\nP1,2026,{longest}x\n".encode())
    assert said.startswith("a cell on or before line 3 is longer than 131,072 characters; ")


def test_a_file_that_is_not_there_is_said_to_be_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"a\.csv cannot be read: No such file or directory\."):
        read(tmp_path / "a.csv")
    with pytest.raises(FileProblem, match="cannot be read: Is a directory"):
        read(tmp_path)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, line_end: str, mark: bytes) -> None:
    path = tmp_path / "a.csv"
    text = HEADER + 'P1,2026,"a ""b"", c"\n' + "P2,2026,面色\n"
    path.write_bytes(mark + text.replace("\n", line_end).encode())
    assert read(path) == [["P1", "2026", 'a "b", c'], ["P2", "2026", "面色"]]


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("as it was")
    with pytest.raises(ZeroDivisionError), writing_table(path, ("a", "b")) as table:
        table.writerows((1, 1 / number) for number in (1, 0))
    assert path.read_text() == "as it was"
    with writing_table(path, ("a", "b")) as table:
        table.writerow((1, "x,y"))
    assert path.read_text() == 'a,b\n1,"x,y"\n'
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_lost(tmp_path: Path) -> None:
    for place, said in ((tmp_path / "none" / "out.csv", "cannot be written"), (tmp_path, "is not a file")):
        with pytest.raises(FileProblem, match=said), writing_table(place, ("a",)):
            pass


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-A1", "@SUM(A1)", "\t=1", "＝1"])
def test_formula_text_is_neutralised(text: str) -> None:
    assert neutralise(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-5", "+38.0", "-1e3", "plain", "a=b", "38.0"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert neutralise(text) == text
