"""Is the process up, can it serve, and what has it counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import orjson

from teppan.core.ids import Scope
from teppan.server.drain import Drain
from teppan.server.exchange import Exchange, with_json
from teppan.server.header import Header
from teppan.server.metrics import Metrics

Check = Callable[[], Awaitable[str | None]]
"""Says what is wrong in a few words, or None."""

PATIENCE = 2.0
"""Seconds a check may take before it counts as failed."""

NO_STORE: Header = (b"cache-control", b"no-store")


class Health:
    """`checks` by name; readiness is all of them, and not draining."""

    def __init__(self, checks: Mapping[str, Check], drain: Drain, metrics: Metrics) -> None:
        self._checks = dict(checks)
        self._drain = drain
        self._metrics = metrics

    async def alive(self, exchange: Exchange, scope: Scope) -> None:
        """`GET /healthz`: asks nothing of anybody."""
        await exchange.respond(200, b'{"status":"ok"}', with_json([NO_STORE]))

    async def ready(self, exchange: Exchange, scope: Scope) -> None:
        """`GET /readyz`: 200, or 503 with what failed."""
        failed = await self.failures()
        body = {"status": "ready" if not failed else "not ready", "failed": failed}
        status = 503 if failed else 200
        await exchange.respond(status, orjson.dumps(body), with_json([NO_STORE]))

    async def counted(self, exchange: Exchange, scope: Scope) -> None:
        """`GET /metrics`: Prometheus text."""
        kind = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
        await exchange.respond(200, self._metrics.text(), [kind, NO_STORE])

    async def failures(self) -> dict[str, str]:
        failed = {"drain": "shutting down"} if self._drain.closing else {}
        for name, check in self._checks.items():
            problem = await _ask(check)
            if problem is not None:
                failed[name] = problem
        return failed


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check()
    except TimeoutError:
        return f"did not answer within {PATIENCE:g} s"
    except Exception as error:  # noqa: BLE001 - border: a check that breaks is a check that failed
        return f"failed: {type(error).__name__}"
