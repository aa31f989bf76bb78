"""The better text that a person wrote for an answer: kept for those who learn from it."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from teppan.core.errors import NotFound
from teppan.core.ids import Scope
from teppan.serve.feedback.finding import Targets, find
from teppan.store.corrections import Correction
from teppan.store.feedback import source_of


class Written(Struct, frozen=True):
    """What a client sends: the better `text`, why, and which end user wrote it."""

    trace_id: str
    text: str
    comment: str = ""
    user: str = ""


class Records(Protocol):
    async def record(
        self, scope: Scope, trace_id: str, text: str, comment: str = "", source: str = ""
    ) -> Correction:
        """Durable when it returns."""

    async def withdraw(self, scope: Scope, id: str) -> Correction | None: ...


class CorrectionDesk:
    """Takes corrections; each is durable before it is acknowledged."""

    def __init__(self, records: Records, targets: Targets) -> None:
        self._records = records
        self._targets = targets

    async def take(self, written: Written, scope: Scope) -> Correction:
        """Raises `NotFound` for a trace unknown in this tenant, and `StoreError`."""
        await find(self._targets, scope, written.trace_id, "")
        source = source_of(scope, written.user)
        return await self._records.record(
            scope, written.trace_id, written.text, written.comment, source
        )

    async def withdraw(self, id: str, scope: Scope) -> Correction:
        """Raises `NotFound`."""
        gone = await self._records.withdraw(scope, id)
        if gone is None:
            raise NotFound(f"there is no correction `{id[:60]}` here", param="id")
        return gone
