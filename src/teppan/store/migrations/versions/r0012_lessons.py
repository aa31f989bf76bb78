"""Lessons: what was learned from cases, where it came from, how it was tried, whether it helps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "lessons",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="lessons_pk"),
    )
    op.create_index("lessons_status", "lessons", ["tenant", "status"])
    op.create_table(
        "lesson_sources",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("lesson", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "trace_id", name="lesson_sources_pk"),
    )
    op.create_index("lesson_sources_lesson", "lesson_sources", ["tenant", "lesson"])
    op.create_index("lesson_sources_user", "lesson_sources", ["tenant", "user"])
    op.create_table(
        "lesson_trials",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("lesson", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("near", sa.Boolean, nullable=False),
        sa.Column("difference", sa.Double, nullable=False),
        sa.Column("worst", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "lesson", "trace_id", name="lesson_trials_pk"),
    )
    op.create_index("lesson_trials_trace", "lesson_trials", ["tenant", "trace_id"])
    op.create_index("lesson_trials_user", "lesson_trials", ["tenant", "user"])
    op.create_table(
        "lesson_days",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("lesson", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("given", sa.Integer, nullable=False),
        sa.Column("given_sum", sa.Double, nullable=False),
        sa.Column("given_squares", sa.Double, nullable=False),
        sa.Column("withheld", sa.Integer, nullable=False),
        sa.Column("withheld_sum", sa.Double, nullable=False),
        sa.Column("withheld_squares", sa.Double, nullable=False),
        sa.Column("live", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "model", "lesson", "day", name="lesson_days_pk"),
    )


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
