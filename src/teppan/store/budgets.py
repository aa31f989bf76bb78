"""What budgets have spent and hold: exact, however many calls and gateways ask at once.

    reserve   in one transaction: spent + held + amount <= limit for every pot, or nothing happens
    book      in the transaction of the ledger's rows: pots pay for the rows that are new, and the
              journey's holds are over
    renew     holds are leased; while a process lives it renews them, when it dies they end

A pot pays for a ledger row when the row goes in, so a repeated transaction charges once and a hold
that has ended loses nothing. One transaction at a time looks at pots: on PostgreSQL by an advisory
lock, on SQLite because there is one writer. A pot that is new in its window begins with what the
ledger says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from teppan.core.budget import Alert, Booking, Denied, Pot, refusing, thresholds
from teppan.core.clock import Clock
from teppan.core.ids import new_id
from teppan.core.money import Micros
from teppan.core.trace import ModelCall
from teppan.store.reader import Reader
from teppan.store.schema import alerts, holds, instant, ledger, seconds, spending
from teppan.store.writer import Writer

LEASE_SECONDS = 30.0
LOCK = 0x7465_7062_7564
"""The key of the advisory lock."""
MOST_TOLD = 10_000
"""Alerts remembered as told; the table knows them all."""

_log = structlog.get_logger(__name__)

_spent_and_held = select(
    spending.c.spent,
    select(func.coalesce(func.sum(holds.c.amount), 0))
    .where(
        holds.c.budget == bindparam("budget"),
        holds.c.window == bindparam("window"),
        or_(holds.c.lease_until > bindparam("now"), holds.c.owner == bindparam("owner")),
    )
    .scalar_subquery(),
).where(spending.c.budget == bindparam("budget"), spending.c.window == bindparam("window"))

_shrink = update(holds).where(holds.c.id == bindparam("hold")).values(amount=bindparam("real"))

_pay = (
    update(spending)
    .where(spending.c.budget == bindparam("pot"), spending.c.window == bindparam("when"))
    .values(spent=spending.c.spent + bindparam("more"))
    .returning(spending.c.spent)
)

_next_tenant = select(func.min(ledger.c.tenant)).where(ledger.c.tenant > bindparam("last"))


class Standing(Struct, frozen=True):
    """A pot now: what it has spent, and what is set aside for calls under way."""

    pot: Pot
    spent: Micros
    held: Micros

    @property
    def left(self) -> Micros:
        return max(0, self.pot.limit - self.spent - self.held)


class Budgets:
    """`lease` is how many seconds a hold outlives the process that stopped renewing it."""

    def __init__(
        self, writer: Writer, reader: Reader, clock: Clock, lease: float = LEASE_SECONDS
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._lease = lease
        self._owner = new_id("own")
        self._held: dict[str, float] = {}
        self._told: set[tuple[str, str, Micros]] = set()

    async def reserve(
        self,
        hold: str,
        pots: Sequence[Pot],
        amount: Micros,
        *,
        allowed: float,
        shrink: Mapping[str, Micros] | None = None,
    ) -> Denied | None:
        """Set `amount` aside in every pot, or say which has not enough. Raises `StoreError`.

        `allowed` are the seconds after which the hold ends though its process lives. `shrink` are
        earlier holds whose calls are over, and what these really cost.
        """
        now = self._clock.now()
        self._held[hold] = self._clock.monotonic() + allowed
        rows = [
            {
                "id": hold,
                "budget": pot.budget,
                "window": pot.window,
                "amount": amount,
                "owner": self._owner,
                "lease_until": instant(now + self._lease),
            }
            for pot in pots
        ]
        real = [{"hold": id, "real": cost} for id, cost in (shrink or {}).items()]

        def work(connection: Connection) -> tuple[Denied | None, list[Alert]]:
            lock(connection)
            if connection.scalar(select(holds.c.id).where(holds.c.id == hold).limit(1)):
                return None, []  # an earlier run was committed after all
            if real:
                connection.execute(_shrink, real)
            for pot in pots:
                spent, held = self._standing(connection, pot, now)
                if spent + held + amount > pot.limit:
                    crossing = [refusing(pot)] if spent + amount > pot.limit else []
                    told = self._tell(connection, pot, crossing, spent, now)
                    return Denied(pot, spent, held), told
            connection.execute(insert(holds), rows)
            return None, []

        denied, crossed = await self._writer.run(work)
        if denied is not None:
            self._held.pop(hold, None)
        self._say(crossed)
        return denied

    def booking(
        self, booking: Booking, calls: Sequence[ModelCall], add: Callable[[Connection], None]
    ) -> Callable[[Connection], list[Alert]]:
        """The work of writing ledger rows, by `add`, and of paying for those that are new."""
        costs = {call.id: call.cost or 0 for call in calls}
        now = self._clock.now()

        def work(connection: Connection) -> list[Alert]:
            lock(connection)
            there = select(ledger.c.id).where(ledger.c.id.in_(list(costs)))
            old = set(connection.scalars(there)) if costs else set()
            for charge in booking.charges:
                self._standing(connection, charge.pot, now)
            add(connection)
            crossed = []
            for charge in booking.charges:
                pot, more = charge.pot, sum(costs[id] for id in charge.calls if id not in old)
                paid = {"pot": pot.budget, "when": pot.window, "more": more}
                spent = connection.execute(_pay, paid).scalar_one()
                crossing = [each for each in thresholds(pot) if spent >= each[1]]
                crossed += self._tell(connection, pot, crossing, spent, now)
            if booking.holds:
                connection.execute(delete(holds).where(holds.c.id.in_(booking.holds)))
            return crossed

        return work

    def booked(self, booking: Booking, crossed: list[Alert]) -> None:
        """The work was committed."""
        for hold in booking.holds:
            self._held.pop(hold, None)
        self._say(crossed)

    async def standings(self, pots: Sequence[Pot]) -> list[Standing]:
        """Each pot now; one nobody has paid from yet stands as the ledger says."""
        now = self._clock.now()

        def query(connection: Connection) -> list[Standing]:
            found = []
            for pot in pots:
                row = connection.execute(_spent_and_held, self._where(pot, now)).one_or_none()
                spent, held = row or (spent_in_ledger(connection, pot), 0)
                found.append(Standing(pot, int(spent), int(held)))
            return found

        return await self._reader.run(query)

    async def known(self, budget: str, window: str) -> list[str]:
        """For whom a budget counts apart has paid in a window: the part after `name:`."""
        wanted = select(spending.c.budget).where(
            spending.c.window == window, spending.c.budget.startswith(f"{budget}:", autoescape=True)
        )

        def query(connection: Connection) -> list[str]:
            return sorted(name.partition(":")[2] for name in connection.scalars(wanted))

        return await self._reader.run(query)

    async def spent(self, begin: float, end: float) -> Micros:
        """The known costs of everybody's calls that began in `[begin, end)`."""
        return await self._reader.run(
            lambda open: spent_in_ledger(open, Pot("", "", begin, end, 0))
        )

    async def tell(self, alert: Alert) -> bool:
        """Keep an alert, and say it in the log; False when that was done before."""

        def work(connection: Connection) -> bool:
            return _kept(connection, alert)

        new = await self._writer.run(work)
        if new:
            self._say([alert])
        return new

    async def alerts(self, since: float = 0.0, limit: int = 100) -> list[Alert]:
        """The alerts since an instant, newest first."""
        wanted = select(alerts).where(alerts.c.at >= instant(since))
        wanted = wanted.order_by(alerts.c.at.desc(), alerts.c.name).limit(limit)

        def query(connection: Connection) -> list[Alert]:
            return [
                Alert(row.name, row.window, row.spent, row.threshold, seconds(row.at))
                for row in connection.execute(wanted)
            ]

        return await self._reader.run(query)

    async def renew(self) -> None:
        """Keep the holds of this process; called while it lives, three times a lease.

        One whose journey must be over long since is let go: nobody will settle it any more.
        """
        if not self._held:
            return
        now = self._clock.monotonic()
        lost = [hold for hold, until in self._held.items() if until < now]
        until = instant(self._clock.now() + self._lease)
        mine = holds.c.owner == self._owner

        def work(connection: Connection) -> None:
            if lost:
                connection.execute(delete(holds).where(holds.c.id.in_(lost)))
            connection.execute(update(holds).where(mine).values(lease_until=until))

        await self._writer.run(work)
        for hold in lost:
            self._held.pop(hold, None)

    async def sweep(self, kept: float = 86_400.0) -> int:
        """Forget the holds of the dead; returns how many."""
        before = instant(self._clock.now() - kept)

        def work(connection: Connection) -> int:
            return connection.execute(delete(holds).where(holds.c.lease_until < before)).rowcount

        return await self._writer.run(work)

    # --- in the writer's thread ------------------------------------------------------------------

    def _where(self, pot: Pot, now: float) -> dict[str, object]:
        return {
            "budget": pot.budget,
            "window": pot.window,
            "now": instant(now),
            "owner": self._owner,
        }

    def _standing(self, connection: Connection, pot: Pot, now: float) -> tuple[Micros, Micros]:
        row = connection.execute(_spent_and_held, self._where(pot, now)).one_or_none()
        if row is None:
            spent = spent_in_ledger(connection, pot)
            connection.execute(
                insert(spending).values(budget=pot.budget, window=pot.window, spent=spent)
            )
            return spent, 0
        return int(row[0]), int(row[1])

    def _tell(
        self,
        connection: Connection,
        pot: Pot,
        crossing: Iterable[tuple[str, Micros]],
        spent: Micros,
        now: float,
    ) -> list[Alert]:
        """Keeps the alerts that are new, and returns them."""
        return [
            alert
            for name, threshold in crossing
            if (name, pot.window, threshold) not in self._told
            and _kept(connection, alert := Alert(name, pot.window, spent, threshold, now))
        ]

    def _say(self, crossed: Sequence[Alert]) -> None:
        for alert in crossed:
            if len(self._told) >= MOST_TOLD:
                self._told.clear()
            self._told.add((alert.name, alert.window, alert.threshold))
            _log.warning(
                "cost.alert",
                alert=alert.name,
                window=alert.window,
                spent=alert.spent,
                threshold=alert.threshold,
            )


