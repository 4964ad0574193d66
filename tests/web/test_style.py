"""Every rule of the style sheet still bites: its selectors are the framework's test ids, which may change."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from grading.colours import GRADE_COLOURS, THEME_COLOURS
from pages.parts import tiles
from settings import ROOT
from tests.support.browser import TABLET, Theme, axe_violations, rgb, screenshot
from tests.support.ports import find_free_port

THEMES: list[Theme] = ["light", "dark"]
TOUCH_PX = 44


@pytest.fixture(scope="module")
def style_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that shows style_page.py."""
    port = find_free_port()
    log = (tmp_path_factory.mktemp("style") / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "tests/web/style_page.py", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}/_stcore/health")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=15)
        log.close()


def _wait(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="module")
def drawn(browser: Browser, style_url: str) -> Iterator[Page]:
    """The page in a browser of its own."""
    context = browser.new_context(viewport={"width": TABLET[0], "height": TABLET[1]})
    page = context.new_page()
    page.goto(style_url)
    expect(page.get_by_role("button", name="Save assessment")).to_be_visible(timeout=30_000)
    yield page
    context.close()


@pytest.fixture(scope="module", params=THEMES)
def shown(request: pytest.FixtureRequest, drawn: Page) -> tuple[Theme, Page]:
    """The page in one theme."""
    drawn.emulate_media(color_scheme=request.param)
    background = rgb(THEME_COLOURS[request.param].background)
    expect(drawn.locator(".stApp")).to_have_css("background-color", background)
    return request.param, drawn


def css(page: Page, selector: str, name: str, pseudo: str = "") -> list[str]:
    """The computed value of a property at every element of the selector; there must be some."""
    found: list[str] = page.eval_on_selector_all(
        selector,
        "(all, [name, pseudo]) => all.map(e => getComputedStyle(e, pseudo || null)[name])",
        [name, pseudo],
    )
    assert found, f"nothing on the page matches {selector}"
    return found


def test_a_chosen_pill_is_solid_and_ticked(shown: tuple[Theme, Page]) -> None:
    theme, page = shown
    chosen = '[data-testid="stButtonGroup"] button[data-selected="true"]'
    colours = THEME_COLOURS[theme]
    assert set(css(page, chosen, "backgroundColor")) == {rgb(colours.action)}
    assert set(css(page, f"{chosen} p", "color")) == {rgb(colours.on_action)}
    assert all("\u2713" in content for content in css(page, f"{chosen} p", "content", "::before"))
    assert len(css(page, chosen, "color")) == 3


def test_touch_targets_are_large_enough(shown: tuple[Theme, Page]) -> None:
    _, page = shown
    for selector in (
        '[data-testid="stButtonGroup"] button',
        '[data-testid="stNumberInputField"]',
        '[data-testid="stTopNavLink"]',
        '[data-testid="stButton"] button',
    ):
        box = page.locator(selector).first
        height = box.evaluate("e => Math.max(e.offsetHeight, e.parentElement.offsetHeight)")
        assert height >= TOUCH_PX, f"{selector} is {height} px high"


def test_number_boxes_have_no_steppers(shown: tuple[Theme, Page]) -> None:
    _, page = shown
    assert set(css(page, '[data-testid="stNumberInputStepUp"]', "display")) == {"none"}
    assert set(css(page, '[data-testid="stNumberInputStepDown"]', "display")) == {"none"}


def test_the_filled_button_can_be_read_in_both_themes(shown: tuple[Theme, Page]) -> None:
    theme, page = shown
    for kind in ("stBaseButton-primary", "stBaseButton-primaryFormSubmit"):
        assert css(page, f'[data-testid="{kind}"] p', "color") == [rgb(THEME_COLOURS[theme].on_action)]
        assert css(page, f'[data-testid="{kind}"] p', "fontWeight") == ["600"]
        assert css(page, f'[data-testid="{kind}"]', "backgroundColor") == [rgb(THEME_COLOURS[theme].action)]


