"""Learning: training sets, their rows, and which student was trained on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("first_hash", sa.Text, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("erased", sa.Integer, nullable=False),
        sa.Column("card", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "version", name="datasets_pk"),
    )
    op.create_table(
        "dataset_rows",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("split", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "version", "id", name="dataset_rows_pk"),
    )
    op.create_index("dataset_rows_trace", "dataset_rows", ["tenant", "trace_id"])
    op.create_index("dataset_rows_user", "dataset_rows", ["tenant", "user"])
    op.create_table(
        "dataset_students",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("erased", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "version", "student", name="dataset_students_pk"),
    )


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
