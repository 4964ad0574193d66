"""A file of a committee's report, for those who may see its part. Asked again at each request.

It has an address of its own, so that a link passed on opens nothing for another role: the closed part, with
efficacy, is for the committee and the investigators alone.
"""

from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from actions import accounts
from actions.permissions import ROLE_WORDS, Action, Page, may, may_see
from clock import utc_now
from db.queries.reports import load_file, load_file_row
from db.session import SaveRefused, reading
from pages.parts.access import SESSION_COOKIE
from reports.committee import MEDIA
from reports.committee_table import Part


async def report_file(request: Request) -> Response:
    """The file as a download, or the sentence that says why not."""
    token = request.cookies.get(SESSION_COOKIE)
    try:
        return await to_thread.run_sync(_answer, token, int(request.path_params["file_id"]))
    except SaveRefused:
        return PlainTextResponse("The database cannot be reached. Call the administrator.", status_code=503)


def _answer(token: str | None, file_id: int) -> Response:
    """The role comes first, so that another role does not learn which files there are."""
    actor = accounts.resume(token, now=utc_now(), touch=True)
    if actor is None:
        return PlainTextResponse("Sign in first.", status_code=401)
    if not may_see(actor.role, Page.REPORT):
        sentence = f"Your role ({ROLE_WORDS[actor.role]}) may not see the committee's reports."
        return PlainTextResponse(sentence, status_code=403)
    with reading() as session:
        file = load_file_row(session, file_id)
        if file is None:
            sentence = "There is no such file. Open it from the page of the reports."
            return PlainTextResponse(sentence, status_code=404)
        if file.part == Part.CLOSED and not may(actor.role, Action.SEE_EFFICACY):
            sentence = f"Your role ({ROLE_WORDS[actor.role]}) may not {Action.SEE_EFFICACY}."
            return PlainTextResponse(sentence, status_code=403)
        content = load_file(session, file_id)
    return Response(content, media_type=MEDIA[file.kind], headers=_headers(file.name))


def _headers(name: str) -> dict[str, str]:
    """Always a download, never a page inside this program; and nothing keeps it on the way."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
    }
