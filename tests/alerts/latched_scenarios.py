"""What happens until every kind of mail of the bar, of a stopping rule and of a serious event was written."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from actions import context
from alerts.jobs import sweep
from alerts.latched import reconcile_rules
from db.roles import SYSTEM
from db.session import writing
from tests.alerts.conftest import Ward, at
from tests.alerts.latching import (
    AWARE_AT,
    GRADE_3,
    NOT_SERIOUS,
    another_investigator,
    answer,
    attempt,
    crossed,
    decide,
    latching,
    record_event,
    release,
    report_event,
    second_infusion,
    the_alert,
    withdraw_reports,
)
from tests.alerts.lively import told_by_the_clock
from tests.support import made_up


def barred(ward: Ward) -> None:
    """Barred, attempted, released, worse than released, one entry corrected, then all of them."""
    latching(ward, steps=2)
    first = ward.assess(24, **GRADE_3)
    _sent(ward)
    told_by_the_clock(ward, at(25.2))
    _sent(ward)
    answer(ward, the_alert(ward, "barred"), at(26), "informed")
    attempt(ward, at(24 * 20))
    _sent(ward)
    for hours, by in ((24 * 21, int(ward.investigator.user_id or 0)), (24 * 22, another_investigator())):
        release(ward, by, at(hours))
        _sent(ward)
    unarousable = {"consciousness": "unarousable", "ice_score": None}
    worse = ward.assess(30, entered_after=24 * 22, **{**GRADE_3, **unarousable})
    _sent(ward)
    made_up.correct(worse, at(24 * 24), "another patient", status="voided")
    _sent(ward)
    made_up.correct(first, at(24 * 25), "wrong line filled", vasopressors="none")
    _sent(ward)


def boundary(ward: Ward) -> None:
    """Reached by the immediate reading, a further event, one corrected, nobody answers, decided on."""
    latching(ward, steps=2)
    crossed()
    _sent(ward)
    _rules(ward, at(24 * 44 + 1.2))
    third = second_infusion("CART-003", 45)
    entry = third.assess(2, **GRADE_3)
    _sent(ward)
    made_up.correct(entry, at(24 * 48), "wrong line filled", vasopressors="none")
    _sent(ward)
    answer(ward, the_alert(ward, "boundary"), at(24 * 48 + 1), "committee_called")
    _rules(ward, at(24 * 49 + 1))
    decide(ward, at(24 * 50))
    _sent(ward)


def boundary_below(ward: Ward) -> None:
    """Certain before the windows close, then an entry behind it was wrong."""
    latching(ward)
    first, second = second_infusion("CART-001", 40), second_infusion("CART-002", 41)
    first.assess(1)
    third = second_infusion("CART-003", 44)
    third.assess(0.5)
    first.assess(5, **GRADE_3)
    entry = second.assess(5, **GRADE_3)
    _sent(ward)
    made_up.correct(entry, at(24 * 47), "wrong line filled", vasopressors="none")
    _sent(ward)


def sae(ward: Ward) -> None:
    """Aware, not acknowledged, reminded, overdue, overdue still, reported late."""
    latching(ward, steps=2)
    event = record_event(ward, AWARE_AT + timedelta(minutes=10))
    _sent(ward)
    for hours in (4.2, 12, 20, 23, 24, 28):
        _sweep(ward, AWARE_AT + timedelta(hours=hours))
    report_event(ward, event, AWARE_AT + timedelta(hours=29.5), reported_at=AWARE_AT + timedelta(hours=29))
    _sent(ward)


def sae_unreported(ward: Ward) -> None:
    """Reported, and the report withdrawn: it was never sent."""
    latching(ward)
    event = record_event(ward, AWARE_AT)
    _sent(ward)
    report_event(ward, event, AWARE_AT + timedelta(hours=2))
    _sent(ward)
    withdraw_reports(AWARE_AT + timedelta(hours=5))
    _sweep(ward, AWARE_AT + timedelta(hours=5))


def sae_taken_back(ward: Ward) -> None:
    """Entered late, its awareness corrected, then judged not serious; another one withdrawn."""
    latching(ward)
    event = record_event(ward, AWARE_AT + timedelta(hours=25), grade=3)
    _sent(ward)
    later = AWARE_AT + timedelta(hours=20)
    record_event(ward, AWARE_AT + timedelta(hours=26), event, grade=3, aware_at=later)
    _sent(ward)
    record_event(ward, AWARE_AT + timedelta(hours=27), event, grade=3, **NOT_SERIOUS)
    _sent(ward)
    other = record_event(ward, AWARE_AT + timedelta(hours=27), infusion_number=None)
    _sent(ward)
    record_event(ward, AWARE_AT + timedelta(hours=28), other, infusion_number=None, voided=True)
    _sent(ward)


LATCHED_SCENARIOS: Final[dict[str, tuple[Callable[[Ward], None], str]]] = {
    "barred": (barred, "barred"),
    "boundary": (boundary, "boundary"),
    "boundary_below": (boundary_below, "boundary"),
    "sae": (sae, "sae_clock"),
    "sae_unreported": (sae_unreported, "sae_clock"),
    "sae_taken_back": (sae_taken_back, "sae_clock"),
}
"""The course of events, and the signal whose mails are read."""


def _sent(ward: Ward) -> None:
    """The mails leave before the next step, so that none gives way to a later one."""
    ward.mark_sent()


def _rules(ward: Ward, now: datetime) -> None:
    with writing() as session:
        protocol = context.protocol()
        reconcile_rules(session, now=now, protocol=protocol, by=SYSTEM, settings=ward.settings)
    _sent(ward)


def _sweep(ward: Ward, now: datetime) -> None:
    sweep(ward.settings, context.protocol(), now=lambda: now)
    _sent(ward)