def test_a_line_stands_above_the_bottom_bar_and_focus_is_never_behind_it(shown: tuple[Theme, Page]) -> None:
    _, page = shown
    assert css(page, '[data-testid="stBottomBlockContainer"]', "borderTopWidth") == ["2px"]
    (padding,) = css(page, '[data-testid="stMain"]', "scrollPaddingBottom")
    height = page.locator('[data-testid="stBottomBlockContainer"]').evaluate("e => e.offsetHeight")
    assert float(padding.removesuffix("px")) >= height


def test_headings_and_page_head_take_little_room(shown: tuple[Theme, Page]) -> None:
    _, page = shown
    top = page.get_by_role("heading", name="Title").bounding_box()
    assert top is not None
    assert top["y"] < 110


def test_tiles_have_the_colours_of_the_grades(shown: tuple[Theme, Page]) -> None:
    theme, page = shown
    for grade in range(6):
        colour = GRADE_COLOURS[theme][str(grade)]
        selector = f'[role="img"][aria-label="grade {grade}"]'
        assert css(page, selector, "backgroundColor") == [rgb(colour.background)]
        assert css(page, selector, "color") == [rgb(colour.text)]
    assert css(page, '[aria-label="at least grade 3"]', "outlineStyle") == ["dashed"]
    for nobody_looked in ("not graded yet", "no assessment"):
        assert "gradient" in css(page, f'[aria-label="{nobody_looked}"]', "backgroundImage")[0]


def test_words_keep_their_contrast_in_both_themes(shown: tuple[Theme, Page]) -> None:
    theme, page = shown
    colours = THEME_COLOURS[theme]
    assert css(page, ".vigil-soft", "color") == [rgb(colours.soft_text)]
    assert css(page, ".vigil-problem", "color") == [rgb(colours.error)]
    assert css(page, ".vigil-band-alert", "backgroundColor") == [rgb(colours.text)]
    assert css(page, ".vigil-band-outlined", "borderTopStyle") == ["solid"]
    screenshot(page, f"style-{theme}")
    assert axe_violations(page) == []


def test_every_framework_selector_of_the_sheet_is_tried_here(shown: tuple[Theme, Page]) -> None:
    _, page = shown
    sheet = Path(ROOT / "pages/parts/style.css").read_text()
    for test_id in sorted(set(re.findall(r'data-testid="([^"]+)"', sheet))):
        assert page.locator(f'[data-testid="{test_id}"]').count() > 0, f"{test_id} is not on the page"


def test_no_value_escapes_from_a_piece() -> None:
    typed = "<img src=x onerror=alert(1)>\"'&"
    for made in (
        tiles.soft(typed),
        tiles.problem(typed),
        tiles.alert_band(typed),
        tiles.link(typed, typed),
        tiles.table(typed, [typed], [[tiles.cell(typed), tiles.cell(typed)]]),
        tiles.arrow("up", typed),
    ):
        assert "<img" not in made
        assert "\"'" not in made


@pytest.mark.parametrize(
    ("grade", "at_least", "words", "text"),
    [
        (3, 3, "grade 3", "3"),
        (0, 0, "grade 0", "0"),
        (None, 3, "at least grade 3", "\u22653"),
        (None, 0, "not graded yet", "?"),
        (None, None, "no assessment", ""),
    ],
)
def test_a_tile_says_its_grade_and_never_0_for_nobody_looked(
    grade: int | None, at_least: int | None, words: str, text: str
) -> None:
    made = tiles.grade_tile(grade, at_least, toxicity="CRS")
    assert f'aria-label="CRS {words}"' in made
    assert re.sub("<[^>]+>", "", made) == text
    assert ("vigil-unsettled" in made) is (grade is None and bool(at_least))
    assert ("vigil-gap" in made) is (grade is None and not at_least)
