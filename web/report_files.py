"""Files of reports as downloads, for those who may see what is in them. Asked again at each request.

Each has an address of its own, so that a link passed on opens nothing for another role: the closed part of a
committee's report, with efficacy, is for the committee and the investigators alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from anyio import to_thread
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from actions import accounts, context
from actions.permissions import ROLE_WORDS, Action, Page, may, may_see
from clock import utc_now
from db.queries.reports import load_file, load_file_row, load_reports
from db.queries.sae import load_report_name, load_report_pdf
from db.roles import Role
from db.session import SaveRefused, reading
from pages.parts.access import SESSION_COOKIE
from reports.committee import MEDIA
from reports.committee_table import Part
from reports.signature_sheet import render_signatures

_WORDS: Final[Mapping[Page, str]] = {
    Page.REPORT: "the committee's reports",
    Page.EVENTS: "the reports of serious events",
}


@dataclass(frozen=True, slots=True)
class _File:
    """What is given to the browser; `kind` is "pdf", "html", "xlsx" or "csv"."""

    name: str
    kind: str
    content: bytes


class _RefusedError(Exception):
    """Why the role does not get this file."""


_Find = Callable[[Session, Role, int], _File | None]


def _behind(page: Page, find: _Find) -> Callable[[Request], Awaitable[Response]]:
    """The answer of an address whose files are for the roles of a page; `find` gets the number in it."""

    async def give(request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE)
        try:
            return await to_thread.run_sync(_answer, page, find, token, int(request.path_params["number"]))
        except SaveRefused:
            return _said(503, "The database cannot be reached. Call the administrator.")

    return give


def _answer(page: Page, find: _Find, token: str | None, number: int) -> Response:
    """The role comes first, so that another role does not learn which files there are."""
    actor = accounts.resume(token, now=utc_now(), touch=True)
    if actor is None:
        return _said(401, "Sign in first.")
    if not may_see(actor.role, page):
        return _said(403, f"Your role ({ROLE_WORDS[actor.role]}) may not see {_WORDS[page]}.")
    try:
        with reading() as session:
            file = find(session, actor.role, number)
    except _RefusedError as refusal:
        return _said(403, str(refusal))
    if file is None:
        return _said(404, f"There is no such file. Open it from the page of {_WORDS[page]}.")
    return Response(file.content, media_type=MEDIA[file.kind], headers=_headers(file.name))


def _find_report_file(session: Session, role: Role, file_id: int) -> _File | None:
    file = load_file_row(session, file_id)
    if file is None:
        return None
    if file.part == Part.CLOSED and not may(role, Action.SEE_EFFICACY):
        raise _RefusedError(f"Your role ({ROLE_WORDS[role]}) may not {Action.SEE_EFFICACY}.")
    return _File(file.name, file.kind, load_file(session, file_id))


def _find_signatures(session: Session, _role: Role, report_id: int) -> _File | None:
    """Made anew each time: every signature given so far is on it."""
    report = next((one for one in load_reports(session) if one.id == report_id), None)
    if report is None or not report.signatures:
        return None
    sheet = render_signatures(report, context.protocol().registration, context.settings().zone)
    return _File(f"vigil-report-{report.number}-signatures.pdf", "pdf", sheet)


def _find_sae_report(session: Session, _role: Role, report_id: int) -> _File | None:
    name = load_report_name(session, report_id)
    return None if name is None else _File(name, "pdf", load_report_pdf(session, report_id))


def _said(status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence, status_code=status)


def _headers(name: str) -> dict[str, str]:
    """Always a download, never a page inside this program; and nothing keeps it on the way."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
    }


report_file = _behind(Page.REPORT, _find_report_file)
"""A file of a committee's report, by its number."""

report_signatures = _behind(Page.REPORT, _find_signatures)
"""The sheet with the signatures of a committee's report, by the number of the report's row."""

sae_report = _behind(Page.EVENTS, _find_sae_report)
"""One version of the report of a serious event, by its number."""
