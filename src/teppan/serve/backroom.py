"""Where jobs ask: the gateway's models, prompts and rules, and every answer paid for once.

    ask ── remembered? ── yes ─────────────────────────────────> the trace of the first time
                  └────── no ── gateway.answer ── remembered ──> its trace

What each vendor said on the way is noted at once, with the row it makes in the ledger. A job that
was killed in the middle of an ensemble asks only the members that had not answered, and the rows of
those that had are written again under the same names, which doubles nothing. Nothing stands between
the vendor's last byte and the note but one commit: a death within it pays for that one call again.
"""

from __future__ import annotations

import asyncio

import msgspec

from teppan.core.chat import ChatRequest
from teppan.core.errors import UnsupportedRequest
from teppan.core.ids import Scope
from teppan.core.trace import JOB, Trace
from teppan.serve.bought import Kept, Memory
from teppan.serve.gateway import Gateway
from teppan.store.paid import NOBODY, About, Claim, Waiting

AGENTS = "agent/"
_trace = msgspec.json.Decoder(Trace).decode


class Backroom:
    """Answers jobs. The gateway given has no customers' steps: no cache, no limits, no people."""

    def __init__(self, gateway: Gateway, kept: Kept) -> None:
        self._gateway = gateway
        self._kept = kept

    async def ask(
        self, request: ChatRequest, scope: Scope, key: str, about: About = NOBODY
    ) -> tuple[Trace, bool]:
        """All that happened, and whether it had been paid for before. Raises a `TeppanError`."""
        if request.model.startswith(AGENTS):
            raise UnsupportedRequest(
                f"a job cannot ask `{request.model}`, which acts for customers; name the model or "
                "strategy behind it",
                param="model",
            )
        claim = await self._kept.begin(scope, key, about)
        while isinstance(claim, Waiting):
            await asyncio.sleep(claim.retry_after)
            claim = await self._kept.begin(scope, key, about)
        if isinstance(claim, bytes):
            return _trace(claim), True
        try:
            trace = await self._answered(request, scope, claim)
            first_to_say = await self._kept.finish(scope, claim, msgspec.json.encode(trace))
        except BaseException:
            await asyncio.shield(self._kept.abandon(scope, claim))
            raise
        if first_to_say:
            return trace, False
        first = await self._kept.begin(scope, key, about)  # another was faster: its answer holds
        return (_trace(first), True) if isinstance(first, bytes) else (trace, False)

    async def _answered(self, request: ChatRequest, scope: Scope, claim: Claim) -> Trace:
        memory = Memory(self._kept, scope, claim)
        answer = await self._gateway.answer(request, scope, JOB, memory=memory)
        return answer.trace()
