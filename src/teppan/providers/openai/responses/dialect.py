"""The Responses dialect: one object joining what this folder knows."""

from __future__ import annotations

from teppan.core.chat import ChatRequest, Completion
from teppan.providers.base import Capabilities, Encoded, StreamDecoder
from teppan.providers.openai.chat.dialect import ChatDialect
from teppan.providers.openai.responses import from_wire, to_wire
from teppan.providers.openai.responses.stream import ResponsesStream


class ResponsesDialect(ChatDialect):
    """`Dialect` for `POST /responses`; keys, errors, embeddings and lists are those of chat."""

    name = to_wire.NAME

    def encode(
        self, request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
    ) -> Encoded:
        return to_wire.encode(request, model, capabilities, stream=stream)

    def decode(self, body: bytes) -> Completion:
        return from_wire.decode(body)

    def decoder(self) -> StreamDecoder:
        return ResponsesStream()
