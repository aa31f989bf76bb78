"""`POST /v1/embeddings`: texts in, vectors out, as numbers or as base64 of 32-bit floats."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Literal, cast

import orjson

from teppan.core.chat import ChatRequest, Embeddings, Json, say
from teppan.core.clock import Clock
from teppan.core.errors import UnsupportedRequest
from teppan.core.ids import Scope
from teppan.server import options, strict_json
from teppan.server.answering import Limits
from teppan.server.exchange import Exchange, with_json
from teppan.server.fields import Fields, bad
from teppan.server.format import MAX_OUTPUT
from teppan.server.headers import answer_headers
from teppan.server.sse import KEEP_ALIVE

if TYPE_CHECKING:
    from teppan.serve.gateway import Gateway

MAX_TEXTS = 2_048

Encoding = Literal["float", "base64"]


class Embedding:
    """Serves vectors."""

    def __init__(self, gateway: Gateway, clock: Clock, limits: Limits) -> None:
        self._gateway = gateway
        self._clock = clock
        self._limits = limits

    async def __call__(self, exchange: Exchange, scope: Scope) -> None:
        body = strict_json.parse(await exchange.json_body(self._limits.body))
        options.take(body, exchange.headers)
        texts, request, encoding = read(body)
        exchange.watch(KEEP_ALIVE, self._limits.keep_alive)
        vectors, answer = await self._gateway.embed(texts, request, scope)
        exchange.name_after(answer.trace_id)
        seconds = self._clock.monotonic() - exchange.started
        headers = answer_headers(answer.facts, exchange.request_id, seconds, final=True)
        await exchange.respond(200, write(vectors, encoding), with_json(headers))


def read(body: dict[str, Json]) -> tuple[tuple[str, ...], ChatRequest, Encoding]:
    """The texts, the model with its options (in `extra`), and how to write the vectors."""
    fields = Fields(body)
    model = fields.need_text("model")
    encoding = fields.one_of("encoding_format", ("float", "base64")) or "float"
    dimensions = fields.whole("dimensions", 1, MAX_OUTPUT)
    given = body.get("input")
    if type(given) is list and given and type(given[0]) in (int, list):
        raise UnsupportedRequest(
            "send `input` as text: token numbers mean something to one vendor's tokenizer only",
            param="input",
        )
    texts = fields.texts("input", MAX_TEXTS)
    if not texts or not all(texts):
        bad("input", "a string, or an array of strings, none of them empty")
    user = fields.text("user")
    extra = fields.rest() or {}
    if dimensions is not None:
        extra["dimensions"] = dimensions
    request = ChatRequest(model=model, messages=(say("user", ""),), user=user, extra=extra or None)
    return texts, request, cast(Encoding, encoding)


def write(vectors: Embeddings, encoding: Encoding) -> bytes:
    """The body of an answer."""
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, encoding)}
        for index, vector in enumerate(vectors.vectors)
    ]
    used = vectors.usage.input
    return orjson.dumps(
        {
            "object": "list",
            "data": data,
            "model": vectors.model,
            "usage": {"prompt_tokens": used, "total_tokens": used},
        }
    )


def _encoded(vector: tuple[float, ...], encoding: Encoding) -> Json:
    if encoding == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
