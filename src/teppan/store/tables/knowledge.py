"""The tables of what a business knows; `schema.py` says what each is for."""

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

knowledge = Table(
    "knowledge",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("pieces", Integer, nullable=False),
    Column("words", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "name", name="knowledge_pk"),
)

knowledge_past = Table(
    "knowledge_past",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("pieces", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "name", "version", name="knowledge_past_pk"),
)

knowledge_pieces = Table(
    "knowledge_pieces",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("asked", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="knowledge_pieces_pk"),
    Index("knowledge_pieces_document", "tenant", "document", "place"),
    Index("knowledge_pieces_number", "number", unique=True),
)

knowledge_vectors = Table(
    "knowledge_vectors",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("piece", Text, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("vectors", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "piece", "embedder", name="knowledge_vectors_pk"),
)
