"""What speaks against going home now: from the records of the latest infusion, and as it is shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import streamlit as st
from sqlmodel import Session

from actions import context
from actions.words import dates_in_words
from alerts.words.short import short_words
from db.queries.board_alerts import BoardAlert, load_board_alerts
from db.queries.charted_entries import Entry, load_entries
from db.queries.office import InfusionRecord, PatientRecord, load_stays
from db.queries.skips import load_skips
from pages.parts import tiles
from trial.calendar import Slot, SlotKind, StayPeriod
from trial.discharge import Discharge, check_discharge
from trial.due import DueCourse, due_now, skips_that_count


def load_going_home(session: Session, patient: PatientRecord, now: datetime) -> Discharge | None:
    """The check after the latest infusion; None before the first one, and after a death."""
    infused = [one for one in patient.infusions if one.infused_at <= now]
    if not infused or patient.died_at is not None:
        return None
    latest = infused[-1]
    entries = load_entries(session, latest.id)
    alerts = load_board_alerts(session, now).get(latest.id, ())
    overdue = _overdue(session, patient, latest, entries, now)
    return judge_going_home(latest.infused_at, entries, alerts, overdue, now)


def judge_going_home(
    infused_at: datetime,
    entries: Sequence[Entry],
    alerts: Iterable[BoardAlert],
    overdue: Sequence[Slot],
    now: datetime,
) -> Discharge:
    """The check from what is already read."""
    return check_discharge(
        infused_at,
        [entry.grade_point for entry in entries],
        now,
        context.protocol(),
        zone=context.settings().zone,
        overdue=overdue,
        open_alerts=[_alert_words(alert) for alert in alerts],
    )


def show_going_home(discharge: Discharge) -> None:
    """Each thing that speaks against it, one sentence each; that nothing does is said, too."""
    if not discharge.against:
        st.text("Nothing recorded speaks against going home now.")
        return
    items = [tiles.piece("li", text=dates_in_words(sentence)) for sentence in discharge.against]
    head = tiles.piece("div", text="This speaks against going home now:")
    st.html(tiles.piece("div", head, tiles.piece("ul", *items, classes="vigil-text"), classes="vigil-banner"))


def _alert_words(alert: BoardAlert) -> str:
    return short_words(alert.signal, alert.slot, alert.level, is_settled=alert.is_settled)


def _overdue(
    session: Session,
    patient: PatientRecord,
    infusion: InfusionRecord,
    entries: Sequence[Entry],
    now: datetime,
) -> tuple[Slot, ...]:
    """The first assessment of each kind that is overdue."""
    protocol, zone = context.protocol(), context.settings().zone
    stays = load_stays(session, patient.id)
    course = DueCourse(
        infused_at=infusion.infused_at,
        stays=tuple(StayPeriod(stay.kind, stay.from_at, stay.to_at) for stay in stays),
        grades=tuple(entry.grade_point for entry in entries),
        skipped=skips_that_count(load_skips(session, [infusion.id])[infusion.id], now),
        ended_at=patient.withdrawn_at,
    )
    last = {
        kind: max(at)
        for kind in SlotKind
        if (at := [one.assessed_at for one in entries if one.recorded.holds(kind, now)])
    }
    return due_now(course, last, now, protocol, zone=zone).overdue
