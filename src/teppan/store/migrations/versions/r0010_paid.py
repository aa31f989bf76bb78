"""Learning: answers that jobs have paid for, so that none is paid for twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "paid",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name="paid_pk"),
    )
    op.create_index("paid_at", "paid", ["at"])
    op.create_index("paid_trace", "paid", ["tenant", "trace_id"])
    op.create_index("paid_user", "paid", ["tenant", "user"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
