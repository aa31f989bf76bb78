"""Distillation: runs over lists of tasks, what became of each task, and what shadow models said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "distil_runs",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name="distil_runs_pk"),
    )
    op.create_table(
        "distil_tasks",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("answered", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("judged", sa.Text, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "run", "task", name="distil_tasks_pk"),
    )
    op.create_index("distil_tasks_trace", "distil_tasks", ["tenant", "trace_id"])
    op.create_index("distil_tasks_user", "distil_tasks", ["tenant", "user"])
    op.create_table(
        "shadow_words",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("likeness", sa.Double, nullable=False),
        sa.Column("same", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="shadow_words_pk"),
    )
    op.create_index("shadow_words_at", "shadow_words", ["tenant", "at"])
    op.create_index(
        "shadow_words_trace", "shadow_words", ["tenant", "trace_id", "model"], unique=True
    )
    op.create_index("shadow_words_user", "shadow_words", ["tenant", "user"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
