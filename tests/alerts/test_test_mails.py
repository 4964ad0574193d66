"""Test mails, which a signed-in person confirms by their code; and recipients who begin later."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from actions.errors import AlreadyRecorded, NotPermitted, Refused
from actions.recipients import add_recipient, confirm_test_mail, end_recipient
from db.inputs_office import RecipientIn
from db.models import AuditEvent, Delivery, Notice, Receipt, Recipient
from db.queries.test_mails import load_test_mails
from db.roles import SYSTEM, Actor, Role
from db.session import reading, writing
from tests.alerts.conftest import Ward, at

pytestmark = pytest.mark.postgresql_in_soak

COORDINATOR = Actor(None, "coordinator", "Coordinator", Role.COORDINATOR)


def send_test_mail(code: str, hours: float, recipient_id: int = 1) -> int:
    """A test mail with this code that the relay has taken; the delivery's id."""
    with writing() as session:
        notice = Notice(kind="test", urgency=4, created_at=at(hours), content={})
        session.add(notice)
        session.flush()
        delivery = Delivery(
            uid=f"{code}-0000-4000-8000-{notice.id:012d}",
            notice_id=int(notice.id or 0),
            recipient_id=recipient_id,
            name="Ward 7",
            address="ward@hospital.org",
            urgency=4,
            message=b"test",
            created_at=at(hours),
            due_at=at(hours),
            state="sent",
            sent_at=at(hours),
        )
        session.add(delivery)
        session.flush()
        return int(delivery.id or 0)


def receipts() -> list[Receipt]:
    with reading() as session:
        return list(session.exec(select(Receipt)).all())


@pytest.mark.parametrize("typed", ["1a2b3c4d", " 1A2B3C4D "])
def test_a_signed_in_person_confirms_a_test_mail_by_its_code(ward: Ward, typed: str) -> None:
    delivery_id = send_test_mail("1a2b3c4d", 1)
    said = confirm_test_mail(typed, by=ward.investigator, now=at(2))
    assert said == "Confirmed. The test mail to Ward 7 of 11:00 has arrived."
    (stored,) = receipts()
    assert (stored.delivery_id, stored.by, stored.at) == (delivery_id, ward.investigator.user_id, at(2))
    with reading() as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "confirm_test_mail")).one()
        mails = load_test_mails(session)[1]
    assert (event.username, event.subject, event.subject_id) == ("dr.li", "delivery", str(delivery_id))
    assert mails.newest == mails.confirmed
    assert (mails.newest.code, mails.newest.confirmed_by) == ("1a2b3c4d", "Dr Li")


def test_a_second_confirmation_names_the_first(ward: Ward) -> None:
    send_test_mail("1a2b3c4d", 1)
    confirm_test_mail("1a2b3c4d", by=ward.investigator, now=at(2))
    with pytest.raises(AlreadyRecorded, match=r"^Already confirmed by Dr Li at 12:00\.$"):
        confirm_test_mail("1a2b3c4d", by=ward.investigator, now=at(3))
    assert len(receipts()) == 1


@pytest.mark.parametrize(
    "code", ["", "1a2b3c4", "1a2b3c4e", "1a2b3c4d-", "%%%%%%%%", "________", "1a2b3c4\x00"]
)
def test_an_unknown_code_is_answered_with_a_sentence(ward: Ward, code: str) -> None:
    send_test_mail("1a2b3c4d", 1)
    with pytest.raises(Refused, match="No test mail has this code"):
        confirm_test_mail(code, by=ward.investigator, now=at(2))
    assert receipts() == []


def test_the_code_of_another_mail_confirms_nothing(sqlite_ward: Ward) -> None:
    sqlite_ward.assess(4, temperature_c=38.6, vasopressors="norepinephrine")
    code = sqlite_ward.deliveries()[0].uid[:8]
    with pytest.raises(Refused, match="No test mail has this code"):
        confirm_test_mail(code, by=sqlite_ward.investigator, now=at(5))


def test_a_test_mail_of_more_than_30_days_ago_proves_nothing(sqlite_ward: Ward) -> None:
    send_test_mail("1a2b3c4d", 0)
    month = timedelta(days=30)
    with pytest.raises(Refused, match=r"is of 2 Mar 2024 10:00, more than 30 days ago"):
        confirm_test_mail("1a2b3c4d", by=sqlite_ward.investigator, now=at(0) + month + timedelta(seconds=1))
    confirm_test_mail("1a2b3c4d", by=sqlite_ward.investigator, now=at(0) + month)


@pytest.mark.parametrize("role", Role)
def test_every_role_but_a_wall_display_confirms(sqlite_ward: Ward, role: Role) -> None:
    send_test_mail("1a2b3c4d", 1)
    by = Actor(sqlite_ward.investigator.user_id, "someone", "Someone", role)
    if role is Role.DISPLAY:
        with pytest.raises(NotPermitted):
            confirm_test_mail("1a2b3c4d", by=by, now=at(2))
    else:
        confirm_test_mail("1a2b3c4d", by=by, now=at(2))
    assert len(receipts()) == (0 if role is Role.DISPLAY else 1)


def test_the_program_itself_confirms_nothing(sqlite_ward: Ward) -> None:
    send_test_mail("1a2b3c4d", 1)
    with pytest.raises(Refused, match="Only a person"):
        confirm_test_mail("1a2b3c4d", by=SYSTEM, now=at(2))


