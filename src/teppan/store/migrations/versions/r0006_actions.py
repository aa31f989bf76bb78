"""Agents: what they proposed to customers, and what was done of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "actions",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("talk", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("tool", sa.Text, nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="actions_pk"),
    )
    op.create_index("actions_once", "actions", ["tenant", "talk", "digest"], unique=True)
    op.create_index("actions_changed", "actions", ["changed"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
