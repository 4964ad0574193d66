"""A page run in memory: a signed-in person, a patient in the address, what stands on the page."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Self

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from actions import accounts
from db.roles import Actor
from settings import ROOT
from tests.pages.clocks import set_clocks
from tests.pages.frame import Frame

_rerun = st.rerun
_TAGS = re.compile(r"<[^>]+>")


class Sheet:
    """One page of one browser tab; `now` may be moved between two runs."""

    def __init__(self, script: str, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = now
        self._patch = monkeypatch
        self._script = script
        # Below `current_actor`: modules take that by name when they are loaded, for every later test.
        monkeypatch.setattr(accounts, "resume", lambda token, *, now, touch: actor)
        self.page = AppTest.from_file(str(ROOT / "pages" / script), default_timeout=30)

    def open(self, **query: str) -> Self:
        """Open the page at an address."""
        for name, value in query.items():
            self.page.query_params[name] = value
        return self.run(self.page.run)

    def run(self, act: Callable[[], object]) -> Self:
        """Run the page at the moment the test is at."""
        with self._patch.context() as patch:
            set_clocks(patch, lambda: self.now)
            # In memory there are no runs of a fragment alone: the whole page is drawn anew.
            patch.setattr(st, "rerun", lambda *, scope="app": _rerun())
            act()
        assert not self.page.exception, self.page.exception[0].value
        return self

    def touch(self, label: str, choice: Any) -> Self:
        """One choice of a group of pills, which draws the page anew."""
        return self.run(lambda: self.choose(label, choice).page.run())

    def choose(self, label: str, choice: Any) -> Self:
        """One choice of a group inside a form, which waits for the form's button."""
        next(one for one in self.page.button_group if one.label == label).set_value(choice)
        return self

    def write(self, label: str, text: str) -> Self:
        """Fill a box; inside a form it waits for the form's button."""
        boxes = [*self.page.text_input, *self.page.text_area]
        next(one for one in boxes if one.label == label).set_value(text)
        return self

    def tick(self, label: str) -> Self:
        """Tick a box."""
        next(one for one in self.page.checkbox if one.label == label).check()
        return self

    def unfold(self, key: str) -> Self:
        """Open what is folded away; `key` is that of the fold."""
        self.page.session_state[key] = True
        return self.run(self.page.run)

    def frame(self, key: str | None = None) -> Frame:
        """What stands in a container of the page, by its key, or on all of it."""
        return Frame(self.page, key)

    def press(self, label: str) -> Self:
        """Press a button."""
        button = next(one for one in self.page.button if one.label == label)
        return self.run(lambda: button.click().run())

    @property
    def text(self) -> str:
        """Everything that can be read, without tags, in the order of its kind."""
        pieces = [one.proto.body for one in self.page.get("html")]
        words = [one.value for one in [*self.page.header, *self.page.subheader, *self.page.text]]
        plain = [html.unescape(_TAGS.sub(" ", piece)) for piece in pieces]
        return " ".join(" ".join([*plain, *words]).split())

    def typed(self, label: str) -> str:
        """What stands in a box."""
        boxes = [*self.page.text_input, *self.page.text_area]
        return next(one.value or "" for one in boxes if one.label == label)

    @property
    def labels(self) -> list[str]:
        """The labels of the boxes."""
        return [one.label for one in [*self.page.text_input, *self.page.text_area]]

    @property
    def buttons(self) -> list[str]:
        """The words of the buttons."""
        return [one.label for one in self.page.button]

    def link_with(self, words: str) -> str:
        """Where the first link with these words leads."""
        pieces = " ".join(one.proto.body for one in self.page.get("html"))
        found = re.search(rf'href="([^"]*)"[^>]*>{re.escape(html.escape(words))}<', pieces)
        assert found is not None, words
        return html.unescape(found[1])
