"""Files of reports by their address: who gets what, asked at each request."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from starlette.types import ASGIApp

from actions import permissions
from actions.permissions import Action
from db.models import Patient, Report, ReportFile, SaeReport, Signature
from db.roles import Role
from db.session import SaveRefused, writing
from tests.web.asgi import get
from tests.web.test_gate import sign_in
from web import report_files

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


def test_a_database_that_cannot_be_reached_is_said(
    app: ASGIApp, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise SaveRefused("The database is gone.")

    monkeypatch.setattr(report_files, "load_file", lost)
    answer = get(app, files["open"], cookie=sign_in(role=Role.COMMITTEE))
    assert (answer.status, answer.body) == (
        503,
        "The database cannot be reached. Call the administrator.",
    )


def test_a_file_that_is_not_there_is_said(app: ASGIApp, files: dict[str, str]) -> None:
    answer = get(app, "/report-file/999", cookie=sign_in(role=Role.COMMITTEE))
    assert (answer.status, answer.body[:22]) == (404, "There is no such file.")


@pytest.fixture
def sae_report(app: ASGIApp) -> str:
    """The address of version 2 of the report of a serious event."""
    with writing() as session:
        patient = Patient(study_code="CART-007", enrolled_at=AT)
        session.add(patient)
        session.flush()
        report = SaeReport(
            event_stable_id="0123456789abcdef" * 2,
            patient_id=int(patient.id or 0),
            version=2,
            content_hash=HASH,
            pdf=b"%PDF of the event",
            pdf_sha256=HASH,
            made_at=AT,
        )
        session.add(report)
        session.flush()
        return f"/sae-report/{report.id}"


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR, Role.COMMITTEE])
def test_the_report_of_a_serious_event_is_for_those_who_see_the_events(
    app: ASGIApp, sae_report: str, role: Role
) -> None:
    answer = get(app, sae_report, cookie=sign_in(role=role))
    assert (answer.status, answer.body) == (200, "%PDF of the event")
    assert answer.header("content-type") == "application/pdf"
    named = answer.header("content-disposition")
    assert named == "attachment; filename*=UTF-8''sae-CART-007-01234567-v2.pdf"


@pytest.mark.parametrize("role", [Role.WARD, Role.ADMIN, Role.DISPLAY])
def test_another_role_does_not_get_the_report_of_a_serious_event(
    app: ASGIApp, sae_report: str, role: Role
) -> None:
    cookie = sign_in(role=role)
    for address in (sae_report, "/sae-report/999"):
        answer = get(app, address, cookie=cookie)
        assert answer.status == 403
        assert "may not see the reports of serious events" in answer.body


def test_the_signatures_are_given_once_there_is_one(app: ASGIApp, files: dict[str, str]) -> None:
    cookie = sign_in(role=Role.COMMITTEE)
    address = "/report-signatures/1"
    assert get(app, address, cookie=cookie).status == 404
    with writing() as session:
        session.add(
            Signature(
                subject="report",
                subject_id=1,
                meaning="I have reviewed this report",
                record_hash=HASH,
                signed_by=1,
                printed_name="Prof Example",
                role="committee",
                signed_at=AT,
            )
        )
    answer = get(app, address, cookie=cookie)
    assert answer.status == 200
    assert answer.body.startswith("%PDF")
    assert str(answer.header("content-disposition")).endswith("vigil-report-1-signatures.pdf")
    assert get(app, address, cookie=sign_in("ward", Role.WARD)).status == 403
