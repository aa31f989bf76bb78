"""Run by Alembic: the migration uses the connection, and the transaction, that it is handed."""

from __future__ import annotations

from alembic import context

from teppan.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
