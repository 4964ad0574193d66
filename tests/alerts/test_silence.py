"""Silencing an alert, and answering alerts that are about no grade, on both engines."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from actions import context
from actions.alerts import acknowledge_alert, silence_alert
from actions.errors import AlreadyRecorded, NotPermitted, Refused
from alerts.model import SignalKind
from alerts.reconcile import reconcile_course
from alerts.stored import version_to_acknowledge
from db.models import Acknowledgement, Alert, AuditEvent, Silence
from db.roles import SYSTEM, Actor, Role
from db.session import reading, writing
from tests.alerts.conftest import NEVER_H, Ward, at
from tests.support import made_up
from tests.support.protocols import of_a_course_alone

pytestmark = pytest.mark.postgresql_in_soak

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
GRADE_4: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine;epinephrine"}
LOW: dict[str, Any] = {"systolic_mmhg": 84.0}
HELD_UP: dict[str, Any] = {"vasopressors": "norepinephrine"}


def use_the_real_plans() -> None:
    """The protocol of the trial; what has long been missed is not what these tests are about."""
    context.configure(context.settings(), replace(of_a_course_alone(), missed_hours=NEVER_H))


def sweep_at(ward: Ward, hours: float) -> None:
    with writing() as session:
        reconcile_course(
            session,
            infusion_id=ward.infusion_id,
            now=at(hours),
            protocol=context.protocol(),
            by=SYSTEM,
            settings=ward.settings,
            by_the_clock=True,
        )


def alert_of(kind: SignalKind, slot: str = "") -> Alert:
    with reading() as session:
        return session.exec(select(Alert).where(Alert.signal == kind.value, Alert.slot == slot)).one()


def silence(ward: Ward, hours: float, **changes: Any) -> str:
    values: dict[str, Any] = {
        "alert_id": 1,
        "reason": "Treated, waiting for the next round",
        "until": at(hours + 4),
        "by": ward.investigator,
        "now": at(hours),
    }
    return silence_alert(**values | changes)


def silences() -> list[Silence]:
    with reading() as session:
        return list(session.exec(select(Silence)).all())


def test_a_silence_stops_steps_and_repeats_until_it_ends(ward: Ward) -> None:
    use_the_real_plans()
    ward.assess(4, **GRADE_3)
    said = silence(ward, 4.2)
    assert said == "Silenced until 18:12. Nobody else is told until then, unless it becomes P1."
    sweep_at(ward, 8)
    assert ward.kinds() == ["opening"]
    sweep_at(ward, 8.3)
    assert ward.kinds() == ["opening", "escalation"]
    (stored,) = silences()
    assert (stored.by, stored.at, stored.until) == (ward.investigator.user_id, at(4.2), at(8.2))
    with reading() as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "silence_alert")).one()
    assert (event.username, event.patient_id, event.subject_id) == ("dr.li", ward.patient_id, "1")
    assert event.detail["reason"] == "Treated, waiting for the next round"


def test_a_change_to_urgency_1_ends_the_silence(ward: Ward) -> None:
    use_the_real_plans()
    ward.assess(4, **GRADE_3)
    silence(ward, 4.2)
    ward.assess(5, **GRADE_4)
    sweep_at(ward, 5.3)
    assert ward.kinds() == ["opening", "worsened", "escalation"]


def test_an_alert_of_urgency_1_cannot_be_silenced(ward: Ward) -> None:
    ward.assess(4, **GRADE_4)
    with pytest.raises(Refused, match="An alert of urgency P1 cannot be silenced"):
        silence(ward, 5)
    assert silences() == []


def test_a_later_silence_takes_the_place_of_an_earlier_one(sqlite_ward: Ward) -> None:
    use_the_real_plans()
    sqlite_ward.assess(4, **GRADE_3)
    silence(sqlite_ward, 4.2, until=at(20))
    silence(sqlite_ward, 4.3, until=at(5))
    sweep_at(sqlite_ward, 5.1)
    assert sqlite_ward.kinds() == ["opening", "escalation"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Say in a few words why nobody else needs to be told for now."),
        ({"reason": "  "}, "Say in a few words why nobody else needs to be told for now."),
        ({"reason": None}, "Say in a few words why nobody else needs to be told for now."),
        ({"reason": "x" * 2001}, "Reason must be at most 2,000 characters; it has 2,001."),
        ({"reason": "a\x00b"}, "Reason holds a character that cannot be stored. Type it again."),
        ({"reason": "a\ud800b"}, "Reason holds a character that cannot be stored. Type it again."),
        ({"until": at(5)}, "A silence must end within 24 h from now, by 3 Mar 15:00. Choose its end."),
        ({"until": at(4)}, "A silence must end within 24 h from now, by 3 Mar 15:00. Choose its end."),
        (
            {"until": at(29) + timedelta(seconds=1)},
            "A silence must end within 24 h from now, by 3 Mar 15:00. Choose its end.",
        ),
        ({"until": at(6).replace(tzinfo=None)}, "End of the silence needs its offset from UTC"),
        ({"by": SYSTEM}, "Only a person can silence an alert. Sign in first."),
        ({"alert_id": 99}, "This alert does not exist."),
    ],
)
def test_a_silence_that_cannot_stand_is_refused(
    sqlite_ward: Ward, changes: dict[str, Any], sentence: str
) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    with pytest.raises(Refused) as caught:
        silence(sqlite_ward, 5, **changes)
    assert sentence in str(caught.value)
    assert silences() == []


def test_24_hours_are_the_longest_silence(sqlite_ward: Ward) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    silence(sqlite_ward, 5, until=at(29))
    assert len(silences()) == 1


def test_what_is_over_or_was_imported_is_not_silenced(sqlite_ward: Ward) -> None:
    entry = sqlite_ward.assess(4, **GRADE_3)
    made_up.correct(entry, at(5), "wrong line", vasopressors="none")
    with pytest.raises(Refused, match=r"This alert was withdrawn at 15:00\. Nothing is left to silence"):
        silence(sqlite_ward, 6)
    sqlite_ward.assess(60, **GRADE_3, historical=True)
    imported = sqlite_ward.alerts()[-1]
    assert imported.historical
    with pytest.raises(Refused, match="Nothing is left to silence"):
        silence(sqlite_ward, 61, alert_id=imported.id)
    assert silences() == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.INVESTIGATOR])
def test_nobody_but_an_investigator_silences(sqlite_ward: Ward, role: Role) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    with pytest.raises(NotPermitted):
        silence(sqlite_ward, 5, by=Actor(sqlite_ward.investigator.user_id, "other", "Other", role))
    assert silences() == []


def answer(ward: Ward, alert: Alert, hours: float, **changes: Any) -> None:
    with reading() as session:
        seen = version_to_acknowledge(session, int(alert.id or 0))
    values: dict[str, Any] = {
        "alert_id": alert.id,
        "seen_level": alert.level,
        "seen_assessment_id": seen,
        "action_taken": "seen_at_bedside",
        "by": ward.investigator,
        "now": at(hours),
        "seen_urgency": alert.urgency,
    }
    acknowledge_alert(**values | changes)


def test_a_missed_assessment_is_acknowledged_without_a_version(ward: Ward) -> None:
    context.configure(ward.settings, of_a_course_alone())
    ward.assess(1)
    sweep_at(ward, 7)
    missed = alert_of(SignalKind.MISSED, "vital_signs")
    answer(ward, missed, 7.1)
    with reading() as session:
        stored = session.exec(select(Acknowledgement)).one()
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert (stored.assessment_id, stored.level, stored.expires_at) == (None, 0, at(19.1))
    assert event is not None
    assert event.detail["assessment_id"] is None
    assert alert_of(SignalKind.MISSED, "vital_signs").state == "acknowledged"
    with pytest.raises(AlreadyRecorded, match=r"^Already acknowledged by Dr Li at 17:06\.$"):
        answer(ward, missed, 7.2)


def test_an_unsettled_grade_is_acknowledged_without_a_version(sqlite_ward: Ward) -> None:
    use_the_real_plans()
    context.configure(sqlite_ward.settings, replace(context.protocol(), unsettled_hours=8))
    sqlite_ward.assess(1, temperature_c=38.5, vasopressors=None)
    sweep_at(sqlite_ward, 9.5)
    unsettled = alert_of(SignalKind.UNSETTLED, "crs")
    answer(sqlite_ward, unsettled, 9.6)
    assert alert_of(SignalKind.UNSETTLED, "crs").state == "acknowledged"


def test_a_version_that_was_not_shown_does_not_answer_a_missed_assessment(sqlite_ward: Ward) -> None:
    context.configure(sqlite_ward.settings, of_a_course_alone())
    sqlite_ward.assess(1)
    sweep_at(sqlite_ward, 7)
    missed = alert_of(SignalKind.MISSED, "vital_signs")
    for seen in (1, 99):
        with pytest.raises(Refused, match="Read it again"):
            answer(sqlite_ward, missed, 7.1, seen_assessment_id=seen)
    assert alert_of(SignalKind.MISSED, "vital_signs").state == "open"


def test_an_alert_with_an_entry_is_not_acknowledged_without_one(sqlite_ward: Ward) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    with pytest.raises(Refused, match="Read it again"):
        answer(sqlite_ward, sqlite_ward.alert(), 5, seen_assessment_id=None)


def test_a_more_urgent_alert_asks_again_and_what_was_shown_before_does_not_answer_it(ward: Ward) -> None:
    ward.assess(4, **LOW)
    support = alert_of(SignalKind.SUPPORT_UNGRADED)
    assert (support.level, support.urgency) == (0, 3)
    answer(ward, support, 4.5)
    ward.assess(5, **HELD_UP)
    worse = alert_of(SignalKind.SUPPORT_UNGRADED)
    assert (worse.state, worse.level, worse.urgency) == ("open", 0, 2)
    with pytest.raises(Refused, match=r"it is now of urgency P2, and you saw P3\. Read it again"):
        answer(ward, support, 5.5)
    answer(ward, worse, 5.5)
    assert alert_of(SignalKind.SUPPORT_UNGRADED).state == "acknowledged"
