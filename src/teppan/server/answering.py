"""The life of one question, in any of the served formats.

    bytes -> strict JSON -> options -> ChatRequest -> gateway -> bytes, whole or as it comes

The client may leave at any moment; then the gateway's work is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from teppan.core.chat import ChatRequest, Delta, Json
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.server import options, sse, strict_json
from teppan.server.errors import typed
from teppan.server.exchange import Exchange, with_json
from teppan.server.format import Envelope, Format, StreamWriter
from teppan.server.headers import STREAM_HEADERS, answer_headers, trailer
from teppan.server.replays import Claim, Replays, replay

if TYPE_CHECKING:
    from teppan.serve.answer import Answer
    from teppan.serve.gateway import Gateway


class Limits(Struct, frozen=True):
    """`body` in bytes; `keep_alive` is the seconds of silence before a stream breathes."""

    body: int = 20_000_000
    keep_alive: float = 10.0


class Answering:
    """Serves questions in one format."""

    def __init__(
        self,
        gateway: Gateway,
        format: Format,
        clock: Clock,
        limits: Limits,
        replays: Replays | None = None,
    ) -> None:
        self._gateway = gateway
        self._format = format
        self._clock = clock
        self._limits = limits
        self._replays = replays

    async def __call__(self, exchange: Exchange, scope: Scope) -> None:
        raw = await exchange.json_body(self._limits.body)
        body = strict_json.parse(raw)
        wanted = options.take(body, exchange.headers)
        request = wanted.onto(self._format.read(body))
        if self._replays is None:
            await self._answer(exchange, scope, request, body, include=wanted.include)
            return
        claim = await self._replays.begin(exchange, scope, raw)
        if isinstance(claim, Claim):
            await self._answer_once(exchange, claim, request, body, include=wanted.include)
        elif claim is not None:
            await replay(exchange, claim)
        else:
            await self._answer(exchange, scope, request, body, include=wanted.include)

    async def _answer_once(
        self,
        exchange: Exchange,
        claim: Claim,
        request: ChatRequest,
        body: dict[str, Json],
        *,
        include: tuple[str, ...],
    ) -> None:
        """Answers under a claim, which is freed when no whole answer came of it."""
        assert self._replays is not None
        exchange.claim = claim
        try:
            await self._answer(exchange, claim.scope, request, body, include=include)
        finally:
            if exchange.claim is not None:
                exchange.claim = None
                await self._replays.abandon(claim)

    async def _answer(
        self,
        exchange: Exchange,
        scope: Scope,
        request: ChatRequest,
        body: dict[str, Json],
        *,
        include: tuple[str, ...],
    ) -> None:
        exchange.watch(self._format.keep_alive, self._limits.keep_alive)
        answer = await self._gateway.answer(request, scope, self._format.endpoint)
        exchange.name_after(answer.trace_id)
        name = f"{self._format.prefix}{answer.trace_id.partition('_')[2]}"
        envelope = Envelope(name, int(self._clock.now()), request, body)
        if request.stream:
            await self._stream(exchange, answer, envelope)
            return
        if include:
            envelope = msgspec.structs.replace(envelope, about=about(answer, include))
        await self._whole(exchange, answer, envelope)

    async def _whole(self, exchange: Exchange, answer: Answer, envelope: Envelope) -> None:
        assert answer.completion is not None
        body = self._format.write(answer.completion, envelope)
        headers = with_json(self._headers(exchange, answer, final=True))
        await self._keep(exchange, headers, [body])
        await exchange.respond(200, body, headers)

    async def _stream(self, exchange: Exchange, answer: Answer, envelope: Envelope) -> None:
        writer = self._format.stream(envelope)
        headers = [*self._headers(exchange, answer, final=False), *STREAM_HEADERS]
        try:
            await exchange.begin_stream(headers)
            last = await self._tell(exchange, answer, writer, headers)
            await exchange.write(last, last=True)
        finally:
            await answer.aclose()

    async def _tell(
        self,
        exchange: Exchange,
        answer: Answer,
        writer: StreamWriter,
        headers: list[tuple[bytes, bytes]],
    ) -> bytes:
        """Writes the answer as it comes; gives the piece that ends it, one way or the other."""
        kept: list[bytes] | None = [] if exchange.claim is not None else None
        deltas = cast("AsyncGenerator[Delta]", answer.deltas())
        try:
            async for delta in deltas:
                piece = writer.feed(delta)
                if piece:
                    await exchange.write(piece)
                    if kept is not None:
                        kept.append(piece)
            last = sse.comment(trailer(answer.facts)) + writer.end()
            if kept is not None:
                await self._keep(exchange, headers, [*kept, last])
            return last
        except asyncio.CancelledError:
            if exchange.ending is None:
                raise
            return writer.error(exchange.ending, exchange.request_id)
        except Exception as error:  # noqa: BLE001 - border: the headers have left already
            return writer.error(typed(error, exchange.request_id), exchange.request_id)
        finally:
            await deltas.aclose()

    async def _keep(
        self, exchange: Exchange, headers: list[tuple[bytes, bytes]], body: list[bytes]
    ) -> None:
        """Under a claim, keeps the whole answer before the client has all of it."""
        if exchange.claim is not None and self._replays is not None:
            await self._replays.finish(exchange.claim, 200, headers, body)
            exchange.claim = None

    def _headers(
        self, exchange: Exchange, answer: Answer, *, final: bool
    ) -> list[tuple[bytes, bytes]]:
        seconds = self._clock.monotonic() - exchange.started
        return answer_headers(answer.facts, exchange.request_id, seconds, final=final)


def about(answer: Answer, include: tuple[str, ...]) -> dict[str, Json]:
    """What `teppan: {"include": [...]}` adds to a whole answer: `replies`, `sources`, `tools`."""
    facts, outcome = answer.facts, answer.outcome
    told: dict[str, Json] = {
        "trace_id": facts.trace_id,
        "model": facts.model,
        "strategy": facts.strategy,
        "cost_micros": facts.cost,
        "confidence": facts.confidence.value if facts.confidence else None,
    }
    if outcome is not None:
        told["reason"] = outcome.reason
    if "replies" in include:
        told["replies"] = [
            {
                "model": reply.model,
                "role": reply.role,
                "text": reply.text,
                "cost_micros": reply.cost,
                "latency": round(reply.latency, 3),
            }
            for reply in (outcome.replies if outcome else ())
        ]
    if "tools" in include:
        told["tools"] = [
            {
                "tool": each.tool,
                "agent": each.agent,
                "arguments": each.arguments,
                "status": each.status,
                "result": each.result,
                "action": each.action or None,
                "latency": round(each.latency, 3),
            }
            for each in facts.tools
        ]
    if "sources" in include:
        told["sources"] = [
            {
                "number": number,
                "id": each.id,
                "document": each.document,
                "path": list(each.path),
                "version": each.version or None,
            }
            for number, each in enumerate(facts.context.sources if facts.context else (), start=1)
        ]
    return told
