"""What happens to a made-up patient until every kind of mail has been written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from actions import context
from alerts.model import Signal, SignalKind, SignalState
from alerts.reconcile import reconcile_program
from db.models import Acknowledgement, Alert
from db.roles import SYSTEM
from db.session import writing
from tests.alerts.conftest import Ward, at
from tests.alerts.lively import told_by_the_clock
from tests.support import made_up
from trial.protocol import load_protocol

GRADE_3: Final[dict[str, Any]] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
GRADE_4: Final[dict[str, Any]] = {"temperature_c": 38.6, "vasopressors": "norepinephrine;epinephrine"}
ENTERED_AT: Final = at(24.1)


def grade3_unanswered(ward: Ward) -> None:
    """Opening, every step, and a repeat."""
    ward.assess(20, temperature_c=38.2)
    ward.assess(24, **GRADE_3)
    for minutes in (15, 30, 60, 120):
        _clock(ward, ENTERED_AT + timedelta(minutes=minutes))


def grade3_course(ward: Ward) -> None:
    """Opening while something is open, worsened, lapsed, recovered, again, died."""
    _each(ward, lambda: ward.assess(24, **GRADE_3 | {"oxygen_device": None, "spo2_percent": None}))
    _each(ward, lambda: ward.assess(28, **GRADE_4))
    _acknowledge(ward, at(28.5))
    _clock(ward, at(32.5))
    _each(ward, lambda: ward.assess(36))
    _each(ward, lambda: ward.assess(41))
    _each(ward, lambda: ward.assess(34, entered_after=8, **GRADE_3))
    _each(ward, lambda: ward.assess(44, death_due_to="crs"))


def rise2(ward: Ward) -> None:
    """A rise over night, its next step, and recovery."""
    _each(ward, lambda: ward.assess(12))
    _each(ward, lambda: ward.assess(24, temperature_c=38.9, systolic_mmhg=84.0))
    _clock(ward, ENTERED_AT + timedelta(minutes=15))
    _each(ward, lambda: ward.assess(36))
    _each(ward, lambda: ward.assess(40))


def support_graded(ward: Ward) -> None:
    """Low-flow oxygen, then more, nobody answers, then fever makes it a grade."""
    low_flow: dict[str, Any] = {
        "spo2_percent": 88.0,
        "oxygen_device": "nasal_cannula",
        "oxygen_l_per_min": 2.0,
    }
    _each(ward, lambda: ward.assess(24, **low_flow))
    _each(
        ward,
        lambda: ward.assess(
            28, temperature_c=None, systolic_mmhg=84.0, vasopressors="norepinephrine;vasopressin"
        ),
    )
    _clock(ward, at(28.1) + timedelta(minutes=15))
    _each(ward, lambda: ward.assess(32, temperature_c=38.5, vasopressors="norepinephrine"))


def support_explained(ward: Ward) -> None:
    """The ward puts it down to another cause; an investigator records the cause."""
    other_cause: dict[str, Any] = {"vasopressors": "norepinephrine", "attributed_elsewhere": "hypotension"}
    _each(ward, lambda: ward.assess(24, **other_cause))
    _each(ward, lambda: _by_investigator(ward, 28, **other_cause))


def support_gone(ward: Ward) -> None:
    """Judged not to be hypoxia against the reading, on a patient whose acknowledgement lapses."""
    _each(ward, lambda: ward.assess(24, spo2_percent=86.0, hypoxia="no"))
    _acknowledge(ward, at(24.5))
    _clock(ward, at(36.5))
    _each(ward, lambda: ward.assess(37))
    _each(ward, lambda: ward.assess(41))


def unsettled(ward: Ward) -> None:
    """Devices and drugs not charted for 8 h, then charted."""
    context.configure(
        ward.settings, replace(context.protocol(), unsettled_hours=load_protocol().unsettled_hours)
    )
    _each(ward, lambda: ward.assess(24, temperature_c=38.4, vasopressors=None, oxygen_device=None))
    _clock(ward, at(32))
    _each(ward, lambda: ward.assess(34, temperature_c=38.1))
    _clock(ward, at(34.2))


def missed(ward: Ward) -> None:
    """Vital signs and ICE overdue: the ward, then the investigators, then late entries."""
    context.configure(ward.settings, replace(context.protocol(), missed_hours=load_protocol().missed_hours))
    _each(ward, lambda: ward.assess(20))
    # An assessment without a temperature settles no CRS, and it holds no ICE.
    _each(
        ward,
        lambda: ward.assess(24, temperature_c=None, ice_score=None, vasopressors=None, oxygen_device=None),
    )
    for hours in (26.1, 30.1, 34):
        _clock(ward, at(hours))
    _each(ward, lambda: ward.assess(34.5, ice_score=None))
    _clock(ward, at(34.7))
    _each(ward, lambda: ward.assess(28.2, entered_after=8))
    _clock(ward, at(36.3))


def program(ward: Ward) -> None:
    """Every part of the program, unwell and well again."""
    for slot in ("worker", "queue", "delivery", "audit", "disk", "backup", "clock"):
        signal = Signal(
            kind=SignalKind.SYSTEM,
            slot=slot,
            state=SignalState.FIRING,
            level=0,
            urgency=3,
            first_at=at(24),
            last_at=at(24),
        )
        for signals, now in (([signal], at(24)), ([], at(25))):
            with writing() as session:
                reconcile_program(
                    session,
                    signals,
                    now=now,
                    protocol=context.protocol(),
                    by=SYSTEM,
                    settings=ward.settings,
                )
            ward.mark_sent()


SCENARIOS: Final[dict[str, Callable[[Ward], None]]] = {
    one.__name__: one
    for one in (
        grade3_unanswered,
        grade3_course,
        rise2,
        support_graded,
        support_explained,
        support_gone,
        unsettled,
        missed,
        program,
    )
}


def _each(ward: Ward, step: Callable[[], object]) -> None:
    """One step whose mails leave before the next, so that none gives way to a later one."""
    step()
    ward.mark_sent()


def _clock(ward: Ward, now: datetime) -> None:
    _each(ward, lambda: told_by_the_clock(ward, now))


def _by_investigator(ward: Ward, hours: float, **values: Any) -> None:
    made_up.assess(
        ward.patient_id,
        ward.infusion_id,
        [(at(hours), {**made_up.WELL, **values})],
        by=ward.investigator.user_id,
    )


def _acknowledge(ward: Ward, now: datetime) -> None:
    with writing() as session:
        alert = session.get_one(Alert, 1)
        alert.state, alert.updated_at = "acknowledged", now
        session.add(alert)
        session.add(
            Acknowledgement(
                alert_id=1,
                by=int(ward.investigator.user_id or 0),
                at=now,
                level=alert.level,
                action_taken="seen_at_bedside",
                expires_at=now + timedelta(hours=12),
            )
        )
