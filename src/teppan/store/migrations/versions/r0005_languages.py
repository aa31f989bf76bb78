"""Languages: what was translated once; of each request its language, and how it left the rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "translations",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name="translations_pk"),
    )
    op.create_index("translations_at", "translations", ["at"])
    op.add_column("traces", sa.Column("language", sa.Text, nullable=False, server_default=""))
    op.add_column("traces", sa.Column("guarded", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
