"""The parts of every PDF, read back from the file."""

import pytest

from reports.pdf import (
    Cell,
    Frame,
    grade_tile,
    heading,
    make_pdf,
    new_page,
    page_width,
    pairs,
    paragraph,
    soft,
    space,
    table,
    together,
)
from reports.pdf_fonts import drawable, is_chinese, markup
from tests.reports.opened import open_pdf

FRAME = Frame("Serious adverse event, CART-007", "NCT06902012", ("Cut-off 8 Mar 2026", "SHA-256 ab12"))
NARRATIVE = (
    "患者于第二次输注后第3天出现发热，给予托珠单抗 560 mg 静脉滴注，随后血压下降，加用去甲肾上腺素维持。"
)


def rows(number: int) -> list[list[Cell]]:
    return [[f"row {one}", grade_tile(one % 6, one % 6), f"{NARRATIVE[:20]} {one}"] for one in range(number)]


def test_every_page_names_the_document_its_marks_and_its_number() -> None:
    opened = open_pdf(make_pdf(FRAME, [heading("First", 1), new_page(), heading("Second")]))
    assert len(opened.pages) == 2
    for number, page in enumerate(opened.pages, 1):
        for words in (*FRAME.marks, FRAME.title, FRAME.study, f"Page {number} of 2"):
            assert words in page
    assert "First" in opened.pages[0]
    assert "Second" in opened.pages[1]
    assert (opened.properties["/Title"], opened.properties["/Author"]) == (FRAME.title, "Vigil")


def test_chinese_greek_and_signs_come_out_as_they_were_typed_and_travel_inside() -> None:
    signs = "38.9 °C, ≥ 3, β-lactam, é, <b>no markup</b> & more"
    content = make_pdf(FRAME, [paragraph(NARRATIVE), soft(signs), pairs([("Note", NARRATIVE * 3)])])
    opened = open_pdf(content)
    assert NARRATIVE.replace(" ", "") in opened.text.replace(" ", "")
    assert signs in opened.text
    assert opened.fonts
    assert all(opened.fonts.values()), opened.fonts


def test_the_same_values_give_the_same_bytes() -> None:
    first, second = (
        make_pdf(FRAME, [table(["When", "Grade", "Why"], rows(40), [2, 1, 6]), paragraph(NARRATIVE)])
        for _ in range(2)
    )
    assert first == second


def test_a_table_goes_on_over_pages_with_its_heads_on_each() -> None:
    opened = open_pdf(make_pdf(FRAME, [table(["When", "Grade", "Why"], rows(90), [2, 1, 6])]))
    assert len(opened.pages) > 1
    assert all("When" in page and "Why" in page for page in opened.pages)
    assert all(f"row {one} " in f"{opened.text} " for one in range(90))


def test_a_row_longer_than_a_page_is_torn_and_nothing_of_it_is_lost() -> None:
    opened = open_pdf(
        make_pdf(FRAME, [table(["When", "What"], [["x", f"begin {NARRATIVE * 120} end"]], [1, 5])])
    )
    assert len(opened.pages) > 1
    assert opened.text.replace(" ", "").count("去甲肾上腺素") == 120
    assert "begin" in opened.pages[0]
    assert "end" in opened.pages[-1]


@pytest.mark.parametrize(
    ("grade", "at_least", "numeral"),
    [(0, 0, "0"), (3, 3, "3"), (5, 5, "5"), (None, 3, "≥3"), (None, 0, "?"), (None, None, "")],
)
def test_a_tile_carries_its_numeral(grade: int | None, at_least: int | None, numeral: str) -> None:
    page = open_pdf(make_pdf(Frame("t", "s", ()), [grade_tile(grade, at_least)])).text
    assert page.replace("Page 1 of 1", "").split() == [*numeral.split(), "t", "s"]


def test_a_heading_never_ends_a_page() -> None:
    for lines in range(50, 70):
        parts = [*(paragraph(f"line {one}") for one in range(lines)), heading("Next"), paragraph("follows")]
        pages = open_pdf(make_pdf(FRAME, parts)).pages
        (page,) = [page for page in pages if "Next" in page]
        assert "follows" in page


def test_a_wide_page_holds_wider_text() -> None:
    assert page_width(wide=True) > page_width() > 400
    wide = Frame("t", "s", (), wide=True)
    content = make_pdf(wide, [together(heading("A"), space(), table(["a"], [["b"]], [1], wide=True))])
    assert len(open_pdf(content).pages) == 1


def test_what_no_font_can_draw_is_written_as_its_code() -> None:
    assert markup("a\U0001f9ec<b>") == "a[U+1F9EC]&lt;b&gt;"
    assert markup("one\r\ntwo\tthree") == "one<br/>two three"
    assert markup("发热") == '<font name="VigilChinese">发热</font>'
    assert drawable("≥3 发") == "≥3 [U+53D1]"
    assert "[U+1F9EC]" in open_pdf(make_pdf(FRAME, [paragraph("gene \U0001f9ec")])).text


def test_lines_are_broken_anywhere_only_where_most_letters_are_chinese() -> None:
    assert is_chinese(NARRATIVE)
    assert not is_chinese("norepinephrine 0.1 ug/kg/min 发热")
    assert not is_chinese("")
