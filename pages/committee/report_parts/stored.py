"""One stored report: what it is, its files, its signatures, what moved since, and the signature box."""

import streamlit as st

from actions import context
from actions.permissions import Action, may
from actions.reports import MEANING, sign_report
from actions.signatures import check_signer
from clock import utc_now
from db.queries.reports import StoredFile, StoredReport, load_frozen
from db.queries.verify import load_protocol_texts
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.access import REPORT_FILES, REPORT_SIGNATURES
from pages.parts.sheet import Sheet
from pages.parts.wording import date_and_time
from reports.committee import EarlierReportError, moved_since
from reports.committee_figures import Part
from reports.committee_moved import Moved
from trial.protocol import parse_protocol

_KINDS = {"pdf": "PDF", "html": "web page", "xlsx": "Excel", "csv": "CSV files"}


def draw_report(actor: Actor, report: StoredReport) -> None:
    """The report in a frame of its own."""
    zone = context.settings().zone
    st.header(f"Report {report.number}", anchor=False)
    with st.container(border=True):
        rows = [
            ("Data cut-off", date_and_time(report.cutoff_at, zone)),
            (
                "Made",
                f"{date_and_time(report.made_at, zone)} by {report.made_by or 'the program, on schedule'}",
            ),
            ("Rules", report.ruleset),
            ("Program version", report.program_version),
            ("Protocol", report.protocol_hash[:12]),
            ("SHA-256", report.frozen_sha256),
        ]
        cells = [[tiles.cell(name), tiles.cell(value)] for name, value in rows]
        st.html(tiles.table(f"Report {report.number}", ("", ""), cells))
        _draw_files(actor, report)
        st.html(_signatures(report))
        _draw_signature_sheet(report)
        _draw_moved(actor, report)
        if may(actor.role, Action.SIGN_REPORT):
            _draw_sign(actor, report)


def _draw_files(actor: Actor, report: StoredReport) -> None:
    """A link to each file that this person may take: the closed part only for those who see efficacy."""
    for part in _parts_of(actor):
        words = "Open part" if part is Part.OPEN else "Closed part, efficacy"
        st.subheader(words, anchor=False)
        links = [_file_link(report, file) for file in report.files if file.part == part.value]
        st.html(tiles.line(*links))


def _parts_of(actor: Actor) -> tuple[Part, ...]:
    """The parts that this person may see."""
    return tuple(Part) if may(actor.role, Action.SEE_EFFICACY) else (Part.OPEN,)


def _file_link(report: StoredReport, file: StoredFile) -> str:
    """An address that asks for the role again."""
    words = f"{_KINDS[file.kind]}, report {report.number}, {file.part} part"
    return tiles.download(words, f"{REPORT_FILES}/{file.id}")


def _signatures(report: StoredReport) -> str:
    zone = context.settings().zone
    rows = [
        [
            tiles.cell(one.printed_name),
            tiles.cell(one.role),
            tiles.cell(date_and_time(one.signed_at, zone)),
            tiles.cell(one.meaning),
        ]
        for one in report.signatures
    ]
    if not rows:
        return tiles.soft("Nobody has signed this report.")
    caption = f"Signatures, bound to {report.frozen_sha256[:16]}"
    return tiles.table(caption, ("Name", "Role", "Signed", "Meaning"), rows)


def _draw_signature_sheet(report: StoredReport) -> None:
    """The signatures as a file of their own, once there is one: those that were signed stay as they are."""
    if not report.signatures:
        return
    words, address = f"Signatures of report {report.number} (PDF)", f"{REPORT_SIGNATURES}/{report.id}"
    st.html(tiles.line(tiles.download(words, address)))


def _draw_moved(actor: Actor, report: StoredReport) -> None:
    """Read only when it is unfolded: the figures are computed anew for it."""
    folded = st.expander(
        "What later changes of the data moved", key=f"report-moved-{report.id}", on_change="rerun"
    )
    if not folded.open:
        return
    with folded:
        try:
            moved = _load_moved(actor, report)
        except EarlierReportError as refusal:
            st.text(str(refusal))
            return
        if not moved:
            st.text("Nothing: the same cut-off gives the same figures today.")
            return
        cells = [[tiles.cell(what), tiles.cell(then), tiles.cell(now)] for what, then, now in moved]
        st.html(tiles.table("Figures that moved", ("Figure", "In the report", "Now"), cells))


def _load_moved(actor: Actor, report: StoredReport) -> list[Moved]:
    """By the protocol that the report was made under."""
    with reading() as session:
        frozen, protocol_hash = load_frozen(session, report.id)
        text = load_protocol_texts(session).get(protocol_hash)
        protocol = context.protocol() if text is None else parse_protocol(text)
        return moved_since(session, frozen, protocol, context.settings().zone, _parts_of(actor))


def _draw_sign(actor: Actor, report: StoredReport) -> None:
    if any(one.user_id == actor.user_id for one in report.signatures):
        return
    sheet = Sheet(f"report_sign_{report.id}")
    folded = st.expander(f"Sign report {report.number}", expanded=sheet.is_open)
    with folded, sheet.form():
        st.text(f"{MEANING}: report {report.number}, SHA-256 {report.frozen_sha256[:16]}.")
        password = sheet.secret("password", "Your password", "Your name is printed with the time.")

        def sign_it(_form: Sheet) -> str:
            now = utc_now()
            signer = check_signer(actor, password, now=now)
            sign_report(report.id, report.frozen_sha256, signer=signer, now=now)
            return f"Report {report.number} is signed."

        sheet.submit(f"Sign report {report.number}", sign_it)
