"""The gate in front of every request: right host, own origin, signed in.

It is plain ASGI, so that it stands before Streamlit's routes and its websocket alike: an anonymous
page request is led to the sign-in page, an anonymous websocket is refused. What a role may see is asked
later, by each page.
"""

from typing import Final
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actions import accounts, context
from clock import monotonic, utc_now
from db.session import SaveRefused
from pages.parts.access import SESSION_COOKIE
from web.addresses import PUBLIC_PATHS, SIGN_IN, is_allowed_host, is_own_origin

_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_FRAMEWORK_FOLDERS: Final = ("/_stcore/", "/static/", "/media/", "/component/")
_ASSETS_KNOWN_FOR_S: Final = 30.0
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Gate:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application; settings are read from `actions.context` at each request."""
        self._app = app
        self._known_for_assets: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send)
        refusal = await self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Closing before accepting answers the handshake with 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        app_url = context.settings().app_url
        if not is_allowed_host(headers.get("host"), app_url):
            return PlainTextResponse(f"Open Vigil at {app_url}.", status_code=421)
        writes = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if writes and not is_own_origin(headers.get("origin"), headers.get("host"), app_url):
            return PlainTextResponse(
                f"Refused: this did not come from a page of Vigil at {app_url}.", status_code=403
            )
        if scope["type"] == "http" and scope["path"] in PUBLIC_PATHS:
            if scope["method"] in PUBLIC_PATHS[scope["path"]]:
                return None
            return PlainTextResponse("This address does not work that way.", status_code=405)
        return await self._refusal_of_anonymous(scope, headers)

    async def _refusal_of_anonymous(self, scope: Scope, headers: Headers) -> Response | None:
        token = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE)
        try:
            if token and await self._is_signed_in(scope["path"], token):
                return None
        except SaveRefused:
            return PlainTextResponse(
                "The database cannot be reached. Call the administrator.", status_code=503
            )
        if not _is_page(scope, headers):
            return PlainTextResponse("Sign in first.", status_code=401)
        asked = scope["path"] + (
            f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        )
        return RedirectResponse(
            f"{SIGN_IN}?next={quote(asked, safe='')}", status_code=303, headers={"Cache-Control": "no-store"}
        )

    async def _is_signed_in(self, path: str, token: str) -> bool:
        """Ask the database; the framework's own scripts, dozens a page, ask it once in half a minute."""
        is_asset = path.startswith("/static/")
        if is_asset and monotonic() - self._known_for_assets.get(token, -1e9) < _ASSETS_KNOWN_FOR_S:
            return True
        actor = await to_thread.run_sync(_resume, token)
        if actor and is_asset:
            if len(self._known_for_assets) > 1_000:
                self._known_for_assets.clear()
            self._known_for_assets[token] = monotonic()
        return actor


def _resume(token: str) -> bool:
    return accounts.resume(token, now=utc_now(), touch=False) is not None


def _is_page(scope: Scope, headers: Headers) -> bool:
    """Whether a person's browser asks for a page, not a script for a part of one."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    return not scope["path"].startswith(_FRAMEWORK_FOLDERS)


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
        await send(message)

    return sender
