"""The revision that lets a due assessment be said not done more than once keeps rows, CHECKs and guards."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db import guards
from db.migrate import SCRIPTS, current_revision, upgrade
from db.session import make_engine
from tests.db.rows import NOW, add, everything

REVISION = "0003"


def earlier_scripts(tmp_path: Path) -> Path:
    """The revisions before this one."""
    folder = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, folder)
    for path in (folder / "versions").glob("[0-9]*.py"):
        if path.name >= REVISION:
            path.unlink()
    return folder


def test_a_second_answer_fits_and_everything_else_stays(engine_url: str, tmp_path: Path) -> None:
    upgrade(engine_url, earlier_scripts(tmp_path))
    engine = make_engine(engine_url)
    later = NOW + timedelta(hours=1)
    with engine.begin() as connection:
        everything(connection)
        with pytest.raises(IntegrityError), connection.begin_nested():
            add(connection, "skipped_assessment", entered_at=later)
    engine.dispose()
    upgrade(engine_url)
    assert current_revision(engine) is not None
    with engine.begin() as connection:
        assert guards.missing(connection) == []
        add(connection, "skipped_assessment", entered_at=later)
        for statement in (
            "UPDATE skipped_assessment SET reason = 'procedure'",
            "DELETE FROM skipped_assessment",
        ):
            with pytest.raises(IntegrityError, match="is never"), connection.begin_nested():
                connection.execute(text(statement))
        for refused in ({"entered_at": later}, {"reason": "bored"}, {"reason": "other"}):
            with pytest.raises(IntegrityError), connection.begin_nested():
                add(connection, "skipped_assessment", **{"entered_at": NOW + timedelta(hours=2), **refused})
        assert connection.execute(text("SELECT count(*) FROM skipped_assessment")).scalar_one() == 2
    engine.dispose()
