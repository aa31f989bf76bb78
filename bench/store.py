"""What the store costs a request: processor time, and latency at 100 requests a second.

    python bench/store.py [--requests 20000] [--durability power] [--quick] [--json]

One request is what the gateway does for one: append a ledger row and wait until it is durable,
then put the trace (about 2 KB of JSON) behind it. Processor time is that of the whole process,
event loop and writer thread together. The baselines: the same work with the driver alone, one
transaction a request, on the event loop; and the cost of the loop's own turns without a store.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from teppan.core.chat import ChatRequest, Choice, Completion, Message, Text, Usage, say
from teppan.core.ids import Scope, new_id
from teppan.core.trace import ModelCall, Trace
from teppan.store import Store

SCOPE = Scope("tenant", "key")
QUESTION = say("user", "What is on the kids menu, and does it cost extra on weekends? " * 6)
ANSWER = Message("assistant", (Text("The kids menu has chicken, steak and shrimp. " * 12),))

Request = Callable[[], Awaitable[None]]


def a_call() -> ModelCall:
    return ModelCall(
        id=new_id("call"),
        trace_id="tr",
        model="vendor/model",
        role="single",
        outcome="ok",
        returned_model="model-2026-11-01",
        vendor_id="chatcmpl-1234567890",
        usage=Usage(120, 140),
        cost=1234,
        price_version="2026-11-01",
        started=1.7e9,
        latency=0.3,
        first_token=0.1,
    )


def a_trace(call: ModelCall) -> Trace:
    return Trace(
        id=new_id("tr"),
        tenant=SCOPE.tenant,
        key_id=SCOPE.key_id,
        started=call.started,
        asked=call.model,
        strategy="single",
        status="ok",
        served=call.model,
        calls=(call,),
        request=ChatRequest(model=call.model, messages=(QUESTION,)),
        answer=Completion("m", (Choice(ANSWER, "stop"),), call.usage),
    )


def through(store: Store) -> Request:
    async def request() -> None:
        call = a_call()
        await store.ledger.append(SCOPE, [call])
        store.traces.put(a_trace(call))

    return request


async def nothing() -> None:
    a_trace(a_call())
    await asyncio.sleep(0)


def by_driver_alone(path: Path, durability: str) -> Request:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durability == 'power' else 'NORMAL'}")
    connection.execute("CREATE TABLE ledger (id TEXT PRIMARY KEY, call BLOB)")
    connection.execute("CREATE TABLE traces (id TEXT PRIMARY KEY, body BLOB)")

    async def request() -> None:
        call = a_call()
        trace = a_trace(call)
        connection.execute("BEGIN")
        row = (call.id, msgspec.json.encode(call))
        connection.execute("INSERT INTO ledger VALUES (?, ?)", row)
        body = (trace.id, msgspec.json.encode(trace))
        connection.execute("INSERT INTO traces VALUES (?, ?)", body)
        connection.execute("COMMIT")

    return request


async def closed_loop(request: Request, requests: int, in_flight: int) -> dict[str, float]:
    """As many as can be, so many at a time."""
    left = requests

    async def client() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await request()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(in_flight)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"cpu_us": round(cpu / requests * 1e6, 1), "rps": round(requests / wall)}


async def paced(request: Request, rate: float, count: int) -> dict[str, float]:
    """Latency from the moment each request was due."""
    loop, latencies = asyncio.get_running_loop(), []
    start = loop.time() + 0.05

    async def one(due: float) -> None:
        await request()
        latencies.append(loop.time() - due)

    tasks = []
    for number in range(count):
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        tasks.append(asyncio.ensure_future(one(loop.time())))
    await asyncio.gather(*tasks)
    cut = statistics.quantiles(latencies, n=100)
    return {"p50_ms": round(cut[49] * 1e3, 3), "p99_ms": round(cut[98] * 1e3, 3)}


async def measure(folder: Path, requests: int, durability: Any, url: str | None) -> dict[str, Any]:
    figures: dict[str, Any] = {"loop alone": await closed_loop(nothing, requests, 64)}
    driver = by_driver_alone(folder / "driver.db", durability)
    figures["driver alone"] = await closed_loop(driver, requests // 4, 1)
    store = await Store.open(url or folder / "teppan.db", durability=durability)
    request = through(store)
    await closed_loop(request, requests // 10, 16)
    for in_flight in (1, 16, 64):
        count = requests if in_flight > 1 else requests // 4
        figures[f"store, {in_flight} in flight"] = await closed_loop(request, count, in_flight)
    figures["store, 100 a second"] = await paced(request, 100.0, max(200, requests // 40))
    figures["traces dropped"] = store.health().traces_dropped
    await store.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--durability", choices=("power", "process"), default="power")
    parser.add_argument("--url", help="measure this database instead of a new SQLite file")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    requests = 4_000 if given.quick else given.requests
    with tempfile.TemporaryDirectory(prefix="teppan-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), requests, given.durability, given.url))
    cpu = figures["store, 64 in flight"]["cpu_us"] - figures["loop alone"]["cpu_us"]
    p50 = figures["store, 100 a second"]["p50_ms"]
    goals = {
        "cpu_us_at_64": {"value": round(cpu, 1), "goal": 30, "met": cpu <= 30},
        "p50_ms_at_100_rps": {"value": p50, "goal": 1.0, "met": p50 <= 1.0},
    }
    if given.json:
        print(json.dumps({"figures": figures, "goals": goals}))
        return
    for name, figure in figures.items():
        print(f"{name:24} {figure}")
    for name, goal in goals.items():
        print(f"{name:24} {goal['value']} (goal {goal['goal']})")


if __name__ == "__main__":
    main()
