"""Deltas become the events of a message.

    message_start (content_block_start content_block_delta* content_block_stop)*
    message_delta message_stop

One block is open at a time; a delta of another kind closes it and opens the next.
`message_start` waits for the first content, because the usage it tells comes right after the
vendor's start.
"""

from __future__ import annotations

import orjson

from teppan.core.chat import (
    MESSAGES_DIALECT,
    Delta,
    Finished,
    FinishReason,
    Json,
    Media,
    PartAdded,
    Reasoning,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Text,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
)
from teppan.core.errors import StreamIncomplete, TeppanError
from teppan.server.errors import messages_body
from teppan.server.format import Envelope
from teppan.server.messages.write import message, stop_reason, usage
from teppan.server.proof import seal, signed_id
from teppan.server.sse import event

PING = event(b"ping", b'{"type":"ping"}')


class MessagesStream:
    """Writes one stream."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._model = ""
        self._usage: Usage | None = None
        self._begun = False
        self._index = -1
        self._open: str | None = None
        self._tools: dict[int, int] = {}
        self._reason: FinishReason | None = None
        self._sequence: str | None = None

    def feed(self, delta: Delta) -> bytes:
        if isinstance(delta, TextDelta):
            return self._words(delta.text, delta.choice)
        if isinstance(delta, Started):
            self._model = delta.model or self._model
        elif isinstance(delta, UsageSeen):
            self._usage = delta.usage
        elif delta.choice == 0:
            return self._rarer(delta)
        return b""

    def end(self) -> bytes:
        if self._reason is None:
            raise StreamIncomplete("the stream ended before the model said why it stopped")
        delta = {
            "stop_reason": stop_reason(self._reason, self._sequence),
            "stop_sequence": self._sequence,
        }
        counted = usage(self._usage or Usage())
        told = {"type": "message_delta", "delta": delta, "usage": counted}
        return (
            self._begin()
            + self._close()
            + event(b"message_delta", orjson.dumps(told))
            + event(b"message_stop", b'{"type":"message_stop"}')
        )

    def error(self, error: TeppanError, request_id: str) -> bytes:
        return event(b"error", messages_body(error, request_id))

    def _words(self, text: str, choice: int = 0) -> bytes:
        if choice != 0 or not text:
            return b""
        opened = b"" if self._open == "text" else self._block({"type": "text", "text": ""})
        return opened + b"".join(
            (
                b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
                % self._index,
                b'"delta":{"type":"text_delta","text":',
                orjson.dumps(text),
                b"}}\n\n",
            )
        )

    def _rarer(self, delta: Delta) -> bytes:
        if isinstance(delta, ToolDelta):
            return self._tool(delta)
        if isinstance(delta, ReasoningDelta):
            return self._thought(delta)
        if isinstance(delta, RefusalDelta):
            return self._words(delta.text)
        if isinstance(delta, PartAdded):
            part = delta.part
            if isinstance(part, Text):
                return self._words(part.text)
            if isinstance(part, Media) and part.dialect == MESSAGES_DIALECT:
                return self._block(dict(part.raw)) + self._close()
        elif isinstance(delta, Finished):
            self._reason = delta.reason
            self._sequence = delta.stop_sequence
        return b""

    def _tool(self, delta: ToolDelta) -> bytes:
        """Late arguments of an earlier call still name their own block."""
        told = b""
        index = self._tools.get(delta.index)
        if index is None:
            id = signed_id(delta.id or f"call_{delta.index}", delta.signature)
            name = delta.name or ""
            told = self._block({"type": "tool_use", "id": id, "name": name, "input": {}})
            index = self._tools[delta.index] = self._index
        if not delta.arguments:
            return told
        piece = {"type": "input_json_delta", "partial_json": delta.arguments}
        return told + _delta(index, piece)

    def _thought(self, delta: ReasoningDelta) -> bytes:
        own = delta.dialect == MESSAGES_DIALECT
        if own and delta.encrypted:
            block = {"type": "redacted_thinking", "data": delta.encrypted}
            return self._block(block) + self._close()
        proof = (delta.signature or "") if own else seal(_thought(delta))
        if not (delta.text or proof):
            return b""
        told = b""
        if self._open != "thinking":
            told = self._block({"type": "thinking", "thinking": "", "signature": ""})
        if delta.text:
            told += _delta(self._index, {"type": "thinking_delta", "thinking": delta.text})
        if proof:
            piece = {"type": "signature_delta", "signature": proof}
            told += _delta(self._index, piece) + self._close()
        return told

    def _block(self, block: dict[str, Json]) -> bytes:
        """Closes the open block and opens this one."""
        told = self._begin() + self._close()
        self._index += 1
        self._open = block["type"]
        start = {"type": "content_block_start", "index": self._index, "content_block": block}
        return told + event(b"content_block_start", orjson.dumps(start))

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return event(
            b"content_block_stop", b'{"type":"content_block_stop","index":%d}' % self._index
        )

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        start = {
            "type": "message_start",
            "message": message(self._envelope, self._model, self._usage),
        }
        return event(b"message_start", orjson.dumps(start))


def _thought(delta: ReasoningDelta) -> Reasoning:
    return Reasoning("", delta.signature, delta.encrypted, delta.id, delta.dialect)


def _delta(index: int, piece: dict[str, Json]) -> bytes:
    told = {"type": "content_block_delta", "index": index, "delta": piece}
    return event(b"content_block_delta", orjson.dumps(told))
