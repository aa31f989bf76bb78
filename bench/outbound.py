"""The two outbound clients side by side: processor time a call, whole answers and streams.

    python bench/outbound.py [--rounds 5] [--quick] [--json]

Each client calls the C upstream of `bench/load/` with so many calls in flight, on one core, in
turns; figures are medians over rounds. The goal: our own client must cost at most half of
aiohttp's processor time, or it is not worth its code (docs/decisions/outbound-client.md).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from load import process
from load.build import Missing
from load.upstream import upstream_running
from teppan.providers.http.aiohttp import AiohttpOutbound
from teppan.providers.http.base import HttpRequest, Outbound
from teppan.providers.http.pooled import PooledOutbound

CLIENTS: dict[str, Callable[[], Outbound]] = {"pooled": PooledOutbound, "aiohttp": AiohttpOutbound}
BODY = {
    "model": "bench-model",
    "messages": [{"role": "user", "content": "Why is the sky blue?" * 9}],
}


async def _worker(client: Outbound, request: HttpRequest, calls: int, *, stream: bool) -> None:
    for _ in range(calls):
        response = await client.send(request)
        if stream:
            last = b""
            async for chunk in response.chunks():
                last = chunk
            assert last.endswith(b"[DONE]\n\n")
        else:
            assert len(await response.read()) > 900


async def _round(client: Outbound, port: int, calls: int, *, stream: bool) -> tuple[float, float]:
    """Processor and wall-clock microseconds a call."""
    body = json.dumps(BODY | {"stream": True} if stream else BODY, separators=(",", ":")).encode()
    headers = (("authorization", "Bearer sk-bench"), ("content-type", "application/json"))
    request = HttpRequest("POST", f"http://127.0.0.1:{port}/v1/chat/completions", headers, body)
    workers = 32 if stream else 16
    await asyncio.gather(*(_worker(client, request, 1, stream=stream) for _ in range(workers)))
    cpu, wall = time.process_time(), time.perf_counter()
    share = max(1, calls // workers)
    await asyncio.gather(*(_worker(client, request, share, stream=stream) for _ in range(workers)))
    done = share * workers
    return (time.process_time() - cpu) / done * 1e6, (time.perf_counter() - wall) / done * 1e6


async def run(port: int, rounds: int, calls: int) -> dict[str, dict[str, float]]:
    clients = {name: make() for name, make in CLIENTS.items()}
    seen: dict[str, dict[str, list[float]]] = {name: {} for name in clients}
    for turn in range(rounds):
        for name in sorted(clients, reverse=turn % 2 == 1):
            for kind, stream in (("whole", False), ("stream", True)):
                cpu, wall = await _round(
                    clients[name], port, calls // (10 if stream else 1), stream=stream
                )
                seen[name].setdefault(f"cpu_us_per_{kind}", []).append(cpu)
                seen[name].setdefault(f"wall_us_per_{kind}", []).append(wall)
    for client in clients.values():
        await client.close()
    return {
        name: {key: round(median(values), 1) for key, values in rows.items()}
        for name, rows in seen.items()
    }


def goals(figures: dict[str, dict[str, float]]) -> dict[str, dict[str, Any]]:
    ours, theirs = figures["pooled"], figures["aiohttp"]
    ratio = round(ours["cpu_us_per_whole"] / theirs["cpu_us_per_whole"], 3)
    return {"cpu_over_aiohttp": {"value": ratio, "goal": 0.5, "met": ratio <= 0.5}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, default=Path("~/.cache/teppan-bench").expanduser())
    args = parser.parse_args()
    os.sched_setaffinity(0, {int(process.GATEWAY_CORE)})
    rounds, calls = (3, 2000) if args.quick else (args.rounds, 20_000)
    try:
        with upstream_running(args.peers) as port:
            figures = uvloop.run(run(port, rounds, calls))
    except Missing as reason:
        print(f"cannot measure: {reason}", file=sys.stderr)
        return 2
    result = {"figures": figures, "goals": goals(figures)}
    if args.json:
        print(json.dumps(result))
        return 0
    for name, row in figures.items():
        print(f"{name:8}", "  ".join(f"{key} {value:,.1f}" for key, value in row.items()))
    print(json.dumps(result["goals"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
