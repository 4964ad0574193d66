"""The signatures of a committee report on a sheet of their own: the signed files stay as they are."""

from zoneinfo import ZoneInfo

from db.queries.reports import StoredReport
from reports.committee_files import moment_in_zone
from reports.pdf import Frame, fitting_widths, heading, make_pdf, pairs, paragraph, soft, space, table


def render_signatures(report: StoredReport, registration: str, zone: ZoneInfo) -> bytes:
    """A4 as PDF: what was signed, by hash, who signed it, and the hash of each file."""
    title = f"Signatures of safety committee report {report.number}"
    about = [
        ("Study", registration),
        ("Data cut-off", moment_in_zone(report.cutoff_at, zone)),
        ("Made", moment_in_zone(report.made_at, zone)),
        ("SHA-256 of the frozen content", report.frozen_sha256),
    ]
    signed = [
        [one.printed_name, one.role, moment_in_zone(one.signed_at, zone), one.meaning]
        for one in report.signatures
    ]
    files = [[file.name, file.sha256] for file in report.files]
    heads, of_files = ("Name", "Role", "Signed", "Meaning"), ("File", "SHA-256")
    parts = [
        heading(title, 1),
        pairs(about),
        heading("Signatures"),
        table(heads, signed, fitting_widths(heads, signed)) if signed else paragraph("Nobody has signed."),
        space(),
        soft("Each was given with the password of the person named, and is bound to the SHA-256 above."),
        heading("Files of the report"),
        table(of_files, files, (28, 72)),
    ]
    return make_pdf(Frame(title, registration, (f"SHA-256 {report.frozen_sha256}",)), parts)
