"""The plain HTML pages before sign-in: templates, small form bodies, safe headers."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from actions import context
from actions.errors import RefusedField
from pages.parts.style import colour_variables

_FOLDER: Final = Path(__file__).with_name("templates")
_MOST_BYTES: Final = 16_384
_templates = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form. A body over 16 kB is refused before it is read whole."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "This form is too large.")
    pairs = parse_qsl(bytes(body).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: value.replace("\x00", "") for name, value in pairs}


def page(
    template: str, *, status: int = 200, problems: Iterable[RefusedField] = (), **values: object
) -> HTMLResponse:
    """Fill a template; `problems` stand at their fields and once above the form."""
    listed = list(problems)
    html = _templates.get_template(template).render(
        style=_style(),
        demo=context.settings().demo,
        problems=listed,
        problem_at=_by_field(listed),
        **values,
    )
    return HTMLResponse(html, status_code=status, headers=_headers())


def _by_field(problems: list[RefusedField]) -> Mapping[str, str]:
    return {problem.field: problem.sentence for problem in problems if problem.field}


def _headers() -> dict[str, str]:
    # No script at all, one style sheet named by its hash, forms only to ourselves, never in a frame.
    policy = (
        f"default-src 'none'; style-src 'sha256-{_style_hash()}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "Cache-Control": "no-store"}


@cache
def _style() -> str:
    sheet = (_FOLDER / "style.css").read_text(encoding="utf-8")
    return f":root {{ color-scheme: light dark; {colour_variables()}}}\n{sheet}"


@cache
def _style_hash() -> str:
    return base64.b64encode(hashlib.sha256(_style().encode("utf-8")).digest()).decode("ascii")


def as_problems(problems: Iterable[Any]) -> list[RefusedField]:
    """Problems of any room (`field`, `value`, `sentence`) as fields of these forms."""
    return [RefusedField(problem.field, None, problem.sentence) for problem in problems]
