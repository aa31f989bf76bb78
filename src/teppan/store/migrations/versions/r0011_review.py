"""Reviewing: what people should look at, and who decided what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "review_items",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("priority", sa.Double, nullable=False),
        sa.Column("chance", sa.Double, nullable=False),
        sa.Column("draw", sa.Double, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="review_items_pk"),
    )
    op.create_index("review_items_trace", "review_items", ["tenant", "trace_id"], unique=True)
    op.create_index("review_items_queue", "review_items", ["tenant", "status", "lane", "priority"])
    op.create_index("review_items_changed", "review_items", ["tenant", "changed"])
    op.create_table(
        "review_steps",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("correction", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="review_steps_pk"),
    )
    op.create_index("review_steps_item", "review_steps", ["tenant", "item", "at"])
    op.create_index("review_steps_by", "review_steps", ["tenant", "by", "at"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
