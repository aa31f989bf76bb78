"""The tables of what was learned from cases; `schema.py` says what each is for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from teppan.store.tables.metadata import metadata

lessons = Table(
    "lessons",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="lessons_pk"),
    Index("lessons_status", "tenant", "status"),
)

lesson_sources = Table(
    "lesson_sources",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("lesson", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "trace_id", name="lesson_sources_pk"),
    Index("lesson_sources_lesson", "tenant", "lesson"),
    Index("lesson_sources_user", "tenant", "user"),
)

lesson_trials = Table(
    "lesson_trials",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("lesson", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("near", Boolean, nullable=False),
    Column("difference", Double, nullable=False),
    Column("worst", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "lesson", "trace_id", name="lesson_trials_pk"),
    Index("lesson_trials_trace", "tenant", "trace_id"),
    Index("lesson_trials_user", "tenant", "user"),
)

lesson_days = Table(
    "lesson_days",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("lesson", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("given", Integer, nullable=False),
    Column("given_sum", Double, nullable=False),
    Column("given_squares", Double, nullable=False),
    Column("withheld", Integer, nullable=False),
    Column("withheld_sum", Double, nullable=False),
    Column("withheld_squares", Double, nullable=False),
    Column("live", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "model", "lesson", "day", name="lesson_days_pk"),
)
