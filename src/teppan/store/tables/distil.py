"""The tables of distillation; `schema.py` says what each table is for.

A task's `trace_id`, `episode` and `user` are those of the conversation it was made of, empty for
one that a file gave; `answered` is the trace of its own answer.
"""

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

distil_runs = Table(
    "distil_runs",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "name", name="distil_runs_pk"),
)

distil_tasks = Table(
    "distil_tasks",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("answered", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("judged", Text, nullable=False),
    Column("cost", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "run", "task", name="distil_tasks_pk"),
    Index("distil_tasks_trace", "tenant", "trace_id"),
    Index("distil_tasks_user", "tenant", "user"),
)

shadow_words = Table(
    "shadow_words",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("model", Text, nullable=False),
    Column("likeness", Double, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="shadow_words_pk"),
    Index("shadow_words_at", "tenant", "at"),
    Index("shadow_words_trace", "tenant", "trace_id", "model", unique=True),
    Index("shadow_words_user", "tenant", "user"),
)