def test_the_newest_mail_and_the_newest_confirmed_one_are_told_apart(sqlite_ward: Ward) -> None:
    send_test_mail("11111111", 1)
    send_test_mail("22222222", 170)
    confirm_test_mail("11111111", by=sqlite_ward.investigator, now=at(2))
    with reading() as session:
        mails = load_test_mails(session)[1]
    assert mails.confirmed is not None
    assert (mails.newest.code, mails.confirmed.code) == ("22222222", "11111111")
    assert mails.newest.confirmed_at is None


def entry(valid_from: datetime | None = None, **changes: Any) -> RecipientIn:
    typed = {"name": "Dr Sun", "address": "sun@hospital.org", "group": "deputy", "valid_from": valid_from}
    return RecipientIn.model_validate(typed | changes)


def begins(recipient_id: int) -> datetime:
    with reading() as session:
        return session.get_one(Recipient, recipient_id).valid_from


def test_a_recipient_may_begin_later_and_is_not_told_before(ward: Ward) -> None:
    added = add_recipient(entry(at(10)), by=COORDINATOR, now=at(1))
    assert begins(added) == at(10)
    ward.assess(4, temperature_c=38.6, vasopressors="norepinephrine")
    assert "Dr Sun" not in [one.name for one in ward.deliveries()]
    ward.assess(12, temperature_c=38.6, vasopressors="norepinephrine;epinephrine")
    assert "Dr Sun" in [one.name for one in ward.deliveries()]
    with reading() as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "add_recipient")).one()
    assert event.detail["valid_from"] == at(10).isoformat()


@pytest.mark.parametrize("minutes_ago", [0, 4])
def test_the_minute_that_was_typed_means_now(sqlite_ward: Ward, minutes_ago: int) -> None:
    chosen = at(1) - timedelta(minutes=minutes_ago)
    assert begins(add_recipient(entry(chosen), by=COORDINATOR, now=at(1))) == at(1)


@pytest.mark.parametrize(
    ("valid_from", "sentence"),
    [
        (at(0), "Told from must not be in the past. Leave it empty to begin now."),
        (at(1) + timedelta(days=367), "Told from must be within a year from now."),
    ],
)
def test_a_beginning_that_cannot_stand_is_refused(
    sqlite_ward: Ward, valid_from: datetime, sentence: str
) -> None:
    with pytest.raises(Refused) as caught:
        add_recipient(entry(valid_from), by=COORDINATOR, now=at(1))
    assert [(one.field, one.sentence) for one in caught.value.problems] == [("valid_from", sentence)]


def test_the_only_recipient_begins_now(sqlite_ward: Ward) -> None:
    with writing() as session:
        for one in session.exec(select(Recipient)).all():
            one.valid_to = at(0.5)
            session.add(one)
    with pytest.raises(Refused, match="Nobody else is told of alerts now"):
        add_recipient(entry(at(10)), by=COORDINATOR, now=at(1))
    add_recipient(entry(), by=COORDINATOR, now=at(1))


def test_one_who_begins_later_does_not_let_the_last_one_go(sqlite_ward: Ward) -> None:
    later = add_recipient(entry(at(10)), by=COORDINATOR, now=at(1))
    for recipient_id in (1, 2):
        end_recipient(recipient_id, by=COORDINATOR, now=at(2))
    with pytest.raises(Refused, match="Dr Wu is the last recipient"):
        end_recipient(3, by=COORDINATOR, now=at(2))
    end_recipient(later, by=COORDINATOR, now=at(2))
    with reading() as session:
        ended = session.get_one(Recipient, later)
    assert ended.valid_to == ended.valid_from == at(10)


def test_one_who_begins_later_is_not_listed_twice(sqlite_ward: Ward) -> None:
    add_recipient(entry(at(10)), by=COORDINATOR, now=at(1))
    words = r"sun@hospital\.org is told from 2 Mar 2024 20:00 on, as Dr Sun"
    with pytest.raises(AlreadyRecorded, match=words):
        add_recipient(entry(), by=COORDINATOR, now=at(2))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("a@x.org\nBcc: b@x.org", "Address must be one e-mail address in one line, without a line break."),
        ("a@x.org\rb", "Address must be one e-mail address in one line, without a line break."),
        (
            "a@x.org, b@x.org",
            "Address must be one e-mail address; more than one stands there. Add each recipient by itself.",
        ),
        (
            "a@x.org;b@x.org",
            "Address must be one e-mail address; more than one stands there. Add each recipient by itself.",
        ),
        ("ward 7@x.org", "Address must be one e-mail address without spaces, such as ward@hospital.org."),
        (
            "ward\u00a07@x.org",
            "Address must be one e-mail address without spaces, such as ward@hospital.org.",
        ),
        (
            "ward",
            "Address must be one e-mail address with its domain after the @, such as ward@hospital.org.",
        ),
        (
            "ward@",
            "Address must be one e-mail address with its domain after the @, such as ward@hospital.org.",
        ),
        (f"{'w' * 289}@hospital.org", "Address must be at most 254 characters; it has 302."),
        ("@x.org", "Address must be one e-mail address, such as ward@hospital.org."),
        ("Ward <a@x.org>", "Address must be one e-mail address without spaces, such as ward@hospital.org."),
        ("a\x00@x.org", "Address must be one e-mail address, such as ward@hospital.org."),
        ("a\ud800@x.org", "Address must be one e-mail address, such as ward@hospital.org."),
        ("", "Address must be one e-mail address, such as ward@hospital.org."),
    ],
)
def test_an_address_that_cannot_be_mailed_says_why(address: str, sentence: str) -> None:
    found, problems = RecipientIn.check({"name": "Dr Sun", "address": address, "group": "pi"})
    assert found is None
    assert [(one.field, one.sentence) for one in problems] == [("address", sentence)]
