"""Who acts: the roles of the trial, and the person (or program) behind a write."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an account is for; `actions.permissions` says what each may do."""

    WARD = "ward"
    INVESTIGATOR = "investigator"
    COORDINATOR = "coordinator"
    COMMITTEE = "committee"
    ADMIN = "admin"
    DISPLAY = "display"


class Group(StrEnum):
    """Whom a recipient stands for; who is told at which step is the protocol's."""

    WARD = "ward"
    TREATING = "treating"
    PI = "pi"
    DEPUTY = "deputy"
    COMMITTEE_CHAIR = "committee_chair"
    SPONSOR_SAFETY = "sponsor_safety"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, or the program itself, as written into audit events and `entered_by`."""

    user_id: int | None
    username: str
    display_name: str
    role: Role
    login_session_id: int | None = None


SYSTEM: Final = Actor(user_id=None, username="system", display_name="Vigil", role=Role.ADMIN)
"""The program itself: imports, the demonstration, the worker."""
