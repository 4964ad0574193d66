"""What every process does first: settings, database, protocol."""

from datetime import datetime

from sqlmodel import select

from actions import context
from db import migrate
from db import session as database
from db.audit import append_event
from db.models import ProtocolVersion
from db.roles import SYSTEM
from db.session import SaveRefused, writing
from settings import Settings, SettingsError, load_settings
from trial.protocol import ProtocolError, load_protocol


class StartError(Exception):
    """This process cannot start; the text is the one sentence that says why and what to do."""


def start_process(now: datetime, settings: Settings | None = None) -> Settings:
    """Read settings and protocol, bring the database up to date, store the protocol's text once.

    settings  given by commands that choose their own database; otherwise read from the environment
    Raises StartError with a sentence. Doing it twice changes nothing.
    """
    try:
        chosen = settings or load_settings()
        protocol = load_protocol(chosen.protocol_file)
        migrate.upgrade(chosen.database_url)
        database.configure(chosen.database_url)
        context.configure(chosen, protocol)
        _store_protocol(now)
    except (SettingsError, ProtocolError, migrate.MigrationError, SaveRefused) as error:
        raise StartError(str(error)) from error
    return chosen


def _store_protocol(now: datetime) -> None:
    protocol = context.protocol()
    with writing() as session:
        stored = session.exec(select(ProtocolVersion.id).where(ProtocolVersion.hash == protocol.hash)).first()
        if stored is not None:
            return
        session.add(ProtocolVersion(hash=protocol.hash, text=protocol.text, stored_at=now))
        append_event(
            session,
            at=now,
            by=SYSTEM,
            action="store_protocol",
            subject="protocol_version",
            subject_id=None,
            detail={"hash": protocol.hash},
        )
