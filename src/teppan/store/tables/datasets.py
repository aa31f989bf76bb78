"""The tables of training sets; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from teppan.store.tables.metadata import metadata

datasets = Table(
    "datasets",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("first_hash", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("erased", Integer, nullable=False),
    Column("card", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "name", "version", name="datasets_pk"),
)

dataset_rows = Table(
    "dataset_rows",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("episode", Text),
    Column("user", Text),
    Column("split", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "name", "version", "id", name="dataset_rows_pk"),
    Index("dataset_rows_trace", "tenant", "trace_id"),
    Index("dataset_rows_user", "tenant", "user"),
)

dataset_students = Table(
    "dataset_students",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("student", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("erased", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "name", "version", "student", name="dataset_students_pk"),
)
