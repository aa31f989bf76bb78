"""Learning: the scored examples made of traces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "signals",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("quality", sa.Double, nullable=False),
        sa.Column("trains", sa.Boolean, nullable=False),
        sa.Column("heard", sa.Boolean, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "trace_id", name="signals_pk"),
    )
    op.create_index("signals_id", "signals", ["tenant", "id"], unique=True)
    op.create_index("signals_quality", "signals", ["tenant", "trains", "quality"])
    op.create_index("signals_started", "signals", ["tenant", "started"])
    op.create_index("signals_user", "signals", ["tenant", "user"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
