"""Our routes behind the gate, in front of a stand-in for Streamlit, on a migrated database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from actions import context, sign_ins
from settings import Settings
from trial.protocol import load_protocol
from web.gate import Gate
from web.routes import ROUTES


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"the page {request.url.path}?{request.url.query}")


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def app(sqlite_database: str, tmp_path: Path) -> Iterator[ASGIApp]:
    """The routes and the gate; everything behind them answers "the page ..."."""
    configure(tmp_path, sqlite_database)
    sign_ins.throttle_of_one.clear()
    sign_ins.throttle_of_all.clear()
    behind = [WebSocketRoute("/{path:path}", _socket), Route("/{path:path}", _page, methods=["GET", "PUT"])]
    yield Starlette(routes=[*ROUTES, *behind], middleware=[Middleware(Gate)])
    sign_ins.throttle_of_one.clear()
    sign_ins.throttle_of_all.clear()


def configure(folder: Path, database_url: str, app_url: str = "http://127.0.0.1:8501") -> None:
    """Set the process's settings for a test."""
    settings = Settings.model_construct(data_dir=folder, database_url=database_url, app_url=app_url)
    context.configure(settings, load_protocol())
