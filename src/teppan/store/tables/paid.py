"""The table of answers that jobs have paid for; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from teppan.store.tables.metadata import metadata

paid = Table(
    "paid",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("claim", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("body", LargeBinary),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "key", name="paid_pk"),
    Index("paid_at", "at"),
    Index("paid_trace", "tenant", "trace_id"),
    Index("paid_user", "tenant", "user"),
)
