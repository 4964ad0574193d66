"""A page run by itself, without a browser: who is signed in is given, the database is the test's."""

import re
from collections.abc import Mapping
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from actions import accounts
from db.roles import Actor
from settings import ROOT


def open_page(
    monkeypatch: pytest.MonkeyPatch, script: str, actor: Actor, address: Mapping[str, str] | None = None
) -> AppTest:
    """The first run of `pages/SCRIPT` for this person; `address` are the query parameters."""
    monkeypatch.setattr(accounts, "resume", lambda token, *, now, touch: actor)
    app = AppTest.from_file(str(ROOT / "pages" / script), default_timeout=60)
    for name, value in (address or {}).items():
        app.query_params[name] = value
    return ran(app.run())


def ran(app: AppTest) -> AppTest:
    """The page as it is after a run; what went wrong in it fails the test."""
    assert not app.exception, app.exception[0].value
    return app


def words_of(app: AppTest) -> str:
    """Everything the page says, in its order: titles, texts and pieces of HTML without their tags."""
    found = []
    for element in app.main:
        body = getattr(element, "value", None) or getattr(getattr(element, "proto", None), "body", "")
        if isinstance(body, str):
            found.append(unescape(re.sub(r"<[^>]+>", " ", body)))
    return re.sub(r"\s+", " ", " ".join(found))
