"""The table of scored examples; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from teppan.store.tables.metadata import metadata

signals = Table(
    "signals",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("model", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("quality", Double, nullable=False),
    Column("trains", Boolean, nullable=False),
    Column("heard", Boolean, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "trace_id", name="signals_pk"),
    Index("signals_id", "tenant", "id", unique=True),
    Index("signals_quality", "tenant", "trains", "quality"),
    Index("signals_started", "tenant", "started"),
    Index("signals_user", "tenant", "user"),
)
