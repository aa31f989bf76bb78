"""Deltas become chat-completion chunks.

One chunk per delta, written around the JSON of its words: the frame of a chunk never changes
within a stream, so it is made once.
"""

from __future__ import annotations

import orjson

from teppan.core.chat import (
    Delta,
    Finished,
    Image,
    Json,
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
from teppan.server.chat.write import finish, image, reasoning_detail, usage
from teppan.server.errors import plain_body
from teppan.server.format import Envelope
from teppan.server.sse import DONE, data

_SILENT = b"null"


class ChatStream:
    """Writes one stream. The role comes first, the usage (when asked for) last."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._usage: Usage | None = None
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._refused: set[int] = set()
        self._thoughts: dict[int, list[str]] = {}
        self._tail = b',"usage":null}\n\n' if envelope.request.include_usage else b"}\n\n"
        self._frame(envelope.request.model)

    def feed(self, delta: Delta) -> bytes:
        kind = type(delta)
        if kind is TextDelta:
            assert isinstance(delta, TextDelta)
            words = b'{"content":' + orjson.dumps(delta.text) + b"}"
            proof = _SILENT if delta.logprobs is None else orjson.dumps(delta.logprobs)
            return self._chunk(delta.choice, words, proof)
        if isinstance(delta, Started):
            if delta.model:
                self._frame(delta.model)
            return b""
        if isinstance(delta, UsageSeen):
            self._usage = delta.usage
            return b""
        if isinstance(delta, Finished):
            return self._finished(delta)
        return self._rarer(delta)

    def end(self) -> bytes:
        if self._open or not self._seen:
            raise StreamIncomplete("the stream ended before the model said why it stopped")
        if not self._envelope.request.include_usage:
            return DONE
        counted = orjson.dumps(usage(self._usage)) if self._usage else _SILENT
        return self._head + b'],"usage":' + counted + b"}\n\n" + DONE

    def error(self, error: TeppanError, request_id: str) -> bytes:
        return data(plain_body(error, request_id))

    def _rarer(self, delta: Delta) -> bytes:
        if isinstance(delta, ToolDelta):
            return self._chunk(delta.choice, orjson.dumps({"tool_calls": [_tool(delta)]}))
        if isinstance(delta, RefusalDelta):
            self._refused.add(delta.choice)
            return self._chunk(delta.choice, orjson.dumps({"refusal": delta.text}))
        if isinstance(delta, ReasoningDelta):
            return self._chunk(delta.choice, orjson.dumps(self._thought(delta)))
        if isinstance(delta, PartAdded):
            part = delta.part
            if isinstance(part, Text):
                return self._chunk(delta.choice, orjson.dumps({"content": part.text}))
            if isinstance(part, Image):
                return self._chunk(delta.choice, orjson.dumps({"images": [image(part)]}))
        return b""

    def _thought(self, delta: ReasoningDelta) -> dict[str, Json]:
        """The words as they come; the whole thought again beside its proof."""
        body: dict[str, Json] = {}
        so_far = self._thoughts.setdefault(delta.choice, [])
        if delta.text:
            so_far.append(delta.text)
            body["reasoning_content"] = delta.text
        if delta.signature or delta.encrypted:
            whole = Reasoning(
                "".join(so_far), delta.signature, delta.encrypted, delta.id, delta.dialect
            )
            body["reasoning_details"] = [reasoning_detail(whole)]
            so_far.clear()
        return body

    def _finished(self, delta: Finished) -> bytes:
        reason = finish(delta.reason, refused=delta.choice in self._refused)
        first = b"" if delta.choice in self._seen else self._role(delta.choice)
        self._open.discard(delta.choice)
        return b"".join(
            (
                first,
                self._head,
                b'{"index":%d,"delta":{},"logprobs":null,"finish_reason":"%s"}]'
                % (delta.choice, reason.encode()),
                self._tail,
            )
        )

    def _chunk(self, choice: int, delta: bytes, logprobs: bytes = _SILENT) -> bytes:
        first = b"" if choice in self._seen else self._role(choice)
        return b"".join(
            (
                first,
                self._head,
                b'{"index":%d,"delta":' % choice,
                delta,
                b',"logprobs":',
                logprobs,
                b',"finish_reason":null}]',
                self._tail,
            )
        )

    def _role(self, choice: int) -> bytes:
        self._seen.add(choice)
        self._open.add(choice)
        return self._chunk(choice, b'{"role":"assistant","content":"","refusal":null}')

    def _frame(self, model: str) -> None:
        self._head = (
            b'data: {"id":'
            + orjson.dumps(self._envelope.id)
            + b',"object":"chat.completion.chunk","created":%d,"model":' % self._envelope.created
            + orjson.dumps(model)
            + b',"choices":['
        )


def _tool(delta: ToolDelta) -> dict[str, Json]:
    """Id and name come with the first piece only, as clients append what they get."""
    function: dict[str, Json] = {"arguments": delta.arguments}
    piece: dict[str, Json] = {"index": delta.index, "function": function}
    if delta.name is not None:
        function["name"] = delta.name
    if delta.id is not None:
        piece["id"] = delta.id
        piece["type"] = "function"
    if delta.signature is not None:
        piece["signature"] = delta.signature
    return piece
