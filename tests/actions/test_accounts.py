"""Accounts and sign-ins on both engines, with an injected clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from actions import accounts, passwords, sign_ins
from actions.errors import NotPermitted, Refused
from actions.throttle import Throttle
from db.audit import verify_chain
from db.inputs import UserIn
from db.models import AuditEvent, LoginSession, OneTimeCode, User
from db.queries.accounts import find_account, load_accounts
from db.roles import Actor, Role
from db.session import DatabaseBusy, reading
from tests.support.passwords import hasher_of_the_program

NOW = datetime(2026, 3, 8, 7, 52, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PASSWORD = "four words are enough"
OTHER_PASSWORD = "another four good words"

stored = pytest.mark.usefixtures("database", "_nobody_guessed_yet")


@pytest.fixture
def _nobody_guessed_yet() -> Iterator[None]:
    sign_ins.throttle_of_one.clear()
    sign_ins.throttle_of_all.clear()
    yield
    sign_ins.throttle_of_one.clear()
    sign_ins.throttle_of_all.clear()


def first_administrator() -> Actor:
    code = accounts.start_setup(NOW)
    assert code is not None
    accounts.create_first_administrator(code, "Chief", "Chief Example", PASSWORD, now=NOW)
    return signed_in("chief")


def signed_in(username: str, password: str = PASSWORD, now: datetime = NOW) -> Actor:
    actor = accounts.resume(accounts.sign_in(username, password, now=now), now=now, touch=False)
    assert actor is not None
    return actor


def new_user(by: Actor, username: str = "nurse.li", role: Role = Role.WARD) -> Actor:
    entry = UserIn(username=username, display_name="Nurse Li", role=role)
    code = accounts.create_user(entry, by=by, now=NOW)
    accounts.set_password_with_code(username, code, PASSWORD, now=NOW)
    return signed_in(username)


def events() -> list[str]:
    with reading() as session:
        assert verify_chain(session).whole
        return list(session.exec(select(AuditEvent.action).order_by(AuditEvent.id)))  # type: ignore[arg-type]


def stored_texts(session: Session) -> str:
    rows = [*session.exec(select(User)), *session.exec(select(LoginSession))]
    rows += [*session.exec(select(OneTimeCode)), *session.exec(select(AuditEvent))]
    return " ".join(str(row.model_dump()) for row in rows)


@stored
class TestFirstStart:
    def test_the_code_of_the_console_makes_the_first_administrator_once(self) -> None:
        assert accounts.is_first_start()
        code = accounts.start_setup(NOW)
        assert code is not None
        accounts.create_first_administrator(code, "chief", "Chief Example", PASSWORD, now=NOW)
        assert signed_in("chief").role is Role.ADMIN
        assert not accounts.is_first_start()
        assert accounts.start_setup(NOW) is None
        with pytest.raises(Refused, match="exists already"):
            accounts.create_first_administrator(code, "second", "Second", PASSWORD, now=NOW)

    def test_a_code_may_be_typed_with_spaces_and_in_small_letters(self) -> None:
        code = accounts.start_setup(NOW)
        assert code is not None
        typed = f" {code.lower().replace('-', ' ')} "
        accounts.create_first_administrator(typed, "chief", "Chief", PASSWORD, now=NOW)

    def test_a_wrong_an_old_and_an_expired_code_are_refused(self) -> None:
        old = accounts.start_setup(NOW)
        new = accounts.start_setup(NOW)
        assert old is not None
        assert new is not None
        for code, at in (
            (old, NOW),
            ("AAAA-AAAA-AAAA-AAAA", NOW),
            ("", NOW),
            (new, NOW + timedelta(hours=24)),
        ):
            with pytest.raises(Refused) as refusal:
                accounts.create_first_administrator(code, "chief", "Chief", PASSWORD, now=at)
            assert refusal.value.problems[0].field == "code"
        assert accounts.is_first_start()

    def test_guessing_the_code_is_slowed_down(self) -> None:
        accounts.start_setup(NOW)
        for _ in range(5):
            with pytest.raises(Refused, match="not the code"):
                accounts.create_first_administrator("WRONG", "chief", "Chief", PASSWORD, now=NOW)
        with pytest.raises(Refused, match="Wait 15 seconds"):
            accounts.create_first_administrator("WRONG", "chief", "Chief", PASSWORD, now=NOW)


@stored
class TestSigningIn:
    def test_unknown_user_wrong_password_no_password_and_switched_off_read_the_same(self) -> None:
        chief = first_administrator()
        nurse = new_user(chief)
        entry = UserIn(username="fresh", display_name="Fresh", role=Role.WARD)
        accounts.create_user(entry, by=chief, now=NOW)
        assert nurse.user_id is not None
        accounts.set_active(nurse.user_id, False, by=chief, now=NOW)
        sentences = set()
        for username in ("nobody", "chief", "fresh", "nurse.li"):
            given = PASSWORD if username == "nurse.li" else "not the password"
            with pytest.raises(accounts.SignInRefused) as refusal:
                accounts.sign_in(username, given, now=NOW)
            sentences.add(refusal.value.sentence)
        assert len(sentences) == 1

    def test_each_sign_in_has_a_new_token_and_ends_the_one_it_replaces(self) -> None:
        first_administrator()
        before = accounts.sign_in("chief", PASSWORD, now=NOW)
        after = accounts.sign_in(" CHIEF ", PASSWORD, now=NOW, replaces=before)
        assert before != after
        assert accounts.resume(before, now=NOW, touch=True) is None
        assert accounts.resume(after, now=NOW, touch=True) is not None

    def test_a_token_that_was_never_given_is_worth_nothing(self) -> None:
        first_administrator()
        for token in (None, "", "planted-by-somebody", "x" * 10_000):
            assert accounts.resume(token, now=NOW, touch=True) is None
            assert accounts.sign_out(token, now=NOW) is None

    def test_signing_out_ends_it_for_good_and_twice_is_no_error(self) -> None:
        first_administrator()
        token = accounts.sign_in("chief", PASSWORD, now=NOW)
        assert accounts.sign_out(token, now=NOW) is not None
        assert accounts.sign_out(token, now=NOW) is None
        assert accounts.resume(token, now=NOW, touch=True) is None
        assert accounts.why_signed_out(token, now=NOW) == "You are signed out."

    def test_passwords_codes_and_tokens_are_stored_nowhere(self) -> None:
        chief = first_administrator()
        entry = UserIn(username="fresh", display_name="Fresh", role=Role.WARD)
        code = accounts.create_user(entry, by=chief, now=NOW)
        token = accounts.sign_in("chief", PASSWORD, now=NOW)
        with reading() as session:
            kept = stored_texts(session)
        for secret in (PASSWORD, code, code.replace("-", ""), token):
            assert secret not in kept
        assert "argon2id" in kept


@pytest.mark.postgresql_in_soak
@stored
class TestStayingSignedIn:
    def test_it_ends_after_fifteen_minutes_without_use(self) -> None:
        first_administrator()
        token = accounts.sign_in("chief", PASSWORD, now=NOW)
        assert accounts.resume(token, now=NOW + timedelta(minutes=15) - SECOND, touch=False) is not None
        late = NOW + timedelta(minutes=15)
        assert accounts.resume(token, now=late, touch=True) is None
        assert "15 minutes without use" in accounts.why_signed_out(token, now=late)

    def test_a_touch_starts_the_fifteen_minutes_again_and_a_timer_does_not(self) -> None:
        first_administrator()
        token = accounts.sign_in("chief", PASSWORD, now=NOW)
        assert accounts.resume(token, now=NOW + timedelta(minutes=10), touch=True)
        assert accounts.resume(token, now=NOW + timedelta(minutes=20), touch=False)
        assert accounts.resume(token, now=NOW + timedelta(minutes=24), touch=False)
        assert accounts.resume(token, now=NOW + timedelta(minutes=25), touch=True) is None

    def test_the_last_use_survives_a_restart_to_within_a_minute(self) -> None:
        first_administrator()
        token = accounts.sign_in("chief", PASSWORD, now=NOW)
        for seconds in (300, 330, 359):
            accounts.resume(token, now=NOW + timedelta(seconds=seconds), touch=True)
        with reading() as session:
            row = session.exec(select(LoginSession).order_by(LoginSession.id.desc())).first()  # type: ignore[union-attr]
        assert row is not None
        assert row.last_seen_at == NOW + timedelta(minutes=5)

    def test_it_ends_after_twelve_hours_of_use(self) -> None:
        first_administrator()
        token = accounts.sign_in("chief", PASSWORD, now=NOW)
        for quarter in range(1, 72):
            assert accounts.resume(token, now=NOW + timedelta(minutes=10 * quarter), touch=True)
        end = NOW + timedelta(hours=12)
        assert accounts.resume(token, now=end - SECOND, touch=True)
        assert accounts.resume(token, now=end, touch=True) is None
        assert "12 hours" in accounts.why_signed_out(token, now=end)

    def test_the_wall_display_has_no_idle_limit(self) -> None:
        new_user(first_administrator(), "wall", Role.DISPLAY)
        token = accounts.sign_in("wall", PASSWORD, now=NOW)
        assert accounts.resume(token, now=NOW + timedelta(hours=11), touch=False)
        assert accounts.resume(token, now=NOW + timedelta(hours=12), touch=False) is None

    def test_a_changed_role_counts_at_the_next_touch(self) -> None:
        chief = first_administrator()
        nurse = new_user(chief)
        token = accounts.sign_in("nurse.li", PASSWORD, now=NOW)
        assert nurse.user_id is not None
        accounts.change_role(nurse.user_id, Role.INVESTIGATOR, by=chief, now=NOW)
        actor = accounts.resume(token, now=NOW, touch=True)
        assert actor is not None
        assert actor.role is Role.INVESTIGATOR

    def test_a_busy_database_does_not_sign_anybody_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first_administrator()
        token = accounts.sign_in("chief", PASSWORD, now=NOW)

        def busy() -> None:
            raise DatabaseBusy

        monkeypatch.setattr(sign_ins, "writing", busy)
        assert accounts.resume(token, now=NOW + timedelta(minutes=14), touch=True)
        assert accounts.resume(token, now=NOW + timedelta(minutes=28), touch=False)


@pytest.mark.postgresql_in_soak
@stored
class TestThrottle:
    def test_after_five_wrong_passwords_each_further_one_waits_even_the_right_one(self) -> None:
        first_administrator()
        for _ in range(5):
            with pytest.raises(accounts.SignInRefused, match="not right"):
                accounts.sign_in("chief", "wrong", now=NOW)
        with pytest.raises(accounts.SignInRefused, match="Wait 15 seconds"):
            accounts.sign_in("chief", PASSWORD, now=NOW)
        with pytest.raises(accounts.SignInRefused, match="Wait 1 seconds"):
            accounts.sign_in("chief", PASSWORD, now=NOW + 14 * SECOND)
        assert accounts.sign_in("chief", PASSWORD, now=NOW + 15 * SECOND)
        assert sign_ins.throttle_of_one.wait("chief", NOW + 15 * SECOND) == timedelta(0)

    def test_it_slows_down_one_name_and_leaves_the_others_alone(self) -> None:
        first_administrator()
        for _ in range(6):
            with pytest.raises(accounts.SignInRefused):
                accounts.sign_in("nobody", "wrong", now=NOW)
        assert accounts.sign_in("chief", PASSWORD, now=NOW)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (2, 0), (3, 15), (4, 30), (5, 60), (9, 60)])
def test_the_wait_grows_with_the_wrong_attempts_and_stays_short(failures: int, seconds: int) -> None:
    throttle = Throttle(free=3, waits_s=(15, 30, 60))
    for _ in range(failures):
        throttle.failed("x", NOW)
    assert throttle.wait("x", NOW) == timedelta(seconds=seconds)
    assert throttle.wait("y", NOW) == timedelta(0)
    assert throttle.wait("x", NOW + timedelta(minutes=15)) == timedelta(0)


def test_a_password_costs_what_the_library_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", hasher_of_the_program)
    stored_hash = passwords.hash_password(PASSWORD)
    assert stored_hash.startswith("$argon2id$")
    assert int(stored_hash.split("m=")[1].split(",")[0]) >= 19 * 1024
    assert passwords.is_password(PASSWORD, stored_hash)
    assert not passwords.is_password(PASSWORD, None)
    assert not passwords.is_password("", stored_hash)


def flood(throttle: Throttle, names: int = 10_500) -> None:
    for number in range(names):
        throttle.failed(f"name{number}", NOW)


def test_a_flood_of_names_does_not_fill_the_memory() -> None:
    throttle = Throttle(free=3, waits_s=(15,))
    flood(throttle)
    assert len(throttle._failures) == 10_000


def test_a_flood_of_names_makes_no_wrong_attempt_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    recent = Throttle._recent

    def noted(self: Throttle, key: str, now: datetime) -> Any:
        looked_at.append(key)
        return recent(self, key, now)

    monkeypatch.setattr(Throttle, "_recent", noted)
    flood(Throttle(free=3, waits_s=(15,)))
    assert len(looked_at) <= 2 * 10_500


def test_a_name_that_is_guessed_all_the_time_stays_slowed_down_in_a_flood() -> None:
    throttle = Throttle(free=3, waits_s=(15,))
    for number in range(10_500):
        throttle.failed(f"name{number}", NOW)
        if number % 3_000 == 0:
            throttle.failed("chief", NOW)
    assert throttle.wait("chief", NOW) == 15 * SECOND
    assert throttle.wait("name0", NOW) == timedelta(0)


def test_names_that_failed_long_ago_are_forgotten_with_the_next_wrong_attempt() -> None:
    throttle = Throttle(free=3, waits_s=(15,))
    flood(throttle, 10)
    throttle.failed("name3", NOW + timedelta(minutes=14))
    throttle.wait("name5", NOW + timedelta(minutes=15))
    throttle.failed("late", NOW + timedelta(minutes=15))
    assert list(throttle._failures) == ["name3", "late"]


@pytest.mark.postgresql_in_soak
@stored
class TestPasswordsAndCodes:
    def test_a_reset_code_sets_a_password_once_and_ends_every_sign_in(self) -> None:
        chief = first_administrator()
        nurse = new_user(chief)
        token = accounts.sign_in("nurse.li", PASSWORD, now=NOW)
        assert nurse.user_id is not None
        code = accounts.issue_reset_code(nurse.user_id, by=chief, now=NOW)
        assert accounts.resume(token, now=NOW, touch=False), "the old password goes on until the code is used"
        accounts.set_password_with_code("nurse.li", code, OTHER_PASSWORD, now=NOW)
        assert accounts.resume(token, now=NOW, touch=False) is None
        assert signed_in("nurse.li", OTHER_PASSWORD).user_id == nurse.user_id
        with pytest.raises(Refused, match="not right"):
            accounts.set_password_with_code("nurse.li", code, PASSWORD, now=NOW)

    def test_a_code_belongs_to_one_person_and_a_new_one_replaces_it(self) -> None:
        chief = first_administrator()
        nurse = new_user(chief)
        other = new_user(chief, "dr.wu", Role.INVESTIGATOR)
        assert nurse.user_id is not None
        assert other.user_id is not None
        old = accounts.issue_reset_code(nurse.user_id, by=chief, now=NOW)
        new = accounts.issue_reset_code(nurse.user_id, by=chief, now=NOW)
        for username, code, at in (
            ("dr.wu", new, NOW),
            ("nobody", new, NOW),
            ("nurse.li", old, NOW),
            ("nurse.li", new, NOW + timedelta(hours=24)),
        ):
            with pytest.raises(Refused, match="not right"):
                accounts.set_password_with_code(username, code, OTHER_PASSWORD, now=at)
        accounts.set_password_with_code("nurse.li", new, OTHER_PASSWORD, now=NOW)

    @pytest.mark.parametrize(
        ("password", "words"),
        [
            ("short", "at least 12"),
            ("x" * 11, "at least 12"),
            ("x" * 300, "at most 200"),
            ("abababababab", "different"),
            ("my NURSE.LI password", "username"),
        ],
    )
    def test_a_weak_password_gets_a_sentence_at_its_box(self, password: str, words: str) -> None:
        with pytest.raises(Refused, match=words) as refusal:
            accounts.set_password_with_code("nurse.li", "CODE", password, now=NOW)
        assert refusal.value.problems[0].field == "password"
        assert refusal.value.problems[0].value is None


@pytest.mark.postgresql_in_soak
@stored
class TestKeepingAccounts:
    def test_only_an_administrator_keeps_accounts(self) -> None:
        chief = first_administrator()
        nurse = new_user(chief)
        entry = UserIn(username="fresh", display_name="Fresh", role=Role.ADMIN)
        assert nurse.user_id is not None
        for attempt in (
            lambda: accounts.create_user(entry, by=nurse, now=NOW),
            lambda: accounts.issue_reset_code(nurse.user_id or 0, by=nurse, now=NOW),
            lambda: accounts.set_active(nurse.user_id or 0, False, by=nurse, now=NOW),
            lambda: accounts.change_role(nurse.user_id or 0, Role.ADMIN, by=nurse, now=NOW),
        ):
            with pytest.raises(NotPermitted):
                attempt()
        with reading() as session:
            assert [one.username for one in load_accounts(session, NOW)] == ["chief", "nurse.li"]

    def test_a_taken_username_and_that_of_the_program_are_refused(self) -> None:
        chief = first_administrator()
        for username in ("CHIEF", "system"):
            entry = UserIn(username=username, display_name="Somebody", role=Role.WARD)
            with pytest.raises(Refused, match="taken"):
                accounts.create_user(entry, by=chief, now=NOW)

    def test_switching_off_ends_the_sign_ins_at_once_and_the_codes_too(self) -> None:
        chief = first_administrator()
        nurse = new_user(chief)
        token = accounts.sign_in("nurse.li", PASSWORD, now=NOW)
        assert nurse.user_id is not None
        code = accounts.issue_reset_code(nurse.user_id, by=chief, now=NOW)
        accounts.set_active(nurse.user_id, False, by=chief, now=NOW)
        assert accounts.resume(token, now=NOW, touch=True) is None
        assert "switched off" in accounts.why_signed_out(token, now=NOW)
        with pytest.raises(Refused):
            accounts.set_password_with_code("nurse.li", code, OTHER_PASSWORD, now=NOW)
        accounts.set_active(nurse.user_id, True, by=chief, now=NOW)
        assert signed_in("nurse.li").user_id == nurse.user_id
        assert accounts.resume(token, now=NOW, touch=True) is None

    def test_the_last_administrator_stays_one(self) -> None:
        chief = first_administrator()
        assert chief.user_id is not None
        with pytest.raises(Refused, match="last active administrator"):
            accounts.set_active(chief.user_id, False, by=chief, now=NOW)
        with pytest.raises(Refused, match="last active administrator"):
            accounts.change_role(chief.user_id, Role.WARD, by=chief, now=NOW)
        deputy = new_user(chief, "deputy", Role.ADMIN)
        accounts.change_role(chief.user_id, Role.WARD, by=deputy, now=NOW)
        assert signed_in("chief").role is Role.WARD

    def test_an_account_that_does_not_exist_gets_a_sentence(self) -> None:
        with pytest.raises(Refused, match="does not exist"):
            accounts.change_role(999, Role.WARD, by=first_administrator(), now=NOW)

    def test_every_change_leaves_one_audit_event_and_nothing_changed_leaves_none(self) -> None:
        chief = first_administrator()
        nurse = new_user(chief)
        assert nurse.user_id is not None
        before = len(events())
        accounts.change_role(nurse.user_id, Role.WARD, by=chief, now=NOW)
        accounts.set_active(nurse.user_id, True, by=chief, now=NOW)
        assert len(events()) == before
        accounts.change_role(nurse.user_id, Role.COORDINATOR, by=chief, now=NOW)
        accounts.set_active(nurse.user_id, False, by=chief, now=NOW)
        assert events()[before:] == ["change_role", "switch_account_off"]

    def test_the_list_says_who_has_no_password_and_which_code_is_open(self) -> None:
        chief = first_administrator()
        entry = UserIn(username="fresh", display_name="Fresh", role=Role.WARD)
        accounts.create_user(entry, by=chief, now=NOW)
        with reading() as session:
            fresh, listed = find_account(session, " FRESH ", NOW), load_accounts(session, NOW)
            later = find_account(session, "fresh", NOW + timedelta(hours=24))
        assert fresh is not None
        assert later is not None
        assert (fresh.has_password, fresh.last_seen_at) == (False, None)
        assert fresh.code_expires_at == NOW + timedelta(hours=24)
        assert later.code_expires_at is None
        assert listed[0].last_seen_at == NOW
