"""The tables of My Hibachi: bookings, the half hours its chefs are held, leads, what was done.

Money is in whole cents, times are seconds since 1970, `day` and `start` are those of the kitchen's
time zone. Each row belongs to a tenant.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Time,
)

metadata = MetaData()

bookings = Table(
    "bookings",
    metadata,
    Column("tenant", String(200), nullable=False),
    Column("code", String(12), nullable=False),  # what the customer is told
    Column("status", String(12), nullable=False),  # reserved, cancelled
    Column("name", String(100), nullable=False),
    Column("email", String(200), nullable=False),  # small letters; empty: none given
    Column("phone", String(20), nullable=False),  # digits alone; empty: none given
    Column("address", String(200), nullable=False),
    Column("miles", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("start", Time, nullable=False),
    Column("adults", Integer, nullable=False),
    Column("children", Integer, nullable=False),
    Column("small_children", Integer, nullable=False),
    Column("extras", JSON, nullable=False),  # the menu's upgrades and rentals, by name
    Column("notes", Text, nullable=False),  # proteins, allergies: for the chef
    Column("total", Integer, nullable=False),
    Column("deposit", Integer, nullable=False),
    Column("moved", Integer, nullable=False),  # how often its date was changed
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "code"),
    CheckConstraint("total >= 0 AND deposit >= 0", name="bookings_money"),
    Index("bookings_by_day", "tenant", "day"),
)

held = Table(
    "held",
    metadata,
    Column("tenant", String(200), nullable=False),
    Column("day", Date, nullable=False),
    Column("chef", Integer, nullable=False),
    Column("half_hour", Integer, nullable=False),  # of the day: 36 is 6 pm
    Column("code", String(12), nullable=False),
    # A chef is in one place at a time: this key, and nothing else, keeps two bookings apart.
    PrimaryKeyConstraint("tenant", "day", "chef", "half_hour"),
    ForeignKeyConstraint(["tenant", "code"], ["bookings.tenant", "bookings.code"]),
    Index("held_by_code", "tenant", "code"),
)

leads = Table(
    "leads",
    metadata,
    Column("lead", Integer, primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("name", String(100), nullable=False),
    Column("email", String(200), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("wish", Text, nullable=False),
    Column("day", Date),
    Column("guests", Integer),
    Column("created", BigInteger, nullable=False),
)

actions = Table(
    "actions",
    metadata,
    Column("tenant", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("what", String(40), nullable=False),
    Column("result", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    # The same action comes again after a crash: it finds its result here, and nothing twice.
    PrimaryKeyConstraint("tenant", "key"),
)
