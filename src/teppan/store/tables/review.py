"""The tables of the review queue; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from teppan.store.tables.metadata import metadata

review_items = Table(
    "review_items",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("lane", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("priority", Double, nullable=False),
    Column("chance", Double, nullable=False),
    Column("draw", Double, nullable=False),
    Column("intent", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="review_items_pk"),
    Index("review_items_trace", "tenant", "trace_id", unique=True),
    Index("review_items_queue", "tenant", "status", "lane", "priority"),
    Index("review_items_changed", "tenant", "changed"),
)

review_steps = Table(
    "review_steps",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("action", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("correction", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="review_steps_pk"),
    Index("review_steps_item", "tenant", "item", "at"),
    Index("review_steps_by", "tenant", "by", "at"),
)
