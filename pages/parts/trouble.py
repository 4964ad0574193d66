"""What a person reads when a page fails: never a traceback, never a dead end."""

import streamlit as st

from actions.errors import Refused
from db.session import SaveRefused
from pages.parts import tiles

_FAULT = (
    "This page met a fault and could not be drawn. What was saved before is safe. Load the page again; "
    "if it stays, tell the administrator the time. The server's console has the details."
)


def show_trouble(error: Exception) -> bool:
    """Show a sentence in place of the framework's message; Streamlit calls this after logging the error."""
    sentence = str(error) if isinstance(error, (SaveRefused, Refused)) else _FAULT
    st.html(tiles.problem(sentence))
    return True
