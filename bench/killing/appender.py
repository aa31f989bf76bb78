"""The program that is killed: it appends ledger rows, and says of each when it is durable.

    python appender.py DATABASE PREFIX [naive]

Prints `ready`, then one line `id cost` per acknowledgement. `naive` acknowledges before writing.
"""

from __future__ import annotations

import asyncio
import os
import sys

from teppan.core.ids import Scope
from teppan.core.trace import ModelCall, Trace
from teppan.store import Store

SCOPE = Scope("tenant", "key")
IN_FLIGHT = 16


async def client(store: Store, prefix: str, naive: bool) -> None:
    """One request after another, settled as a gateway does: money first, then the trace."""
    count = 0
    while True:
        id = f"{prefix}-{count:06}"
        call = ModelCall(
            id=id, trace_id=f"tr-{id}", model="a/b", role="single", outcome="ok", cost=count
        )
        if naive:
            acknowledge(call)
        await store.ledger.append(SCOPE, [call])
        if not naive:
            acknowledge(call)
        store.traces.put(trace(call))
        count += 1


def acknowledge(call: ModelCall) -> None:
    os.write(1, f"{call.id} {call.cost}\n".encode())


def trace(call: ModelCall) -> Trace:
    return Trace(
        id=call.trace_id,
        tenant=SCOPE.tenant,
        key_id=SCOPE.key_id,
        started=0.0,
        asked="a/b",
        strategy="single",
        status="ok",
        calls=(call,),
    )


async def main(database: str, prefix: str, *mode: str) -> None:
    store = await Store.open(database)
    os.write(1, b"ready\n")
    clients = (client(store, f"{prefix}-{number:02}", bool(mode)) for number in range(IN_FLIGHT))
    await asyncio.gather(*clients)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
