"""The made-up staff: one account of each role, and the addresses that alerts go to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from actions.accounts import create_user, set_password_with_code
from actions.recipients import add_recipient
from db.inputs import Group, RecipientIn, UserIn
from db.queries.accounts import find_account
from db.roles import SYSTEM, Actor, Role
from db.session import reading

NAMES: Final = {
    Role.ADMIN: "Administrator Example",
    Role.WARD: "Nurse Example",
    Role.INVESTIGATOR: "Dr Example",
    Role.COORDINATOR: "Coordinator Example",
    Role.COMMITTEE: "Professor Example",
    Role.DISPLAY: "Wall screen",
}
"""The username of each is its role."""

_RECIPIENTS: Final = (
    ("Ward phone", "ward@vigil.example", Group.WARD),
    ("Treating investigator", "treating@vigil.example", Group.TREATING),
    ("Principal investigator", "pi@vigil.example", Group.PI),
    ("Committee chair", "chair@vigil.example", Group.COMMITTEE_CHAIR),
)


@dataclass(frozen=True, slots=True)
class People:
    """Who enters what; `password` is everybody's, for signatures."""

    nurse: Actor
    investigator: Actor
    coordinator: Actor
    password: str


def add_people(password: str, at: datetime) -> People:
    """Make the accounts, all with this password, and the recipients."""
    actors = {role: _add(role, password, at) for role in NAMES}
    for name, address, group in _RECIPIENTS:
        entry = RecipientIn(name=name, address=address, group=group)
        add_recipient(entry, by=actors[Role.ADMIN], now=at)
    return People(actors[Role.WARD], actors[Role.INVESTIGATOR], actors[Role.COORDINATOR], password)


def _add(role: Role, password: str, at: datetime) -> Actor:
    name = NAMES[role]
    code = create_user(UserIn(username=role.value, display_name=name, role=role), by=SYSTEM, now=at)
    set_password_with_code(role.value, code, password, now=at)
    with reading() as session:
        account = find_account(session, role.value, at)
    if account is None:
        raise RuntimeError(f"The account {role.value} was not stored.")
    return Actor(account.user_id, role.value, name, role)
