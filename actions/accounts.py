"""Accounts: the first administrator, new people, roles, and one-time codes to set a password.

An administrator never knows or sets another person's password: they hand over a one-time code.
Signing in and out stand in `actions.sign_ins` and are offered here too.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select, update

from actions.errors import Refused, RefusedField
from actions.passwords import hash_code, hash_password, new_code, password_problems
from actions.permissions import Action, require
from actions.sign_ins import (
    ABSOLUTE_LIMIT,
    IDLE_LIMIT,
    SignInRefused,
    count_wrong_attempt,
    end_all_of,
    refuse_while_throttled,
    resume,
    sign_in,
    sign_out,
    throttle_of_one,
    why_signed_out,
)
from db.audit import append_event
from db.inputs import UserIn
from db.models import OneTimeCode, User
from db.roles import SYSTEM, Actor, Role
from db.session import reading, writing

__all__ = [
    "ABSOLUTE_LIMIT",
    "CODE_VALID_FOR",
    "IDLE_LIMIT",
    "SignInRefused",
    "change_role",
    "create_first_administrator",
    "create_user",
    "is_first_start",
    "issue_reset_code",
    "resume",
    "set_active",
    "set_password_with_code",
    "sign_in",
    "sign_out",
    "start_setup",
    "why_signed_out",
]

CODE_VALID_FOR: Final = timedelta(hours=24)
SETUP_KEY: Final = "set-up code"
_WRONG_CODE = "The username or the one-time code is not right, or the code was used or is over 24 hours old."
_LAST_ADMIN = "This is the last active administrator. Make another one first."


def is_first_start() -> bool:
    """Whether there is no account at all yet."""
    with reading() as session:
        return session.exec(select(User.id).limit(1)).first() is None


def start_setup(now: datetime) -> str | None:
    """A new one-time code for the first administrator, or None when an account exists.

    A code given at an earlier start no longer counts.
    """
    code = new_code()
    with writing() as session:
        if session.exec(select(User.id).limit(1)).first() is not None:
            return None
        _use_up_codes(session, None, now)
        _store_code(session, code, None, now)
        _audit(session, now, SYSTEM, "issue_setup_code", None, {})
    return code


def create_first_administrator(
    code: str, username: str, display_name: str, password: str, *, now: datetime
) -> None:
    """Make the first account, an administrator, with the code printed on the console.

    Raises Refused: an account exists, wrong code, or what to put right in a field.
    """
    refuse_while_throttled(SETUP_KEY, now)
    entry = UserIn(username=username, display_name=display_name, role=Role.ADMIN)
    _refuse_bad_password(password, entry.username)
    password_hash = hash_password(password)
    with writing() as session:
        if session.exec(select(User.id).limit(1)).first() is not None:
            raise Refused("An administrator exists already. Sign in, or ask them for an account.")
        if not _take_code(session, code, None, now):
            count_wrong_attempt(SETUP_KEY, now)
            raise Refused([_problem("code", "This is not the code printed on the console of the server.")])
        user = _add_user(session, entry, password_hash, None, now)
        _audit(session, now, _as_actor(user), "create_first_administrator", user.id, _shown(user))


def create_user(entry: UserIn, *, by: Actor, now: datetime) -> str:
    """Add a person; returns the one-time code with which they set their password. It is shown once."""
    require(by, Action.MANAGE_ACCOUNTS)
    code = new_code()
    with writing() as session:
        taken = session.exec(select(User.id).where(User.username == entry.username)).first()
        # The audit trail names the program itself so; a person of that name could not be told from it.
        if taken is not None or entry.username == SYSTEM.username:
            raise Refused(
                [_problem("username", "This username is taken. Choose another one.", entry.username)]
            )
        user = _add_user(session, entry, None, by.user_id, now)
        _store_code(session, code, user.id, now)
        _audit(session, now, by, "create_user", user.id, _shown(user))
    return code


def issue_reset_code(user_id: int, *, by: Actor, now: datetime) -> str:
    """A one-time code for a person to set a new password; earlier codes no longer count.

    The old password goes on until the code is used.
    """
    require(by, Action.MANAGE_ACCOUNTS)
    code = new_code()
    with writing() as session:
        user = _load(session, user_id)
        _use_up_codes(session, user_id, now)
        _store_code(session, code, user_id, now)
        _audit(session, now, by, "issue_reset_code", user_id, {"username": user.username})
    return code


def set_password_with_code(username: str, code: str, password: str, *, now: datetime) -> None:
    """Set a password with a one-time code. All sign-ins of the person end.

    Raises Refused: throttled, password too weak, or wrong code (in words that do not tell which).
    """
    name = username.strip().lower()
    refuse_while_throttled(name, now)
    _refuse_bad_password(password, name)
    password_hash = hash_password(password)
    with writing() as session:
        user = session.exec(select(User).where(User.username == name, col(User.is_active))).first()
        if user is None or not _take_code(session, code, user.id, now):
            count_wrong_attempt(name, now)
            raise Refused([_problem("code", _WRONG_CODE)])
        user.password_hash = password_hash
        session.add(user)
        end_all_of(session, _id(user), now)
        _use_up_codes(session, user.id, now)
        _audit(session, now, _as_actor(user), "set_password", user.id, {"username": user.username})
    throttle_of_one.succeeded(name)


def set_active(user_id: int, active: bool, *, by: Actor, now: datetime) -> None:
    """Switch an account off, which ends its sign-ins at once, or on again."""
    require(by, Action.MANAGE_ACCOUNTS)
    with writing() as session:
        user = _load(session, user_id)
        if user.is_active == active:
            return
        if not active:
            _refuse_losing_last_admin(session, user)
            end_all_of(session, user_id, now)
            _use_up_codes(session, user_id, now)
        user.is_active = active
        session.add(user)
        action = "switch_account_on" if active else "switch_account_off"
        _audit(session, now, by, action, user_id, {"username": user.username})


def change_role(user_id: int, role: Role, *, by: Actor, now: datetime) -> None:
    """Give a person another role; it counts from their next touch on."""
    require(by, Action.MANAGE_ACCOUNTS)
    with writing() as session:
        user = _load(session, user_id)
        before = Role(user.role)
        if before == role:
            return
        _refuse_losing_last_admin(session, user)
        user.role = role.value
        session.add(user)
        detail = {"username": user.username, "before": before.value, "after": role.value}
        _audit(session, now, by, "change_role", user_id, detail)


def _refuse_losing_last_admin(session: Session, user: User) -> None:
    if user.role != Role.ADMIN or not user.is_active:
        return
    others = session.exec(
        select(User.id).where(User.role == Role.ADMIN.value, col(User.is_active), User.id != user.id)
    ).first()
    if others is None:
        raise Refused(_LAST_ADMIN)


def _refuse_bad_password(password: str, username: str) -> None:
    problems = password_problems(password, username)
    if problems:
        raise Refused(problems)


def _add_user(
    session: Session, entry: UserIn, password_hash: str | None, created_by: int | None, now: datetime
) -> User:
    user = User(
        username=entry.username,
        display_name=entry.display_name,
        role=Role(entry.role).value,
        password_hash=password_hash,
        created_at=now,
        created_by=created_by,
    )
    session.add(user)
    session.flush()
    return user


def _load(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise Refused("This account does not exist. Load the page again.")
    return user


def _store_code(session: Session, code: str, user_id: int | None, now: datetime) -> None:
    session.add(
        OneTimeCode(
            purpose="setup" if user_id is None else "reset",
            user_id=user_id,
            code_hash=hash_code(code),
            created_at=now,
            expires_at=now + CODE_VALID_FOR,
        )
    )


def _take_code(session: Session, code: str, user_id: int | None, now: datetime) -> bool:
    """Use the code up; False when there is no such unused code for this person (None: set-up)."""
    found = session.exec(
        select(OneTimeCode).where(
            OneTimeCode.code_hash == hash_code(code),
            col(OneTimeCode.user_id).is_(None) if user_id is None else OneTimeCode.user_id == user_id,
            col(OneTimeCode.used_at).is_(None),
            OneTimeCode.expires_at > now,
        )
    ).first()
    if found is None:
        return False
    found.used_at = now
    session.add(found)
    return True


def _use_up_codes(session: Session, user_id: int | None, now: datetime) -> None:
    whose = col(OneTimeCode.user_id).is_(None) if user_id is None else col(OneTimeCode.user_id) == user_id
    session.exec(update(OneTimeCode).where(whose, col(OneTimeCode.used_at).is_(None)).values(used_at=now))


def _audit(
    session: Session, now: datetime, by: Actor, action: str, user_id: int | None, detail: dict[str, str]
) -> None:
    subject_id = None if user_id is None else str(user_id)
    append_event(session, at=now, by=by, action=action, subject="user", subject_id=subject_id, detail=detail)


def _shown(user: User) -> dict[str, str]:
    return {"username": user.username, "display_name": user.display_name, "role": user.role}


def _as_actor(user: User) -> Actor:
    return Actor(user.id, user.username, user.display_name, Role(user.role))


def _id(user: User) -> int:
    if user.id is None:
        raise ValueError("a stored user has no id")
    return user.id


def _problem(field: str, sentence: str, value: object = None) -> RefusedField:
    return RefusedField(field, value, sentence)
