"""The report of a serious event on its page: versions to download, the next one, to whom it was reported."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from actions.sae_reports import record_notification, withdraw_notification
from clock import utc_now
from db.inputs_event import NotificationIn
from db.queries.events import EventRecord
from db.queries.sae import NotificationRecord, ReportRecord
from db.roles import Actor
from pages.parts import tiles
from pages.parts.access import SAE_REPORTS
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import sentence_case
from reports.sae import make_sae_report


def draw_versions(reports: Sequence[ReportRecord], outdated: bool) -> None:
    """Every version with its file, the newest first."""
    if outdated:
        made = f"after version {reports[-1].version} was made"
        st.html(tiles.outlined_band(f"What is recorded changed {made}. Make the next version."))
    if not reports:
        st.text("No report is made yet.")
        return
    rows = [
        [
            tiles.cell(str(one.version)),
            tiles.cell(shown_value(one.made_at)),
            tiles.cell(one.made_by or "the program"),
            tiles.cell(one.content_hash),
        ]
        for one in reversed(reports)
    ]
    st.html(tiles.table("Versions of the report", ["Version", "Made", "By", "SHA-256 of the content"], rows))
    links = [
        tiles.download(f"Download version {one.version} (PDF)", f"{SAE_REPORTS}/{one.id}")
        for one in reversed(reports)
    ]
    st.html(tiles.line(*links))


def draw_new_version(actor: Actor, event: EventRecord, reports: Sequence[ReportRecord]) -> None:
    """The form that makes the next version; the narrative begins with that of the last."""
    number = len(reports) + 1
    sheet = Sheet(f"sae_report_{event.stable_id}_{number}")
    told = str(reports[-1].content["narrative"]) if reports else ""
    with (
        st.expander(f"Make version {number} of the report", expanded=sheet.is_open or not reports),
        sheet.form(),
    ):
        narrative = sheet.words(
            "narrative",
            "What happened",
            "Course, treatment, outcome; never a name. Grades, drugs and results are added by themselves.",
            told,
        )

        def make(_form: Sheet) -> str:
            make_sae_report(event.stable_id, narrative, by=actor, now=utc_now())
            return f"Version {number} of the report is made. Download it below, send it, and record to whom."

        sheet.submit(f"Make version {number}", make)


def draw_notifications(notifications: Sequence[NotificationRecord]) -> None:
    """To whom and when the event was reported."""
    if not any(one.stands for one in notifications):
        st.text("Not reported to anybody yet.")
    if not notifications:
        return
    rows = [
        [
            tiles.cell(one.reported_to),
            tiles.cell(shown_value(one.reported_at)),
            tiles.cell("" if one.report_version is None else f"version {one.report_version}"),
            tiles.cell(f"{shown_value(one.at)} by {one.by or 'the program'}"),
            tiles.cell(_withdrawn_words(one)),
        ]
        for one in notifications
    ]
    st.html(tiles.table("Reported", ["To", "At", "With", "Entered", "Withdrawn"], rows))


def _withdrawn_words(one: NotificationRecord) -> str:
    taken = one.withdrawal
    return "" if taken is None else f"{shown_value(taken.at)} by {taken.by or 'the program'}: {taken.reason}"


def draw_withdrawals(actor: Actor, notifications: Sequence[NotificationRecord]) -> None:
    """The forms that withdraw what was entered as a report and was none."""
    for one in notifications:
        if one.stands:
            _draw_withdrawal(actor, one)


def _draw_withdrawal(actor: Actor, one: NotificationRecord) -> None:
    named = f"the report to {one.reported_to}, {shown_value(one.reported_at)}"
    sheet = Sheet(f"sae_untold_{one.id}")
    with st.expander(f"Withdraw {named}", expanded=sheet.is_open), sheet.form():
        st.text("It stays in the table as withdrawn. Where no other report stands, the clock runs again.")
        why = sheet.words("reason", "Why is the report withdrawn", "Such as: it was never sent.")

        def withdraw(_form: Sheet) -> str:
            withdraw_notification(one.id, why, by=actor, now=utc_now())
            return f"{sentence_case(named)}, is withdrawn."

        sheet.submit("Withdraw report", withdraw)


def draw_new_notification(
    actor: Actor, event: EventRecord, reports: Sequence[ReportRecord], now: datetime
) -> None:
    """The form that records a report to somebody. The first one stops the clock."""
    sheet = Sheet(f"sae_told_{event.stable_id}")
    versions = {one.id: f"Version {one.version}" for one in reports}
    with st.expander("Record that it was reported", expanded=sheet.is_open), sheet.form():
        st.text(
            "The first report stops the clock. Check it before you save; one never sent is withdrawn below."
        )
        to = sheet.text(
            "reported_to", "To", "An office, never a person: sponsor safety desk, ethics committee."
        )
        at = sheet.moment("reported_at", "At", f"When it left the site. Now it is {shown_value(now)}.")
        with_version = (
            sheet.choice(
                "sae_report_id", "With", "The version that was sent.", list(versions), versions.__getitem__
            )
            if versions
            else None
        )

        def record(form: Sheet) -> str:
            typed = {"reported_to": to, "sae_report_id": with_version}
            entry = form.read(NotificationIn, typed, {"reported_at": at})
            record_notification(event.stable_id, entry, by=actor, now=utc_now())
            return f"Reported to {entry.reported_to} at {shown_value(entry.reported_at)}."

        sheet.submit("Record report", record)
