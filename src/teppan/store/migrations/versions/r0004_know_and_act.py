"""Knowing and acting: the documents of each tenant, in pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _knowledge()


def _knowledge() -> None:
    op.create_table(
        "knowledge",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("words", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name="knowledge_pk"),
    )
    op.create_table(
        "knowledge_past",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "version", name="knowledge_past_pk"),
    )
    op.create_table(
        "knowledge_pieces",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="knowledge_pieces_pk"),
    )
    op.create_index(
        "knowledge_pieces_document", "knowledge_pieces", ["tenant", "document", "place"]
    )
    op.create_index("knowledge_pieces_number", "knowledge_pieces", ["number"], unique=True)
    op.create_table(
        "knowledge_vectors",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("piece", sa.Text, nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("vectors", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "piece", "embedder", name="knowledge_vectors_pk"),
    )


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
