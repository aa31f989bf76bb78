"""Knowing and acting: the documents of each tenant, in pieces; what people must look after."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _knowledge()
    _escalations()


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


def _escalations() -> None:
    op.create_table(
        "escalations",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="escalations_pk"),
    )
    op.create_index(
        "escalations_once", "escalations", ["tenant", "trace_id", "reason"], unique=True
    )
    op.create_index("escalations_status", "escalations", ["tenant", "status", "at"])
    op.create_table(
        "escalation_steps",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("escalation", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="escalation_steps_pk"),
    )
    op.create_index("escalation_steps_of", "escalation_steps", ["tenant", "escalation", "id"])


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
