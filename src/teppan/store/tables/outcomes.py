"""The table of what came of answers; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from teppan.store.tables.metadata import metadata

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("amount", BigInteger),
    Column("currency", Text, nullable=False),
    Column("happened", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn", BigInteger),
    PrimaryKeyConstraint("id", name="outcomes_pk"),
    Index("outcomes_versions", "subject", "version", unique=True),
    Index("outcomes_trace", "tenant", "trace_id"),
    Index("outcomes_episode", "tenant", "episode"),
    Index("outcomes_at", "at"),
)
