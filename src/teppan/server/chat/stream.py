"""Deltas become chat-completion chunks.

One chunk per delta, written around the JSON of its words: the frame of a chunk never changes
within a stream, so it is made once.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from teppan.core.chat import (
    CHAT_DIALECT,
    Delta,
    Finished,
    Image,
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
from teppan.server.chat.write import finish, image, passed_on, thoughts, usage
from teppan.server.errors import plain_body
from teppan.server.format import Envelope
from teppan.server.proof import signed_id
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
        self._custom: set[tuple[int, int]] = set()
        self._proofs: dict[int, int] = {}
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
            self._frame(delta.model or self._envelope.request.model, delta.extra)
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
            key = (delta.choice, delta.index)
            if delta.extra and delta.extra.get("type") == "custom":
                self._custom.add(key)
            piece = _tool(delta, custom=key in self._custom)
            return self._chunk(delta.choice, orjson.dumps({"tool_calls": [piece]}))
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
            if isinstance(part, Media) and part.dialect == CHAT_DIALECT:
                return self._chunk(delta.choice, orjson.dumps(part.raw))
        return b""

    def _thought(self, delta: ReasoningDelta) -> dict[str, Json]:
        """The words as they come; beside a proof of another format, the whole thought again."""
        so_far = self._thoughts.setdefault(delta.choice, [])
        if delta.text:
            so_far.append(delta.text)
        if not (delta.signature or delta.encrypted):
            return {"reasoning_content": delta.text}
        whole = Reasoning(
            "".join(so_far), delta.signature, delta.encrypted, delta.id, delta.dialect
        )
        so_far.clear()
        first = self._proofs.get(delta.choice, 0)
        self._proofs[delta.choice] = first + 1
        return {**thoughts([whole], first), "reasoning_content": delta.text}

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

    def _frame(self, model: str, extra: Mapping[str, Json] | None = None) -> None:
        frame = passed_on(extra)
        frame["id"] = self._envelope.id
        frame["object"] = "chat.completion.chunk"
        frame["created"] = self._envelope.created
        frame["model"] = model
        for name in ("choices", "usage"):
            frame.pop(name, None)
        self._head = b"data: " + orjson.dumps(frame)[:-1] + b',"choices":['


def _tool(delta: ToolDelta, *, custom: bool) -> dict[str, Json]:
    """Id and name come with the first piece only, as clients append what they get."""
    piece: dict[str, Json] = dict(delta.extra) if delta.extra else {}
    piece.pop("type", None)
    inner: dict[str, Json] = {"input" if custom else "arguments": delta.arguments}
    piece["index"] = delta.index
    piece["custom" if custom else "function"] = inner
    if delta.name is not None:
        inner["name"] = delta.name
    if delta.id is not None:
        piece["id"] = signed_id(delta.id, delta.signature)
        piece["type"] = "custom" if custom else "function"
    return piece
