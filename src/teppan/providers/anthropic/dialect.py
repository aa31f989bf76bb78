"""The Messages dialect: one object joining what this folder knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from teppan.core.chat import ChatRequest, Completion, Embeddings
from teppan.core.errors import ProviderError, UnsupportedRequest
from teppan.providers.anthropic import errors, from_wire, to_wire
from teppan.providers.anthropic.options import NAME
from teppan.providers.anthropic.stream import MessagesStream
from teppan.providers.base import Capabilities, Encoded, StreamDecoder
from teppan.providers.wire import objects, parse, text_or_none


class MessagesDialect:
    """`Dialect` for `POST /v1/messages`."""

    name = NAME

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """Keys go by `x-api-key`, tokens of a signed-in user as a bearer."""
        if key.startswith("sk-ant-oat"):
            return (("authorization", f"Bearer {key}"),)
        return (("x-api-key", key),)

    def encode(
        self, request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
    ) -> Encoded:
        return to_wire.encode(request, model, capabilities, stream=stream)

    def decode(self, body: bytes) -> Completion:
        return from_wire.decode(body)

    def decoder(self) -> StreamDecoder:
        return MessagesStream()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return errors.error(status, headers, body)

    def encode_embeddings(
        self, texts: Sequence[str], model: str, options: Mapping[str, object]
    ) -> Encoded:
        raise UnsupportedRequest("this vendor has no embeddings; choose another model for them")

    def decode_embeddings(self, body: bytes) -> Embeddings:
        raise UnsupportedRequest("this vendor has no embeddings; choose another model for them")

    def models_path(self) -> str:
        return "/v1/models?limit=1000"

    def decode_models(self, body: bytes) -> tuple[str, ...]:
        answer = parse(body)
        failed = errors.error_inside(answer)
        if failed is not None:
            raise failed
        names = (text_or_none(row.get("id")) for row in objects(answer.get("data"), "data"))
        return tuple(name for name in names if name is not None)
