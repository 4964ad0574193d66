"""Ask an ASGI application directly, with every header under the test's control."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp, Message

HOST = "127.0.0.1:8501"
ORIGIN = f"http://{HOST}"


@dataclass(frozen=True)
class Answer:
    """What came back; `status` is 101 for a websocket that was accepted and 403 for one that was refused."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def cookies(self) -> "SimpleCookie":
        jar = SimpleCookie()
        for key, value in self.headers:
            if key == "set-cookie":
                jar.load(value)
        return jar


def get(app: ASGIApp, target: str, **headers: str) -> Answer:
    """A page request of a browser on this machine."""
    return ask(app, "GET", target, {"host": HOST, **_named(headers)})


def post(app: ASGIApp, target: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
    """A form posted by a page of our own; `origin=...` says otherwise."""
    own = {"host": HOST, "origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    return ask(app, "POST", target, {**own, **_named(headers)}, urlencode(fields or {}).encode())


def ask(app: ASGIApp, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """One HTTP request."""
    return asyncio.run(_ask(app, {"type": "http", "method": method}, target, headers, body))


def open_websocket(app: ASGIApp, target: str = "/_stcore/stream", **headers: str) -> Answer:
    """One websocket handshake, closed again when it was accepted."""
    named = {"host": HOST, "origin": ORIGIN, **_named(headers)}
    return asyncio.run(_ask(app, {"type": "websocket", "subprotocols": []}, target, named, b""))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items() if value}


async def _ask(
    app: ASGIApp, kind: Mapping[str, object], target: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    parts = urlsplit(target)
    scope = {
        **kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8501),
    }
    first = (
        {"type": "websocket.connect"}
        if kind["type"] == "websocket"
        else {"type": "http.request", "body": body}
    )
    incoming: list[Message] = [first, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0) if len(incoming) > 1 else incoming[0]

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return _answer(sent)


def _answer(sent: list[Message]) -> Answer:
    start = sent[0]
    if start["type"] == "websocket.close":
        return Answer(403, [], "")
    if start["type"] == "websocket.accept":
        return Answer(101, [], "")
    headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(start["status"], headers, body.decode(errors="replace"))
