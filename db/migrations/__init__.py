"""The history of the tables, kept by Alembic; `db.migrate.upgrade` runs it."""
