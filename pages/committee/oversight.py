"""Oversight: overrides, corrected and late entries, missing assessments, alerts and their answers."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.queries.committee import load_committee
from db.queries.committee_slots import load_completeness
from db.queries.oversight import (
    load_answered_alerts,
    load_corrections,
    load_late_entries,
    load_overrides,
)
from db.session import reading
from pages.committee.oversight_parts.tables import (
    alerts_table,
    corrections_table,
    late_table,
    missing_table,
    overrides_table,
)
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import date_and_time, zone_words
from trial.completeness import LATE_AFTER, CourseCount

_ALL = "Everyone"


def main() -> None:
    """One run of the page; `code` in the address shows one patient."""
    require_role(Page.OVERSIGHT)
    now, zone, protocol = utc_now(), context.settings().zone, context.protocol()
    with reading() as session:
        patients = load_committee(session, zone)
        overrides = load_overrides(session)
        corrections = load_corrections(session)
        late = load_late_entries(session, LATE_AFTER)
        missing = load_completeness(session, patients, now, protocol, zone)
        alerts = load_answered_alerts(session)
    st.title("Oversight", anchor=False)
    st.html(tiles.soft(f"Data as of {date_and_time(now, zone)} {zone_words(now, zone)}."))
    code = _choose([patient.study_code for patient in patients])
    _part("Overrides", overrides, overrides_table, code)
    _part("Corrected and withdrawn entries", corrections, corrections_table, code)
    _part("Late entries", late, late_table, code)
    open_counts = [one for one in missing if one.count.missing]
    _part("Missing assessments", open_counts, missing_table, code)
    _part("Alerts and the time to acknowledgement", alerts, alerts_table, code)


def _choose(codes: list[str]) -> str | None:
    named = st.query_params.get("code", "")
    options = [_ALL, *codes]
    chosen = st.selectbox("Patient", options, index=options.index(named) if named in codes else 0)
    if chosen == _ALL:
        st.query_params.pop("code", None)
        return None
    st.query_params["code"] = chosen
    return chosen


def _code_of(row: Any) -> str | None:  # noqa: ANN401 -- a row of any list
    code: str | None = row.code if isinstance(row, CourseCount) else row.study_code
    return code


def _part(title: str, rows: Sequence[Any], table: Callable[[Sequence[Any]], str], code: str | None) -> None:
    """One list with its count, of everyone or of one patient."""
    shown = [row for row in rows if code in (None, _code_of(row))]
    st.header(f"{title} ({len(shown)})", anchor=False)
    if shown:
        st.html(table(shown))
    else:
        st.text("None.")


main()