def lock(connection: Connection) -> None:
    """One transaction at a time from here on; SQLite has but one anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))


def spent_in_ledger(connection: Connection, pot: Pot) -> Micros:
    """The known costs of the ledger that a pot is there for, by tenant along the index."""
    counted = [ledger.c.started >= instant(pot.begin), ledger.c.started < instant(pot.end)]
    counted += _counts(pot)
    spent = 0
    for tenant in [pot.tenant] if pot.tenant else _tenants(connection):
        sums = select(func.sum(ledger.c.cost)).where(ledger.c.tenant == tenant, *counted)
        spent += int(connection.scalar(sums) or 0)
    return spent


def _counts(pot: Pot) -> list[ColumnElement[bool]]:
    if pot.whose == "whole":
        return []
    column = {"tenant": ledger.c.tenant, "key": ledger.c.key_id, "model": ledger.c.model}[pot.whose]
    if pot.whom.endswith("*"):
        return [column.startswith(pot.whom[:-1], autoescape=True)]
    return [column == pot.whom]


def _tenants(connection: Connection) -> Iterable[str]:
    last = ""
    while (last := connection.scalar(_next_tenant, {"last": last})) is not None:
        yield last


def _kept(connection: Connection, alert: Alert) -> bool:
    """Whether the alert is new: its name, in this window, at this threshold or any higher."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {
        "name": alert.name,
        "window": alert.window,
        "spent": alert.spent,
        "threshold": alert.threshold,
        "at": instant(alert.at),
    }
    adding = dialect.insert(alerts).values(values)
    adding = adding.on_conflict_do_update(
        index_elements=["name", "window"],
        set_={each: adding.excluded[each] for each in ("spent", "threshold", "at")},
        where=alerts.c.threshold < adding.excluded.threshold,
    )
    return connection.scalar(adding.returning(alerts.c.name)) is not None
