"""The web process: `streamlit run app.py`, or `python manage.py run` together with the worker."""

import streamlit as st
from starlette.middleware import Middleware

from pages.parts.trouble import show_trouble
from web.gate import Gate
from web.lifespan import lifespan
from web.routes import ROUTES

app = st.App(
    "pages/router.py",
    lifespan=lifespan,
    routes=ROUTES,
    middleware=[Middleware(Gate)],
    on_script_error=show_trouble,
)
