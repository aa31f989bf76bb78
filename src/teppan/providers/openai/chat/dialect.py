"""The Chat Completions dialect: one object joining what this folder knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from teppan.core.chat import ChatRequest, Completion, Embeddings
from teppan.core.errors import ProviderError
from teppan.providers.base import Capabilities, Encoded, StreamDecoder
from teppan.providers.openai import embeddings, errors
from teppan.providers.openai.chat import from_wire, to_wire
from teppan.providers.openai.chat.stream import ChatStream


class ChatDialect:
    """`Dialect` for `POST /chat/completions` at any address that speaks it."""

    name = to_wire.NAME

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {key}"),)

    def encode(
        self, request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
    ) -> Encoded:
        return to_wire.encode(request, model, capabilities, stream=stream)

    def decode(self, body: bytes) -> Completion:
        return from_wire.decode(body)

    def decoder(self) -> StreamDecoder:
        return ChatStream()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        return errors.error(status, headers, body)

    def encode_embeddings(
        self, texts: Sequence[str], model: str, options: Mapping[str, object]
    ) -> Encoded:
        return embeddings.encode_embeddings(texts, model, options)

    def decode_embeddings(self, body: bytes) -> Embeddings:
        return embeddings.decode_embeddings(body)

    def models_path(self) -> str:
        return "/models"

    def decode_models(self, body: bytes) -> tuple[str, ...]:
        return embeddings.decode_models(body)
