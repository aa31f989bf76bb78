"""Durable jobs: what is to be done, who does it, how far it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("stop", sa.Boolean, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("results", sa.LargeBinary),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("filed", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="jobs_pk"),
    )
    op.create_index("jobs_due", "jobs", ["status", "due"])
    op.create_index("jobs_filed", "jobs", ["filed"])
    running = sa.text("status = 'running'")
    op.create_index(
        "jobs_running",
        "jobs",
        ["tenant"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_table(
        "job_workers",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("inside", sa.Text, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="job_workers_pk"),
    )


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
