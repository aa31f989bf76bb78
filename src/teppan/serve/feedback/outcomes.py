"""What came of an answer or a conversation: told by the business, or seen by the gateway itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from teppan.core.errors import NotFound
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.serve.feedback.finding import Targets, find
from teppan.store.outcomes import TOOL, Outcome


class Records(Protocol):
    async def record(self, scope: Scope, *told: Outcome) -> Sequence[Outcome]:
        """Durable when it returns."""

    async def withdraw(
        self, scope: Scope, id: str, key_id: str | None = None
    ) -> Outcome | None: ...


class OutcomeDesk:
    """Takes outcomes; each is durable before it is acknowledged."""

    def __init__(self, records: Records, targets: Targets) -> None:
        self._records = records
        self._targets = targets

    async def take(self, told: Outcome, scope: Scope) -> Outcome:
        """Raises `NotFound` for what is unknown in this tenant, and `StoreError`."""
        target = await find(self._targets, scope, told.trace_id, told.episode)
        [kept] = await self._records.record(scope, replace(told, episode=target.episode))
        return kept

    async def withdraw(self, id: str, scope: Scope) -> Outcome:
        """It did not come so. Raises `NotFound`."""
        gone = await self._records.withdraw(scope, id)
        if gone is None:
            raise NotFound(f"there is no outcome `{id[:60]}` here", param="id")
        return gone


def seen(trace: Trace) -> list[Outcome]:
    """The outcomes that stand in a trace itself: a person was called, an action was done."""

    def one(metric: str, ref: str = "") -> Outcome:
        return Outcome(metric=metric, ref=ref, trace_id=trace.id, episode=trace.episode or "")

    found = [one("escalated")] if trace.escalated else []
    for run in trace.tools:
        if run.status == "confirmed":
            found.append(one(f"{TOOL}{run.tool}", f"{TOOL}{run.action}" if run.action else ""))
    return found


async def witness(records: Records, scope: Scope, trace: Trace) -> Sequence[Outcome]:
    """Keeps what the gateway saw of a trace; each once, however often it is called. Raises
    `StoreError`."""
    found = seen(trace)
    return await records.record(scope, *found) if found else []
