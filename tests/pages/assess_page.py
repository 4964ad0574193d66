"""The assess page run in memory: what a person touches and types, what the bar says, where Save leads."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn, Self

import pytest
import streamlit as st
from streamlit.testing.v1.element_tree import ButtonGroup, NumberInput

from actions import accounts
from db.roles import Actor
from pages.ward.board_parts import saved
from tests.pages.at_the_bedside import Sheet
from tests.pages.frame import Frame

SAVE = "Save assessment"


class AssessPage(Sheet):
    """One person's form in one browser tab; several may be open at once.

    left_for   the page that was opened from here last, and what its address names
    """

    def __init__(self, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__("ward/assess.py", actor, now, monkeypatch)
        self.left_for: tuple[str, dict[str, str]] | None = None
        self.actor = actor
        self._is_open = False

    def open(self, **query: str) -> Self:
        """Open the page at an address."""
        self._is_open = False
        super().open(**query)
        self._is_open = True
        return self

    def run(self, act: Callable[[], object]) -> Self:
        """Run the page as this person; another page that it leads to is noted, and ends the run."""
        with self._patch.context() as patch:
            patch.setattr(accounts, "resume", lambda token, *, now, touch: self.actor)
            patch.setattr(st, "switch_page", self._leave)
            if self._is_open:
                # A touch runs the form alone, not the page around it, which forgets what was saved before.
                patch.setattr(saved, "forget", lambda: None)
            return super().run(act)

    def _leave(self, script: str, query_params: dict[str, str] | None = None) -> NoReturn:
        self.left_for = (script, query_params or {})
        st.stop()

    def tap(self, question: str, choice: str) -> Self:
        """Touch one choice, by its words, of the question that begins so; a second touch takes it back."""
        group = self.group(question)
        assert choice in group.options, group.options
        before = self.chosen(question)
        rest = [one for one in before if one != choice]
        if group._is_single_select:
            group.set_value(None if choice in before else choice)
        else:
            group.set_value(rest if choice in before else [*rest, choice])
        return self.run(self.page.run)

    def fill(self, label: str, value: float) -> Self:
        """Type a number into a box and leave it."""
        return self.run(lambda: self.box(label).set_value(value).run())

    def say(self, label: str, text: str) -> Self:
        """Type words into a box and leave it."""
        self.write(label, text)
        return self.run(self.page.run)

    def group(self, question: str) -> ButtonGroup[Any]:
        """The choices under the question that begins so."""
        groups = self.page.button_group
        return next(one for one in groups if one.label.removeprefix("**").startswith(question))

    def chosen(self, question: str) -> list[str]:
        """The words of what is chosen under the question that begins so."""
        return list(self.group(question).formatted_values)

    def box(self, label: str) -> NumberInput:
        """The box for a number with this label."""
        return next(one for one in self.page.number_input if one.label == label)

    def words_in(self, label: str) -> str:
        """What stands in a box for words."""
        boxes = [*self.page.text_input, *self.page.text_area]
        return str(next(one for one in boxes if one.label == label).value)

    @property
    def lines(self) -> list[str]:
        """Every line of its own, but for those of the bar."""
        return self.frame().sentences

    @property
    def bar(self) -> list[str]:
        """The lines of the bar at the bottom."""
        frame = Frame(self.page)
        frame.block = next(one for one in self.page.container if one.key == "assess-bar")
        return frame.sentences

    def said_on_the_board(self) -> str:
        """The sentence above the board, which Save led to."""
        assert self.left_for == ("ward/board.py", {}), self.bar
        board = Sheet("ward/board.py", self.actor, self.now, self._patch)
        board.page.session_state[saved._NOTE] = self.page.session_state[saved._NOTE]
        return board.open().frame("board-saved").sentences[0]
