"""What the accounts page and `manage.py user` read."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from db.models import LoginSession, OneTimeCode, User
from db.roles import Role


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    has_password     False until the one-time code was used
    last_seen_at     last use of any sign-in, to about a minute; None when never signed in
    code_expires_at  end of the one-time code that is still open, or None
    """

    user_id: int
    username: str
    display_name: str
    role: Role
    is_active: bool
    has_password: bool
    last_seen_at: datetime | None
    code_expires_at: datetime | None


def load_accounts(session: Session, now: datetime) -> list[Account]:
    """All accounts, active ones first, by username."""
    seen = dict(
        session.exec(
            select(LoginSession.user_id, func.max(LoginSession.last_seen_at)).group_by(
                col(LoginSession.user_id)
            )
        ).all()
    )
    codes = dict(
        session.exec(
            select(OneTimeCode.user_id, func.max(OneTimeCode.expires_at))
            .where(col(OneTimeCode.used_at).is_(None), OneTimeCode.expires_at > now)
            .group_by(col(OneTimeCode.user_id))
        ).all()
    )
    users = session.exec(select(User).order_by(col(User.is_active).desc(), col(User.username))).all()
    return [_account(user, seen.get(user.id or 0), codes.get(user.id)) for user in users]


def find_account(session: Session, username: str, now: datetime) -> Account | None:
    """The account of this username, or None."""
    name = username.strip().lower()
    return next((one for one in load_accounts(session, now) if one.username == name), None)


def _account(user: User, last_seen_at: datetime | None, code_expires_at: datetime | None) -> Account:
    if user.id is None:
        raise ValueError("a stored user has no id")
    return Account(
        user_id=user.id,
        username=user.username,
        display_name=user.display_name,
        role=Role(user.role),
        is_active=user.is_active,
        has_password=user.password_hash is not None,
        last_seen_at=last_seen_at,
        code_expires_at=code_expires_at,
    )
