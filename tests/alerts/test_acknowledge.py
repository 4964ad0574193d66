"""Acknowledging, and the list of recipients: who may, for which version, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from actions import context
from actions.alerts import acknowledge_alert
from actions.errors import AlreadyRecorded, NotPermitted, Refused
from actions.recipients import add_recipient, end_recipient
from alerts.jobs import sweep
from alerts.stored import version_to_acknowledge
from db.inputs_office import RecipientIn
from db.models import Acknowledgement, AuditEvent, Recipient
from db.roles import SYSTEM, Actor, Role
from db.session import reading
from tests.alerts.conftest import Ward, at
from tests.support import made_up

pytestmark = pytest.mark.postgresql_in_soak

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
GRADE_4: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine;epinephrine"}
COORDINATOR = Actor(None, "coordinator", "Coordinator", Role.COORDINATOR)


def shown(alert_id: int = 1) -> int:
    with reading() as session:
        return version_to_acknowledge(session, alert_id) or 0


def acknowledge(ward: Ward, hours: float, **changes: Any) -> None:
    values: dict[str, Any] = {
        "alert_id": 1,
        "seen_level": 3,
        "seen_assessment_id": changes.pop("seen_assessment_id", None) or shown(),
        "action_taken": "seen_at_bedside",
        "by": ward.investigator,
        "now": at(hours),
    }
    acknowledge_alert(**values | changes)


def acknowledgements() -> list[Acknowledgement]:
    with reading() as session:
        return list(session.exec(select(Acknowledgement)).all())


def test_an_investigator_acknowledges_the_version_shown(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, 5, action_taken="other", remark="Seen in intensive care")
    (stored,) = acknowledgements()
    assert (stored.by, stored.at, stored.level, stored.action_taken) == (
        ward.investigator.user_id,
        at(5),
        3,
        "other",
    )
    assert stored.expires_at == at(5) + timedelta(hours=12)
    assert ward.alert().state == "acknowledged"
    with reading() as session:
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.id).desc())).first()
    assert event is not None
    assert (event.action, event.username, event.patient_id) == ("acknowledge_alert", "dr.li", ward.patient_id)
    assert event.detail["remark"] == "Seen in intensive care"


def test_a_grade_4_is_acknowledged_for_4_hours(ward: Ward) -> None:
    ward.assess(4, **GRADE_4)
    acknowledge(ward, 5, seen_level=4)
    assert acknowledgements()[0].expires_at == at(9)


def test_a_second_acknowledgement_names_the_first(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, 5)
    with pytest.raises(AlreadyRecorded) as caught:
        acknowledge(ward, 5.5)
    assert str(caught.value) == "Already acknowledged by Dr Li at 15:00 for grade 3."
    assert len(acknowledgements()) == 1


def test_a_worse_grade_asks_again_and_the_old_one_cannot_be_acknowledged(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, 5)
    ward.assess(6, **GRADE_4)
    assert ward.alert().state == "open"
    with pytest.raises(Refused, match="it is now grade 4, and you saw grade 3"):
        acknowledge(ward, 7)
    acknowledge(ward, 7, seen_level=4)
    assert ward.alert().state == "acknowledged"


def test_an_older_version_of_the_entry_is_refused(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    seen = shown()
    made_up.correct(entry, at(5), "systolic", systolic_mmhg=92.0, **GRADE_3)
    with pytest.raises(Refused, match=r"The entry behind this alert was corrected at 15:00\. Read it again"):
        acknowledge(ward, 6, seen_assessment_id=seen)
    assert shown() != seen
    acknowledge(ward, 6)


@pytest.mark.parametrize(("assessment_id", "words"), [(999, "was corrected"), (2, "was corrected")])
def test_an_entry_that_is_not_behind_the_alert_is_refused(
    sqlite_ward: Ward, assessment_id: int, words: str
) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    sqlite_ward.assess(8)
    with pytest.raises(Refused, match=words):
        acknowledge(sqlite_ward, 9, seen_assessment_id=assessment_id)


def test_an_alert_that_is_over_leaves_nothing_to_acknowledge(sqlite_ward: Ward) -> None:
    entry = sqlite_ward.assess(4, **GRADE_3)
    seen = shown()
    made_up.correct(entry, at(5), "wrong line", vasopressors="none")
    with pytest.raises(Refused, match=r"This alert was withdrawn at 15:00"):
        acknowledge(sqlite_ward, 6, seen_assessment_id=seen)
    made_up.correct(entry, at(7), "right after all", **GRADE_3)
    sqlite_ward.assess(20)
    sqlite_ward.assess(24)
    with pytest.raises(Refused, match=r"This alert was closed at"):
        acknowledge(sqlite_ward, 25, alert_id=2, seen_assessment_id=seen)
    with pytest.raises(Refused, match="This alert does not exist"):
        acknowledge(sqlite_ward, 25, alert_id=3, seen_assessment_id=seen)
    assert acknowledgements() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"action_taken": "looked"}, "What was done must be one of"),
        ({"action_taken": "other"}, "Say in a few words what was done."),
        ({"action_taken": ""}, "Choose what was done."),
        ({"remark": "x" * 2001}, "Remark must be at most 2,000 characters"),
        ({"remark": "a\x00b"}, "Remark holds a character that cannot be stored"),
        ({"by": SYSTEM}, "Only a person can acknowledge an alert"),
    ],
)
def test_an_answer_that_cannot_stand_is_refused(
    sqlite_ward: Ward, changes: dict[str, Any], sentence: str
) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    with pytest.raises(Refused) as caught:
        acknowledge(sqlite_ward, 5, **changes)
    assert sentence in str(caught.value)
    assert sqlite_ward.alert().state == "open"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.INVESTIGATOR])
def test_nobody_but_an_investigator_acknowledges(sqlite_ward: Ward, role: Role) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    other = Actor(sqlite_ward.investigator.user_id, "other", "Other", role)
    with pytest.raises(NotPermitted):
        acknowledge(sqlite_ward, 5, by=other)
    assert acknowledgements() == []


def test_an_acknowledgement_lapses_and_everyone_is_told(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, 5)
    assert sweep(ward.settings, context.protocol()) == 1
    assert ward.alert().state == "open"
    assert ward.kinds() == ["opening", "lapsed"]


def test_recovery_passes_through_recovering_and_a_relapse_asks_again(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, 5)
    ward.assess(6)
    assert ward.alert().state == "recovering"
    with pytest.raises(AlreadyRecorded):
        acknowledge(ward, 7)
    ward.assess(8, **GRADE_3)
    assert ward.alert().state == "open"
    assert ward.kinds() == ["opening", "again"]


def recipient(address: str = "new@hospital.org", group: str = "deputy") -> RecipientIn:
    return RecipientIn.model_validate({"name": "Dr Sun", "address": address, "group": group})


def test_a_recipient_is_told_from_now_on_until_ended(ward: Ward) -> None:
    added = add_recipient(recipient(), by=COORDINATOR, now=at(1))
    ward.assess(4, **GRADE_3)
    assert [one.name for one in ward.deliveries()] == ["Ward 7", "Dr Li", "Dr Wu", "Dr Sun"]
    end_recipient(added, by=COORDINATOR, now=at(5))
    ward.assess(8, ice_score=2)
    assert [one.name for one in ward.deliveries()[4:]] == ["Ward 7", "Dr Li", "Dr Wu"]
    with reading() as session:
        actions = session.exec(
            select(AuditEvent.action).where(AuditEvent.subject == "recipient").order_by(col(AuditEvent.id))
        ).all()
    assert actions == ["add_recipient", "end_recipient"]


@pytest.mark.parametrize(
    "address",
    [
        "a@x.org\nBcc: b@x.org",
        "a@x.org\r\n",
        "a@x.org, b@x.org",
        "a@x.org;b@x.org",
        "a@x.org b@x.org",
        "a",
        "",
    ],
)
def test_a_line_break_or_a_second_address_is_refused(address: str) -> None:
    entry, problems = RecipientIn.check({"name": "Dr Sun", "address": address, "group": "pi"})
    assert entry is None or "\n" not in entry.address
    if address.strip() != "a@x.org":
        assert entry is None
        assert problems[0].sentence.startswith("Address must be one e-mail address")


def test_the_same_address_is_not_listed_twice(sqlite_ward: Ward) -> None:
    add_recipient(recipient(), by=COORDINATOR, now=at(1))
    with pytest.raises(AlreadyRecorded, match=r"new@hospital\.org is already told, as Dr Sun"):
        add_recipient(recipient(), by=COORDINATOR, now=at(2))
    add_recipient(recipient(group="sponsor_safety"), by=COORDINATOR, now=at(2))


def test_the_last_recipient_stays(sqlite_ward: Ward) -> None:
    with reading() as session:
        ids = session.exec(select(Recipient.id).order_by(col(Recipient.id))).all()
    first, second, third = (int(one or 0) for one in ids)
    end_recipient(first, by=COORDINATOR, now=at(1))
    with pytest.raises(AlreadyRecorded, match="Ward 7 is not told since"):
        end_recipient(first, by=COORDINATOR, now=at(2))
    end_recipient(second, by=COORDINATOR, now=at(1))
    with pytest.raises(Refused, match="Dr Wu is the last recipient"):
        end_recipient(third, by=COORDINATOR, now=at(2))
    with pytest.raises(Refused, match="does not exist"):
        end_recipient(99, by=COORDINATOR, now=at(2))


def test_the_ward_does_not_change_who_is_told(sqlite_ward: Ward) -> None:
    nurse = Actor(1, "nurse", "Nurse", Role.WARD)
    with pytest.raises(NotPermitted):
        add_recipient(recipient(), by=nurse, now=at(1))
    with pytest.raises(NotPermitted):
        end_recipient(1, by=nurse, now=at(1))
