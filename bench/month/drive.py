"""Drives a month of customers through a gateway over HTTP, on a clock of its own.

The gateway, its HTTP edge, its ledger and its cache are the real ones; the vendors are simulated
and answer at once. The clock's `now` is the month's, so that what is remembered ages as it would in
a month; deadlines run on the machine's own clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from teppan.build import open_store
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.core.trace import ModelCall, Trace
from teppan.server.process import running
from teppan.simulate.traffic import Step, Traffic

TOGETHER = 15.0
"""Seconds of the month whose requests are asked at once; two turns of one customer lie further
apart."""
AT_ONCE = 8


class MonthClock:
    """The month's time of day: runs on by itself, and is moved on by hand; waits are real."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self, start: float) -> None:
        self._set, self._at = start, time.monotonic()

    def now(self) -> float:
        return self._set + time.monotonic() - self._at

    def move_to(self, time_of_day: float) -> None:
        """On to a later moment; never back."""
        if time_of_day > self.now():
            self._set, self._at = time_of_day, time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Served:
    """What one request came to."""

    step: Step
    text: str
    right: bool
    cache: str
    trace_id: str


@dataclass(slots=True)
class Run:
    """A whole month in front of one gateway: what was served, and what the ledger says."""

    served: list[Served]
    calls: list[ModelCall] = field(default_factory=list)
    traces: dict[str, Trace] = field(default_factory=dict)
    failed: int = 0
    seconds: float = 0.0


async def drive(
    settings: Settings, environment: Mapping[str, str], month: Traffic, model: str
) -> Run:
    """Every request of the month, asked of `model`; then the ledger and the traces, read back."""
    began = time.monotonic()
    clock = MonthClock(month.steps[0].at)
    run = Run([])
    said: dict[str, list[dict[str, str]]] = {}
    async with (
        running(settings, clock, environment) as (house, address),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
    ):
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(step: Step) -> Served:
            async with gate:
                return await _ask(session, address, model, step, said.setdefault(step.episode, []))

        for steps in _groups(month.steps):
            clock.move_to(steps[0].at)
            run.served += await asyncio.gather(*(ask(step) for step in steps))
            if house.store.traces.waiting > 512:
                await asyncio.sleep(0.05)
    run.failed = sum(not each.text for each in run.served)
    await _read_back(settings, run)
    run.seconds = time.monotonic() - began
    return run


def _groups(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Requests that come at about the same time, never two of one customer."""
    group: list[Step] = []
    for step in steps:
        if group and step.at - group[0].at > TOGETHER:
            yield group
            group = []
        group.append(step)
    if group:
        yield group


async def _ask(
    session: aiohttp.ClientSession,
    address: str,
    model: str,
    step: Step,
    said: list[dict[str, str]],
) -> Served:
    """One turn; the client sends all that was said, and remembers the answer."""
    said.append({"role": "user", "content": step.text})
    body: dict[str, Any] = {
        "model": model,
        "messages": said,
        "teppan": {"task_type": step.question.task_type, "episode": step.episode},
    }
    async with session.post(f"{address}/v1/chat/completions", json=body) as response:
        told = await response.json()
        headers = response.headers
    text = ""
    if response.status == 200:
        text = told["choices"][0]["message"]["content"] or ""
    said.append({"role": "assistant", "content": text or "Sorry, please ask again later."})
    return Served(
        step,
        text,
        right=step.question.is_right(text),
        cache=headers.get("x-teppan-cache", "off"),
        trace_id=headers.get("x-teppan-trace-id", ""),
    )


async def _read_back(settings: Settings, run: Run) -> None:
    """What the ledger and the traces hold of the month, after the gateway has closed."""
    store = await open_store(settings)
    try:
        run.calls = await store.ledger.list(LOCAL, limit=10_000_000)
        for each in run.served:
            if each.cache in ("exact", "semantic"):
                trace = await store.traces.get(LOCAL, each.trace_id)
                if trace is not None:
                    run.traces[trace.id] = trace
    finally:
        await store.close()
