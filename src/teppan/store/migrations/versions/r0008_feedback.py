"""Learning: whose feedback it is and which version, outcomes, corrections; keys for browsers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError
from teppan.store.versions import subject_of

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("keys", sa.Column("origins", sa.Text, nullable=False, server_default="[]"))
    _feedback()
    _outcomes()
    _corrections()


def _feedback() -> None:
    for name in ("subject", "episode", "source", "model", "kind"):
        op.add_column("feedback", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("feedback", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column(
        "feedback", sa.Column("claimed", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("feedback", sa.Column("raw", sa.Double))
    op.add_column("feedback", sa.Column("withdrawn", sa.BigInteger))
    _number()
    op.create_index("feedback_versions", "feedback", ["subject", "version"], unique=True)
    op.create_index("feedback_source", "feedback", ["tenant", "source", "at"])
    op.create_index("feedback_at", "feedback", ["at"])


def _number() -> None:
    """Statements so far were told apart by their key; they become versions of one another."""
    connection = op.get_bind()
    table = sa.table(
        "feedback",
        *(sa.column(name) for name in ("id", "tenant", "trace_id", "key_id", "metric", "at")),
        *(sa.column(name) for name in ("subject", "version", "source", "kind")),
    )
    counted: dict[str, int] = {}
    for row in connection.execute(sa.select(table).order_by(table.c.at, table.c.id)).all():
        source = f"key:{row.key_id}"
        subject = subject_of(row.tenant, "trace", row.trace_id, source, row.metric)
        counted[subject] = counted.get(subject, 0) + 1
        connection.execute(
            sa.update(table)
            .where(table.c.id == row.id)
            .values(subject=subject, version=counted[subject], source=source, kind=row.metric)
        )


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("happened", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="outcomes_pk"),
    )
    op.create_index("outcomes_versions", "outcomes", ["subject", "version"], unique=True)
    op.create_index("outcomes_trace", "outcomes", ["tenant", "trace_id"])
    op.create_index("outcomes_episode", "outcomes", ["tenant", "episode"])
    op.create_index("outcomes_at", "outcomes", ["at"])


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="corrections_pk"),
    )
    op.create_index("corrections_versions", "corrections", ["subject", "version"], unique=True)
    op.create_index("corrections_trace", "corrections", ["tenant", "trace_id"])
    op.create_index("corrections_at", "corrections", ["at"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
