"""One person of a role on an otherwise empty SQLite database, for pages that are run by themselves."""

from pathlib import Path

from actions import context
from actions.passwords import hash_password
from actions.sign_ins import throttle_of_all, throttle_of_one
from clock import utc_now
from db.models import User
from db.roles import Actor, Role
from db.session import writing
from settings import Settings
from trial.protocol import load_protocol

PASSWORD = "four words make one"


def configured(database_url: str, folder: Path) -> None:
    """The hospital of the tests: Shanghai, the protocol as it is shipped, nobody waiting for a password."""
    settings = Settings(database_url=database_url, data_dir=folder, site_timezone="Asia/Shanghai")
    context.configure(settings, load_protocol())
    throttle_of_one.clear()
    throttle_of_all.clear()


def person(role: Role, name: str = "Dr Example") -> Actor:
    """A person of the role with PASSWORD."""
    with writing() as session:
        user = User(
            username=f"{role.value}-{name.lower().replace(' ', '-')}",
            display_name=name,
            role=role.value,
            password_hash=hash_password(PASSWORD),
            created_at=utc_now(),
        )
        session.add(user)
        session.flush()
        return Actor(user.id, user.username, user.display_name, role)
