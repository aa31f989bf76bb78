"""The table of what people said of answers; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from teppan.store.tables.metadata import metadata

feedback = Table(
    "feedback",
    metadata,
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("claimed", Boolean, nullable=False),
    Column("model", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("raw", Double),
    Column("value", Double, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn", BigInteger),
    PrimaryKeyConstraint("id", name="feedback_pk"),
    Index("feedback_trace", "tenant", "trace_id"),
    Index("feedback_versions", "subject", "version", unique=True),
    Index("feedback_source", "tenant", "source", "at"),
    Index("feedback_at", "at"),
)
