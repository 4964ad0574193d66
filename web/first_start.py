"""The page of the first start: the code from the console makes the first administrator, once."""

from anyio import to_thread
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actions import accounts
from actions.errors import Refused, RefusedField
from clock import utc_now
from db.inputs import problems as input_problems
from db.session import SaveRefused
from web.addresses import SIGN_IN
from web.forms import as_problems, page, read_form
from web.sign_in import differing_passwords


async def show_first_start(request: Request) -> Response:
    """The form, while there is no account; the sign-in page afterwards."""
    if not await to_thread.run_sync(accounts.is_first_start):
        return _to_sign_in()
    return _form({})


async def first_start(request: Request) -> Response:
    """Make the administrator and go on to sign-in."""
    fields = await read_form(request)
    if problems := differing_passwords(fields):
        return _form(fields, problems, 400)
    try:
        await to_thread.run_sync(_create, fields)
    except ValidationError as error:
        return _form(fields, as_problems(input_problems(error)), 400)
    except Refused as refusal:
        return _form(fields, as_problems(refusal.problems), 403)
    except SaveRefused as refusal:
        return _form(fields, [RefusedField("", None, str(refusal))], 503)
    return _to_sign_in()


def _create(fields: dict[str, str]) -> None:
    accounts.create_first_administrator(
        fields.get("code", ""),
        fields.get("username", ""),
        fields.get("display_name", ""),
        fields.get("password", ""),
        now=utc_now(),
    )


def _form(fields: dict[str, str], problems: list[RefusedField] | None = None, status: int = 200) -> Response:
    typed = {name: fields.get(name, "")[:200] for name in ("code", "username", "display_name")}
    return page("first_start.html", status=status, problems=problems or [], **typed)


def _to_sign_in() -> Response:
    return RedirectResponse(SIGN_IN, status_code=303, headers={"Cache-Control": "no-store"})
