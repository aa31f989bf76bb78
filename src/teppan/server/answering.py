"""The life of one question, in any of the served formats.

    bytes -> strict JSON -> options -> ChatRequest -> gateway -> bytes, whole or as it comes

The client may leave at any moment; then the gateway's work is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from teppan.core.chat import Delta, Json
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.server import options, sse, strict_json
from teppan.server.errors import typed
from teppan.server.exchange import Exchange, with_json
from teppan.server.format import Envelope, Format, StreamWriter
from teppan.server.headers import answer_headers, trailer
from teppan.server.options import Options

if TYPE_CHECKING:
    from teppan.serve.answer import Answer
    from teppan.serve.gateway import Gateway


class Limits(Struct, frozen=True):
    """`body` in bytes; `keep_alive` is the seconds of silence before a stream breathes."""

    body: int = 20_000_000
    keep_alive: float = 10.0


class Answering:
    """Serves questions in one format."""

    def __init__(self, gateway: Gateway, format: Format, clock: Clock, limits: Limits) -> None:
        self._gateway = gateway
        self._format = format
        self._clock = clock
        self._limits = limits

    async def __call__(self, exchange: Exchange, scope: Scope) -> None:
        body = strict_json.parse(await exchange.json_body(self._limits.body))
        wanted = options.take(body, exchange.headers)
        request = wanted.onto(self._format.read(body))
        exchange.watch(self._format.keep_alive, self._limits.keep_alive)
        answer = await self._gateway.answer(request, scope, self._format.endpoint)
        exchange.name_after(answer.trace_id)
        name = f"{self._format.prefix}{answer.trace_id.partition('_')[2]}"
        envelope = Envelope(name, int(self._clock.now()), request, body)
        if request.stream:
            await self._stream(exchange, answer, envelope)
        else:
            await self._whole(exchange, answer, envelope, wanted)

    async def _whole(
        self, exchange: Exchange, answer: Answer, envelope: Envelope, wanted: Options
    ) -> None:
        assert answer.completion is not None
        if wanted.replies:
            envelope = Envelope(
                envelope.id, envelope.created, envelope.request, envelope.body, about(answer)
            )
        body = self._format.write(answer.completion, envelope)
        await exchange.respond(200, body, with_json(self._headers(exchange, answer, final=True)))

    async def _stream(self, exchange: Exchange, answer: Answer, envelope: Envelope) -> None:
        writer = self._format.stream(envelope)
        try:
            await exchange.begin_stream(self._headers(exchange, answer, final=False))
            last = await self._tell(exchange, answer, writer)
            await exchange.write(last, last=True)
        finally:
            await answer.aclose()

    async def _tell(self, exchange: Exchange, answer: Answer, writer: StreamWriter) -> bytes:
        """Writes the answer as it comes; gives the piece that ends it, one way or the other."""
        deltas = cast("AsyncGenerator[Delta]", answer.deltas())
        try:
            async for delta in deltas:
                piece = writer.feed(delta)
                if piece:
                    await exchange.write(piece)
            return sse.comment(trailer(answer.facts)) + writer.end()
        except asyncio.CancelledError:
            if exchange.ending is None:
                raise
            return writer.error(exchange.ending, exchange.request_id)
        except Exception as error:  # noqa: BLE001 - border: the headers have left already
            return writer.error(typed(error, exchange.request_id), exchange.request_id)
        finally:
            await deltas.aclose()

    def _headers(
        self, exchange: Exchange, answer: Answer, *, final: bool
    ) -> list[tuple[bytes, bytes]]:
        seconds = self._clock.monotonic() - exchange.started
        return answer_headers(answer.facts, exchange.request_id, seconds, final=final)


def about(answer: Answer) -> dict[str, Json]:
    """What `teppan: {"include": ["replies"]}` adds to a whole answer."""
    facts, outcome = answer.facts, answer.outcome
    told: dict[str, Json] = {
        "trace_id": facts.trace_id,
        "model": facts.model,
        "strategy": facts.strategy,
        "cost_micros": facts.cost,
        "confidence": facts.confidence.value if facts.confidence else None,
        "replies": [],
    }
    if outcome is not None:
        told["reason"] = outcome.reason
        told["replies"] = [
            {
                "model": reply.model,
                "role": reply.role,
                "text": reply.text,
                "cost_micros": reply.cost,
                "latency": round(reply.latency, 3),
            }
            for reply in outcome.replies
        ]
    return told
