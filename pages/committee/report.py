"""The committee's reports: make one, take its files, see what moved since, sign it."""

from datetime import datetime

import streamlit as st

from actions import context
from actions.errors import Refused, RefusedField
from actions.permissions import Action, Page, may
from actions.reports import next_number, store_report
from clock import utc_now
from db.queries.reports import load_reports
from db.roles import Actor
from db.session import reading
from pages.committee.report_parts.stored import draw_report
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.moments import read_moment
from pages.parts.sheet import Sheet, show_said
from pages.parts.wording import zone_words
from reports.committee import build_report

_ABOUT = (
    "A report freezes what had happened by its data cut-off: rows, figures, rules and program version. Later "
    "changes of the data leave it as it is; the page shows what they moved."
)


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.REPORT)
    now = utc_now()
    with reading() as session:
        reports = load_reports(session)
    st.title("Reports", anchor=False)
    st.html(tiles.soft(f"{_ABOUT} Times of the hospital {zone_words(now, context.settings().zone)}."))
    show_said()
    if may(actor.role, Action.MAKE_REPORT):
        _draw_new(actor, now, expanded=not reports)
    if not reports:
        st.text("No report has been made yet.")
    for report in reports:
        draw_report(actor, report)


def _draw_new(actor: Actor, now: datetime, *, expanded: bool) -> None:
    sheet = Sheet("report_new")
    with st.expander("Make a report", expanded=expanded or sheet.is_open), sheet.form():
        typed = sheet.moment("cutoff_at", "Data cut-off", "Blank is now. What happened later is not in it.")

        def make(_form: Sheet) -> str:
            zone, protocol = context.settings().zone, context.protocol()
            cutoff_at = read_moment("cutoff_at", typed, zone)
            if cutoff_at is not None and not isinstance(cutoff_at, datetime):
                raise Refused([cutoff_at])
            made_at = utc_now()
            if cutoff_at is not None and cutoff_at > made_at:
                sentence = "The data cut-off must not be in the future."
                raise Refused([RefusedField("cutoff_at", cutoff_at, sentence)])
            with reading() as session:
                report = build_report(
                    session,
                    number=next_number(session),
                    cutoff_at=cutoff_at or made_at,
                    now=made_at,
                    protocol=protocol,
                    zone=zone,
                )
            store_report(report, by=actor, now=made_at)
            return f"Report {report.number} is made. Read it, then sign it."

        sheet.submit("Make report", make)


main()
