"""Write the next revision of the tables from what `db.models` says and the last revision does not.

Usage: python tools/new_revision.py "Add a table of visits". Read the result before keeping it: changed
CHECKs are not noticed, and a change to a table belongs inside `db.migrations.helpers.altering`.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alembic import command
from alembic.config import Config

import db.models  # noqa: F401 -- fills the metadata
from db.migrate import SCRIPTS, upgrade
from db.session import make_engine


def main(message: str) -> None:
    """Compare a fresh database at the last revision with the models, and write the difference."""
    number = len(list((SCRIPTS / "versions").glob("[0-9]*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        upgrade(url)
        made = make_engine(url)
        with made.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(SCRIPTS))
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        made.dispose()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
