"""Versioned records and signatures, as every action of the trial writes them."""

from datetime import timedelta

import pytest
from sqlmodel import select

from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused
from actions.passwords import hash_password
from actions.records import correct_record, standing_version, store_record, void_record
from actions.sign_ins import throttle_of_all, throttle_of_one
from actions.signatures import Signer, check_signer, record_hash, sign
from db.models import Signature, User
from db.queries.records import load_current, load_standing, load_versions
from db.roles import SYSTEM
from db.session import reading, writing
from tests.actions.conftest import CODE, NOW, Site

VALUES = {"analyte": "crp", "taken_at": NOW, "value": 12.5, "unit": "mg/L"}
PASSWORD = "four words make one"


def stored(site: Site, **values: object) -> str:
    with writing() as session:
        return store_record(
            session,
            "lab_result",
            site.patients[CODE],
            VALUES | values,
            by=site.nurse,
            now=NOW,
            action="record_lab_result",
        )


def test_a_record_is_corrected_by_its_next_version_and_both_stay(site: Site) -> None:
    stable_id = stored(site)
    later = NOW + timedelta(hours=1)
    with writing() as session:
        row = standing_version(session, "lab_result", stable_id, 1, VALUES, later)
        changes = VALUES | {"value": 125.0}
        version = correct_record(
            session,
            "lab_result",
            row,
            changes,
            "comma",
            by=site.investigator,
            now=later,
            action="correct_lab_result",
        )
    assert version == 2
    with reading() as session:
        versions = load_versions(session, "lab_result", stable_id)
        (standing,) = load_standing(session, "lab_result", site.patients[CODE])
    assert [(one["version"], one["value"], one["reason"]) for one in versions] == [
        (1, 12.5, None),
        (2, 125.0, "comma"),
    ]
    assert standing["value"] == 125.0
    assert standing["display_name"] == site.investigator.display_name
    event = site.events("correct_lab_result")[-1]
    assert (event["detail"]["before"]["value"], event["detail"]["after"]["value"]) == (12.5, 125.0)


def test_the_second_of_two_editors_sees_both_values_and_saves_nothing(site: Site) -> None:
    stable_id = stored(site)
    for value in (20.0, 30.0):
        with writing() as session:
            if value == 30.0:
                with pytest.raises(ChangedMeanwhile, match="Nothing of yours was saved") as refusal:
                    standing_version(session, "lab_result", stable_id, 1, VALUES | {"value": value}, NOW)
                assert refusal.value.theirs == {"value": 20.0}
                assert refusal.value.yours == {"value": 30.0}
                continue
            row = standing_version(session, "lab_result", stable_id, 1, {}, NOW)
            correct_record(
                session, "lab_result", row, {"value": value}, "typo", by=site.nurse, now=NOW, action="x"
            )


@pytest.mark.postgresql_in_soak
def test_nothing_changed_is_said_and_a_withdrawn_record_stands_no_more(site: Site) -> None:
    stable_id = stored(site)
    with writing() as session:
        row = standing_version(session, "lab_result", stable_id, 1, {}, NOW)
        with pytest.raises(AlreadyRecorded):
            correct_record(session, "lab_result", row, VALUES, "typo", by=site.nurse, now=NOW, action="x")
        void_record(session, "lab_result", row, "other patient", by=site.nurse, now=NOW, action="void")
    with reading() as session:
        assert load_standing(session, "lab_result") == []
        current = load_current(session, "lab_result", stable_id)
    assert current is not None
    assert (current["version"], current["voided"], current["value"]) == (2, True, 12.5)
    with writing() as session, pytest.raises(ChangedMeanwhile, match="Withdrawn"):
        standing_version(session, "lab_result", stable_id, 1, {}, NOW)
    with writing() as session, pytest.raises(Refused, match="not known"):
        standing_version(session, "lab_result", "0" * 32, 1, {}, NOW)


@pytest.fixture
def with_password(site: Site) -> Site:
    throttle_of_one.clear()
    throttle_of_all.clear()
    with writing() as session:
        user = session.exec(select(User).where(User.id == site.investigator.user_id)).one()
        user.password_hash = hash_password(PASSWORD)
        session.add(user)
    return site


def test_a_signature_needs_the_password_again(with_password: Site) -> None:
    by = with_password.investigator
    for wrong, sentence in (("", "Enter your password"), ("a wrong one here", "not right")):
        with pytest.raises(Refused, match=sentence) as refusal:
            check_signer(by, wrong, now=NOW)
        assert refusal.value.problems[0].field == "password"
    with pytest.raises(Refused, match="Only a person"):
        check_signer(SYSTEM, PASSWORD, now=NOW)
    assert check_signer(by, PASSWORD, now=NOW) == Signer(by)


@pytest.mark.postgresql_in_soak
def test_guessing_is_slowed_down_as_at_the_sign_in(with_password: Site) -> None:
    for _ in range(6):
        with pytest.raises(Refused):
            check_signer(with_password.investigator, "a wrong one here", now=NOW)
    with pytest.raises(Refused, match="Too many wrong attempts"):
        check_signer(with_password.investigator, PASSWORD, now=NOW)


def test_a_signature_keeps_name_meaning_time_and_the_hash_of_what_was_signed(with_password: Site) -> None:
    signer = check_signer(with_password.investigator, PASSWORD, now=NOW)
    record = {"grade": 3, "at": NOW, "on": NOW.date(), "signs": frozenset({"b", "a"}), "pdf": b"x"}
    with writing() as session:
        sign(session, signer, subject="screening", subject_id=1, meaning="Eligible", record=record, now=NOW)
    with reading() as session:
        stored_signature = session.exec(select(Signature)).one()
        assert stored_signature.printed_name == with_password.investigator.display_name
        assert stored_signature.role == "investigator"
        assert stored_signature.signed_at == NOW
        assert stored_signature.record_hash == record_hash(dict(reversed(record.items())))
        assert stored_signature.record_hash != record_hash(record | {"grade": 4})
    assert with_password.events("sign")[-1]["detail"]["meaning"] == "Eligible"
