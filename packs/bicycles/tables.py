"""The tables of Radhaus: appointments, and the half hours in which its stands are taken.

`day` and `start` are those of the workshop's time zone; each row belongs to a tenant.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Time,
    UniqueConstraint,
)

metadata = MetaData()

appointments = Table(
    "appointments",
    metadata,
    Column("tenant", String(200), nullable=False),
    Column("code", String(12), nullable=False),  # what the customer is told
    Column("key", String(200), nullable=False),  # of the action that made it
    Column("status", String(12), nullable=False),  # made, cancelled
    Column("work", String(20), nullable=False),
    Column("day", Date, nullable=False),
    Column("start", Time, nullable=False),
    Column("name", String(100), nullable=False),
    Column("phone", String(40), nullable=False),
    PrimaryKeyConstraint("tenant", "code"),
    # The same action comes again after a crash: it finds its row, and makes no second one.
    UniqueConstraint("tenant", "key"),
)

taken = Table(
    "taken",
    metadata,
    Column("tenant", String(200), nullable=False),
    Column("day", Date, nullable=False),
    Column("stand", Integer, nullable=False),
    Column("half_hour", Integer, nullable=False),  # of the day: 18 is 9:00
    Column("code", String(12), nullable=False),
    # On a stand is one bicycle at a time: this key, and nothing else, keeps two apart.
    PrimaryKeyConstraint("tenant", "day", "stand", "half_hour"),
    ForeignKeyConstraint(["tenant", "code"], ["appointments.tenant", "appointments.code"]),
)
