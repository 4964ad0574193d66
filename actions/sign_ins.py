"""Signing in, staying signed in, signing out.

A sign-in is a random token in the browser's cookie and its hash in `login_session`. It ends after
15 minutes without use (never for the wall display), after 12 hours, by signing out, or with the account.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select, update

from actions.errors import Refused
from actions.passwords import hash_token, is_password, new_token
from actions.throttle import Throttle
from db.audit import append_event
from db.models import LoginSession, User
from db.roles import Actor, Role
from db.session import SaveRefused, reading, writing

IDLE_LIMIT: Final = timedelta(minutes=15)
ABSOLUTE_LIMIT: Final = timedelta(hours=12)
_STORED_EVERY: Final = timedelta(minutes=1)

# Made once: every run of every page asks it.
_OF_TOKEN: Final = (
    select(LoginSession, User)
    .join(User, col(User.id) == col(LoginSession.user_id))
    .where(col(LoginSession.token_hash) == bindparam("token_hash"))
)

_WRONG = "The username or the password is not right. Check both, or ask an administrator for a one-time code."

throttle_of_one: Final = Throttle(free=5, waits_s=(15, 30, 60))
throttle_of_all: Final = Throttle(free=100, waits_s=(5,))


class SignInRefused(Refused):
    """Nobody was signed in; the sentence does not tell whether the account exists."""


def sign_in(username: str, password: str, *, now: datetime, replaces: str | None = None) -> str:
    """Check the password and open a sign-in; returns the token for the cookie.

    replaces  the token this browser had before; it ends, so that a tablet holds one person at a time
    Raises SignInRefused: wrong, or too many wrong attempts and how long to wait.
    """
    name = username.strip().lower()
    refuse_while_throttled(name, now)
    with reading() as session:
        user = session.exec(select(User).where(User.username == name)).first()
    # The password is checked outside any transaction: it takes a noticeable part of a second.
    fits = is_password(password, user.password_hash if user is not None and user.is_active else None)
    if user is None or not fits:
        count_wrong_attempt(name, now)
        raise SignInRefused(_WRONG)
    throttle_of_one.succeeded(name)
    return _open(user, now, replaces)


def resume(token: str | None, *, now: datetime, touch: bool) -> Actor | None:
    """The person whose sign-in this token is, or None when there is none or it has ended.

    touch  whether this is a person's use, which starts the 15 minutes again; a timer's is not
    """
    found = _find(token)
    if found is None:
        return None
    login, user = found
    if _ended_because(login, user, now) is not None:
        return None
    if touch:
        _seen.touch(login, now)
    return _actor(user, login)


def why_signed_out(token: str | None, *, now: datetime) -> str:
    """The sentence for a page that finds nobody signed in."""
    found = _find(token)
    reason = None if found is None else _ended_because(found[0], found[1], now)
    return reason or "You are not signed in."


def sign_out(token: str | None, *, now: datetime) -> Actor | None:
    """End the sign-in of this token; returns who it was. Ending twice changes nothing."""
    if token is None or _find(token) is None:
        return None
    with writing() as session:
        return _revoke(session, token, now)


def refuse_while_throttled(name: str, now: datetime) -> None:
    """Raise SignInRefused with the time to wait while there were too many wrong attempts."""
    wait = max(throttle_of_one.wait(name, now), throttle_of_all.wait("", now))
    if wait > timedelta(0):
        seconds = max(1, round(wait.total_seconds()))
        raise SignInRefused(f"Too many wrong attempts. Wait {seconds} seconds, then try again.")


def count_wrong_attempt(name: str, now: datetime) -> None:
    """Count a wrong password or code against its name and against everybody."""
    throttle_of_one.failed(name, now)
    throttle_of_all.failed("", now)


def end_all_of(session: Session, user_id: int, now: datetime) -> None:
    """End every sign-in of a person, in the caller's transaction."""
    session.exec(
        update(LoginSession)
        .where(col(LoginSession.user_id) == user_id, col(LoginSession.revoked_at).is_(None))
        .values(revoked_at=now)
    )


def _open(user: User, now: datetime, replaces: str | None) -> str:
    token = new_token()
    with writing() as session:
        if replaces is not None:
            _revoke(session, replaces, now)
        login = LoginSession(
            user_id=_id(user.id),
            token_hash=hash_token(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE_LIMIT,
        )
        session.add(login)
        session.flush()
        append_event(
            session,
            at=now,
            by=_actor(user, login),
            action="sign_in",
            subject="login_session",
            subject_id=str(login.id),
            detail={},
        )
    return token


def _revoke(session: Session, token: str, now: datetime) -> Actor | None:
    found = session.exec(
        select(LoginSession, User)
        .join(User, col(User.id) == col(LoginSession.user_id))
        .where(LoginSession.token_hash == hash_token(token), col(LoginSession.revoked_at).is_(None))
    ).first()
    if found is None:
        return None
    login, user = found
    login.revoked_at = now
    session.add(login)
    actor = _actor(user, login)
    append_event(
        session,
        at=now,
        by=actor,
        action="sign_out",
        subject="login_session",
        subject_id=str(login.id),
        detail={},
    )
    return actor


def _find(token: str | None) -> tuple[LoginSession, User] | None:
    if not token:
        return None
    with reading() as session:
        found = session.exec(_OF_TOKEN, params={"token_hash": hash_token(token)}).first()
    return None if found is None else (found[0], found[1])


def _ended_because(login: LoginSession, user: User, now: datetime) -> str | None:
    if not user.is_active:
        return "This account is switched off. Ask an administrator."
    if login.revoked_at is not None:
        return "You are signed out."
    if now >= login.expires_at:
        return f"You were signed out {ABSOLUTE_LIMIT // timedelta(hours=1)} hours after you signed in."
    if user.role != Role.DISPLAY and now - _seen.last(login) >= IDLE_LIMIT:
        return f"You were signed out after {IDLE_LIMIT // timedelta(minutes=1)} minutes without use."
    return None


def _actor(user: User, login: LoginSession) -> Actor:
    return Actor(
        user_id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=Role(user.role),
        login_session_id=login.id,
    )


def _id(value: int | None) -> int:
    if value is None:
        raise ValueError("a stored row has no id")
    return value


@dataclass(slots=True)
class _LastUse:
    at: datetime
    stored_at: datetime


class _Seen:
    """When each sign-in was last used: exact in memory, stored once a minute for the next start.

    A database held by another process must not hold up every page, so a failed store is tried
    again a minute later.
    """

    def __init__(self) -> None:
        self._uses: dict[str, _LastUse] = {}
        self._lock = Lock()

    def last(self, login: LoginSession) -> datetime:
        use = self._uses.get(login.token_hash)
        return login.last_seen_at if use is None else max(use.at, login.last_seen_at)

    def touch(self, login: LoginSession, now: datetime) -> None:
        with self._lock:
            if len(self._uses) > 1_000:
                self._forget_old(now)
            use = self._uses.setdefault(login.token_hash, _LastUse(now, login.last_seen_at))
            use.at = max(use.at, now)
            if now - use.stored_at < _STORED_EVERY:
                return
            use.stored_at = now
        try:
            with writing() as session:
                session.exec(
                    update(LoginSession).where(col(LoginSession.id) == login.id).values(last_seen_at=now)
                )
        except SaveRefused:
            return

    def _forget_old(self, now: datetime) -> None:
        for key in [key for key, use in self._uses.items() if now - use.at > ABSOLUTE_LIMIT]:
            del self._uses[key]


_seen: Final = _Seen()
