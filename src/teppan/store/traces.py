"""Traces: everything about a request, as one JSON body beside the columns it is found by.

They are written behind the answer, in batches, and may be lost in a power cut; what had to be
dropped because the queue was full is counted.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, select

from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.store.bulk import BulkInsert, Row
from teppan.store.reader import Reader
from teppan.store.schema import instant, traces
from teppan.store.writer import Writer

COLUMNS = tuple(column.name for column in traces.columns)
CAPACITY = 4096
"""Traces that may wait to be written; more are dropped."""
BODY_LIMIT = 1 << 20
"""Bytes of a body; a longer trace is kept without the words of its question and answer."""
PRUNE_BATCH = 200


class Traces:
    def __init__(self, writer: Writer, reader: Reader, placeholder: str) -> None:
        self._writer = writer
        self._reader = reader
        self._lane = writer.lane(BulkInsert(traces, COLUMNS, placeholder), _row, CAPACITY)

    @property
    def dropped(self) -> int:
        """Traces that were not kept since the start."""
        return self._lane.dropped

    @property
    def waiting(self) -> int:
        return len(self._lane)

    def put(self, trace: Trace) -> None:
        """Queue the trace; it is written soon. Never waits; counts it when it cannot be kept."""
        self._lane.put(trace)

    async def get(self, scope: Scope, id: str) -> Trace | None:
        """One trace of this tenant, or `None`."""
        wanted = select(traces.c.body).where(traces.c.tenant == scope.tenant, traces.c.id == id)

        def query(connection: Connection) -> bytes | None:
            return connection.scalar(wanted)

        body = await self._reader.run(query)
        return None if body is None else _trace(body)

    async def list(
        self,
        scope: Scope,
        limit: int = 50,
        before: str | None = None,
        episode: str | None = None,
        until: float | None = None,
    ) -> list[Trace]:
        """The newest traces of this tenant; `before` is the id of the last one already seen,
        `until` the instant before which they began."""
        wanted = select(traces.c.body).where(traces.c.tenant == scope.tenant)
        if before is not None:
            wanted = wanted.where(traces.c.id < before)
        if episode is not None:
            wanted = wanted.where(traces.c.episode == episode)
        if until is not None:
            wanted = wanted.where(traces.c.started < instant(until))
        wanted = wanted.order_by(traces.c.id.desc()).limit(limit)

        def query(connection: Connection) -> list[bytes]:
            return list(connection.scalars(wanted))

        return [_trace(body) for body in await self._reader.run(query)]

    async def prune(self, before: float) -> int:
        """Delete traces that began before this instant; returns how many.

        In small batches, between which the answers of others are written.
        """
        old = select(traces.c.tenant, traces.c.id).where(traces.c.started < instant(before))

        def batch(connection: Connection) -> int:
            found = connection.execute(old.order_by(traces.c.started).limit(PRUNE_BATCH)).all()
            for tenant, id in found:
                connection.execute(
                    delete(traces).where(traces.c.tenant == tenant, traces.c.id == id)
                )
            return len(found)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total


def _row(trace: Trace) -> Row:
    body = msgspec.json.encode(trace)
    if len(body) > BODY_LIMIT:
        body = msgspec.json.encode(msgspec.structs.replace(trace, request=None, answer=None))
        if len(body) > BODY_LIMIT:
            raise ValueError("the trace is too large even without its words")
    return (
        trace.tenant,
        trace.id,
        instant(trace.started),
        trace.key_id,
        trace.asked,
        trace.served,
        trace.strategy,
        trace.status,
        trace.episode,
        trace.cache,
        trace.plain_input,
        trace.plain_output,
        max(0, trace.context.before - trace.context.after) if trace.context else 0,
        trace.cost,
        trace.language,
        trace.guarded,
        user_of(trace),
        body,
    )


def user_of(trace: Trace) -> str | None:
    """Whose request it was, as the client named them; `None` when it did not say, or when the
    words of requests are not kept."""
    return (trace.request.user or None) if trace.request else None


def _trace(body: bytes) -> Trace:
    try:
        return msgspec.json.decode(body, type=Trace)
    except msgspec.DecodeError as error:
        raise StoreError(f"a stored trace cannot be read: {error}") from error
