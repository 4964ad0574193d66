"""The colours, recomputed: contrast of every text, lightness in one direction, distance for every eye.

Contrast by WCAG 2.2, lightness by CIE L*, distance by CIEDE2000, sight simulated after Machado 2009.
"""

from itertools import pairwise
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS, tile_text

THEMES = ("light", "dark")
GRADES = ("0", "1", "2", "3", "4", "5")
SIGHT = {
    "full": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> NDArray[np.float64]:
    """Linear red, green and blue of #RRGGBB."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb: NDArray[np.float64]) -> tuple[float, float, float]:
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = matrix @ rgb.clip(0, 1) / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return float(116 * y - 16), float(500 * (x - y)), float(200 * (y - z))


def lightness(colour: str) -> float:
    return lab(linear(colour))[0]


def ciede2000(one: tuple[float, float, float], two: tuple[float, float, float]) -> float:
    """Distance of two colours (Sharma, Wu, Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    mean_chroma = (hypot(a1, b1) + hypot(a2, b2)) / 2
    g = 0.5 * (1 - sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7)))
    c1, c2 = hypot(a1 * (1 + g), b1), hypot(a2 * (1 + g), b2)
    h1, h2 = (degrees(atan2(b, a * (1 + g))) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    dl, dc, dh = l2 - l1, c2 - c1, 2 * sqrt(c1 * c2) * sin(radians(turn / 2))
    mean_l, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    t = 1 - 0.17 * cos(radians(h - 30)) + 0.24 * cos(radians(2 * h)) + 0.32 * cos(radians(3 * h + 6))
    t -= 0.20 * cos(radians(4 * h - 63))
    sl = 1 + 0.015 * (mean_l - 50) ** 2 / sqrt(20 + (mean_l - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    rt = -2 * sqrt(c**7 / (c**7 + 25**7)) * sin(radians(60 * exp(-(((h - 275) / 25) ** 2))))
    return sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * (dc / sc) * (dh / sh))


def test_the_distance_is_that_of_the_publication() -> None:
    assert ciede2000((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)


@pytest.mark.parametrize("theme", THEMES)
def test_every_numeral_can_be_read_on_its_tile(theme: str) -> None:
    assert all(contrast(*GRADE_COLOURS[theme][key]) >= 4.45 for key in (*GRADES, "gap"))


@pytest.mark.parametrize("theme", THEMES)
def test_hatching_and_theme_can_be_read(theme: str) -> None:
    colours = THEME_COLOURS[theme]
    assert contrast(HATCH, GRADE_COLOURS[theme]["gap"].background) >= 3
    assert contrast(colours.border, colours.background) >= 3
    assert contrast(colours.on_action, colours.action) >= 7
    for text in (colours.text, colours.soft_text, colours.error, colours.action):
        assert round(contrast(text, colours.background), 1) >= 7
        assert contrast(text, colours.panel) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_worse_is_further_from_the_background_so_that_grey_print_keeps_the_order(theme: str) -> None:
    steps = [lightness(GRADE_COLOURS[theme][grade].background) for grade in GRADES]
    away = -1 if theme == "light" else 1
    assert [round(step) for step in steps] == {
        "light": [95, 86, 70, 48, 31, 5],
        "dark": [21, 32, 50, 67, 80, 100],
    }[theme]
    assert all(away * (worse - better) > 5 for better, worse in pairwise(steps))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_neighbouring_grades_differ_for_every_eye(theme: str, sight: str) -> None:
    seen = [lab(SIGHT[sight] @ linear(GRADE_COLOURS[theme][grade].background)) for grade in GRADES]
    least = 17 if sight == "full" else 10
    assert all(ciede2000(better, worse) >= least for better, worse in pairwise(seen))


@pytest.mark.parametrize(
    ("grade", "at_least", "text"),
    [(0, 0, "0"), (3, 3, "3"), (5, 5, "5"), (None, 3, "≥3"), (None, 0, "?"), (None, None, "")],
)
def test_a_tile_never_shows_0_for_not_recorded(grade: int | None, at_least: int | None, text: str) -> None:
    assert tile_text(grade, at_least) == text
