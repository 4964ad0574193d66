"""Alembic's entry: run the revisions on the connection that `db.migrate` prepared."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from db.columns import Record, UtcDateTime


def _render(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:  # noqa: ANN401
    # Revisions name plain types, so that they still run after ours were renamed or moved.
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(item).__name__ == "AutoString":
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Record.metadata,
    transactional_ddl=True,
    render_item=_render,
)
context.run_migrations()
