"""What was spent, summed over the ledger; and what traces say that it would have cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import ColumnElement, Connection, Table, case, func, select

from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.trace import CacheStatus
from teppan.store.figures import Figures, figures
from teppan.store.reader import Reader
from teppan.store.schema import MICROSECONDS, instant, ledger, seconds, traces

By = Literal["model", "day", "month", "key", "tenant", "strategy", "role", "conversation"]

SLOT = 900 * MICROSECONDS
"""Days and months are put together from quarters of an hour, which every time zone keeps to."""

Named = Callable[[float], str]
"""The local day or month of an instant."""


class CostRow(Struct, frozen=True):
    """One group of calls. `cost` sums the known costs; `unknown` calls have none that is known.

    `name` is the model, the day (`2026-11-21`), the month (`2026-11`), the key's id, the tenant,
    the conversation (empty for calls of none), ...
    """

    name: str
    calls: int
    failed: int
    input: int
    output: int
    cached: int
    reasoning: int
    cost: Micros
    unknown: int


class Asked(Struct, frozen=True):
    """Requests that are priced alike: by how the cache served them and the tier of their input.

    `input` and `output` are the tokens of one plain model that is asked with nothing shortened;
    `shortened` tokens of the input were not sent. `cost` is what was really paid for all of them;
    None for requests of which it is not known.
    """

    cache: CacheStatus
    tier: int
    requests: int
    input: int
    output: int
    shortened: int
    cost: Micros | None


class Costs:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def summary(
        self,
        scope: Scope,
        by: By = "model",
        *,
        since: float = 0.0,
        until: float | None = None,
        tenant: str | None = None,
        named: Named | None = None,
    ) -> list[CostRow]:
        """Sums over calls begun in `[since, until)`, dearest first (days and months in order).

        Of the scope's own tenant; an admin sees all of them, or the one named by `tenant`. Days and
        months are those of `named`, else of UTC.
        """
        group = _group(by)
        sums = (
            func.count(),
            func.sum(case((ledger.c.outcome == "ok", 0), else_=1)),
            func.sum(ledger.c.input),
            func.sum(ledger.c.output),
            func.sum(ledger.c.cached),
            func.sum(ledger.c.reasoning),
            func.coalesce(func.sum(ledger.c.cost), 0),
            func.sum(case((ledger.c.cost.is_(None), 1), else_=0)),
        )
        wanted = _between(select(group, *sums), ledger, since, until)
        whose = tenant if scope.role == "admin" else scope.tenant
        if whose is not None:
            wanted = wanted.where(ledger.c.tenant == whose)

        def query(connection: Connection) -> list[CostRow]:
            return [
                CostRow(str(name), *map(int, figures))
                for name, *figures in connection.execute(wanted.group_by(group))
            ]

        rows = await self._reader.run(query)
        if by in ("day", "month"):
            return _by_time(rows, named or (_utc_day if by == "day" else _utc_month))
        return sorted(rows, key=lambda row: (-row.cost, row.name))

    async def asked(
        self,
        scope: Scope,
        tiers: Sequence[int],
        *,
        since: float = 0.0,
        until: float | None = None,
        tenant: str | None = None,
    ) -> list[Asked]:
        """The requests of a time, from the traces; `tiers` are the input tokens above which a
        request is priced otherwise, ascending. Whose they are is decided as in `summary`."""
        steps = [(traces.c.input > above, number + 1) for number, above in enumerate(tiers)]
        groups = [traces.c.cache, traces.c.cost.is_(None)]
        if steps:
            groups.append(case(*reversed(steps), else_=0))
        sums = [
            func.sum(column)
            for column in (traces.c.input, traces.c.output, traces.c.shortened, traces.c.cost)
        ]
        wanted = _between(select(func.count(), *sums, *groups), traces, since, until)
        whose = tenant if scope.role == "admin" else scope.tenant
        if whose is not None:
            wanted = wanted.where(traces.c.tenant == whose)

        def query(connection: Connection) -> list[Asked]:
            found = []
            for count, read, wrote, short, paid, *group in connection.execute(
                wanted.group_by(*groups)
            ):
                cache, unknown, step = (*group, 0)[:3]
                cost = None if unknown else int(paid)
                found.append(Asked(cache, step, count, int(read), int(wrote), int(short), cost))
            return found

        return await self._reader.run(query)

    async def figures(self, since: float, until: float) -> Figures:
        """What advice is given from; of everybody."""
        return await self._reader.run(lambda connection: figures(connection, since, until))


def _between(wanted: Any, table: Table, since: float, until: float | None) -> Any:
    """A statement (of whatever columns), narrowed to what began in `[since, until)`."""
    wanted = wanted.where(table.c.started >= instant(since))
    return wanted if until is None else wanted.where(table.c.started < instant(until))


def _group(by: By) -> ColumnElement[Any]:
    columns: dict[By, ColumnElement[Any]] = {
        "model": ledger.c.model,
        "day": ledger.c.started // SLOT,
        "month": ledger.c.started // SLOT,
        "key": ledger.c.key_id,
        "tenant": ledger.c.tenant,
        "strategy": ledger.c.strategy,
        "role": ledger.c.role,
        "conversation": func.coalesce(ledger.c.episode, ""),
    }
    return columns[by]


def _by_time(slots: Sequence[CostRow], named: Named) -> list[CostRow]:
    """Slots, whose names are numbers, put together to days or months."""
    sums: dict[str, list[int]] = {}
    for slot in slots:
        name = named(seconds(int(slot.name) * SLOT))
        figures = [value for value in astuple(slot)[1:] if isinstance(value, int)]
        before = sums.setdefault(name, [0] * len(figures))
        sums[name] = [old + new for old, new in zip(before, figures, strict=True)]
    return [CostRow(name, *figures) for name, figures in sorted(sums.items())]


def _utc_day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _utc_month(at: float) -> str:
    return _utc_day(at)[:7]
