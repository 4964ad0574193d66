"""The gate: nothing behind it is reached from a foreign host, a foreign page, or without a sign-in."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from actions import accounts
from clock import utc_now
from db import session as database
from db.inputs import UserIn
from db.roles import SYSTEM, Role
from pages.parts.access import SESSION_COOKIE
from tests.web.asgi import ORIGIN, Answer, ask, get, open_websocket, post
from tests.web.conftest import configure
from web import addresses

PASSWORD = "four words are enough"


def sign_in(username: str = "nurse.li", role: Role = Role.WARD) -> str:
    """The cookie header of a new sign-in."""
    entry = UserIn(username=username, display_name="Nurse Li", role=role)
    code = accounts.create_user(entry, by=SYSTEM, now=utc_now())
    accounts.set_password_with_code(username, code, PASSWORD, now=utc_now())
    return f"{SESSION_COOKIE}={accounts.sign_in(username, PASSWORD, now=utc_now())}"


def assert_leads_to_sign_in(answer: Answer, asked: str) -> None:
    assert answer.status == 303
    assert answer.header("location") == f"/sign-in?next={asked}"
    assert "the page" not in answer.body


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("/", "%2F"),
        ("/alerts?a=1", "%2Falerts%3Fa%3D1"),
        ("/patient?code=CART-007&a=x", "%2Fpatient%3Fcode%3DCART-007%26a%3Dx"),
        ("/~/+/page", "%2F~%2F%2B%2Fpage"),
    ],
)
def test_a_page_asked_for_by_nobody_leads_to_sign_in_and_keeps_the_way(
    app: ASGIApp, target: str, asked: str
) -> None:
    assert_leads_to_sign_in(get(app, target), asked)


@pytest.mark.parametrize(
    "target",
    ["/_stcore/host-config", "/_stcore/health", "/static/js/index.js", "/media/a.csv", "/component/x"],
)
def test_parts_of_pages_are_refused_to_nobody(app: ASGIApp, target: str) -> None:
    answer = get(app, target)
    assert (answer.status, answer.body) == (401, "Sign in first.")


@pytest.mark.parametrize("cookie", ["", f"{SESSION_COOKIE}=", f"{SESSION_COOKIE}=planted", "other=1"])
def test_a_websocket_is_refused_to_nobody(app: ASGIApp, cookie: str) -> None:
    assert open_websocket(app, cookie=cookie).status == 403


def test_a_signed_in_person_passes_with_page_part_and_websocket(app: ASGIApp) -> None:
    cookie = sign_in()
    assert get(app, "/alerts?a=1", cookie=cookie).body == "the page /alerts?a=1"
    assert get(app, "/static/js/index.js", cookie=cookie).status == 200
    assert open_websocket(app, cookie=cookie).status == 101


def test_an_ended_sign_in_passes_nowhere(app: ASGIApp) -> None:
    cookie = sign_in()
    accounts.sign_out(cookie.partition("=")[2], now=utc_now())
    assert get(app, "/", cookie=cookie).status == 303
    assert get(app, "/_stcore/health", cookie=cookie).status == 401
    assert open_websocket(app, cookie=cookie).status == 403


def test_an_expired_sign_in_passes_nowhere(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = sign_in()
    later = utc_now() + timedelta(minutes=15)
    monkeypatch.setattr("web.gate.utc_now", lambda: later)
    assert get(app, "/", cookie=cookie).status == 303
    assert open_websocket(app, cookie=cookie).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "user@127.0.0.1", "", "127.0.0.1:x"]
)
def test_another_host_name_reaches_nothing_not_even_sign_in(app: ASGIApp, host: str) -> None:
    cookie = sign_in()
    for target in ("/", "/sign-in", "/healthz"):
        answer = ask(app, "GET", target, {"host": host, "cookie": cookie})
        assert (answer.status, answer.body) == (421, "Open Vigil at http://127.0.0.1:8501.")
    assert open_websocket(app, host=host, cookie=cookie, origin=f"http://{host}").status == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "https://127.0.0.1:8501", "http://127.0.0.1"]
)
def test_a_foreign_page_opens_no_websocket_and_posts_nothing(app: ASGIApp, origin: str) -> None:
    cookie = sign_in()
    headers = {"host": "127.0.0.1:8501", "cookie": cookie} | ({"origin": origin} if origin else {})
    assert ask(app, "PUT", "/_stcore/upload_file", headers).status == 403
    assert ask(app, "POST", addresses.SIGN_OUT, headers).status == 403
    assert ask(app, "POST", addresses.SIGN_IN, headers, b"username=nurse.li").status == 403
    assert get(app, "/", cookie=cookie).status == 200, "the foreign page must not have signed anybody out"


def test_behind_a_proxy_only_the_public_address_counts(
    app: ASGIApp, tmp_path: Path, sqlite_database: str
) -> None:
    configure(tmp_path, sqlite_database, "https://vigil.hospital.org")
    cookie = sign_in()
    own = {"host": "vigil.hospital.org", "origin": "https://vigil.hospital.org", "cookie": cookie}
    assert open_websocket(app, **own).status == 101
    assert open_websocket(app, **{**own, "origin": "http://vigil.hospital.org"}).status == 403
    assert open_websocket(app, **{**own, "host": "127.0.0.1:8501", "origin": ORIGIN}).status == 403
    assert ask(app, "GET", "/", {"host": "vigil.hospital.org:8080", "cookie": cookie}).status == 421


def test_no_page_may_be_framed_or_sniffed(app: ASGIApp) -> None:
    for answer in (get(app, "/sign-in"), get(app, "/", cookie=sign_in()), get(app, "/alerts")):
        assert answer.header("x-frame-options") == "DENY"
        assert "frame-ancestors 'none'" in (answer.header("content-security-policy") or "")
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("referrer-policy") == "same-origin"


def test_a_database_that_does_not_answer_is_said_and_lets_nobody_in(app: ASGIApp, tmp_path: Path) -> None:
    cookie = sign_in()
    database.configure(f"sqlite:///{tmp_path / 'no-such-folder' / 'vigil.db'}")
    answer = get(app, "/", cookie=cookie)
    assert answer.status == 503
    assert "Call the administrator" in answer.body
    assert get(app, "/healthz").status == 503


def test_health_tells_nothing_but_that_it_is_well(app: ASGIApp) -> None:
    assert get(app, "/healthz").body == '{"status":"ok"}'


def test_the_gate_does_not_count_as_use(app: ASGIApp) -> None:
    cookie = sign_in()
    late = utc_now() + timedelta(minutes=15)
    get(app, "/", cookie=cookie)
    assert accounts.resume(cookie.partition("=")[2], now=late, touch=False) is None


def test_a_body_over_16_kb_is_refused(app: ASGIApp) -> None:
    assert post(app, addresses.SIGN_IN, {"username": "x" * 20_000}).status == 413


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/alerts?a=1", "/alerts?a=1"),
        ("/patient?code=CART-007", "/patient?code=CART-007"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/ok\nLocation: https://evil.example", "/"),
        ("/\tevil", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("/sign-out", "/"),
        ("/" + "x" * 3_000, "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_sign_in_leads_only_to_a_page_of_this_program(path: str | None, expected: str) -> None:
    assert addresses.local_path(path) == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", addresses.PUBLIC_PATHS)
def test_a_public_address_never_lets_another_method_through_to_streamlit(
    app: ASGIApp, path: str, method: str
) -> None:
    answer = ask(app, method, path, {"host": "127.0.0.1:8501", "origin": ORIGIN})
    assert "the page" not in answer.body
    assert (answer.status == 405) is (method not in addresses.PUBLIC_PATHS[path])
