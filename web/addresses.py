"""Which addresses are ours: the allowed host, the origin of a request, and where sign-in may lead."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from actions.permissions import Page, first_page, may_see
from db.roles import Role
from pages.parts.access import REPORT_FILES, REPORT_SIGNATURES, SAE_REPORTS
from settings import is_loopback

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
CHANGE_USER = "/change-user"
FIRST_START = "/first-start"
SET_PASSWORD = "/set-password"
HEALTH = "/healthz"
REPORT_FILE = f"{REPORT_FILES}/{{number:int}}"
SIGNATURE_SHEET = f"{REPORT_SIGNATURES}/{{number:int}}"
SAE_REPORT = f"{SAE_REPORTS}/{{number:int}}"

PUBLIC_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    SIGN_IN: ("GET", "HEAD", "POST"),
    SIGN_OUT: ("POST",),
    CHANGE_USER: ("POST",),
    FIRST_START: ("GET", "HEAD", "POST"),
    SET_PASSWORD: ("GET", "HEAD", "POST"),
    HEALTH: ("GET", "HEAD"),
}
"""What may be asked for without a sign-in, and how; each has a route in `web.routes`.

Another method is refused by the gate: it would fall through to Streamlit's own routes.
"""


def is_allowed_host(host: str | None, app_url: str) -> bool:
    """Whether a Host header names this program.

    The host of APP_URL, with its port when it has one. On this machine alone any loopback name and
    port will do, so that a tunnel or `streamlit run --server.port` works.
    """
    asked, own = _host_and_port(host), urlsplit(app_url)
    if asked is None:
        return False
    name, port = asked
    if is_loopback(own.hostname or "") and is_loopback(name):
        return True
    return name == own.hostname and port == own.port


def is_own_origin(origin: str | None, host: str | None, app_url: str) -> bool:
    """Whether a write or a websocket was begun by a page of this program.

    `host` must have passed `is_allowed_host`. Browsers send Origin with all of these, so a missing one
    is refused like a foreign one.
    """
    if origin is None or host is None:
        return False
    asked = urlsplit(origin)
    return asked.scheme == urlsplit(app_url).scheme and asked.netloc.lower() == host.lower()


def local_path(path: str | None) -> str:
    """The path that sign-in may lead to; "/" unless it is a path of this program.

    "//elsewhere" and "/\\elsewhere" are other hosts to a browser.
    """
    if not path or not path.startswith("/") or path[1:2] in ("/", "\\") or len(path) > 2_000:
        return "/"
    if any(ord(sign) < 0x21 or ord(sign) == 0x7F for sign in path):
        return "/"
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or parts.path in PUBLIC_PATHS:
        return "/"
    return path


def landing(path: str | None, role: Role) -> str:
    """Where a person comes after sign-in: the page asked for, or the first page of the role."""
    asked = local_path(path)
    if asked != "/" or (may_see(role, Page.BOARD) and first_page(role) is Page.BOARD):
        return asked
    return f"/{first_page(role).value}"


def _host_and_port(host: str | None) -> tuple[str, int | None] | None:
    if not host or any(sign in host for sign in "/?#@\\ "):
        return None
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (name, port) if name else None
