"""The tables of what people must look after; `schema.py` says what each is for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text

from teppan.store.tables.metadata import metadata

escalations = Table(
    "escalations",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("episode", Text),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="escalations_pk"),
    Index("escalations_once", "tenant", "trace_id", "reason", unique=True),
    Index("escalations_status", "tenant", "status", "at"),
)

escalation_steps = Table(
    "escalation_steps",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("escalation", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="escalation_steps_pk"),
    Index("escalation_steps_of", "tenant", "escalation", "id"),
)
