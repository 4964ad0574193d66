"""A browser's side of Streamlit's websocket, without a browser: what the server does, without the drawing."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from pages.parts.access import SESSION_COOKIE


@dataclass(frozen=True, slots=True)
class Opened:
    """What one page costs the server: seconds of the first run with its connection, and of each run after."""

    first_s: float
    again_s: Sequence[float]


async def open_page(
    url: str, token: str | None, page: str, query: str = "", *, holds: str = "", runs: int = 0
) -> Opened:
    """Open a page as a new session and run it `runs` times more.

    Raises RuntimeError where the page ended with an exception, or does not hold the text `holds`.
    """
    host = urlsplit(url).netloc
    headers = {"Cookie": f"{SESSION_COOKIE}={token}"} if token else {}
    began = time.perf_counter()
    async with connect(
        f"ws://{host}/_stcore/stream",
        origin=url,  # type: ignore[arg-type]
        additional_headers=headers,
        max_size=None,
        open_timeout=60,
        compression=None,
    ) as socket:
        sent = await _run(socket, page, query)
        first_s = time.perf_counter() - began
        if holds.encode() not in sent:
            raise RuntimeError(f"The page {page!r} does not hold {holds!r}.")
        again_s = []
        for _ in range(runs):
            began = time.perf_counter()
            await _run(socket, page, query)
            again_s.append(time.perf_counter() - began)
    return Opened(first_s, again_s)


async def open_at_once(
    url: str, token: str, page: str, query: str, *, holds: str, sessions: int
) -> list[float]:
    """Open a page in many sessions at the same moment; seconds of each until its script has finished."""
    opened = await asyncio.gather(*(open_page(url, token, page, query, holds=holds) for _ in range(sessions)))
    return [one.first_s for one in opened]


async def _run(socket: ClientConnection, page: str, query: str) -> bytes:
    """Run the page's script once; everything that the server sent for it."""
    ask = BackMsg()
    ask.rerun_script.query_string = query
    ask.rerun_script.page_name = page
    await socket.send(ask.SerializeToString())
    sent: list[bytes] = []
    while True:
        answer = await asyncio.wait_for(socket.recv(), 120)
        sent.append(answer if isinstance(answer, bytes) else answer.encode())
        message = ForwardMsg()
        message.ParseFromString(sent[-1])
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            raise RuntimeError(f"The page {page!r} failed: {message.delta.new_element.exception.message}")
        if kind == "script_finished":
            return b"".join(sent)
