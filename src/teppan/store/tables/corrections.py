"""The table of better texts that people wrote; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from teppan.store.tables.metadata import metadata

corrections = Table(
    "corrections",
    metadata,
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn", BigInteger),
    PrimaryKeyConstraint("id", name="corrections_pk"),
    Index("corrections_versions", "subject", "version", unique=True),
    Index("corrections_trace", "tenant", "trace_id"),
    Index("corrections_at", "at"),
)
