"""`docs/reliability.md` names tests and files that exist."""

import re
from typing import Final

from failpoints import FAILPOINTS
from settings import ROOT

PAGE: Final = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
TESTS: Final = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.py")))


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 40
    assert {name for name in named if f"def {name}(" not in TESTS} == set()


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_every_failpoint_that_the_page_names_is_one() -> None:
    rooms = "|".join({name.partition(".")[0] for name in FAILPOINTS})
    named = set(re.findall(rf"`((?:{rooms})\.\w+)`", PAGE))
    assert len(named) > 15
    assert {name for name in named if name not in FAILPOINTS} == set()
