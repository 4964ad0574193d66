"""Which of the two themes the browser shows, for what cannot follow it by itself: figures."""

import streamlit as st


def theme_now() -> str:
    """ "light" or "dark"; light until the browser has said."""
    return "dark" if st.context.theme.type == "dark" else "light"
