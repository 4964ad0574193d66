"""Routes of signing in: sign in, sign out, change of user, set a password with a one-time code.

The cookie is HttpOnly and SameSite=Strict. A link in a mail is a cross-site request, which therefore
comes without the cookie: the sign-in page then asks the browser for itself once more, as a same-site
request, and a person who is signed in goes on to the page of the link without a password.
"""

from typing import Final
from urllib.parse import quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actions import accounts, context
from actions.errors import Refused, RefusedField
from clock import utc_now
from db.roles import Actor
from db.session import SaveRefused
from pages.parts.access import SESSION_COOKIE
from web.addresses import FIRST_START, SIGN_IN, landing, local_path
from web.forms import as_problems, page, read_form

RECENT_COOKIE: Final = "vigil_recent"
_RECENT_KEPT: Final = 4
_RECENT_SECONDS: Final = 30 * 24 * 3600
# A password takes 64 MiB and a moment of a core to check: a few at a time, so that pages stay quick.
_hashing = CapacityLimiter(2)


async def show_sign_in(request: Request) -> Response:
    """The sign-in form, or straight on for a person who is signed in."""
    asked = local_path(request.query_params.get("next"))
    token = request.cookies.get(SESSION_COOKIE)
    if token is None and _came_from_elsewhere(request):
        return page("again.html", address=f"{SIGN_IN}?next={quote(asked, safe='')}")
    actor = await to_thread.run_sync(_signed_in, token)
    if actor is not None:
        return _see_other(landing(asked, actor.role))
    if await to_thread.run_sync(accounts.is_first_start):
        return _see_other(FIRST_START)
    notice = await to_thread.run_sync(_why_signed_out, token) if token else ""
    if notice and asked.startswith("/assess"):
        notice += " Your entry is kept as a draft."
    return _form(request, asked, username=request.query_params.get("username", "")[:64], notice=notice)


async def sign_in(request: Request) -> Response:
    """Check the password, set the cookie, lead to the page asked for."""
    fields = await read_form(request)
    asked, username = local_path(fields.get("next")), fields.get("username", "").strip().lower()
    replaces = request.cookies.get(SESSION_COOKIE)

    def check() -> tuple[str, Actor | None]:
        now = utc_now()
        token = accounts.sign_in(username, fields.get("password", ""), now=now, replaces=replaces)
        return token, accounts.resume(token, now=now, touch=False)

    try:
        token, actor = await to_thread.run_sync(check, limiter=_hashing)
    except Refused as refusal:
        return _form(request, asked, username=username, problems=as_problems(refusal.problems), status=403)
    except SaveRefused as refusal:
        return _form(request, asked, username=username, problems=[_whole(refusal)], status=503)
    answer = _see_other(landing(asked, actor.role) if actor else SIGN_IN)
    _set_cookie(answer, SESSION_COOKIE, token, int(accounts.ABSOLUTE_LIMIT.total_seconds()))
    _set_cookie(answer, RECENT_COOKIE, "|".join(_recent_with(request, username)), _RECENT_SECONDS)
    return answer


async def sign_out(request: Request) -> Response:
    """End the sign-in and show the sign-in page."""
    return await _end(request, SIGN_IN)


async def change_user(request: Request) -> Response:
    """End the sign-in and ask who is next; the page in use comes back after it.

    The sign-in ends at once: between two people a tablet belongs to nobody.
    """
    parts = urlsplit(request.headers.get("referer", ""))
    here = local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return await _end(request, f"{SIGN_IN}?next={quote(here, safe='')}")


async def show_set_password(request: Request) -> Response:
    """The form for a one-time code."""
    asked = local_path(request.query_params.get("next"))
    return page("set_password.html", next=asked, username="", code="")


async def set_password(request: Request) -> Response:
    """Set the password with the code, then show the sign-in page."""
    fields = await read_form(request)
    asked, username = local_path(fields.get("next")), fields.get("username", "").strip().lower()
    code, password = fields.get("code", ""), fields.get("password", "")

    def refused(problems: list[RefusedField], status: int) -> Response:
        return page(
            "set_password.html", status=status, problems=problems, next=asked, username=username, code=code
        )

    if problems := differing_passwords(fields):
        return refused(problems, 400)
    try:
        await to_thread.run_sync(
            lambda: accounts.set_password_with_code(username, code, password, now=utc_now()),
            limiter=_hashing,
        )
    except Refused as refusal:
        return refused(as_problems(refusal.problems), 403)
    except SaveRefused as refusal:
        return refused([_whole(refusal)], 503)
    return _form(request, asked, username=username, notice="The password is set. Sign in with it.")


def differing_passwords(fields: dict[str, str]) -> list[RefusedField]:
    """The problem of two passwords typed differently."""
    if fields.get("password", "") == fields.get("password_again", ""):
        return []
    return [RefusedField("password_again", None, "The two passwords differ. Type the same one twice.")]


def _form(
    request: Request,
    asked: str,
    *,
    username: str = "",
    notice: str = "",
    problems: list[RefusedField] | None = None,
    status: int = 200,
) -> Response:
    return page(
        "sign_in.html",
        status=status,
        problems=problems or [],
        next=asked,
        username=username,
        notice=notice,
        recent=_recent(request),
    )


async def _end(request: Request, address: str) -> Response:
    token = request.cookies.get(SESSION_COOKIE)
    try:
        await to_thread.run_sync(lambda: accounts.sign_out(token, now=utc_now()))
    except SaveRefused as refusal:
        return _form(request, "/", problems=[_whole(refusal)], status=503)
    answer = _see_other(address)
    answer.delete_cookie(SESSION_COOKIE, path="/", secure=_is_https(), httponly=True, samesite="strict")
    return answer


def _signed_in(token: str | None) -> Actor | None:
    return accounts.resume(token, now=utc_now(), touch=False)


def _why_signed_out(token: str) -> str:
    return accounts.why_signed_out(token, now=utc_now())


def _came_from_elsewhere(request: Request) -> bool:
    # Browsers that do not send this header show the form: the person types the password once more.
    return request.headers.get("sec-fetch-site") == "cross-site"


def _recent(request: Request) -> list[str]:
    names = request.cookies.get(RECENT_COOKIE, "").split("|")
    return [name for name in names if 0 < len(name) <= 64][:_RECENT_KEPT]


def _recent_with(request: Request, username: str) -> list[str]:
    return [username, *(name for name in _recent(request) if name != username)][:_RECENT_KEPT]


def _set_cookie(answer: Response, name: str, value: str, max_age_s: int) -> None:
    answer.set_cookie(
        name, value, max_age=max_age_s, path="/", secure=_is_https(), httponly=True, samesite="strict"
    )


def _is_https() -> bool:
    return context.settings().app_url.startswith("https://")


def _see_other(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def _whole(refusal: Exception) -> RefusedField:
    return RefusedField("", None, str(refusal))
