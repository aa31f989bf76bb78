"""The table of what agents proposed and did; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text

from teppan.store.tables.metadata import metadata

actions = Table(
    "actions",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("talk", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="actions_pk"),
    Index("actions_once", "tenant", "talk", "digest", unique=True),
    Index("actions_changed", "changed"),
)
