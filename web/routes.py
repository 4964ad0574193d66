"""The routes that are ours; all others are Streamlit's and stand behind the gate."""

from anyio import to_thread
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.session import SaveRefused, reading
from web import addresses
from web.first_start import first_start, show_first_start
from web.report_files import report_file, report_signatures, sae_report
from web.sign_in import change_user, set_password, show_set_password, show_sign_in, sign_in, sign_out


async def health(request: Request) -> Response:
    """200 while the database answers, 503 otherwise; tells nothing else."""
    try:
        await to_thread.run_sync(_ask_database)
    except SaveRefused:
        return JSONResponse({"status": "database does not answer"}, status_code=503)
    return JSONResponse({"status": "ok"})


def _ask_database() -> None:
    with reading() as session:
        session.exec(select(1)).one()


ROUTES = [
    Route(addresses.SIGN_IN, show_sign_in, methods=["GET"]),
    Route(addresses.SIGN_IN, sign_in, methods=["POST"]),
    Route(addresses.SIGN_OUT, sign_out, methods=["POST"]),
    Route(addresses.CHANGE_USER, change_user, methods=["POST"]),
    Route(addresses.FIRST_START, show_first_start, methods=["GET"]),
    Route(addresses.FIRST_START, first_start, methods=["POST"]),
    Route(addresses.SET_PASSWORD, show_set_password, methods=["GET"]),
    Route(addresses.SET_PASSWORD, set_password, methods=["POST"]),
    Route(addresses.HEALTH, health, methods=["GET"]),
    Route(addresses.REPORT_FILE, report_file, methods=["GET"]),
    Route(addresses.SIGNATURE_SHEET, report_signatures, methods=["GET"]),
    Route(addresses.SAE_REPORT, sae_report, methods=["GET"]),
]
