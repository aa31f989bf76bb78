"""The tables of durable jobs; `schema.py` says what each table is for."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from teppan.store.tables.metadata import metadata

RUNNING = text("status = 'running'")

jobs = Table(
    "jobs",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("worker", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("stop", Boolean, nullable=False),
    Column("stage", Text, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("told", Text, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("results", LargeBinary),
    Column("error", Text, nullable=False),
    Column("filed", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("ended", BigInteger),
    PrimaryKeyConstraint("tenant", "id", name="jobs_pk"),
    Index("jobs_due", "status", "due"),
    Index("jobs_filed", "filed"),
    # No tenant has two jobs running: whoever would start a second one is refused by the database.
    Index("jobs_running", "tenant", unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING),
)

job_workers = Table(
    "job_workers",
    metadata,
    Column("name", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("inside", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", name="job_workers_pk"),
)
