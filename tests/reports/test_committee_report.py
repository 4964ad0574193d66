"""The committee's report: frozen rows, numbers counted by hand, and the same numbers in every file."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlmodel import select

from actions import context
from actions.committee import RuleDecision, decide_on_rule
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.reports import NewReport, next_number, sign_report, store_report
from actions.signatures import Signer, check_signer
from commands.verify import run_checks
from db.models import ProtocolVersion, Report, ReportFile, Signature
from db.queries.reports import load_reports
from db.roles import Actor, Role
from db.session import reading, writing
from reports.committee import (
    EarlierReportError,
    build_report,
    make_files,
    moved_since,
    read_frozen,
    recomputed,
)
from reports.committee_figures import Part, ReportTable
from tests.support import made_up, made_up_trial
from tests.support.databases import Filled, fill
from tests.support.people import PASSWORD, configured, person
from trial.protocol import load_protocol

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture
def member(sqlite_database: str, tmp_path: Path) -> Actor:
    configured(sqlite_database, tmp_path)
    return person(Role.COMMITTEE)


@dataclass(frozen=True)
class Trial:
    """The small trial, one member of its committee, and the report of today."""

    member: Actor
    patients: dict[str, int]
    report: NewReport


@pytest.fixture(scope="module")
def filled_trial(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled[Trial]:
    """The small trial to copy."""

    def make(url: str, folder: Path) -> Trial:
        configured(url, folder)
        return Trial(person(Role.COMMITTEE), made_up_trial.small_trial(NOW), built())

    return fill(sqlite_template, tmp_path_factory.mktemp("trial"), make)


@pytest.fixture
def trial(filled_trial: Filled[Trial], sqlite_database: str, tmp_path: Path) -> Trial:
    configured(sqlite_database, tmp_path)
    return filled_trial.copy_to(sqlite_database)


def built(cutoff_at: datetime = NOW) -> NewReport:
    with reading() as session:
        return build_report(
            session,
            number=next_number(session),
            cutoff_at=cutoff_at,
            now=NOW,
            protocol=load_protocol(),
            zone=context.settings().zone,
        )


def tables(report: NewReport) -> dict[str, ReportTable]:
    return {table.name: table for table in read_frozen(report.frozen).figures}


def numbers(table: ReportTable) -> dict[object, object]:
    """First cell -> second cell."""
    return {row[0]: row[1] for row in table.rows}


def content(report: NewReport, kind: str, part: Part = Part.OPEN) -> bytes:
    (file,) = (one for one in report.files if one.kind == kind and one.part == part.value)
    return file.content


def csv_table(report: NewReport, name: str, part: Part = Part.OPEN) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content(report, "csv", part))) as archive:
        return list(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))


def test_the_numbers_are_those_counted_by_hand(trial: Trial) -> None:
    found = tables(trial.report)
    assert list(found["overview"].rows) == [
        ("Enrolled", 4, ""),
        ("Not infused", 0, ""),
        ("Infused once", 2, "CART-003, CART-004"),
        ("Infused once, died", 1, "CART-003"),
        ("Infused once, still in the trial", 1, "CART-004"),
        ("Infused twice", 2, "CART-001, CART-002"),
        ("Infused twice, still in the trial", 2, "CART-001, CART-002"),
    ]
    worst = {row[0]: row[1:] for row in found["worst_grade"].rows}
    assert worst["CRS, second infusion"][:9] == (1, 0, 0, 1, 0, 0, 0, 0, "none")
    assert worst["CRS, second infusion"][-1] == "1 of 2 (50 %; 1 to 99 %)"
    assert worst["ICANS, first infusion"][3] == 1
    assert worst["CRS, first infusion"][7:9] == (1, "CART-004 grade 1")  # pending, and seen early
    assert [row[1:] for row in found["rule_grade3_second"].rows] == [
        (1, 2, 2, "no"),
        (1, 2, 2, "no"),
        (1, 2, "at no look", "no"),
    ]
    assert "Next count that pauses: 3 events among 4." in found["rule_grade3_second"].note
    assert [row[:3] for row in found["grade_3_events"].rows] == [
        ("CART-003", "ICANS 3", "first"),
        ("CART-001", "CRS 3", "second"),
    ]
    assert [row[0::2] for row in found["deaths"].rows] == [("CART-003", 60, "lymphoma")]
    assert found["treatments"].rows[:2] == (
        ("Tocilizumab, first infusion", "0 of 3 (0 %; 0 to 71 %)", 1, "nobody"),
        ("Tocilizumab, second infusion", "1 of 2 (50 %; 1 to 99 %)", 0, "CART-001"),
    )


def test_every_list_that_the_committee_is_shown_is_in_it(trial: Trial) -> None:
    found = tables(trial.report)
    patients = {row[0]: row[5:] for row in found["patients"].rows}
    assert patients["CART-001"] == (1, 3, 0, 0, "followed")
    assert patients["CART-003"][:4] == (0, "not infused", 3, "not infused")
    assert str(patients["CART-003"][4]).startswith("died ")
    assert found["infections_rate"].rows[1][:2] == ("second infusion", 0)
    assert [row[0] for row in found["icaht"].rows] == [
        "Early ICAHT, first infusion",
        "Early ICAHT, second infusion",
        "Late ICAHT, first infusion",
        "Late ICAHT, second infusion",
    ]
    assert [row[7] for row in found["icaht"].rows] == [3, 2, 3, 0], "nobody has a count"
    assert found["reference"].rows[0][0] == "CRS, first infusion"
    assert "94 % of 108 (88 to 98 %)" in found["reference"].rows[2]
    parameters = {row[0]: row[1:] for row in found["rules_parameters"].rows}
    assert parameters["Exact false-stop rate"] == ("9.80 %", "4.36 %")
    assert parameters["Version"] == ("1", "1")
    behaviour = {row[:2]: row[2] for row in found["rules_behaviour"].rows}
    assert behaviour[load_protocol().stopping[0].words, "40 %"] == "59.1 %"
    assert found["rules_decisions"].rows == ()
    assert {"overrides", "corrections", "late", "missing", "alerts"} <= found.keys()


def test_who_was_enrolled_after_the_cut_off_is_nowhere_in_it(trial: Trial) -> None:
    report = built(NOW - timedelta(days=20))
    assert numbers(tables(report)["overview"])["Enrolled"] == 3
    assert b"CART-004" not in report.frozen


def test_two_early_events_are_certain_though_neither_reading_pauses(member: Actor) -> None:
    for code, days_ago in (("CART-001", 12), ("CART-002", 11), ("CART-003", 2)):
        patient_id, (_, second) = made_up_trial.infused(
            code, NOW - timedelta(days=days_ago + 40), NOW - timedelta(days=days_ago)
        )
        if days_ago > 10:
            seen_at = NOW - timedelta(days=days_ago - 2)
            made_up.assess(patient_id, second, [(seen_at, made_up_trial.CRS_3)])
    found = tables(built())["rule_grade3_second"]
    assert [row[1:] for row in found.rows] == [(0, 0, "no look yet", "no"), (2, 3, 3, "no"), (2, 2, 2, "yes")]
    assert found.note.startswith("Reached, and the committee has not decided yet. Pending: CART-001, ")
    decide_on_rule(
        "grade3_second",
        RuleDecision.CONTINUE,
        "expected and short",
        shown=("CART-001", "CART-002"),
        signer=check_signer(member, PASSWORD, now=NOW),
        now=NOW,
    )
    decided = tables(built())
    assert decided["rule_grade3_second"].note.startswith("Reached; the committee has decided.")
    assert [row[2:] for row in decided["rules_decisions"].rows] == [
        (member.display_name, "continue as planned", "expected and short", "CART-001, CART-002")
    ]


def test_efficacy_stands_in_the_closed_part_and_nowhere_else(trial: Trial) -> None:
    report = trial.report
    closed = {name for name, table in tables(report).items() if table.part is Part.CLOSED}
    assert closed == {"response", "survival", "endpoints_1", "endpoints_2"}
    for word in ("complete remission", "PFS", "Objective response"):
        assert word not in content(report, "html").decode()
        assert word in content(report, "html", Part.CLOSED).decode()
    response = numbers(tables(report)["response"])
    assert str(response["Objective response, from the first infusion"]).startswith("2 of ")
    assert str(response["Objective response, from the second infusion"]).startswith("1 of ")


def test_nothing_after_the_cut_off_is_in_it(trial: Trial) -> None:
    found = tables(built(NOW - timedelta(days=69)))
    assert numbers(found["overview"])["Infused twice"] == 1
    assert [row[0] for row in found["grade_3_events"].rows] == ["CART-003"]
    assert found["deaths"].rows == ()
    assert found["adverse"].rows == ()


@pytest.mark.parametrize("cutoff_days", [0, 300])
def test_an_empty_trial_and_a_cut_off_before_the_first_infusion_have_every_table(
    request: pytest.FixtureRequest, cutoff_days: int
) -> None:
    request.getfixturevalue("trial" if cutoff_days else "member")
    report = built(NOW - timedelta(days=cutoff_days))
    found = tables(report)
    assert set(numbers(found["overview"]).values()) == {0}
    assert found["worst_grade"].rows[0][-1] == "0 of 0"
    assert "Nothing recorded by the cut-off." in content(report, "html").decode()
    assert content(report, "pdf").startswith(b"%PDF")


def test_the_same_frozen_bytes_give_the_same_files_and_figures(trial: Trial) -> None:
    report = trial.report
    again = list(make_files(report.frozen, load_protocol()))
    assert [file.content for file in again] == [file.content for file in report.files]
    assert recomputed(report.frozen, load_protocol()) == read_frozen(report.frozen).figures
    changed = json.loads(report.frozen)
    changed["rows"]["patients"].pop()
    assert recomputed(json.dumps(changed).encode(), load_protocol()) != read_frozen(report.frozen).figures


def test_every_file_holds_the_same_numbers(trial: Trial) -> None:
    report = trial.report
    rate = "1 of 2 (50 %; 1 to 99 %)"
    pages = PdfReader(io.BytesIO(content(report, "pdf"))).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert rate in text
    assert report.frozen_sha256 in text
    assert f"Page {len(pages)} of {len(pages)}" in text
    assert rate in content(report, "html").decode()
    assert rate in csv_table(report, "worst_grade")[2]
    with zipfile.ZipFile(io.BytesIO(content(report, "xlsx"))) as book:
        assert rate in book.read("xl/sharedStrings.xml").decode()


def test_no_file_runs_a_formula_or_calls_anybody(trial: Trial) -> None:
    report = trial.report
    assert csv_table(report, "adverse")[1][:2] == ["CART-002", "'=Lung infection"]
    with zipfile.ZipFile(io.BytesIO(content(report, "xlsx"))) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert not any("<f>" in sheet for sheet in sheets)
    page = content(report, "html").decode()
    assert "<script" not in page
    assert not any(
        f"{mark}http" in page.replace("http://www.w3.org", "") for mark in ('src="', 'href="', "url(")
    )


def test_a_report_is_stored_with_its_hashes_signed_and_left_as_it_was(trial: Trial) -> None:
    member, patients, report = trial.member, trial.patients, trial.report
    report_id = store_report(report, by=member, now=NOW)
    with pytest.raises(ChangedMeanwhile, match="meanwhile"):
        store_report(report, by=member, now=NOW)
    signer = check_signer(member, PASSWORD, now=NOW)
    sign_report(report_id, report.frozen_sha256, signer=signer, now=NOW)
    with pytest.raises(AlreadyRecorded):
        sign_report(report_id, report.frozen_sha256, signer=signer, now=NOW)
    with pytest.raises(Refused, match="not the report that was shown"):
        sign_report(report_id, "0" * 64, signer=signer, now=NOW)
    made_up_trial.store(
        "follow_up_event",
        patient_id=patients["CART-004"],
        kind="death",
        cause="infection",
        occurred_on=(NOW - timedelta(days=1)).date(),
    )
    with reading() as session:
        (stored,) = load_reports(session)
        files = session.exec(select(ReportFile)).all()
        frozen = session.exec(select(Report)).one().frozen
        signature = session.exec(select(Signature)).one()
        moved = moved_since(session, frozen, load_protocol(), context.settings().zone, [Part.OPEN])
        assert all(sha256(one.content).hexdigest() == one.sha256 for one in files)
    assert frozen == report.frozen
    assert len(stored.files) == 8
    assert [one.printed_name for one in stored.signatures] == [member.display_name]
    assert signature.subject == "report"
    assert ("The trial at the cut-off: Infused once, died, Patients", "1", "2") in moved
    assert not any("OS" in what for what, *_ in moved)


def test_only_the_committee_makes_and_signs_and_never_of_the_future(member: Actor) -> None:
    report = built()
    nurse = replace(member, role=Role.WARD)
    with pytest.raises(NotPermitted):
        store_report(report, by=nurse, now=NOW)
    with pytest.raises(NotPermitted):
        sign_report(1, report.frozen_sha256, signer=Signer(nurse), now=NOW)
    with pytest.raises(Refused, match="future"):
        store_report(report, by=member, now=NOW - timedelta(minutes=1))


def test_rows_come_back_from_json_as_they_were(trial: Trial) -> None:
    report = trial.report
    stored: Any = json.loads(report.frozen)
    assert read_frozen(json.dumps(stored).encode()) == read_frozen(report.frozen)


def test_verify_recomputes_every_report_and_finds_a_changed_byte(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = load_protocol()
    with writing() as session:
        session.add(ProtocolVersion(hash=protocol.hash, text=protocol.text, stored_at=NOW))
    store_report(trial.report, by=trial.member, now=NOW)

    def findings() -> list[str]:
        (check,) = (
            one
            for one in run_checks(context.settings().zone, protocol, NOW)
            if one.words.startswith("reports: 1")
        )
        return list(check.findings)

    assert findings() == []
    with writing() as session:  # as somebody with access to the file would
        session.connection().exec_driver_sql("DROP TRIGGER guard_report_file_update")
        session.connection().exec_driver_sql(
            "UPDATE report_file SET content = CAST(content || x'00' AS BLOB)"
            " WHERE kind = 'xlsx' AND part = 'open'"
        )
    assert findings() == ["report 1: vigil-report-1-open.xlsx is not what was made"]
    frozen = next(iter(recomputed(trial.report.frozen, protocol)))
    other = replace(frozen, rows=(("Enrolled", 99), *frozen.rows[1:]))
    monkeypatch.setattr("commands.verify.recomputed", lambda _frozen, _protocol: (other,))
    assert "report 1: the table The trial at the cut-off is not what its rows give" in findings()


def test_a_report_that_an_earlier_version_froze_in_another_form_stays_as_it_is(member: Actor) -> None:
    protocol = load_protocol()
    with writing() as session:
        session.add(ProtocolVersion(hash=protocol.hash, text=protocol.text, stored_at=NOW))
    report = built()
    content = json.loads(report.frozen)
    del content["rows"]["alerts"]
    earlier = replace(report, frozen=json.dumps(content).encode())
    store_report(earlier, by=member, now=NOW)
    with pytest.raises(
        EarlierReportError, match=r"^Version [\d.]+ of the program made this report, and this "
    ):
        read_frozen(earlier.frozen)
    checks = run_checks(context.settings().zone, protocol, NOW)
    (check,) = (one for one in checks if one.words.startswith("reports: 1"))
    assert check.words.endswith("(1 of an earlier version, kept as they are)")
    assert list(check.findings) == []
