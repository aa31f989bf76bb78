"""Learning: what was fitted on a tenant's own traces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "fits",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "id", name="fits_pk"),
    )
    op.create_index("fits_place", "fits", ["tenant", "kind", "place"], unique=True)


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
