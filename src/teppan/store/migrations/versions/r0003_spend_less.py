"""Spending less: budgets, feedback, the cache, summaries, the adaptive router, shadows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("ledger", sa.Column("episode", sa.Text))
    op.add_column("traces", sa.Column("cache", sa.Text, nullable=False, server_default="off"))
    op.add_column("traces", sa.Column("input", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("traces", sa.Column("output", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column(
        "traces", sa.Column("shortened", sa.BigInteger, nullable=False, server_default="0")
    )
    op.add_column("traces", sa.Column("cost", sa.BigInteger))
    _money()
    _answers()
    _routing()


def _money() -> None:
    op.create_table(
        "spending",
        sa.Column("budget", sa.Text, nullable=False),
        sa.Column("window", sa.Text, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("budget", "window", name="spending_pk"),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("budget", sa.Text, nullable=False),
        sa.Column("window", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", "budget", name="holds_pk"),
    )
    op.create_index("holds_budget", "holds", ["budget", "window"])
    op.create_index("holds_lease", "holds", ["lease_until"])
    op.create_table(
        "alerts",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("window", sa.Text, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("threshold", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", "window", name="alerts_pk"),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="feedback_pk"),
    )
    op.create_index("feedback_trace", "feedback", ["tenant", "trace_id"])


def _answers() -> None:
    op.create_table(
        "cache_entries",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("partition", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("kin", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="cache_entries_pk"),
    )
    op.create_index("cache_entries_expires", "cache_entries", ["expires"])
    op.create_index("cache_entries_trace", "cache_entries", ["tenant", "trace_id"])
    op.create_table(
        "cache_checks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("kin", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("similarity", sa.Double, nullable=False),
        sa.Column("lead", sa.Double, nullable=False),
        sa.Column("share", sa.Double, nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
        sa.Column("same", sa.Boolean, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="cache_checks_pk"),
    )
    op.create_index("cache_checks_tenant", "cache_checks", ["tenant", "at"])
    op.create_table(
        "cache_days",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("exact", sa.BigInteger, nullable=False),
        sa.Column("semantic", sa.BigInteger, nullable=False),
        sa.Column("misses", sa.BigInteger, nullable=False),
        sa.Column("saved", sa.BigInteger, nullable=False),
        sa.Column("unpriced", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", name="cache_days_pk"),
    )
    op.create_table(
        "summaries",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "prefix", name="summaries_pk"),
    )
    op.create_index("summaries_at", "summaries", ["at"])


def _routing() -> None:
    op.create_table(
        "bandit",
        sa.Column("router", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("pulls", sa.BigInteger, nullable=False),
        sa.Column("quality", sa.Double, nullable=False),
        sa.Column("squares", sa.Double, nullable=False),
        sa.Column("wins", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("router", "category", "model", name="bandit_pk"),
    )
    op.create_table(
        "bandit_steps",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("router", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("quality", sa.Double, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="bandit_steps_pk"),
    )
    op.create_index("bandit_steps_at", "bandit_steps", ["at"])
    op.create_table(
        "shadows",
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("served", sa.Text, nullable=False),
        sa.Column("similarity", sa.Double, nullable=False),
        sa.Column("same", sa.Boolean, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("trace_id", "model", name="shadows_pk"),
    )
    op.create_index("shadows_tenant", "shadows", ["tenant", "at"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
