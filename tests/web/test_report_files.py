"""Files of the committee's reports by their address: who gets which part, asked at each request."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from starlette.types import ASGIApp

from actions import permissions
from actions.permissions import Action
from db.models import Report, ReportFile
from db.roles import Role
from db.session import writing
from tests.web.asgi import get
from tests.web.test_gate import sign_in

AT = datetime(2026, 3, 2, tzinfo=UTC)
HASH = "a" * 64


@pytest.fixture
def files(app: ASGIApp) -> dict[str, str]:
    """Part -> the address of its web page."""
    with writing() as session:
        report = Report(
            number=1,
            cutoff_at=AT,
            made_at=AT,
            ruleset="rules",
            program_version="1",
            protocol_hash=HASH,
            frozen=b"{}",
            frozen_sha256=HASH,
        )
        session.add(report)
        session.flush()
        found = [
            ReportFile(
                report_id=int(report.id or 0),
                part=part,
                kind="html",
                name=f"report-{part}.html",
                content=f"<p>{part}</p>".encode(),
                sha256=HASH,
            )
            for part in ("open", "closed")
        ]
        session.add_all(found)
        session.flush()
        return {one.part: f"/report-file/{one.id}" for one in found}


@pytest.mark.parametrize("role", [Role.COMMITTEE, Role.INVESTIGATOR])
def test_those_who_see_efficacy_get_both_parts_as_downloads(
    app: ASGIApp, files: dict[str, str], role: Role
) -> None:
    cookie = sign_in(role=role)
    for part, address in files.items():
        answer = get(app, address, cookie=cookie)
        assert (answer.status, answer.body) == (200, f"<p>{part}</p>")
        assert answer.header("content-disposition") == f"attachment; filename*=UTF-8''report-{part}.html"
        assert answer.header("cache-control") == "no-store"


@pytest.mark.parametrize("role", [Role.WARD, Role.COORDINATOR, Role.ADMIN, Role.DISPLAY])
def test_nobody_else_gets_any_by_a_link_that_was_passed_on(
    app: ASGIApp, files: dict[str, str], role: Role
) -> None:
    cookie = sign_in(role=role)
    for address in (*files.values(), "/report-file/999"):
        answer = get(app, address, cookie=cookie)
        assert answer.status == 403
        assert "may not see the committee's reports" in answer.body
        assert "<p>" not in answer.body


def test_without_the_right_to_efficacy_the_closed_part_stays_closed(
    app: ASGIApp, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {role: actions - {Action.SEE_EFFICACY} for role, actions in permissions.ACTIONS.items()}
    monkeypatch.setattr(permissions, "ACTIONS", without)
    cookie = sign_in(role=Role.INVESTIGATOR)
    assert get(app, files["open"], cookie=cookie).status == 200
    refused = get(app, files["closed"], cookie=cookie)
    assert (refused.status, refused.body) == (403, "Your role (investigator) may not see efficacy.")


def test_nobody_signed_in_is_led_to_the_sign_in(app: ASGIApp, files: dict[str, str]) -> None:
    answer = get(app, files["closed"])
    assert (answer.status, answer.header("location")) == (
        303,
        f"/sign-in?next={quote(files['closed'], safe='')}",
    )


def test_a_file_that_is_not_there_is_said(app: ASGIApp, files: dict[str, str]) -> None:
    answer = get(app, "/report-file/999", cookie=sign_in(role=Role.COMMITTEE))
    assert (answer.status, answer.body[:22]) == (404, "There is no such file.")
